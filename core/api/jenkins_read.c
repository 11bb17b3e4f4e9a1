#include <config.h>

#include "core/api/jenkins_internal.h"

#include "core/base/text.h"

#include <string.h>

enum {
    MAX_NAME_BYTES = 255,
    MAX_CAUSE_BYTES = 400,
    MAX_RAW_CAUSE_BYTES = 2000, /* a reason may hold a stack trace */
    MAX_BUILDS = 64
};

static const char marker[] = "rushhour/1 ";

bool jenkins_is_ours(const char *cause)
{
    return strstr(cause, marker) != NULL;
}

const char *jenkins_url_path(const struct jenkins *j, struct arena *a,
                             const json_value *object)
{
    size_t len, context = strlen(j->base) - j->origin_len;
    const char *s = json_text(object, "url", &len);
    const char *host = s != NULL ? strstr(s, "://") : NULL;
    char path[URL_TEXT];
    bool fits;

    if (s == NULL || strlen(s) != len || len == 0)
        return "";
    if (host != NULL) {
        s = host + 3 + strcspn(host + 3, "/?#");
        fits = str_format(path, sizeof(path), "%.*s", (int)strcspn(s, "?#"), s);
    } else if (s[0] == '/') {
        fits = str_format(path, sizeof(path), "%.*s", (int)strcspn(s, "?#"), s);
    } else { /* parts of Pipelines come relative to the root */
        fits = str_format(path, sizeof(path), "%.*s/%.*s", (int)context,
                          j->base + j->origin_len, (int)strcspn(s, "?#"), s);
    }
    if (!fits || path[0] != '/')
        return "";
    for (const char *p = path; *p != '\0'; p++)
        if (*p <= 0x20 || *p >= 0x7F)
            return "";
    return arena_strdup(a, path);
}

enum err_code jenkins_is_about(const struct jenkins *j, struct arena *a,
                               const json_value *object, const char *path,
                               const char *what, struct err *e)
{
    const char *its = jenkins_url_path(j, a, object);

    if (its == NULL)
        return err_set(e, ERR_NOMEM, "%s: no memory for its URL", what);
    if (!str_eq(its, path))
        return err_set(e, ERR_PROTOCOL, "%s: the answer is about another one", what);
    return ERR_OK;
}

bool jenkins_is_job_path(const struct jenkins *j, const char *path)
{
    const char *context = j->base + j->origin_len;
    size_t n = strlen(context);

    if (strncmp(path, context, n) != 0 || !str_starts(path + n, "/job/") ||
        !str_ends(path, "/") || strstr(path, "/../") != NULL ||
        strstr(path, "/./") != NULL || strstr(path, "//") != NULL)
        return false;
    for (const char *p = path; *p != '\0'; p++)
        if (*p <= 0x20 || *p >= 0x7F || strchr("?#\"<>\\^`{|}", *p) != NULL)
            return false;
    return true;
}

void jenkins_job_url(struct jenkins *j, const char *path, const char *rest)
{
    jenkins_path(j, path + strlen(j->base + j->origin_len));
    strbuf_puts(&j->url, rest);
}

/* The reason comes with its HTML escaped since Jenkins 2.483. */
static size_t unescape(const char *s, size_t len, char *out, size_t size)
{
    static const struct {
        const char *from;
        char to;
    } entities[] = {{"&lt;", '<'},    {"&gt;", '>'},   {"&amp;", '&'},  {"&quot;", '"'},
                    {"&#039;", '\''}, {"&#39;", '\''}, {"&nbsp;", ' '}, {"<br>", ' '}};
    size_t n = 0;

    while (len > 0 && n + 1 < size) {
        size_t used = 1;

        out[n] = s[0] == '\n' ? ' ' : s[0];
        for (size_t i = 0; (s[0] == '&' || s[0] == '<') && i < ARRAY_LEN(entities); i++) {
            size_t m = strlen(entities[i].from);

            if (m <= len && memcmp(s, entities[i].from, m) == 0) {
                out[n] = entities[i].to;
                used = m;
                break;
            }
        }
        n++;
        s += used;
        len -= used;
    }
    return n;
}

/* The reason in words; where only the description holds our marker, that. */
static const char *read_cause(const json_value *computer, struct arena *a)
{
    char reason[MAX_RAW_CAUSE_BYTES];
    size_t len, n;
    const char *s = json_text(computer, "offlineCauseReason", &len);
    const char *description = json_text_dup(a, json_get(computer, "offlineCause"),
                                            "description", MAX_CAUSE_BYTES);
    const char *cause = "", *ours;

    if (s != NULL && len > 0) {
        n = unescape(s, len, reason, sizeof(reason));
        cause = text_clean_dup(a, reason, n, MAX_CAUSE_BYTES);
    }
    if (cause == NULL || description == NULL)
        return ""; /* the arena failed; the caller asks it */
    ours = strstr(description, marker);
    if (ours != NULL && !jenkins_is_ours(cause))
        return ours;
    return cause[0] != '\0' ? cause : description;
}

