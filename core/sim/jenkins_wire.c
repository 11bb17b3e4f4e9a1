#include <config.h>

#include "core/sim/jenkins_wire.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/sim/site.h"

enum { MAX_SEGMENTS = 6, TREES = 16, SESSIONS = 16, TREE_TEXT = 1024 };
static const char user[] = "rushhour";
static const char version[] = "2.541.3";
static const char json_type[] = "application/json;charset=utf-8";
static const char html_type[] = "text/html;charset=utf-8";

/* What Jenkins remembers: parsed tree expressions, sessions of those who use a password.
 */
struct memory {
    struct {
        char text[TREE_TEXT]; /* as it came, still encoded */
        struct jenkins_tree tree;
    } trees[TREES];
    size_t n_trees;
    char sessions[SESSIONS][40];
    size_t next_session;
    uint64_t sessions_made;
};

enum who { ANONYMOUS, WRONG, BY_TOKEN, BY_PASSWORD, BY_SESSION };

struct call {
    struct world *w;
    const struct http_request *rq;
    struct http_response *rs;
    struct memory *memory;
    enum who who;
    char session[40]; /* of BY_SESSION */
    char segments[MAX_SEGMENTS][SIM_NAME];
    size_t n;
    const char *query; /* "" = none */
    char root[160];    /* "http://127.0.0.1:8080/jenkins/" */
};

static struct memory *memory_of(struct world *w)
{
    struct sim_wire_state *slot = &w->wires[WIRE_JENKINS];

    if (slot->data == NULL) {
        slot->data = calloc(1, sizeof(struct memory));
        slot->free = free;
    }
    return slot->data;
}

/* ---- answers ---- */

static void page(struct call *c, int status, const char *title)
{
    wire_answer(c->rs, status, html_type, "<html><head><title>");
    strbuf_printf(
        &c->rs->body,
        "Error %d %s</title></head><body><h2>HTTP ERROR %d %s</h2></body></html>\n",
        status, title, status, title);
}

/* What a browser would see; clients that follow a redirect land here. */
static void shown(struct call *c, const char *title)
{
    wire_answer(c->rs, 200, html_type, "<html><body><h1>");
    strbuf_printf(&c->rs->body, "%s</h1></body></html>\n", title);
}

static void no_permission(struct call *c, const char *permission)
{
    page(c, 403, "Forbidden");
    (void)str_copy(c->rs->required_permission, sizeof(c->rs->required_permission),
                   permission); /* short */
}

static void go_to(struct call *c, int status, const char *path)
{
    wire_answer(c->rs, status, html_type, "");
    (void)str_format(c->rs->location, sizeof(c->rs->location), "%s%s", c->root, path);
}

static struct jenkins_out out_of(const struct call *c)
{
    return (struct jenkins_out){.w = c->w, .b = &c->rs->body, .root = c->root};
}

/* ---- selection ---- */

static const char *raw_parameter(const char *query, const char *name, size_t *len)
{
    size_t want = strlen(name);

    for (const char *at = query; *at != '\0';) {
        size_t n = strcspn(at, "&");

        if (n > want && at[want] == '=' && memcmp(at, name, want) == 0) {
            *len = n - want - 1;
            return at + want + 1;
        }
        at += n + (at[n] == '&');
    }
    return NULL;
}

static const struct jenkins_tree *tree_of(struct call *c, const char *text, size_t len)
{
    struct memory *m = c->memory;
    char decoded[TREE_TEXT];
    size_t slot;

    for (size_t i = 0; i < TREES && i < m->n_trees; i++)
        if (strncmp(m->trees[i].text, text, len) == 0 && m->trees[i].text[len] == '\0')
            return &m->trees[i].tree;
    wire_decode(text, len, false, decoded, sizeof(decoded));
    slot = m->n_trees % TREES;
    m->trees[slot].text[0] = '\0';
    if (!jenkins_tree_parse(decoded, &m->trees[slot].tree))
        return NULL;
    memcpy(m->trees[slot].text, text, len);
    m->trees[slot].text[len] = '\0';
    m->n_trees++;
    return &m->trees[slot].tree;
}

