#include <config.h>

#include "core/api/vsphere_session.h"

#include "core/base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Everything we read is in this version of the API; newer servers serve it, too. */
#define API_VERSION "6.5"

enum {
    ANSWER_LIMIT_BYTES = 32 * 1024 * 1024,
    BODY_LIMIT_BYTES = 1024 * 1024,
    /* ESXi locks an account for 15 minutes after five refused logins: stay below. */
    REFUSED_PAUSE_MS = 4 * 60 * 1000,
    LOGOUT_TIMEOUT_MS = 120 /* whoever quits waits for it, also when vSphere hangs */
};

struct vsphere_session {
    const struct api_config *config;
    char *url;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    unsigned clients; /* that there ever were */
    struct vsphere_service service;
    bool is_open, is_opening;
    bool was_refused;
    struct mono refused_at;
    struct err refused;
};

/* ----- life ----- */

/* "https://esx1.example" means its /sdk. */
static char *endpoint_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    size_t len = strlen(url);
    char *out = calloc(1, len + sizeof("/sdk"));

    if (out == NULL)
        return NULL;
    while (len > 0 && url[len - 1] == '/')
        len--;
    memcpy(out, url, len);
    if (path == NULL || path >= url + len)
        memcpy(out + len, "/sdk", sizeof("/sdk"));
    return out;
}

enum err_code vsphere_session_new(const struct api_config *config,
                                  struct vsphere_session **out, struct err *e)
{
    struct vsphere_session *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a vSphere session");
    s->config = config;
    s->url = endpoint_of(config->url);
    if (s->url == NULL) {
        free(s);
        return err_set(e, ERR_NOMEM, "no memory for a vSphere session");
    }
    (void)pthread_mutex_init(&s->lock, NULL); /* with no attributes these cannot fail */
    (void)pthread_cond_init(&s->changed, NULL);
    *out = s;
    return ERR_OK;
}

void vsphere_session_free(struct vsphere_session *s)
{
    if (s == NULL)
        return;
    (void)pthread_cond_destroy(&s->changed); /* nobody waits: the clients are gone */
    (void)pthread_mutex_destroy(&s->lock);
    free(s->url);
    explicit_bzero(&s->service, sizeof(s->service));
    free(s);
}

const char *vsphere_session_url(const struct vsphere_session *s)
{
    return s->url;
}

void vsphere_session_forgive(struct vsphere_session *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->was_refused = false;
    (void)pthread_mutex_unlock(&s->lock);
}

