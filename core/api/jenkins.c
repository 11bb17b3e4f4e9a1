#include <config.h>

#include "core/api/jenkins_internal.h"

#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_URL_BYTES = 4096, MAX_FORM_BYTES = 16 * 1024 };

enum err_code jenkins_new(const struct api_config *config, const struct transport *t,
                          struct jenkins **out, struct err *e)
{
    struct jenkins *j = calloc(1, sizeof(*j));
    const char *host;
    enum err_code rc;

    if (j == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a Jenkins client");
    j->config = config;
    j->transport = *t;
    strbuf_init(&j->url, MAX_URL_BYTES);
    strbuf_init(&j->body, MAX_FORM_BYTES);
    http_response_init(&j->rs);
    rc = siphash_key_new(&j->key, e);
    if (rc == ERR_OK)
        rc = answer_base_url(config->url, j->base, sizeof(j->base), e);
    host = strstr(j->base, "://");
    if (rc == ERR_OK && host == NULL)
        rc = err_set(e, ERR_CONFIG, "url must begin with https://");
    if (rc != ERR_OK) {
        err_wrap(e, "jenkins");
        jenkins_free(j);
        return rc;
    }
    j->origin_len = (size_t)(host - j->base) + 3;
    j->origin_len += strcspn(host + 3, "/");
    *out = j;
    return ERR_OK;
}

static void forget_session(struct jenkins *j)
{
    explicit_bzero(j->crumb, sizeof(j->crumb));
    explicit_bzero(j->cookie, sizeof(j->cookie));
    j->crumb_known = false;
}

void jenkins_free(struct jenkins *j)
{
    if (j == NULL)
        return;
    observation_unref(j->last);
    forget_session(j);
    http_response_clear(&j->rs);
    strbuf_clear(&j->url);
    strbuf_clear(&j->body);
    free(j);
}

int64_t jenkins_retry_after_s(const struct jenkins *j)
{
    return j->rs.retry_after_s;
}

void jenkins_path(struct jenkins *j, const char *path)
{
    strbuf_reset(&j->url);
    strbuf_puts(&j->url, j->base);
    strbuf_puts(&j->url, path);
}

void jenkins_tree(struct jenkins *j, const char *tree)
{
    strbuf_puts(&j->url, "?tree=");
    while (*tree != '\0') {
        size_t plain = strcspn(tree, "[]{} ");
        const char one[] = {tree[plain], '\0'};

        strbuf_add(&j->url, tree, plain);
        http_escape(&j->url, one);
        tree += plain + strlen(one);
    }
}

/* A controller that has started again knows neither our crumb nor our session. */
static void note_session(struct jenkins *j)
{
    if (j->rs.jenkins[0] != '\0')
        str_keep(j->version, sizeof(j->version), j->rs.jenkins);
    if (j->rs.jenkins_session[0] == '\0' || str_eq(j->rs.jenkins_session, j->session))
        return;
    if (j->session[0] != '\0')
        forget_session(j);
    (void)str_copy(j->session, sizeof(j->session), j->rs.jenkins_session);
}

static void add_header(struct http_request *rq, const char *name, const char *value,
                       bool secret)
{
    rq->headers[rq->n_headers++] = (struct http_header){name, value, secret};
}

/* One exchange with the credentials; the answer is in j->rs. */
static enum err_code exchange(struct jenkins *j, const char *method, const char *what,
                              struct err *e)
{
    bool is_post = str_eq(method, "POST");
    struct http_request rq = {
        .method = method,
        .url = strbuf_text(&j->url),
        .auth = j->config->secret != NULL ? HTTP_AUTH_BASIC : HTTP_AUTH_NONE,
        .user = j->config->user,
        .password = j->config->secret,
        .mutating = is_post,
        .limit_bytes = j->limit_bytes,
    };
    enum err_code rc;

