#include <config.h>

#include "core/api/vsphere_soap.h"

#include "core/base/text.h"

#include <string.h>

#define XSI_SPACE "http://www.w3.org/2001/XMLSchema-instance"

/* Depth of the elements of an answer; the envelope is 1. */
enum { BODY_DEPTH = 2, ANSWER_DEPTH = 3, DETAIL_DEPTH = 5 };

static const char before_name[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope "
    "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"" XSI_SPACE
    "\"><soapenv:Header><operationID>";
static const char no_name[] = "rushhour-00000000-00-000000";
_Static_assert(sizeof(no_name) == SOAP_OPERATION_LEN + 1, "names are put in its place");

void soap_name(struct strbuf *b, const char name[SOAP_OPERATION_LEN])
{
    if (b->len > sizeof(before_name) + SOAP_OPERATION_LEN)
        memcpy(b->data + sizeof(before_name) - 1, name, SOAP_OPERATION_LEN);
}

struct strbuf soap_question(const struct strbuf *b)
{
    const size_t skip = sizeof(before_name) - 1 + SOAP_OPERATION_LEN;
    struct strbuf q = *b;

    if (q.len > skip) {
        q.data += skip;
        q.len -= skip;
    }
    return q;
}

void soap_open(struct strbuf *b, const char *method, const char *type, const char *id)
{
    strbuf_reset(b);
    strbuf_puts(b, before_name);
    strbuf_puts(b, no_name);
    strbuf_puts(b, "</operationID></soapenv:Header><soapenv:Body>");
    strbuf_putc(b, '<');
    strbuf_puts(b, method);
    strbuf_puts(b, " xmlns=\"urn:vim25\"><_this type=\"");
    strbuf_puts(b, type);
    strbuf_puts(b, "\">");
    xml_escape(b, id);
    strbuf_puts(b, "</_this>");
}

void soap_close(struct strbuf *b, const char *method)
{
    strbuf_puts(b, "</");
    strbuf_puts(b, method);
    strbuf_puts(b, "></soapenv:Body></soapenv:Envelope>");
}

void soap_put(struct strbuf *b, const char *name, const char *text)
{
    strbuf_putc(b, '<');
    strbuf_puts(b, name);
    strbuf_putc(b, '>');
    xml_escape(b, text);
    strbuf_puts(b, "</");
    strbuf_puts(b, name);
    strbuf_putc(b, '>');
}

const char *soap_xsi_type(const struct xml_attribute *attrs, size_t n)
{
    const char *type = xml_attribute_get(attrs, n, "type", XSI_SPACE);
    const char *colon;

    if (type == NULL)
        return "";
    colon = strchr(type, ':');
    return colon != NULL ? colon + 1 : type;
}

struct reader {
    const char *method;
    const struct soap_sink *sink;
    struct soap_fault *fault;
    struct xml_path path;
    bool is_envelope, is_answer, is_fault, is_other;
};

static bool is_answer_to(const char *method, const char *name)
{
    size_t len = strlen(method);

    /* PowerOnVM_Task is answered by PowerOnVM_TaskResponse. */
    return strncmp(name, method, len) == 0 && str_eq(name + len, "Response");
}

static void fault_type(struct soap_fault *f, const char *name,
                       const struct xml_attribute *attrs, size_t n)
{
    const char *type = soap_xsi_type(attrs, n);
    size_t len;

    if (f->type[0] != '\0')
        return;
    if (type[0] != '\0') {
        (void)text_clean(f->type, sizeof(f->type), type, strlen(type));
        return;
    }
    len = strlen(name);
    if (str_ends(name, "Fault") && len > strlen("Fault"))
        len -= strlen("Fault");
    (void)text_clean(f->type, sizeof(f->type), name, len);
}

static void on_start(void *ctx, const char *name, const struct xml_attribute *attrs,
                     size_t n)
{
    struct reader *r = ctx;

    xml_path_push(&r->path, name);
    if (r->path.depth == 1)
        r->is_envelope = str_eq(name, "Envelope");
    else if (r->path.depth == ANSWER_DEPTH && r->is_envelope &&
             str_eq(xml_path_below(&r->path, 1), "Body/Fault"))
        r->is_fault = true;
    else if (r->path.depth == ANSWER_DEPTH && r->is_envelope && !r->is_fault &&
             str_starts(xml_path_below(&r->path, 1), "Body/")) {
        r->is_answer = is_answer_to(r->method, name);
        r->is_other = !r->is_answer;
    } else if (r->is_fault && r->path.depth == DETAIL_DEPTH &&
               str_starts(xml_path_below(&r->path, ANSWER_DEPTH), "detail/"))
        fault_type(r->fault, name, attrs, n);
    else if (r->is_answer && !r->is_fault && r->path.depth > ANSWER_DEPTH)
        r->sink->start(r->sink->ctx, xml_path_below(&r->path, ANSWER_DEPTH), attrs, n);
}

static void on_end(void *ctx, const char *name, const char *text, size_t len)
{
    struct reader *r = ctx;
    const char *below = xml_path_below(&r->path, ANSWER_DEPTH);

    if (r->is_fault && str_eq(below, "faultstring"))
        (void)text_clean(r->fault->message, sizeof(r->fault->message), text, len);
    else if (r->is_fault && r->path.depth == DETAIL_DEPTH + 1)
        soap_fault_field(r->fault, name, text, len);
    else if (r->is_answer && !r->is_fault && r->path.depth > ANSWER_DEPTH)
        r->sink->end(r->sink->ctx, below, text, len);
    xml_path_pop(&r->path);
}

enum err_code soap_read(const char *method, const char *bytes, size_t len,
                        const struct soap_sink *sink, struct soap_fault *fault,
                        struct err *e)
{
    struct reader r = {.method = method, .sink = sink, .fault = fault};
    const struct xml_handler h = {on_start, on_end, &r};
    enum err_code rc;

    *fault = (struct soap_fault){0};
    rc = xml_read(bytes, len, &h, e);
    if (rc != ERR_OK)
        return rc;
    if (!r.is_fault && !r.is_answer)
        return err_set(e, ERR_PROTOCOL,
                       r.is_other ? "the answer is to another request"
                                  : "the answer is no SOAP envelope");
    if (r.is_fault && fault->type[0] == '\0')
        (void)str_copy(fault->type, sizeof(fault->type), "unnamed fault");
    return ERR_OK;
}

void soap_fault_field(struct soap_fault *f, const char *name, const char *text,
                      size_t len)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } fields[] = {
        {"object", f->object, sizeof(f->object)},
        {"obj", f->object, sizeof(f->object)},
        {"privilegeId", f->privilege, sizeof(f->privilege)},
        {"task", f->task, sizeof(f->task)},
        {"existingState", f->existing, sizeof(f->existing)},
        {"localizedMessage", f->message, sizeof(f->message)},
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (str_eq(fields[i].name, name)) {
            (void)text_clean(fields[i].to, fields[i].size, text, len);
            return;
        }
    }
}

