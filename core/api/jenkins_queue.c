#include <config.h>

#include "core/api/jenkins_internal.h"

#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * A build is queued again with the parameters that Jenkins has of it: they are read, put
 * into one order, and sent back as they came. They are neither stored nor shown.
 */
enum { MAX_PARAMETERS = 64, MAX_FORM_BYTES = 8 * 1024, MAX_NAME_BYTES = 80 };

/* Both borrowed from the document. */
struct parameter {
    const char *name, *value;
};

static bool read_parameter(const json_value *v, struct parameter *out)
{
    size_t name_len, len = 0;
    bool flag;

    out->name = json_text(v, "name", &name_len);
    out->value = json_text(v, "value", &len);
    if (out->value == NULL && json_bool(v, "value", &flag)) {
        out->value = flag ? "true" : "false";
        len = strlen(out->value);
    }
    return out->name != NULL && name_len > 0 && strlen(out->name) == name_len &&
           out->value != NULL && strlen(out->value) == len;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct parameter *)a)->name,
                  ((const struct parameter *)b)->name);
}

/* False: *hidden is the name of one that cannot be told, NULL when it has none. */
static bool collect(const json_value *object, struct parameter list[MAX_PARAMETERS],
                    size_t *n, const char **hidden)
{
    const json_value *actions = json_get(object, "actions");

    *n = 0;
    for (size_t i = 0; i < json_list_len(actions); i++) {
        const json_value *values = json_get(json_list_at(actions, i), "parameters");

        for (size_t k = 0; k < json_list_len(values); k++) {
            struct parameter one;

            if (!read_parameter(json_list_at(values, k), &one) || *n == MAX_PARAMETERS) {
                *hidden = one.name;
                return false;
            }
            list[(*n)++] = one;
        }
    }
    return true;
}

struct seen_parameters jenkins_read_parameters(const json_value *object, struct arena *a)
{
    struct seen_parameters out = {"", ""};
    struct parameter list[MAX_PARAMETERS];
    const char *hidden = NULL, *kept;
    struct strbuf form;
    size_t n;

    if (!collect(object, list, &n, &hidden)) {
        hidden = hidden != NULL ? hidden : "?";
        kept = text_clean_dup(a, hidden, strlen(hidden), MAX_NAME_BYTES);
        out.hidden = kept != NULL && kept[0] != '\0' ? kept : "?";
        return out;
    }
    strbuf_init(&form, MAX_FORM_BYTES);
    qsort(list, n, sizeof(list[0]), by_name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_putc(&form, '&');
        http_escape(&form, list[i].name);
        strbuf_putc(&form, '=');
        http_escape(&form, list[i].value);
    }
    if (form.no_memory)
        arena_fail(a); /* not the same as too many */
    kept = form.failed ? NULL : arena_strdup(a, strbuf_text(&form));
    strbuf_clear(&form);
    out.form = kept != NULL ? kept : "";
    out.hidden = kept != NULL ? "" : "?"; /* more of them than is ever sent back */
    return out;
}

/* ---- the act ---- */

struct order {
    struct jenkins *j;
    const struct call *call;
    struct call_result *r;
    struct arena *arena;
    char job[URL_TEXT]; /* path of the job's URL */
    struct seen_parameters parameters;
    bool with_parameters; /* the job has some */
    bool names_cause;     /* one of them is called "cause" */
};

/* "/ci/job/x/12/": "/ci/job/x/". */
static bool take_job(struct order *o)
{
    const char *path = o->call->target;
    size_t len = strlen(path);

    if (!jenkins_is_job_path(o->j, path))
        return false;
    len--; /* the slash at the end */
    while (len > 0 && path[len - 1] != '/')
        len--;
    return str_format(o->job, sizeof(o->job), "%.*s", (int)len, path) &&
           jenkins_is_job_path(o->j, o->job);
}

static enum err_code look_at_build(struct order *o)
{
    static const char what[] = "jenkins: GET build";
    struct json_doc *doc = NULL;
    enum err_code rc;

    jenkins_job_url(o->j, o->call->target, "api/json");
    jenkins_tree(o->j, "url,number," JENKINS_ACTIONS_TREE);
    rc = jenkins_get(o->j, what, &doc, &o->r->err);
    o->r->took_ms += o->j->rs.took_ms;
    if (rc != ERR_OK)
        return rc;
    rc = jenkins_is_about(o->j, o->arena, json_doc_root(doc), o->call->target, what,
                          &o->r->err);
    if (rc == ERR_OK)
        o->parameters = jenkins_read_parameters(json_doc_root(doc), o->arena);
    json_doc_free(doc);
    if (rc != ERR_OK)
        return rc;
    if (arena_failed(o->arena))
        return err_set(&o->r->err, ERR_NOMEM, "jenkins: no memory for its parameters");
    if (o->parameters.hidden[0] != '\0')
        return err_set(&o->r->err, ERR_REFUSED,
                       "jenkins: the value of its parameter %s cannot be read",
                       o->parameters.hidden);
    return ERR_OK;
}

/* Whether the form's parameter (len bytes of `name`, encoded) is one of these. */
static bool is_defined(struct order *o, const json_value *definitions, const char *name,
                       size_t len)
{
    struct strbuf b;
    bool found = false;

    strbuf_init(&b, MAX_FORM_BYTES);
    for (size_t i = 0; !found && i < json_list_len(definitions); i++) {
        size_t unused;
        const char *s = json_text(json_list_at(definitions, i), "name", &unused);

        strbuf_reset(&b);
        if (s != NULL)
            http_escape(&b, s);
        found = b.len == len && len > 0 && memcmp(strbuf_text(&b), name, len) == 0;
        if (b.no_memory)
            arena_fail(o->arena);
    }
    strbuf_clear(&b);
    return found;
}