    j->rs.maybe_sent = false;                         /* of the exchange before */
    if (j->url.failed || (is_post && j->body.failed)) /* a form of before is none */
        return err_set(e, ERR_NOMEM, "%s: no memory for the request", what);
    add_header(&rq, "Accept", "application/json", false);
    add_header(&rq, "Accept-Language", "en", false); /* reasons are translated */
    if (!j->config->secret_is_token && j->cookie[0] != '\0')
        add_header(&rq, "Cookie", j->cookie, true);
    if (is_post && j->crumb[0] != '\0')
        add_header(&rq, j->crumb_field, j->crumb, true);
    if (is_post && j->body.len > 0) {
        rq.content_type = "application/x-www-form-urlencoded";
        rq.body = strbuf_text(&j->body);
        rq.body_len = j->body.len;
    }
    rc = transport_perform(&j->transport, &rq, &j->rs, e);
    if (rc != ERR_OK) {
        err_wrap(e, "%s", what);
        return rc;
    }
    note_session(j);
    return ERR_OK;
}

static bool is_login_redirect(const struct http_response *rs)
{
    return rs->status >= 300 && rs->status < 400 &&
           (strstr(rs->location, "/login") != NULL ||
            strstr(rs->location, "securityRealm") != NULL);
}

/* A refusal for want of a crumb has none of the headers of a missing permission. */
static bool wants_crumb(const struct http_response *rs)
{
    return rs->status == 403 && rs->required_permission[0] == '\0' &&
           strstr(strbuf_text(&rs->body), "No valid crumb") != NULL;
}

static enum err_code status_error(const struct jenkins *j, const char *what,
                                  struct err *e)
{
    const struct http_response *rs = &j->rs;

    e->http = rs->status;
    if (is_login_redirect(rs))
        return err_set(e, ERR_AUTH, "%s: HTTP %d, sent to a login page", what,
                       rs->status);
    if (rs->status == 401)
        return err_set(e, ERR_AUTH, "%s: HTTP 401, user %s or its secret is not accepted",
                       what, j->config->user);
    if (wants_crumb(rs))
        return err_set(e, ERR_FORBIDDEN, "%s: HTTP 403, no valid crumb%s", what,
                       j->config->secret_is_token ? "; the secret is not an API token"
                                                  : "");
    if (rs->status == 403 && rs->required_permission[0] != '\0')
        return err_set(e, ERR_FORBIDDEN, "%s: HTTP 403, user %s lacks the permission %s",
                       what, j->config->user, rs->required_permission);
    return http_status_error(rs, what, e);
}

/* GET of j->url; ERR_OK: the answer in j->rs is worth reading. */
static enum err_code fetch(struct jenkins *j, const char *what, struct err *e)
{
    enum err_code rc = exchange(j, "GET", what, e);

    if (rc != ERR_OK)
        return rc;
    return j->rs.status != 200 ? status_error(j, what, e) : ERR_OK;
}

enum err_code jenkins_get(struct jenkins *j, const char *what, struct json_doc **out,
                          struct err *e)
{
    enum err_code rc = fetch(j, what, e);

    return rc != ERR_OK ? rc : answer_json(&j->rs, what, out, e);
}

/* Token and header name are sent back as they are: only what a header may hold. */
static bool take_token(const json_value *object, const char *name, char *out, size_t size)
{
    size_t len;
    const char *s = json_text(object, name, &len);

    if (s == NULL || len == 0 || len >= size)
        return false;
    for (size_t i = 0; i < len; i++)
        if (s[i] <= 0x20 || s[i] >= 0x7F || s[i] == ':')
            return false;
    return str_copy(out, size, s);
}

/* Leaves j->url as it was. 404: protection is off, no crumb is needed. */
static enum err_code fetch_crumb(struct jenkins *j, struct err *e)
{
    static const char what[] = "jenkins: GET crumb";
    struct strbuf url = j->url;
    struct json_doc *doc = NULL;
    enum err_code rc;