static bool is_listed(const struct seen_build *builds, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (path[0] != '\0' && str_eq(builds[i].path, path))
            return true;
    return false;
}

/* Adds the build of an executor; a Pipeline may hold several with the same one. */
static void add_build(const struct jenkins *j, const json_value *executor, bool one_off,
                      struct arena *a, struct seen_build *builds, size_t *n)
{
    const json_value *run = json_get(executor, "currentExecutable");
    struct seen_build b = {.number = -1, .estimate_s = -1, .one_off = one_off};
    int64_t v;

    if (!json_is_object(run) || *n == MAX_BUILDS)
        return;
    b.path = jenkins_url_path(j, a, run);
    if (b.path == NULL || is_listed(builds, *n, b.path))
        return;
    b.name = json_text_dup(a, run, "fullDisplayName", MAX_NAME_BYTES);
    if (json_i64(run, "number", 0, INT32_MAX, &v))
        b.number = (int32_t)v;
    if (json_i64(run, "estimatedDuration", 0, INT64_MAX, &v))
        b.estimate_s = v / 1000;
    (void)json_time(run, "timestamp", &b.started);
    builds[(*n)++] = b;
}

/* Executors at work; one of which nothing can be told counts as busy. */
static int32_t read_executors(const struct jenkins *j, const json_value *list,
                              bool one_off, struct arena *a, struct seen_build *builds,
                              size_t *n)
{
    int32_t busy = 0;

    for (size_t i = 0; i < json_list_len(list); i++) {
        const json_value *executor = json_list_at(list, i);
        bool idle = false;

        if (!one_off && json_bool(executor, "idle", &idle) && idle)
            continue;
        if (busy < INT32_MAX)
            busy++;
        add_build(j, executor, one_off, a, builds, n);
    }
    return busy;
}

/* Whether the agent's channel stands, and whether that can be told at all. */
static void read_connection(struct jenkins *j, const json_value *computer,
                            struct seen_node *out)
{
    size_t len;
    const json_value *path = json_get(computer, "absoluteRemotePath");

    if (path == NULL) { /* the built-in node, or a Jenkins before 2.125 */
        out->connected = !out->offline;
        out->connected_known = !out->offline;
        return;
    }
    if (json_text_of(path, &len) != NULL && len > 0) {
        out->connected = out->connected_known = true;
        j->paths = PATHS_VISIBLE;
        return;
    }
    /* Online without a path: the permission to see it is missing. */
    if (!out->offline) {
        out->connected = true;
        out->connected_known = false;
        if (j->paths == PATHS_UNPROVEN)
            j->paths = PATHS_HIDDEN;
        return;
    }
    out->connected = false;
    out->connected_known = json_is_null(path) && j->paths != PATHS_HIDDEN;
}

bool jenkins_read_node(struct jenkins *j, const json_value *computer, struct arena *a,
                       struct seen_node *out)
{
    const json_value *executors = json_get(computer, "executors");
    const json_value *one_off = json_get(computer, "oneOffExecutors");
    struct seen_build builds[MAX_BUILDS], *kept;
    struct seen_node node = {.name = ""};
    bool idle;

    node.name = json_text_dup(a, computer, "displayName", MAX_NAME_BYTES);
    if (node.name == NULL || node.name[0] == '\0' ||
        !json_bool(computer, "offline", &node.offline) ||
        !json_bool(computer, "temporarilyOffline", &node.marked) ||
        !json_bool(computer, "idle", &idle) || !json_is_list(executors) ||
        !json_is_list(one_off))
        return false;
    node.offline = node.offline || node.marked; /* marked and online cannot be */
    node.cause = read_cause(computer, a);
    (void)json_bool(computer, "launchSupported", &node.launchable); /* else no */
    read_connection(j, computer, &node);
    node.busy = read_executors(j, executors, false, a, builds, &node.n_builds);
    node.busy += read_executors(j, one_off, true, a, builds, &node.n_builds);
    node.idle = idle && node.busy == 0;
    kept = arena_alloc(a, node.n_builds, sizeof(*kept));
    if (kept == NULL)
        return false;
    if (node.n_builds > 0)
        memcpy(kept, builds, node.n_builds * sizeof(*kept));
    node.builds = kept;
    *out = node;
    return true;
}
