#include <config.h>

#include "core/api/vsphere_watch.h"

#include "core/api/vsphere_props.h"

#include <string.h>

/* A server may answer earlier; the transfer ends by itself half a minute later
 * (reliability 9). */
#define WAIT_S "60"
enum { WAIT_TIMEOUT_MS = 90 * 1000, MAX_MORE = 1000 };

/* Statistics notify nobody on a real server: they are not asked for (vsphere-api 5). */
static const char *const vm_paths[] = {
    VSPHERE_VM_NEWS,
    NULL,
};
static const char *const host_paths[] = {
    "name",
    "summary.runtime.connectionState",
    "summary.runtime.inMaintenanceMode",
    NULL,
};

bool vsphere_watch_is_open(const struct vsphere *v)
{
    return v->watch.is_open && v->watch.generation == v->service.generation;
}

bool vsphere_has_listing(const struct vsphere *v)
{
    return v->last != NULL;
}

static enum err_code fault_error(struct vsphere *v, const struct soap_fault *fault,
                                 const char *method, struct err *e)
{
    char what[64];

    if (vsphere_fault_is_dead(v, fault) && v->service.view[0] != '\0' &&
        str_eq(fault->object, v->service.view))
        vsphere_view_forget(v);
    else if (vsphere_fault_is_dead(v, fault))
        vsphere_session_lost(v);
    (void)str_format(what, sizeof(what), "vSphere %s", method); /* names are short */
    return soap_fault_error(fault, what, e);
}

/* A call of a property collector whose answer is a reference, or nothing. */
static enum err_code call(struct vsphere *v, const char *method, char *made,
                          struct err *e)
{
    char id[SOAP_ID_TEXT] = "";
    struct vsphere_pick pick = {"returnval", id, sizeof(id)};
    const struct soap_sink sink = vsphere_pick_sink(&pick);
    const struct vsphere_call c = {.method = method, .sink = &sink};
    struct soap_fault fault = {0};
    enum err_code rc = vsphere_exchange(v, &c, &fault, e);

    if (rc != ERR_OK)
        return rc;
    if (fault.type[0] != '\0')
        return fault_error(v, &fault, method, e);
    if (made != NULL && id[0] == '\0')
        return err_set(e, ERR_PROTOCOL, "vSphere %s: the answer has no reference",
                       method);
    if (made != NULL)
        (void)str_copy(made, SOAP_ID_TEXT, id); /* both are of that size */
    return ERR_OK;
}

/* Collectors pile up in a session that lives on: the old one goes, if it is still there.
 */
static void end_old(struct vsphere *v)
{
    static const char method[] = "DestroyPropertyCollector";
    struct vsphere_watch *w = &v->watch;
    struct err e = {0};

    if (w->collector[0] != '\0' && w->generation == v->service.generation) {
        soap_open(&v->body, method, "PropertyCollector", w->collector);
        soap_close(&v->body, method);
        if (call(v, method, NULL, &e) != ERR_OK)
            err_clear(&e); /* gone already, or it goes with the session */
    }
    w->collector[0] = w->version[0] = '\0';
    w->is_open = w->has_news = false;
    w->more = 0;
}

static enum err_code make_collector(struct vsphere *v, struct err *e)
{
    static const char method[] = "CreatePropertyCollector";

    soap_open(&v->body, method, "PropertyCollector", v->service.property_collector);
    soap_close(&v->body, method);
    return call(v, method, v->watch.collector, e);
}

static enum err_code make_filter(struct vsphere *v, struct err *e)
{
    static const char method[] = "CreateFilter";
    const struct props_query query = {.vm_paths = vm_paths, .host_paths = host_paths};
    char filter[SOAP_ID_TEXT];

    soap_open(&v->body, method, "PropertyCollector", v->watch.collector);
    vsphere_props_spec(v, "spec", &query);
    soap_put(&v->body, "partialUpdates", "false");
    soap_close(&v->body, method);
    return call(v, method, filter, e);
}

enum err_code vsphere_watch_open(struct vsphere *v, struct err *e)
{
    struct vsphere_watch *w = &v->watch;
    struct soap_fault fault = {0};
    enum err_code rc = vsphere_session_use(v, e);