    forget_session(j);
    strbuf_init(&j->url, MAX_URL_BYTES);
    jenkins_path(j, "/crumbIssuer/api/json");
    rc = exchange(j, "GET", what, e);
    strbuf_clear(&j->url);
    j->url = url;
    if (rc != ERR_OK)
        return rc;
    if (j->rs.status == 404) {
        j->crumb_known = true;
        return ERR_OK;
    }
    if (j->rs.status != 200)
        return status_error(j, what, e);
    rc = answer_json(&j->rs, what, &doc, e);
    if (rc != ERR_OK)
        return rc;
    if (take_token(json_doc_root(doc), "crumb", j->crumb, sizeof(j->crumb)) &&
        take_token(json_doc_root(doc), "crumbRequestField", j->crumb_field,
                   sizeof(j->crumb_field))) {
        (void)str_copy(j->cookie, sizeof(j->cookie), j->rs.set_cookie);
        j->crumb_known = true;
    } else {
        forget_session(j);
        rc = err_set(e, ERR_PROTOCOL, "%s: no usable crumb in the answer", what);
    }
    json_doc_free(doc);
    return rc;
}

/* The leading number of a version or of what is behind its first point; -1 = none. */
static int64_t version_part(const char *s)
{
    char digits[8];
    struct err ignored = {0};
    int64_t n;

    (void)str_copy(digits, sizeof(digits), s); /* a longer number is none */
    digits[strspn(digits, "0123456789")] = '\0';
    return str_to_i64(digits, 0, 1000000, &n, &ignored) == ERR_OK ? n : -1;
}

/* Before 2.96 an API token did not stand for a crumb, either. */
static bool token_needs_crumb(const struct jenkins *j)
{
    const char *point = strchr(j->version, '.');
    int64_t major = version_part(j->version);
    int64_t minor = point != NULL ? version_part(point + 1) : -1;

    return major == 1 || (major == 2 && minor >= 0 && minor < 96);
}

enum err_code jenkins_post(struct jenkins *j, const char *what, bool *lost, struct err *e)
{
    bool uses_crumb = !j->config->secret_is_token || token_needs_crumb(j);
    enum err_code rc = ERR_OK;
    int status;

    *lost = false;
    for (int renewed = 0;; renewed++) {
        if (RH_BUGGIFY("crumb-forgotten"))
            forget_session(j);
        if (uses_crumb && !j->crumb_known)
            rc = fetch_crumb(j, e);
        if (rc != ERR_OK)
            return rc; /* the POST itself was not sent */
        rc = exchange(j, "POST", what, e);
        if (rc != ERR_OK) {
            *lost = j->rs.maybe_sent;
            return rc;
        }
        if (!uses_crumb || !wants_crumb(&j->rs) || renewed > 0)
            break;
        forget_session(j);
    }
    status = j->rs.status;
    if ((status >= 200 && status <= 204) ||
        ((status == 302 || status == 303) && !is_login_redirect(&j->rs)))
        return ERR_OK;
    /* 500 is an answer of Jenkins itself: it is over with the request. */
    *lost = answer_is_vague(status) && status != 500;
    return status_error(j, what, e);
}

enum err_code jenkins_whoami(struct jenkins *j, char *name, size_t size, struct err *e)
{
    static const char what[] = "jenkins: GET whoAmI";
    struct json_doc *doc = NULL;
    bool anonymous;
    const char *s;
    size_t len;
    enum err_code rc;

