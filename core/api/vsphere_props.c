#include <config.h>

#include "core/api/vsphere_props.h"

#include "core/base/text.h"

#include <string.h>

/* One object is some 2 kB: a page stays around a megabyte. */
#define PAGE_OBJECTS "500"

enum { MAX_PAGES = 1000, TOKEN_TEXT = 1024 };

/* ----- requests ----- */

static void put_path(struct strbuf *b, const char *path)
{
    strbuf_puts(b, "<pathSet>");
    strbuf_puts(b, path); /* ours: there is nothing to escape */
    strbuf_puts(b, "</pathSet>");
}

static void put_paths(struct strbuf *b, const char *type, const char *const *paths)
{
    strbuf_puts(b, "<propSet>");
    soap_put(b, "type", type);
    for (; *paths != NULL; paths++)
        put_path(b, *paths);
    strbuf_puts(b, "</propSet>");
}

void vsphere_props_spec(struct vsphere *v, const char *tag, const struct props_query *q)
{
    struct strbuf *b = &v->body;

    strbuf_printf(b, "<%s>", tag);
    if (q->object != NULL) {
        put_paths(b, q->object->type, q->vm_paths);
        strbuf_printf(b, "<objectSet><obj type=\"%s\">", q->object->type);
        xml_escape(b, q->object->id);
        strbuf_puts(b, "</obj><skip>false</skip></objectSet>");
    } else {
        put_paths(b, "VirtualMachine", q->vm_paths);
        put_paths(b, "HostSystem", q->host_paths);
        strbuf_puts(b, "<objectSet><obj type=\"ContainerView\">");
        xml_escape(b, v->service.view);
        strbuf_puts(b, "</obj><skip>true</skip><selectSet xsi:type=\"TraversalSpec\">"
                       "<name>v</name><type>ContainerView</type><path>view</path>"
                       "<skip>false</skip></selectSet></objectSet>");
    }
    strbuf_printf(b, "</%s>", tag);
}

static void put_query(struct vsphere *v, const struct props_query *q)
{
    static const char method[] = "RetrievePropertiesEx";

    soap_open(&v->body, method, "PropertyCollector", v->service.property_collector);
    vsphere_props_spec(v, "specSet", q);
    strbuf_printf(&v->body, "<options><maxObjects>%s</maxObjects></options>",
                  RH_BUGGIFY("objects-two-by-two") ? "2" : PAGE_OBJECTS);
    soap_close(&v->body, method);
}

static void put_continue(struct vsphere *v, const char *token)
{
    static const char method[] = "ContinueRetrievePropertiesEx";

    soap_open(&v->body, method, "PropertyCollector", v->service.property_collector);
    soap_put(&v->body, "token", token);
    soap_close(&v->body, method);
}

/* ----- answers ----- */

struct reader {
    const struct props_sink *sink;
    char type[SOAP_TYPE_TEXT];     /* of the object being read */
    char name[96];                 /* of the property being read */
    struct soap_fault value_fault; /* within its value */
    bool has_object, has_fault;
    bool is_dead;           /* a property is missing because nobody is logged in */
    char token[TOKEN_TEXT]; /* of the next page, "" = this was the last */
    bool token_fits;
};

#define OBJECTS "returnval/objects"

/* The rest of path behind "returnval/objects/", NULL when it is elsewhere. */
static const char *in_object(const char *path)
{
    const size_t len = sizeof(OBJECTS "/") - 1;

    return strncmp(path, OBJECTS "/", len) == 0 ? path + len : NULL;
}

static void on_start(void *ctx, const char *path, const struct xml_attribute *attrs,
                     size_t n)
{
    struct reader *r = ctx;
    const char *p = in_object(path);
    const char *type;

    if (str_eq(path, OBJECTS)) {
        r->has_object = false;
    } else if (p == NULL) {
        return;
    } else if (str_eq(p, "obj")) {
        type = xml_attribute_get(attrs, n, "type", "");
        (void)str_copy(r->type, sizeof(r->type), type != NULL ? type : "");
    } else if (str_eq(p, "propSet")) {
        r->name[0] = '\0';
        if (r->has_fault)
            r->value_fault = (struct soap_fault){0};
        r->has_fault = false;
    } else if (str_eq(p, "propSet/val/fault")) {
        r->has_fault = true;
        (void)str_copy(r->value_fault.type, sizeof(r->value_fault.type),
                       soap_xsi_type(attrs, n));
    } else if (str_eq(p, "missingSet/fault/fault")) {
        r->is_dead = r->is_dead || str_eq(soap_xsi_type(attrs, n), "NotAuthenticated");
    }
}