/* By tree, else by depth; false: answered already. */
static bool selection(struct call *c, struct jenkins_pick *p)
{
    size_t len;
    const char *tree = raw_parameter(c->query, "tree", &len);
    const char *depth = raw_parameter(c->query, "depth", &len);

    *p = (struct jenkins_pick){.level = 1};
    if (depth != NULL && *depth >= '0' && *depth <= '9')
        p->level = 1 - (*depth - '0');
    tree = raw_parameter(c->query, "tree", &len);
    if (tree == NULL || len == 0)
        return true;
    if (len >= TREE_TEXT) {
        page(c, 414, "URI Too Long");
        return false;
    }
    p->tree = tree_of(c, tree, len);
    if (p->tree == NULL)
        page(c, 500, "Malformed tree expression");
    return p->tree != NULL;
}

static bool begin_json(struct call *c, struct jenkins_pick *p)
{
    if (!selection(c, p))
        return false;
    wire_answer(c->rs, 200, json_type, "");
    return true;
}

/* A parameter of the query or of the form in the body, cleaned. */
static bool parameter(const struct call *c, const char *name, char *out, size_t size)
{
    char raw[512];

    if (!wire_form_value(c->query, strlen(c->query), name, raw, sizeof(raw)) &&
        (c->rq->body == NULL ||
         !wire_form_value(c->rq->body, c->rq->body_len, name, raw, sizeof(raw))))
        return false;
    (void)text_clean(out, size, raw, strlen(raw));
    return true;
}

/* ---- who asks ---- */