enum err_code vsphere_new(struct vsphere_session *s, const struct transport *t,
                          const struct clock *clock, struct vsphere **out, struct err *e)
{
    struct vsphere *v = calloc(1, sizeof(*v));

    if (v == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a vSphere client");
    if (siphash_key_new(&v->key, e) != ERR_OK) {
        free(v);
        return e->code;
    }
    v->session = s;
    v->transport = *t;
    v->clock = clock;
    (void)pthread_mutex_lock(&s->lock);
    v->number = s->clients++;
    (void)pthread_mutex_unlock(&s->lock);
    v->since = (unsigned)clock_utc(clock).s;
    strbuf_init(&v->body, BODY_LIMIT_BYTES);
    *out = v;
    return ERR_OK;
}

void vsphere_free(struct vsphere *v)
{
    if (v == NULL)
        return;
    observation_unref(v->last);
    strbuf_clear(&v->body);
    explicit_bzero(&v->service, sizeof(v->service));
    free(v);
}

void vsphere_set_wait(struct vsphere *v, bool (*wait)(void *ctx, int64_t ms), void *ctx)
{
    v->wait = wait;
    v->wait_ctx = ctx;
}

/* ----- one exchange ----- */

static void sink_nothing_start(void *ctx, const char *path,
                               const struct xml_attribute *attrs, size_t n)
{
    (void)ctx;
    (void)path;
    (void)attrs;
    (void)n;
}

static void sink_nothing_end(void *ctx, const char *path, const char *text, size_t len)
{
    (void)ctx;
    (void)path;
    (void)text;
    (void)len;
}

static void pick_end(void *ctx, const char *path, const char *text, size_t len)
{
    struct vsphere_pick *p = ctx;

    if (str_eq(path, p->path))
        (void)text_clean(p->to, p->size, text, len);
}

struct soap_sink vsphere_pick_sink(struct vsphere_pick *p)
{
    return (struct soap_sink){sink_nothing_start, pick_end, p};
}

/* The server may renew the cookie with any answer; the latest one counts. What comes
 * along with it (a balancer's own) is sent back, too. */
static void keep_cookie(struct vsphere *v, const struct http_response *rs)
{
    struct vsphere_session *s = v->session;

    if (strstr(rs->set_cookie, "vmware_soap_session=") == NULL ||
        str_eq(rs->set_cookie, v->service.cookie))
        return;
    (void)str_copy(v->service.cookie, sizeof(v->service.cookie), rs->set_cookie);
    (void)pthread_mutex_lock(&s->lock);
    if (s->is_open && s->service.generation == v->service.generation)
        (void)str_copy(s->service.cookie, sizeof(s->service.cookie), rs->set_cookie);
    (void)pthread_mutex_unlock(&s->lock);
}

static void note_date(struct vsphere *v, const struct http_response *rs)
{
    if (rs->date.s == 0)
        return;
    v->skew_known = true;
    v->skew_s = rs->date.s - clock_utc(v->clock).s;
}

/* Neither a fault nor a result. 404 is about the URL, never about a VM. */
static enum err_code status_error(const struct http_response *rs, const char *what,
                                  struct err *e)
{
    if (rs->status != 404)
        return http_status_error(rs, what, e);
    e->http = rs->status;
    return err_set(e, ERR_PROTOCOL, "%s: HTTP 404, no vSphere there: check vsphere.url",
                   what);
}

static enum err_code read_answer(struct vsphere *v, const struct vsphere_call *call,
                                 const struct http_response *rs, struct soap_fault *fault,
                                 struct err *e)
{
    const struct soap_sink nothing = {sink_nothing_start, sink_nothing_end, NULL};
    struct strbuf question = soap_question(&v->body);
    enum err_code rc;

    if (rs->status != 200 && rs->status != 500) {
        v->maybe_done = rs->status >= 500; /* a proxy may have lost the answer */
        return status_error(rs, call->method, e);
    }
    if (call->is_listing && rs->status == 200)
        v->is_again =
            again_take(&v->listing, &v->key, &question, rs, (struct again_skip){0}) &&
            v->last != NULL;
    if (call->is_listing && v->is_again)
        return ERR_OK;
    rc = soap_read(call->method, strbuf_text(&rs->body), rs->body.len,
                   call->sink != NULL ? call->sink : &nothing, fault, e);
    if (rc == ERR_OK && rs->status == 500 && fault->type[0] == '\0')
        rc = err_set(e, ERR_PROTOCOL, "status 500 without a fault");
    if (rc != ERR_OK) {
        v->maybe_done = true;
        if (rs->status == 500 && rc == ERR_PROTOCOL)
            e->code = rc = ERR_SERVER;
        e->http = rs->status;
        err_wrap(e, "vSphere %s", call->method);
    }
    return rc;
}

void vsphere_request(struct vsphere *v, struct http_request *rq)
{
    (void)str_format(v->operation, sizeof(v->operation), "rushhour-%08x-%02x-%06x",
                     v->since, v->number & 0xffU, v->calls++ & 0xffffffU); /* it fits */
    soap_name(&v->body, v->operation);
    *rq = (struct http_request){
        .method = "POST",
        .url = v->session->url,
        .headers = {{"SOAPAction", v->service.action, false},
                    {"Cookie", v->service.cookie, true}},
        .n_headers = v->service.cookie[0] != '\0' ? 2 : 1,
        .content_type = "text/xml; charset=utf-8",
        .body = strbuf_text(&v->body),
        .body_len = v->body.len,
        .request_id = v->operation,
        .limit_bytes = ANSWER_LIMIT_BYTES,
    };
}

enum err_code vsphere_answer(struct vsphere *v, const struct vsphere_call *call,
                             const struct http_response *rs, struct soap_fault *fault,
                             struct err *e)
{
    note_date(v, rs);
    keep_cookie(v, rs);
    return read_answer(v, call, rs, fault, e);
}

enum err_code vsphere_exchange(struct vsphere *v, const struct vsphere_call *call,
                               struct soap_fault *fault, struct err *e)
{
    struct http_request rq;
    struct http_response rs;
    enum err_code rc;

    *fault = (struct soap_fault){0};
    v->maybe_done = v->is_again = false;
    if (v->body.failed)
        return err_set(e, ERR_NOMEM, "no memory for a vSphere request");
    vsphere_request(v, &rq);
    rq.mutating = call->mutating;
    rq.timeout_ms = call->timeout_ms;
    http_response_init(&rs);
    rc = transport_perform(&v->transport, &rq, &rs, e);
    if (rc != ERR_OK) {
        v->maybe_done = rs.maybe_sent;
        err_wrap(e, "vSphere %s", call->method);
    } else {
        rc = vsphere_answer(v, call, &rs, fault, e);
    }
    http_response_clear(&rs);
    return rc;
}

/* What the login told: a server that does not know it is not the one of that login, or
 * its name was read wrong. */
static bool is_of_login(const struct vsphere_service *s, const char *object)
{
    const char *const told[] = {s->property_collector, s->root_folder,
                                s->session_manager,    s->view_manager,
                                s->perf_manager,       s->view};

    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        if (told[i][0] != '\0' && str_eq(object, told[i]))
            return true;
    return false;
}

bool vsphere_fault_is_dead(const struct vsphere *v, const struct soap_fault *fault)
{
    if (str_eq(fault->type, "NotAuthenticated"))
        return true;
    return str_eq(fault->type, "ManagedObjectNotFound") &&
           is_of_login(&v->service, fault->object);
}

/* ----- opening ----- */

/* vimServiceVersions.xml: which version does the server speak? */
struct versions {
    struct xml_path path;
    bool ours, is_vim; /* of the namespace being read */
    char own[24];      /* the server's newest */
    bool own_is_vim, found;
};

static void versions_start(void *ctx, const char *name, const struct xml_attribute *attrs,
                           size_t n)
{
    struct versions *r = ctx;

    (void)attrs;
    (void)n;
    xml_path_push(&r->path, name);
    if (str_eq(xml_path_below(&r->path, 0), "namespaces/namespace"))
        r->is_vim = false;
}

static void versions_end(void *ctx, const char *name, const char *text, size_t len)
{
    struct versions *r = ctx;
    const char *path = xml_path_below(&r->path, 1);

    (void)name;
    if (str_eq(path, "namespace/name"))
        r->is_vim = str_eq(text, "urn:vim25");
    else if (r->is_vim && str_eq(path, "namespace/version") && len < sizeof(r->own) &&
             strspn(text, "0123456789.uUrRxX") == len) {
        (void)str_copy(r->own, sizeof(r->own), text);
        r->found = true;
        r->ours = r->ours || str_eq(text, API_VERSION);
    } else if (r->is_vim && str_eq(path, "namespace/priorVersions/version") &&
               str_eq(text, API_VERSION))
        r->ours = true;
    xml_path_pop(&r->path);
}

static enum err_code open_version(struct vsphere *v, struct err *e)
{
    struct versions versions = {0};
    const struct xml_handler h = {versions_start, versions_end, &versions};
    struct http_request rq = {.method = "GET"};
    struct http_response rs;
    char url[URL_TEXT + 64];
    enum err_code rc;

    http_response_init(&rs);
    if (!str_format(url, sizeof(url), "%s/vimServiceVersions.xml", v->session->url)) {
        rc = err_set(e, ERR_CONFIG, "vsphere.url is too long");
        goto out;
    }
    rq.url = url;
    rc = transport_perform(&v->transport, &rq, &rs, e);
    if (rc != ERR_OK) {
        err_wrap(e, "vSphere version");
        goto out;
    }
    note_date(v, &rs);
    keep_cookie(v, &rs);
    if (rs.status != 200) {
        rc = status_error(&rs, "vSphere version", e);
        goto out;
    }
    rc = xml_read(strbuf_text(&rs.body), rs.body.len, &h, e);
    if (rc == ERR_OK && !versions.found)
        rc = err_set(e, ERR_PROTOCOL, "no vim25 there: is vsphere.url right?");
    if (rc != ERR_OK) {
        err_wrap(e, "vSphere version");
        goto out;
    }
    (void)str_format(v->service.action, sizeof(v->service.action), "\"urn:vim25/%s\"",
                     versions.ours ? API_VERSION : versions.own);
out:
    http_response_clear(&rs);
    return rc;
}

struct content {
    struct vsphere_service *to;
};

static void content_end(void *ctx, const char *path, const char *text, size_t len)
{
    struct content *c = ctx;
    const struct {
        const char *path;
        char *to;
    } fields[] = {
        {"returnval/rootFolder", c->to->root_folder},
        {"returnval/propertyCollector", c->to->property_collector},
        {"returnval/sessionManager", c->to->session_manager},
        {"returnval/viewManager", c->to->view_manager},
        {"returnval/perfManager", c->to->perf_manager},
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (str_eq(fields[i].path, path))
            (void)text_clean(fields[i].to, SOAP_ID_TEXT, text, len);
    }
}

static enum err_code open_content(struct vsphere *v, struct err *e)
{
    static const char method[] = "RetrieveServiceContent";
    struct content content = {&v->service};
    const struct soap_sink sink = {sink_nothing_start, content_end, &content};
    const struct vsphere_call call = {.method = method, .sink = &sink};
    const struct vsphere_service *s = &v->service;
    struct soap_fault fault;
    enum err_code rc;

    soap_open(&v->body, method, "ServiceInstance", "ServiceInstance");
    soap_close(&v->body, method);
    rc = vsphere_exchange(v, &call, &fault, e);
    if (rc == ERR_OK && fault.type[0] != '\0')
        rc = soap_fault_error(&fault, method, e);
    if (rc == ERR_OK && (s->root_folder[0] == '\0' || s->property_collector[0] == '\0' ||
                         s->session_manager[0] == '\0' || s->view_manager[0] == '\0'))
        rc = err_set(e, ERR_PROTOCOL, "vSphere %s: a service is missing in the answer",
                     method);
    return rc;
}

/* The password must be in one piece of memory only, to be wiped: make room first. */
static void body_reserve(struct strbuf *b, size_t len)
{
    static const char blanks[64] = {0};

    strbuf_reset(b);
    for (size_t n = 0; n < len; n += sizeof(blanks))
        strbuf_add(b, blanks, sizeof(blanks));
    strbuf_reset(b);
}

static enum err_code open_login(struct vsphere *v, struct err *e)
{
    enum { ENVELOPE_BYTES = 2048, ESCAPED_FACTOR = 6 };
    static const char method[] = "Login";
    const struct api_config *config = v->session->config;
    const struct vsphere_call call = {.method = method};
    struct soap_fault fault;
    const char *password;
    enum err_code rc;

    if (config->secret == NULL)
        return err_set(e, ERR_AUTH, "vsphere has no password: set vsphere.password_file");
    password = secret_expose(config->secret);
    body_reserve(&v->body, ENVELOPE_BYTES + ESCAPED_FACTOR * (strlen(config->user) +
                                                              strlen(password)));
    soap_open(&v->body, method, "SessionManager", v->service.session_manager);
    soap_put(&v->body, "userName", config->user);
    soap_put(&v->body, "password", password);
    soap_close(&v->body, method);
    rc = vsphere_exchange(v, &call, &fault, e);
    if (v->body.data != NULL)
        explicit_bzero(v->body.data, v->body.cap);
    strbuf_reset(&v->body);
    if (rc == ERR_OK && str_eq(fault.type, "InvalidLogin"))
        rc = err_set(e, ERR_AUTH,
                     "vSphere refused user \"%.48s\": wrong name or password, or locked "
                     "out for 15 minutes; mend it, then refresh",
                     config->user);
    else if (rc == ERR_OK && fault.type[0] != '\0')
        rc = soap_fault_error(&fault, "vSphere Login", e);
    return rc;
}

/* Everything a session needs, into v->service; the old cookie is dropped first, because a
 * login under a live one is refused. */
static enum err_code open_session(struct vsphere *v, struct err *e)
{
    enum err_code rc;

    explicit_bzero(&v->service, sizeof(v->service));
    rc = open_version(v, e);
    if (rc == ERR_OK)
        rc = open_content(v, e);
    if (rc == ERR_OK)
        rc = open_login(v, e);
    return rc;
}

/* Does somebody have to log in? True: it is the caller, and s->is_opening is set. */
static bool must_open(struct vsphere *v, enum err_code *rc, struct err *e)
{
    struct vsphere_session *s = v->session;
    int64_t now_ms = clock_mono(v->clock).ms;
    bool open_it = false;

    (void)pthread_mutex_lock(&s->lock);
    *rc = ERR_OK;
    while (s->is_opening) /* ends: every call of that thread has its timeout */
        (void)pthread_cond_wait(&s->changed, &s->lock);
    if (s->is_open) {
        v->service = s->service;
    } else if (s->was_refused && now_ms - s->refused_at.ms < REFUSED_PAUSE_MS) {
        *rc = err_set(e, s->refused.code, "%s", s->refused.text);
    } else {
        s->is_opening = true;
        open_it = true;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return open_it;
}

enum err_code vsphere_session_use(struct vsphere *v, struct err *e)
{
    struct vsphere_session *s = v->session;
    enum err_code rc;

    if (RH_BUGGIFY("vsphere-session-lost"))
        vsphere_session_lost(v);
    if (!must_open(v, &rc, e))
        return rc;
    if (s->service.generation > 0)
        RH_PROBE("vsphere-login-once-more");
    rc = open_session(v, e);
    (void)pthread_mutex_lock(&s->lock);
    s->is_opening = false;
    s->was_refused = rc == ERR_AUTH || rc == ERR_FORBIDDEN;
    if (rc == ERR_OK) {
        v->service.generation = s->service.generation + 1;
        s->service = v->service;
        s->is_open = true;
    } else if (s->was_refused) {
        s->refused = *e;
        s->refused_at = clock_mono(v->clock);
    }
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    return rc;
}

void vsphere_session_lost(struct vsphere *v)
{
    struct vsphere_session *s = v->session;

    (void)pthread_mutex_lock(&s->lock);
    if (s->service.generation == v->service.generation)
        s->is_open = false;
    (void)pthread_mutex_unlock(&s->lock);
}

enum err_code vsphere_session_give_up(struct vsphere *v, struct err *e)
{
    struct vsphere_session *s = v->session;
    enum err_code rc = err_set(e, ERR_AUTH,
                               "vSphere: a fresh login is not taken for one; is the "
                               "server being restarted?");

    (void)pthread_mutex_lock(&s->lock);
    if (s->service.generation == v->service.generation) {
        s->is_open = false;
        s->was_refused = true;
        s->refused = *e;
        s->refused_at = clock_mono(v->clock);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return rc;
}

/* ----- the view of all VMs and hosts ----- */

static void view_keep(struct vsphere *v)
{
    struct vsphere_session *s = v->session;

    (void)pthread_mutex_lock(&s->lock);
    if (s->is_open && s->service.generation == v->service.generation)
        (void)str_copy(s->service.view, sizeof(s->service.view), v->service.view);
    (void)pthread_mutex_unlock(&s->lock);
}

enum err_code vsphere_view_use(struct vsphere *v, struct soap_fault *fault, struct err *e)
{
    static const char method[] = "CreateContainerView";
    char view[SOAP_ID_TEXT] = "";
    struct vsphere_pick pick = {"returnval", view, sizeof(view)};
    const struct soap_sink sink = vsphere_pick_sink(&pick);
    const struct vsphere_call call = {.method = method, .sink = &sink};
    enum err_code rc;

    *fault = (struct soap_fault){0};
    if (v->service.view[0] != '\0')
        return ERR_OK;
    soap_open(&v->body, method, "ViewManager", v->service.view_manager);
    strbuf_puts(&v->body, "<container type=\"Folder\">");
    xml_escape(&v->body, v->service.root_folder);
    strbuf_puts(&v->body, "</container><type>VirtualMachine</type><type>HostSystem</type>"
                          "<recursive>true</recursive>");
    soap_close(&v->body, method);
    rc = vsphere_exchange(v, &call, fault, e);
    if (rc != ERR_OK || fault->type[0] != '\0')
        return rc;
    if (view[0] == '\0')
        return err_set(e, ERR_PROTOCOL, "vSphere %s: the answer has no view", method);
    (void)str_copy(v->service.view, sizeof(v->service.view), view);
    view_keep(v);
    return ERR_OK;
}

void vsphere_view_forget(struct vsphere *v)
{
    v->service.view[0] = '\0';
    view_keep(v);
}

/* ----- the end ----- */

void vsphere_logout(struct vsphere *v)
{
    static const char method[] = "Logout";
    const struct vsphere_call call = {.method = method, .timeout_ms = LOGOUT_TIMEOUT_MS};
    struct vsphere_session *s = v->session;
    struct soap_fault fault;
    struct err e = {0};
    bool was_open;

    (void)pthread_mutex_lock(&s->lock);
    was_open = s->is_open;
    s->is_open = false;
    v->service = s->service;
    (void)pthread_mutex_unlock(&s->lock);
    if (!was_open)
        return;
    soap_open(&v->body, method, "SessionManager", v->service.session_manager);
    soap_close(&v->body, method);
    /* The server ends an idle session by itself when this does not reach it. */
    if (vsphere_exchange(v, &call, &fault, &e) != ERR_OK)
        err_clear(&e);
}