/* What a fault means for the caller. Types not listed are trouble of the server's own. */
static enum err_code fault_code(const char *type)
{
    static const struct {
        const char *type;
        enum err_code code;
    } codes[] = {
        {"NotAuthenticated", ERR_AUTH},
        {"InvalidLogin", ERR_AUTH},
        {"PasswordExpired", ERR_AUTH},
        {"NoPermission", ERR_FORBIDDEN},
        {"RestrictedVersion", ERR_FORBIDDEN},
        {"RestrictedByAdministrator", ERR_FORBIDDEN},
        {"InvalidPowerState", ERR_CONFLICT},
        {"TaskInProgress", ERR_CONFLICT},
        {"MethodDisabled", ERR_CONFLICT},
        {"ManagedObjectNotFound", ERR_NOT_FOUND},
        {"ToolsUnavailable", ERR_REFUSED},
        {"NotEnoughLicenses", ERR_REFUSED},
        {"NotSupported", ERR_REFUSED},
        {"MethodNotFound", ERR_REFUSED},
        {"InvalidRequest", ERR_REFUSED},
        {"InvalidProperty", ERR_REFUSED},
        {"InvalidPropertyFault", ERR_REFUSED},
        {"InvalidType", ERR_REFUSED},
        {"InvalidArgument", ERR_REFUSED},
        {"InvalidState", ERR_REFUSED},
        {"InvalidHostState", ERR_REFUSED},
        {"InvalidDatastore", ERR_REFUSED},
        {"InvalidDatastoreState", ERR_REFUSED},
        {"FileFault", ERR_REFUSED},
        {"FileLocked", ERR_REFUSED},
        {"FileNotFound", ERR_REFUSED},
        {"CannotAccessFile", ERR_REFUSED},
        {"NoDiskSpace", ERR_REFUSED},
        {"VmConfigFault", ERR_REFUSED},
        {"InvalidVmConfig", ERR_REFUSED},
        {"GenericVmConfigFault", ERR_REFUSED},
    };

    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (str_eq(codes[i].type, type))
            return codes[i].code;
    }
    /* InsufficientResourcesFault has a dozen kinds, one for each resource. */
    if (str_starts(type, "Insufficient"))
        return ERR_REFUSED;
    return ERR_SERVER;
}

enum err_code soap_fault_error(const struct soap_fault *f, const char *what,
                               struct err *e)
{
    enum err_code code = fault_code(f->type);

    if (str_eq(f->type, "NoPermission") && f->privilege[0] != '\0')
        return err_set(e, code, "%s: NoPermission: needs %s on %.64s", what, f->privilege,
                       f->object[0] != '\0' ? f->object : "that object");
    if (f->message[0] == '\0')
        return err_set(e, code, "%s: %s", what, f->type);
    return err_set(e, code, "%s: %s: %s", what, f->type, f->message);
}