/* Jenkins drops what a job does not define, without a word: then it would not be the
 * same build. */
static enum err_code check_names(struct order *o, const json_value *definitions)
{
    for (const char *p = o->parameters.form; *p != '\0';) {
        size_t len = strcspn(p, "=");

        bool defined = is_defined(o, definitions, p, len);

        if (arena_failed(o->arena))
            return err_set(&o->r->err, ERR_NOMEM,
                           "jenkins: no memory for its parameters");
        if (!defined)
            return err_set(&o->r->err, ERR_REFUSED,
                           "jenkins: its parameter %.*s is none of the job's any more",
                           (int)(len < MAX_NAME_BYTES ? len : MAX_NAME_BYTES), p);
        p += len;
        p += strcspn(p, "&");
        p += *p == '&';
    }
    o->with_parameters = json_list_len(definitions) > 0;
    o->names_cause = is_defined(o, definitions, "cause", strlen("cause"));
    if (arena_failed(o->arena))
        return err_set(&o->r->err, ERR_NOMEM, "jenkins: no memory for its parameters");
    return ERR_OK;
}

static enum err_code look_at_job(struct order *o)
{
    static const char what[] = "jenkins: GET job";
    const json_value *properties, *definitions = NULL;
    struct json_doc *doc = NULL;
    bool buildable;
    enum err_code rc;

    jenkins_job_url(o->j, o->job, "api/json");
    jenkins_tree(o->j, "url,buildable,property[parameterDefinitions[name]]");
    rc = jenkins_get(o->j, what, &doc, &o->r->err);
    o->r->took_ms += o->j->rs.took_ms;
    if (rc != ERR_OK)
        return rc;
    properties = json_get(json_doc_root(doc), "property");
    for (size_t i = 0; definitions == NULL && i < json_list_len(properties); i++)
        definitions = json_get(json_list_at(properties, i), "parameterDefinitions");
    rc = jenkins_is_about(o->j, o->arena, json_doc_root(doc), o->job, what, &o->r->err);
    if (rc == ERR_OK && json_bool(json_doc_root(doc), "buildable", &buildable) &&
        !buildable)
        rc = err_set(&o->r->err, ERR_CONFLICT, "jenkins: its job is disabled");
    else if (rc == ERR_OK)
        rc = check_names(o, definitions);
    json_doc_free(doc);
    return rc;
}

/* "https://…/queue/item/2117/": 2117; 0 when it is no queue item. Never its host. */
static int64_t queue_item(const char *location)
{
    static const char before[] = "/queue/item/";
    const char *at = strstr(location, before);
    struct err e = {0};
    char digits[24];
    int64_t id;

    if (at == NULL)
        return 0;
    at += strlen(before);
    if (!str_format(digits, sizeof(digits), "%.*s", (int)strcspn(at, "/"), at) ||
        str_to_i64(digits, 1, INT64_MAX, &id, &e) != ERR_OK)
        return 0;
    return id;
}

/* A POST of a build may never be repeated: what is not clear is UNKNOWN. */
static void send(struct order *o)
{
    struct strbuf *body = &o->j->body;
    bool lost;
    int64_t id;
    enum err_code rc;

    jenkins_job_url(o->j, o->job, o->with_parameters ? "buildWithParameters" : "build");
    strbuf_reset(body);
    strbuf_puts(body, o->parameters.form);
    /* Jenkins shows it where the job has a token for remote starts; elsewhere it names
     * our user alone. */
    if (!o->names_cause) {
        strbuf_puts(body, body->len > 0 ? "&cause=" : "cause=");
        http_escape(body, o->call->marker);
    }
    rc = jenkins_post(o->j, "jenkins: build", &lost, &o->r->err);
    o->r->took_ms += o->j->rs.took_ms;
    if (rc != ERR_OK) {
        answer_result(o->r, lost ? OUTCOME_UNKNOWN : OUTCOME_FAILED);
        return;
    }
    id = queue_item(o->j->rs.location);
    if (id > 0) {
        (void)str_format(o->r->detail, sizeof(o->r->detail), "%lld", (long long)id);
        answer_result(o->r, OUTCOME_DONE);
        return;
    }
    (void)err_set(&o->r->err, o->j->rs.status == 302 ? ERR_REFUSED : ERR_PROTOCOL,
                  "jenkins: build: HTTP %d without a queue item", o->j->rs.status);
    answer_result(o->r, o->j->rs.status == 302 ? OUTCOME_FAILED : OUTCOME_UNKNOWN);
}

void jenkins_queue_build(struct jenkins *j, const struct call *call, struct arena *a,
                         struct call_result *r)
{
    struct order o = {.j = j, .call = call, .r = r, .arena = a};
    enum err_code rc;

    if (!take_job(&o)) {
        (void)err_set(&r->err, ERR_BUG, "jenkins: not the path of a build");
        answer_result(r, OUTCOME_FAILED);
        return;
    }
    rc = look_at_build(&o);
    if (rc == ERR_OK)
        rc = look_at_job(&o);
    if (rc == ERR_OK)
        send(&o);
    else
        answer_result(r, OUTCOME_FAILED);
}