static uint64_t mix(uint64_t h, const char *text)
{
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

/* The crumb of a session: user, session, salt of this start of Jenkins. */
static void crumb_of(const struct call *c, const char *session, char out[65])
{
    uint64_t h = mix(c->w->seed ^ (uint64_t)c->w->jenkins_session, user);

    for (int i = 0; i < 4; i++) {
        h = mix(h + (uint64_t)i, session);
        (void)str_format(out + 16 * i, 17, "%016llx", (unsigned long long)h);
    }
}

static void cookie_name(const struct call *c, char out[24])
{
    (void)str_format(out, 24, "JSESSIONID.%08x",
                     (unsigned)(c->w->jenkins_session & 0xffffffff));
}

static bool has_session(struct call *c)
{
    const char *cookie = wire_header(c->rq, "Cookie");
    char name[24];
    const char *at;
    size_t len;

    if (cookie == NULL)
        return false;
    cookie_name(c, name);
    at = strstr(cookie, name);
    if (at == NULL || at[strlen(name)] != '=')
        return false;
    at += strlen(name) + 1;
    len = strcspn(at, "; ");
    for (size_t i = 0; i < SESSIONS; i++) {
        const char *s = c->memory->sessions[i];

        if (len > 0 && strlen(s) == len && memcmp(s, at, len) == 0)
            return str_copy(c->session, sizeof(c->session), s);
    }
    return false;
}

static enum who identify(struct call *c)
{
    enum wire_auth token;

    /* A session that is known wins over the Authorization header. */
    if (has_session(c))
        return BY_SESSION;
    token = wire_basic(c->rq, user, site_jenkins_token);
    if (token == WIRE_AUTH_NONE)
        return ANONYMOUS;
    if (token == WIRE_AUTH_OK)
        return BY_TOKEN;
    return wire_basic(c->rq, user, site_jenkins_password) == WIRE_AUTH_OK ? BY_PASSWORD
                                                                          : WRONG;
}

static void new_session(struct call *c)
{
    struct memory *m = c->memory;
    char *s = m->sessions[m->next_session];
    char name[24];
    uint64_t h = mix(c->w->seed + ++m->sessions_made, "session");

    (void)str_format(s, sizeof(m->sessions[0]), "node0%016llx%04llx",
                     (unsigned long long)h, (unsigned long long)m->sessions_made);
    m->next_session = (m->next_session + 1) % SESSIONS;
    (void)str_copy(c->session, sizeof(c->session), s);
    cookie_name(c, name);
    (void)str_format(c->rs->set_cookie, sizeof(c->rs->set_cookie), "%s=%s", name, s);
}

static bool crumb_is_valid(struct call *c)
{
    const char *given = wire_header(c->rq, "Jenkins-Crumb");
    char want[65];

    if (c->who == BY_TOKEN)
        return true;
    if (c->who != BY_SESSION || given == NULL)
        return false;
    crumb_of(c, c->session, want);
    return str_eq(given, want);
}

static void put_crumb(struct call *c)
{
    char crumb[65];

    if (c->who == BY_TOKEN || c->who == BY_PASSWORD)
        new_session(c);
    crumb_of(c, c->session, crumb);
    wire_answer(c->rs, 200, json_type, "{\"_class\":");
    strbuf_printf(&c->rs->body,
                  "\"hudson.security.csrf.DefaultCrumbIssuer\",\"crumb\":\"%s\","
                  "\"crumbRequestField\":\"Jenkins-Crumb\"}",
                  crumb);
}

static void put_who(struct call *c)
{
    wire_answer(c->rs, 200, json_type,
                c->who == ANONYMOUS
                    ? "{\"_class\":\"hudson.security.WhoAmI\",\"anonymous\":true,"
                      "\"authenticated\":false,\"authorities\":[\"anonymous\"],"
                      "\"name\":\"anonymous\"}"
                    : "{\"_class\":\"hudson.security.WhoAmI\",\"anonymous\":false,"
                      "\"authenticated\":true,\"authorities\":[\"authenticated\"],"
                      "\"name\":\"rushhour\"}");
}

/* ---- nodes ---- */

static void node_action(struct call *c, int32_t node, const char *action)
{
    const struct sim_node *n = &c->w->nodes[node];
    char message[SIM_TEXT] = "", path[SIM_NAME * 3 + 32];
    struct strbuf name;

    (void)parameter(c, "offlineMessage", message, sizeof(message));
    strbuf_init(&name, sizeof(path));
    http_escape(&name, n->name);
    (void)str_format(path, sizeof(path), "computer/%s/", strbuf_text(&name));
    strbuf_clear(&name);
    if (str_eq(action, "changeOfflineCause")) {
        world_node_mark(c->w, node, user, message);
    } else if (str_eq(action, "toggleOffline")) {
        if (n->marked)
            world_node_unmark(c->w, node);
        else
            world_node_mark(c->w, node, user, message);
    } else if (str_eq(action, "doDisconnect")) {
        world_node_disconnect(c->w, node, user, message);
    } else if (n->connected) { /* launchSlaveAgent: it is there already */
        wire_answer(c->rs, 200, html_type,
                    "<html><body>Agent is connected</body></html>");
        return;
    } else {
        world_node_launch(c->w, node);
        go_to(c, 302, path);
        (void)str_format(c->rs->location + strlen(c->rs->location),
                         sizeof(c->rs->location) - strlen(c->rs->location), "log");
        return;
    }
    go_to(c, 302, path);
}

static bool is_node_action(const char *name)
{
    return str_eq(name, "changeOfflineCause") || str_eq(name, "toggleOffline") ||
           str_eq(name, "doDisconnect") || str_eq(name, "launchSlaveAgent");
}

static bool is_post(struct call *c)
{
    if (str_eq(c->rq->method, "POST"))
        return true;
    page(c, 405, "Method Not Allowed"); /* its page says: requires POST */
    return false;
}

static bool is_api(const struct call *c, size_t at)
{
    return c->n == at + 2 && str_eq(c->segments[at], "api") &&
           str_eq(c->segments[at + 1], "json");
}

static void route_computer(struct call *c)
{
    struct jenkins_out o = out_of(c);
    struct jenkins_pick p;
    int32_t node = -1;
    bool built_in;

    if (is_api(c, 1)) {
        if (begin_json(c, &p))
            jenkins_put_computers(&o, &p);
        return;
    }
    built_in = c->n > 1 && (str_eq(c->segments[1], "(built-in)") ||
                            str_eq(c->segments[1], "(master)"));
    if (c->n > 1 && !built_in)
        node = world_node_find(c->w, c->segments[1]);
    if (c->n < 2 || (!built_in && node < 0)) {
        page(c, 404, "Not Found");
    } else if (c->n == 2 || (c->n == 3 && str_eq(c->segments[2], "log"))) {
        shown(c, node >= 0 ? c->w->nodes[node].name : "Built-In Node");
    } else if (is_api(c, 2)) {
        if (begin_json(c, &p))
            jenkins_put_computer(&o, &p, node);
    } else if (c->n == 3 && node >= 0 && is_node_action(c->segments[2])) {
        if (is_post(c))
            node_action(c, node, c->segments[2]);
    } else if (c->n == 3 && str_eq(c->segments[2], "config.xml")) {
        no_permission(c, str_eq(c->rq->method, "GET")
                             ? "hudson.model.Computer.ExtendedRead"
                             : "hudson.model.Computer.Configure");
    } else if (c->n == 3 && str_eq(c->segments[2], "doDelete")) {
        if (is_post(c))
            no_permission(c, "hudson.model.Computer.Delete");
    } else {
        page(c, 404, "Not Found");
    }
}

/* ---- queue ---- */

static void route_queue(struct call *c)
{
    struct jenkins_out o = out_of(c);
    const struct sim_item *it = NULL;
    struct jenkins_pick p;
    struct err e = {0};
    int64_t id;
    char text[24];

    if (is_api(c, 1)) {
        if (begin_json(c, &p))
            jenkins_put_queue(&o, &p);
        return;
    }
    if (c->n == 2 && str_eq(c->segments[1], "cancelItem")) {
        if (!is_post(c))
            return;
        if (parameter(c, "id", text, sizeof(text)) &&
            str_to_i64(text, 1, INT64_MAX, &id, &e) == ERR_OK &&
            world_queue_cancel(c->w, id) == SIM_OK)
            wire_answer(c->rs, 204, "", "");
        else
            page(c, 404, "Not Found");
        return;
    }
    if (c->n > 2 && str_eq(c->segments[1], "item") &&
        str_to_i64(c->segments[2], 1, INT64_MAX, &id, &e) == ERR_OK)
        it = world_item_find(c->w, id);
    if (it == NULL || !is_api(c, 3))
        page(c, 404, "Not Found");
    else if (begin_json(c, &p))
        jenkins_put_item(&o, &p, it);
}

/* ---- jobs ---- */

static void start_build(struct call *c, int32_t job, bool with_parameters)
{
    const struct sim_job *j = &c->w->jobs[job];
    char values[SIM_MAX_PARAMETERS][32], path[48], note[SIM_TEXT] = "";
    const char *list[SIM_MAX_PARAMETERS] = {NULL};
    bool merged;
    int64_t id;

    if (j->disabled) {
        page(c, 409, "Conflict"); /* its page says: not buildable */
        return;
    }
    if (with_parameters != (j->n_parameters > 0)) {
        page(c, 400,
             with_parameters ? "This job is not parameterized"
                             : "This page expects a form submission");
        return;
    }
    for (size_t i = 0; i < j->n_parameters; i++)
        if (parameter(c, j->parameter_names[i], values[i], sizeof(values[i])))
            list[i] = values[i];
    /* Jenkins shows this text only for jobs that have a token for remote starts; these
     * have none. */
    (void)parameter(c, "cause", note, sizeof(note));
    id = world_queue_again(c->w, job, list, note, &merged);
    if (id == 0) {
        page(c, 500, "Oops");
        return;
    }
    (void)str_format(path, sizeof(path), "queue/item/%lld/", (long long)id);
    go_to(c, merged && with_parameters ? 303 : 201, path);
}

static void stop_build(struct call *c, int32_t job, const struct sim_build *b)
{
    char path[SIM_NAME * 3 + 32];

    /* Also when nothing runs any more: 302 is no proof. */
    (void)world_build_stop(c->w, job, b->number, user);
    (void)str_format(path, sizeof(path), "job/%s/%d/", c->w->jobs[job].name,
                     (int)b->number);
    go_to(c, 302, path);
}

static const struct sim_build *build_of(const struct call *c, int32_t job)
{
    struct err e = {0};
    int64_t number;

    if (str_eq(c->segments[2], "lastBuild"))
        number = c->w->jobs[job].next_number - 1;
    else if (str_to_i64(c->segments[2], 0, INT32_MAX, &number, &e) != ERR_OK)
        return NULL;
    return world_build_find(c->w, job, (int32_t)number);
}

static void route_build(struct call *c, int32_t job)
{
    const struct sim_build *b = build_of(c, job);
    struct jenkins_out o = out_of(c);
    struct jenkins_pick p;

    if (b == NULL) {
        page(c, 404, "Not Found");
    } else if (c->n == 3) {
        shown(c, c->w->jobs[job].name);
    } else if (is_api(c, 3)) {
        if (begin_json(c, &p))
            jenkins_put_build(&o, &p, b);
    } else if (c->n == 4 && str_eq(c->segments[3], "stop")) {
        if (is_post(c))
            stop_build(c, job, b);
    } else if (c->n == 4 && str_eq(c->segments[3], "consoleText")) {
        wire_answer(c->rs, 200, "text/plain;charset=utf-8", b->cause);
        strbuf_printf(&c->rs->body, "\nBuilding remotely on %s\n",
                      c->w->nodes[b->node].name);
        if (b->lost)
            strbuf_puts(&c->rs->body, "FATAL: command execution failed\n"
                                      "ERROR: Connection was broken\n"
                                      "Build step marked build as failure\n");
    } else {
        page(c, 404, "Not Found");
    }
}

static void route_job(struct call *c)
{
    int32_t job = c->n > 1 ? world_job_find(c->w, c->segments[1]) : -1;
    struct jenkins_out o = out_of(c);
    struct jenkins_pick p;

    if (job < 0) {
        page(c, 404, "Not Found");
    } else if (c->n == 2) {
        shown(c, c->w->jobs[job].name);
    } else if (is_api(c, 2)) {
        if (begin_json(c, &p))
            jenkins_put_job(&o, &p, job);
    } else if (c->n == 3 && str_eq(c->segments[2], "build")) {
        if (is_post(c))
            start_build(c, job, false);
    } else if (c->n == 3 && str_eq(c->segments[2], "buildWithParameters")) {
        if (is_post(c))
            start_build(c, job, true);
    } else if (c->n == 3 && str_eq(c->segments[2], "config.xml")) {
        no_permission(c, "hudson.model.Item.ExtendedRead");
    } else {
        route_build(c, job);
    }
}

/* ---- routing ---- */

static bool split(struct call *c, const char *path)
{
    size_t len = strcspn(path, "?");

    c->query = path[len] == '?' ? path + len + 1 : "";
    for (size_t at = 0; at < len;) {
        size_t n = strcspn(path + at, "/?");

        if (n > 0 && (c->n == MAX_SEGMENTS || n >= SIM_NAME))
            return false;
        if (n > 0)
            wire_decode(path + at, n, false, c->segments[c->n++], SIM_NAME);
        at += n + 1;
    }
    return true;
}

static void route(struct call *c)
{
    struct jenkins_out o = out_of(c);
    struct jenkins_pick p;

    if (c->n == 0) {
        shown(c, "Dashboard");
    } else if (is_api(c, 0)) {
        if (begin_json(c, &p))
            jenkins_put_root(&o, &p);
    } else if (str_eq(c->segments[0], "computer")) {
        route_computer(c);
    } else if (str_eq(c->segments[0], "queue")) {
        route_queue(c);
    } else if (str_eq(c->segments[0], "job")) {
        route_job(c);
    } else if (str_eq(c->segments[0], "crumbIssuer") && is_api(c, 1)) {
        put_crumb(c);
    } else if (str_eq(c->segments[0], "me") && is_api(c, 1)) {
        wire_answer(c->rs, 200, json_type,
                    "{\"_class\":\"hudson.model.User\",\"description\":null,"
                    "\"fullName\":\"rushhour\",\"id\":\"rushhour\",\"property\":[]}");
    } else {
        page(c, 404, "Not Found");
    }
}

bool wire_jenkins(struct world *w, const struct http_request *rq,
                  struct http_response *rs)
{
    struct call c = {.w = w, .rq = rq, .rs = rs, .memory = memory_of(w)};
    const char *path = wire_path(rq);
    bool who_am_i;

    if (c.memory == NULL || !str_starts(path, "/jenkins/")) {
        page(&c, c.memory == NULL ? 503 : 404, "Not Found");
        return true;
    }
    (void)str_format(c.root, sizeof(c.root), "%.*sjenkins/", (int)(path - rq->url + 1),
                     rq->url);
    c.who = identify(&c);
    if (c.who == WRONG) { /* this page comes from the container: no X-Jenkins */
        wire_answer(rs, 401, "text/html;charset=iso-8859-1",
                    "<html><head><title>Error 401 Unauthorized</title></head>"
                    "<body>Invalid password/token for user</body></html>");
        return true;
    }
    (void)str_copy(rs->jenkins, sizeof(rs->jenkins), version);
    (void)str_format(rs->jenkins_session, sizeof(rs->jenkins_session), "%08x",
                     (unsigned)(w->jenkins_session & 0xffffffff));
    if (!split(&c, path + strlen("/jenkins/"))) {
        page(&c, 404, "Not Found");
        return true;
    }
    who_am_i = c.n == 3 && str_eq(c.segments[0], "whoAmI") && is_api(&c, 1);
    if (who_am_i)
        put_who(&c);
    else if (c.n == 1 && str_eq(c.segments[0], "login"))
        wire_answer(rs, 200, html_type, "<html><body>Sign in to Jenkins</body></html>");
    else if (c.who == ANONYMOUS)
        no_permission(&c, "hudson.model.Hudson.Read");
    else if (str_eq(rq->method, "POST") && !crumb_is_valid(&c))
        wire_answer(rs, 403, "text/html;charset=iso-8859-1",
                    "<html><head><title>Error 403 No valid crumb was included in the "
                    "request</title></head><body><h2>HTTP ERROR 403 No valid crumb was "
                    "included in the request</h2></body></html>\n");
    else
        route(&c);
    return true;
}
