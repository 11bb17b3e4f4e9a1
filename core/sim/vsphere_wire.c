/*
 * vsphere_wire - a standalone ESX host over SOAP: paths, versions, sessions, and the
 * table of methods. A WaitForUpdatesEx with nothing new is held (property_filter). Owns
 * nothing; state is in vim_server. Threads: as the world.
 */
#include <config.h>

#include "core/net/xml.h"
#include "core/sim/vim_call.h"
#include "core/sim/vim_faults.h"
#include "core/sim/wire.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum vim_class cls; /* VIM_NONE = any */
    vim_method *call;
    bool anonymous; /* needs no session */
} methods[] = {
    /* clang-format off */
    {"RetrievePropertiesEx",         VIM_COLLECTOR,        vim_retrieve,         true},
    {"Fetch",                        VIM_NONE,             vim_fetch,            true},
    {"RetrieveProperties",           VIM_COLLECTOR,        vim_retrieve,         true},
    {"ContinueRetrievePropertiesEx", VIM_COLLECTOR,        vim_retrieve_continue, false},
    {"CancelRetrievePropertiesEx",   VIM_COLLECTOR,        vim_retrieve_cancel,  false},
    {"WaitForUpdatesEx",             VIM_COLLECTOR,        vim_wait,             false},
    {"WaitForUpdates",               VIM_COLLECTOR,        vim_wait,             false},
    {"CheckForUpdates",              VIM_COLLECTOR,        vim_wait,             false},
    {"CancelWaitForUpdates",         VIM_COLLECTOR,        vim_wait_cancel,      false},
    {"CreatePropertyCollector",      VIM_COLLECTOR,        vim_collector_create, false},
    {"DestroyPropertyCollector",     VIM_COLLECTOR,        vim_collector_destroy, false},
    {"CreateFilter",                 VIM_COLLECTOR,        vim_filter_create,    false},
    {"DestroyPropertyFilter",        VIM_FILTER,           vim_filter_destroy,   false},
    {"RetrieveServiceContent",       VIM_SERVICE_INSTANCE, vim_content,          true},
    {"CurrentTime",                  VIM_SERVICE_INSTANCE, vim_current_time,     false},
    {"Login",                        VIM_SESSION_MANAGER,  vim_login,            true},
    {"Logout",                       VIM_SESSION_MANAGER,  vim_logout,           false},
    {"CreateContainerView",          VIM_VIEW_MANAGER,     vim_view_create,      false},
    {"DestroyView",                  VIM_VIEW,             vim_view_destroy,     false},
    {"FindByInventoryPath",          VIM_SEARCH_INDEX,     vim_find_by_path,     false},
    {"FindByUuid",                   VIM_SEARCH_INDEX,     vim_find_by_uuid,     false},
    {"PowerOnVM_Task",               VIM_VM,               vim_power_on,         false},
    {"PowerOffVM_Task",              VIM_VM,               vim_power_off,        false},
    {"SuspendVM_Task",               VIM_VM,               vim_suspend,          false},
    {"ResetVM_Task",                 VIM_VM,               vim_reset,            false},
    {"ShutdownGuest",                VIM_VM,               vim_shutdown_guest,   false},
    {"RebootGuest",                  VIM_VM,               vim_reboot_guest,     false},
    {"QueryPerf",                    VIM_PERF_MANAGER,     vim_query_perf,       false},
    {"QueryPerfProviderSummary",     VIM_PERF_MANAGER,     vim_query_provider,   false},
    {"QueryPerfCounter",             VIM_PERF_MANAGER,     vim_query_counters,   false},
    {"QueryAvailablePerfMetric",     VIM_PERF_MANAGER,     vim_query_available,  false},
    /* clang-format on */
};

/* ---- versions ---- */

/* "7.0.3" against "6.5": negative, zero, positive. */
static int compare_versions(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        char *a_end, *b_end;
        unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);

        if (x != y)
            return x < y ? -1 : 1;
        if (a_end == a && b_end == b)
            return 0;
        a = a_end + (*a_end == '.');
        b = b_end + (*b_end == '.');
    }
    return 0;
}

/* The version that the client speaks ("urn:vim25/6.5", quoted or not). Without one it is
 * as old as can be. */