    jenkins_path(j, "/whoAmI/api/json");
    jenkins_tree(j, "anonymous,name");
    rc = jenkins_get(j, what, &doc, e);
    if (rc != ERR_OK)
        return rc;
    s = json_text(json_doc_root(doc), "name", &len);
    if (!json_bool(json_doc_root(doc), "anonymous", &anonymous) || s == NULL)
        rc = err_set(e, ERR_PROTOCOL, "%s: not the answer of a Jenkins", what);
    else if (anonymous)
        rc = err_set(e, ERR_AUTH,
                     "%s: the user was not used; a proxy may take the header away", what);
    else
        (void)text_clean(name, size, s, len);
    json_doc_free(doc);
    return rc;
}

static enum err_code read_nodes(struct jenkins *j, struct observation *o,
                                const json_value *root, struct err *e)
{
    struct obs_jenkins *seen = &o->as.jenkins;
    const json_value *list = json_get(root, "computer");
    size_t n = json_list_len(list);
    struct seen_node *nodes;

    if (!json_is_list(list))
        return err_set(e, ERR_PROTOCOL,
                       "jenkins: GET computer: no list of nodes in the answer");
    nodes = arena_alloc(o->arena, n, sizeof(*nodes));
    if (nodes == NULL)
        return err_set(e, ERR_NOMEM, "jenkins: no memory for %zu nodes", n);
    seen->nodes = nodes;
    for (size_t i = 0; i < n; i++)
        if (jenkins_read_node(j, json_list_at(list, i), o->arena, &nodes[seen->n_nodes]))
            seen->n_nodes++;
    /* Hidden paths say nothing of any node; one visible path shows that they count. */
    for (size_t i = 0; i < seen->n_nodes; i++)
        if (j->paths == PATHS_HIDDEN && !nodes[i].connected)
            nodes[i].connected_known = false;
    seen->version = arena_strdup(o->arena, j->rs.jenkins);
    return ERR_OK;
}

static enum err_code observe_computers(struct jenkins *j, struct observation *o,
                                       struct err *e)
{
    static const char what[] = "jenkins: GET computer";
    enum path_seen paths = j->paths;
    struct json_doc *doc = NULL;
    enum err_code rc;

    jenkins_path(j, "/computer/api/json");
    jenkins_tree(j, "computer[" JENKINS_NODE_TREE "]");
    rc = fetch(j, what, e);
    if (rc != ERR_OK)
        return rc;
    answer_note_time(o, &j->rs);
    if (again_take(&j->computers, &j->key, &j->url, &j->rs, (struct again_skip){0}) &&
        j->last != NULL) {
        observation_again(o, j->last);
        return ERR_OK;
    }
    rc = answer_json(&j->rs, what, &doc, e);
    if (rc != ERR_OK)
        return rc;
    rc = read_nodes(j, o, json_doc_root(doc), e);
    json_doc_free(doc);
    if (paths != j->paths) /* what was learned here may change what the same bytes say */
        again_forget(&j->computers);
    return rc;
}

static enum err_code observe_quieting(struct jenkins *j, struct observation *o,
                                      struct err *e)
{
    static const char what[] = "jenkins: GET quietingDown";
    struct json_doc *doc = NULL;
    enum err_code rc;

    jenkins_path(j, "/api/json");
    jenkins_tree(j, "quietingDown");
    rc = fetch(j, what, e);
    if (rc != ERR_OK)
        return rc;
    answer_note_time(o, &j->rs);
    if (again_take(&j->quieting, &j->key, &j->url, &j->rs, (struct again_skip){0}) &&
        j->last != NULL) {
        o->as.jenkins.quieting_down = j->last->as.jenkins.quieting_down;
        return ERR_OK;
    }
    rc = answer_json(&j->rs, what, &doc, e);
    if (rc != ERR_OK)
        return rc;
    if (!json_bool(json_doc_root(doc), "quietingDown", &o->as.jenkins.quieting_down))
        rc = err_set(e, ERR_PROTOCOL,
                     "jenkins: the answer does not say whether it is quieting down");
    json_doc_free(doc);
    return rc;
}

enum err_code jenkins_observe(struct jenkins *j, const struct poll_hints *hints,
                              struct observation *o, struct err *e)
{
    enum err_code rc;

    (void)hints; /* all nodes come in one answer, whatever moves */
    o->as.jenkins = (struct obs_jenkins){.version = ""};
    o->took_ms = 0;
    rc = observe_computers(j, o, e);
    if (rc == ERR_OK)
        rc = observe_quieting(j, o, e);
    if (rc == ERR_OK && arena_failed(o->arena))
        rc = err_set(e, ERR_NOMEM, "jenkins: the nodes do not fit into memory");
    observation_unref(j->last);
    j->last = rc == ERR_OK ? observation_ref(o) : NULL;
    return rc;
}