static void on_object_end(struct reader *r, const char *p, const char *text, size_t len)
{
    static const char in_fault[] = "propSet/val/fault/";
    const size_t skip = sizeof(in_fault) - 1;

    if (str_eq(p, "obj")) {
        r->has_object = r->type[0] != '\0' && len > 0;
        if (r->has_object)
            r->sink->object(r->sink->ctx, r->type, text, len);
    } else if (str_eq(p, "propSet/name")) {
        if (!str_copy(r->name, sizeof(r->name), text))
            r->name[0] = '\0'; /* none that we asked for */
    } else if (str_eq(p, "propSet/val") ||
               str_eq(p, "propSet/val/ManagedObjectReference")) {
        if (r->has_object && r->name[0] != '\0')
            r->sink->property(r->sink->ctx, r->name, text, len, &r->value_fault);
    } else if (strncmp(p, in_fault, skip) == 0) {
        soap_fault_field(&r->value_fault, p + skip, text, len);
    } else if (r->has_fault && str_eq(p, "propSet/val/localizedMessage")) {
        soap_fault_field(&r->value_fault, "localizedMessage", text, len);
    }
}

static void on_end(void *ctx, const char *path, const char *text, size_t len)
{
    struct reader *r = ctx;
    const char *p = in_object(path);

    if (p != NULL)
        on_object_end(r, p, text, len);
    else if (str_eq(path, OBJECTS) && r->has_object)
        r->sink->object_end(r->sink->ctx);
    else if (str_eq(path, "returnval/token"))
        r->token_fits = str_copy(r->token, sizeof(r->token), text);
}

/* ----- reading ----- */

/* All pages of one reading. *dead: start over in a new session. */
static enum err_code read_pages(struct vsphere *v, const struct props_query *q,
                                const struct props_sink *sink, struct soap_fault *fault,
                                bool *dead, struct err *e)
{
    struct reader r = {.sink = sink};
    const struct soap_sink soap = {on_start, on_end, &r};
    struct vsphere_call call = {
        .method = "RetrievePropertiesEx", .sink = &soap, .is_listing = q->object == NULL};

    sink->reset(sink->ctx);
    put_query(v, q);
    for (int page = 0; page < MAX_PAGES; page++) {
        enum err_code rc = vsphere_exchange(v, &call, fault, e);

        *dead = rc == ERR_OK && (r.is_dead || vsphere_fault_is_dead(v, fault));
        if (rc != ERR_OK || *dead || fault->type[0] != '\0' || r.token[0] == '\0')
            return rc;
        if (!r.token_fits)
            return err_set(e, ERR_PROTOCOL, "vSphere: the token of a page is too long");
        RH_PROBE("vsphere-next-page");
        again_forget(&v->listing); /* it stands for a listing of one page only */
        call.is_listing = false;
        put_continue(v, r.token);
        r.token[0] = '\0';
        call.method = "ContinueRetrievePropertiesEx";
    }
    return err_set(e, ERR_PROTOCOL, "vSphere: the pages of a listing do not end");
}

/* One reading with what it needs, the session and the view. */
static enum err_code read_once(struct vsphere *v, const struct props_query *q,
                               const struct props_sink *sink, struct soap_fault *fault,
                               bool *dead, struct err *e)
{
    enum err_code rc = vsphere_session_use(v, e);

    *dead = false;
    if (rc == ERR_OK && q->object == NULL) {
        rc = vsphere_view_use(v, fault, e);
        *dead = rc == ERR_OK && vsphere_fault_is_dead(v, fault);
        if (fault->type[0] != '\0')
            return rc;
    }
    return rc == ERR_OK ? read_pages(v, q, sink, fault, dead, e) : rc;
}

enum err_code vsphere_props_read(struct vsphere *v, const struct props_query *q,
                                 const struct props_sink *sink, struct soap_fault *fault,
                                 struct err *e)
{
    bool renewed = false, viewed = false, dead;

    for (;;) {
        enum err_code rc;

        *fault = (struct soap_fault){0};
        rc = read_once(v, q, sink, fault, &dead, e);
        if (rc != ERR_OK || !dead)
            return rc;
        if (!viewed && v->service.view[0] != '\0' &&
            str_eq(fault->object, v->service.view)) {
            viewed = true; /* perhaps the view alone is gone */
            vsphere_view_forget(v);
        } else if (!renewed) {
            renewed = true;
            vsphere_session_lost(v);
        } else {
            return vsphere_session_give_up(v, e);
        }
    }
}

enum power vsphere_power_of(const char *text)
{
    if (str_eq(text, "poweredOn"))
        return POWER_ON;
    if (str_eq(text, "poweredOff"))
        return POWER_OFF;
    return str_eq(text, "suspended") ? POWER_SUSPENDED : POWER_UNKNOWN;
}