    if (rc != ERR_OK)
        return rc;
    end_old(v);
    rc = vsphere_view_use(v, &fault, e);
    if (rc == ERR_OK && fault.type[0] != '\0')
        rc = fault_error(v, &fault, "CreateContainerView", e);
    if (rc == ERR_OK)
        rc = make_collector(v, e);
    w->generation = v->service.generation;
    if (rc == ERR_OK)
        rc = make_filter(v, e);
    w->is_open = rc == ERR_OK;
    return rc;
}

enum err_code vsphere_watch_ask(struct vsphere *v, struct http_request *rq, struct err *e)
{
    static const char method[] = "WaitForUpdatesEx";

    soap_open(&v->body, method, "PropertyCollector", v->watch.collector);
    soap_put(&v->body, "version", v->watch.version);
    strbuf_puts(&v->body,
                "<options><maxWaitSeconds>" WAIT_S "</maxWaitSeconds></options>");
    soap_close(&v->body, method);
    if (v->body.failed)
        return err_set(e, ERR_NOMEM, "no memory for a vSphere request");
    vsphere_request(v, rq);
    rq->timeout_ms = WAIT_TIMEOUT_MS;
    return ERR_OK;
}

/* ----- answers ----- */

struct updates {
    struct vsphere_watch *to;
    bool has_version, too_long, any, truncated, is_dead;
};

static void on_start(void *ctx, const char *path, const struct xml_attribute *attrs,
                     size_t n)
{
    struct updates *u = ctx;

    if (str_eq(path, "returnval/filterSet"))
        u->any = true;
    else if (str_eq(path, "returnval/filterSet/objectSet/missingSet/fault/fault"))
        u->is_dead = u->is_dead || str_eq(soap_xsi_type(attrs, n), "NotAuthenticated");
}

static void on_end(void *ctx, const char *path, const char *text, size_t len)
{
    struct updates *u = ctx;

    (void)len;
    if (str_eq(path, "returnval/version")) {
        u->has_version = true;
        u->too_long = !str_copy(u->to->version, sizeof(u->to->version), text);
    } else if (str_eq(path, "returnval/truncated")) {
        u->truncated = str_eq(text, "true") || str_eq(text, "1");
    }
}

static enum err_code read_updates(struct vsphere *v, const struct http_response *rs,
                                  struct updates *u, struct err *e)
{
    static const char method[] = "WaitForUpdatesEx";
    const struct soap_sink sink = {on_start, on_end, u};
    const struct vsphere_call c = {.method = method, .sink = &sink};
    struct soap_fault fault = {0};
    enum err_code rc = vsphere_answer(v, &c, rs, &fault, e);

    if (rc == ERR_OK && fault.type[0] != '\0')
        return fault_error(v, &fault, method, e);
    if (rc == ERR_OK && u->is_dead) {
        vsphere_session_lost(v);
        return err_set(e, ERR_AUTH, "vSphere %s: the session has ended", method);
    }
    if (rc == ERR_OK && (u->any || u->truncated) && (!u->has_version || u->too_long))
        return err_set(e, ERR_PROTOCOL, "vSphere %s: an update without a usable version",
                       method);
    return rc;
}

/* Something was told, or more is to be: when all of it is there, the listing is read. */
static enum err_code add_up(struct vsphere_watch *w, const struct updates *u,
                            enum vsphere_news *out, struct err *e)
{
    w->has_news = w->has_news || u->any;
    w->more = u->truncated ? w->more + 1 : 0;
    if (w->more > MAX_MORE)
        return err_set(e, ERR_PROTOCOL, "vSphere WaitForUpdatesEx: its parts do not end");
    *out = u->truncated ? VSPHERE_MORE : w->has_news ? VSPHERE_NEWS : VSPHERE_QUIET;
    if (!u->truncated)
        w->has_news = false;
    return ERR_OK;
}

enum err_code vsphere_watch_take(struct vsphere *v, enum err_code rc,
                                 const struct http_response *rs, enum vsphere_news *out,
                                 struct err *e)
{
    struct vsphere_watch *w = &v->watch;
    struct updates u = {.to = w};

    if (rc != ERR_OK)
        err_wrap(e, "vSphere WaitForUpdatesEx");
    else if (!vsphere_watch_is_open(v)) /* its answer is about a session that is gone */
        rc = err_set(e, ERR_CANCELED, "vSphere WaitForUpdatesEx: there was a new login");
    else
        rc = read_updates(v, rs, &u, e);
    if (rc == ERR_OK)
        rc = add_up(w, &u, out, e);
    if (rc != ERR_OK)
        w->is_open = false; /* what its version stood for is not to be relied on */
    return rc;
}