static bool speaks(struct vim_call *c)
{
    const char *action = wire_header(c->http, "SOAPAction");
    const char *slash = action != NULL ? strchr(action, '/') : NULL;
    char version[24] = "2.5", text[96];

    if (slash != NULL && slash[1] >= '0' && slash[1] <= '9')
        (void)str_format(version, sizeof(version), "%.*s",
                         (int)strspn(slash + 1, "0123456789."), slash + 1);
    c->view.since_7 = compare_versions(version, "7.0") >= 0;
    if (compare_versions(version, vim_versions[0]) <= 0)
        return true;
    (void)str_format(text, sizeof(text), "Unsupported version URI \"urn:vim25/%s\"",
                     version); /* cut is fine */
    vim_fault_invalid_request(c->rs, text);
    return false;
}

static void answer_versions(struct http_response *rs)
{
    strbuf_puts(&rs->body,
                "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<namespaces "
                "version=\"1.0\">\n <namespace>\n  <name>urn:vim25</name>\n  <version>");
    strbuf_puts(&rs->body, vim_versions[0]);
    strbuf_puts(&rs->body, "</version>\n  <priorVersions>\n");
    for (size_t i = 1; i < VIM_VERSIONS; i++)
        strbuf_printf(&rs->body, "   <version>%s</version>\n", vim_versions[i]);
    strbuf_puts(&rs->body, "  </priorVersions>\n </namespace>\n</namespaces>\n");
    rs->status = 200;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), "text/xml"); /* fits */
}

/* ---- calls ---- */

static void method_not_found(struct vim_call *c, const struct soap_node *self)
{
    struct strbuf b;

    strbuf_init(&b, 256 * 1024);
    strbuf_puts(&b, "<receiver type=\"");
    xml_escape(&b, sim_soap_type(c->rq, self));
    strbuf_puts(&b, "\">");
    xml_escape(&b, sim_soap_text(c->rq, self));
    strbuf_puts(&b, "</receiver>");
    vim_put_text(&b, "method", c->name);
    vim_fault(c->rs, "MethodNotFound", "The method is not known to this host.",
              b.failed ? "" : strbuf_text(&b));
    strbuf_clear(&b);
}

static void dispatch(struct vim_call *c)
{
    const struct soap_node *self = sim_soap_child(c->rq, c->method, "_this");
    const char *type = sim_soap_type(c->rq, self), *id = sim_soap_text(c->rq, self);
    size_t i = 0;

    c->name = sim_soap_name(c->rq, c->method);
    if (!speaks(c))
        return;
    while (i < ARRAY_LEN(methods) && !str_eq(methods[i].name, c->name))
        i++;
    if (i < ARRAY_LEN(methods))
        c->name = methods[i].name; /* the request's texts go with the next request */
    if (i == ARRAY_LEN(methods) ||
        (methods[i].cls != VIM_NONE && !vim_class_is(methods[i].cls, type))) {
        method_not_found(c, self);
        return;
    }
    if (c->session == NULL && !methods[i].anonymous) {
        vim_fault_not_authenticated(c->rs, type, id);
        return;
    }
    if (!vim_ref_find(&c->view, type, id, &c->self)) {
        vim_fault_no_object(c->rs, type, id);
        return;
    }
    methods[i].call(c);
}

static void answer_soap(struct world *w, const struct http_request *rq,
                        struct http_response *rs)
{
    struct vim_server *s = vim_server_of(w);
    struct vim_call c = {.w = w, .server = s, .http = rq, .rs = rs};
    struct err e = {0};

    if (s == NULL) {
        wire_answer(rs, 503, "text/plain", "503 Service Unavailable\n");
        return;
    }
    c.session = vim_session_of(s, rq, w->now);
    c.view = (struct vim_view_of_world){.w = w, .server = s, .session = c.session};
    if (soap_requests_read(&s->requests, rq->body != NULL ? rq->body : "",
                           rq->body != NULL ? rq->body_len : 0, &c.rq, &e) != ERR_OK) {
        vim_fault_invalid_request(rs, e.text);
        return;
    }
    c.method = sim_soap_method(c.rq);
    dispatch(&c);
}

bool wire_vsphere(struct world *w, const struct http_request *rq,
                  struct http_response *rs)
{
    const char *path = wire_path(rq);

    if (str_eq(path, "/sdk/vimServiceVersions.xml") && str_eq(rq->method, "GET"))
        answer_versions(rs);
    else if (!str_eq(path, "/sdk") && !str_eq(path, "/sdk/") &&
             !str_eq(path, "/sdk/vimService"))
        wire_answer(rs, 404, "text/plain", "404 Not Found\n");
    else if (!str_eq(rq->method, "POST"))
        wire_answer(rs, 405, "text/plain", "405 Method Not Allowed\n");
    else
        answer_soap(w, rq, rs);
    return true;
}
