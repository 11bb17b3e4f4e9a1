#include <config.h>

#include "tui/session.h"

#include "core/model/fleet_json.h"
#include "tui/cmd_config.h"
#include "tui/out.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_WAIT_MS = 10000, REPLY_LOOK_MS = 50, PATH_BYTES = 4096 };

int session_fail(const struct err *e)
{
    static const struct {
        enum err_code code;
        int exit;
    } exits[] = {{ERR_USAGE, EXIT_USAGE},   {ERR_CONFIG, EXIT_USAGE},
                 {ERR_LOCKED, EXIT_LOCKED}, {ERR_CONNECT, EXIT_API},
                 {ERR_TIMEOUT, EXIT_API},   {ERR_TLS, EXIT_API},
                 {ERR_AUTH, EXIT_API}};

    out_complain("rushhour: %s\n", e->text);
    for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
        if (exits[i].code == e->code)
            return exits[i].exit;
    }
    return EXIT_FAILED;
}

/* base, or $HOME/below, then "/rushhour" + tail. malloc'ed, NULL when there is no home.
 */
static char *xdg_path(const char *variable, const char *below, const char *tail)
{
    const char *base = getenv(variable), *home = getenv("HOME");
    char path[PATH_BYTES];
    bool fits;

    if (base != NULL && base[0] == '/')
        fits = str_format(path, sizeof(path), "%s/rushhour%s", base, tail);
    else if (home != NULL && home[0] == '/')
        fits = str_format(path, sizeof(path), "%s/%s/rushhour%s", home, below, tail);
    else
        return NULL;
    return fits ? strdup(path) : NULL;
}

static void name_ourselves(struct session *s)
{
    const struct passwd *pw = getpwuid(getuid());
    char host[NAME_TEXT];

    (void)str_copy(s->user, sizeof(s->user), pw != NULL ? pw->pw_name : "unknown");
    if (gethostname(host, sizeof(host)) != 0)
        (void)str_copy(host, sizeof(host), "unknown");
    host[sizeof(host) - 1] = '\0';
    (void)str_copy(s->host, sizeof(s->host), host);
}

int session_load(struct session *s, const char *path, bool secrets,
                 const struct config_sets *sets, bool *there)
{
    struct config_problems *problems = NULL;
    struct err e = {0};
    char usual[PATH_BYTES];

    *there = path != NULL; /* or the reader says why not */
    if (path == NULL && cmd_config_path(usual, sizeof(usual), there, &e) == ERR_OK)
        path = usual;
    if (path == NULL || !*there)
        return EXIT_DONE;
    err_clear(&e);
    s->config_path = strdup(path);
    if (s->config_path == NULL)
        (void)err_set(&e, ERR_NOMEM, "out of memory");
    else if (config_load_sets(path, secrets, sets, &s->config, &problems, &e) == ERR_OK &&
             tz_load(s->config->tz_name, &s->tz, &e) == ERR_OK)
        return EXIT_DONE;
    else if (s->config != NULL)
        err_wrap(&e, "%s: site.tz", path);
    for (size_t i = 0; problems != NULL && i < config_problems_count(problems); i++)
        out_complain("%s\n", config_problems_get(problems, i));
    if (problems == NULL || config_problems_count(problems) == 0)
        (void)session_fail(&e);
    config_problems_free(problems);
    return EXIT_USAGE;
}

int session_name_state(struct session *s, const struct args *a)
{
    struct err e = {0};

    if (a->set[FLAG_STATE] && a->value[FLAG_STATE][0] == '\0') {
        (void)err_set(&e, ERR_USAGE, "--state names no directory");
        return session_fail(&e);
    }
    s->state_dir = a->set[FLAG_STATE] ? strdup(a->value[FLAG_STATE])
                                      : xdg_path("XDG_STATE_HOME", ".local/state", "");
    if (s->state_dir == NULL) {
        (void)err_set(&e, ERR_USAGE,
                      "there is no home directory: name one with --state DIR");
        return session_fail(&e);
    }
    return EXIT_DONE;
}

int session_open(struct session *s, const struct args *a)
{
    const struct config_sets none = {0};
    struct err e = {0};
    bool there;
    int rc;

    *s = (struct session){0};
    name_ourselves(s);
    rc = session_load(s, a->value[FLAG_CONFIG], true, &none, &there);
    if (rc != EXIT_DONE)
        return rc;
    if (!there) {
        (void)err_set(
            &e, ERR_CONFIG,
            "there is no configuration file; `rushhour init` writes one, `rushhour demo` "
            "needs none");
        return session_fail(&e);
    }
    if (a->set[FLAG_LOG_LEVEL] &&
        log_level_parse(a->value[FLAG_LOG_LEVEL], &(enum log_level){0}, &e) != ERR_OK) {
        (void)session_fail(&e);
        return EXIT_USAGE;
    }
    return session_name_state(s, a);
}

static enum err_code open_log(struct session *s, const struct args *a, struct err *e)
{
    const struct log_config *lc = &s->config->log;
    const char *file =
        lc->file != NULL && lc->file[0] != '\0' ? lc->file : "rushhour.log";
    enum log_level level = LOG_INFO;
    char path[PATH_BYTES];

    if (log_level_parse(a->set[FLAG_LOG_LEVEL] ? a->value[FLAG_LOG_LEVEL] : lc->level,
                        &level, e) != ERR_OK) {
        e->code = ERR_CONFIG; /* the exit code of what was written there */
        return e->code;
    }
    (void)str_format(path, sizeof(path), "%s%s%s", file[0] == '/' ? "" : s->state_dir,
                     file[0] == '/' ? "" : "/", file);
    free(s->log_path);
    s->log_path = strdup(path);
    return log_open(path, level, (int64_t)lc->max_mb * 1024 * 1024, lc->keep, &s->log, e);
}

/* Behind the lock. */
static enum err_code become_controller(struct session *s, const struct args *a,
                                       struct err *e)
{
    enum err_code rc = open_log(s, a, e);

    return rc != ERR_OK ? rc
                        : store_open(s->state_dir, STORE_CONTROLLER,
                                     s->config->deployment, &s->store, e);
}

void session_stand_back(struct session *s)
{
    store_close(s->store);
    lock_release(s->lock);
    log_close(s->log);
    s->store = NULL;
    s->lock = NULL;
    s->log = NULL;
}

enum err_code session_take_over(struct session *s, const struct args *a, struct err *e)
{
    enum err_code rc = lock_take(s->state_dir, false, &s->lock, &s->holder, e);

    if (rc != ERR_OK)
        return rc;
    store_close(s->store); /* the client's */
    s->store = NULL;
    rc = become_controller(s, a, e);
    if (rc != ERR_OK)
        session_stand_back(s);
    return rc;
}

int session_open_state(struct session *s, const struct args *a, enum session_use use,
                       bool *locked_out)
{
    struct err e = {0};

    *locked_out = false;
    if (use != SESSION_LOOK) {
        enum err_code lock_rc =
            lock_take(s->state_dir, use == SESSION_NOTE, &s->lock, &s->holder, &e);

        if (lock_rc == ERR_LOCKED)
            *locked_out = true;
        else if (lock_rc != ERR_OK)
            return session_fail(&e);
        err_clear(&e);
    }
    if (s->lock == NULL) {
        /* Looking on needs nothing there: an instance may not have run yet. */
        enum err_code rc_open =
            store_open(s->state_dir, STORE_CLIENT, s->config->deployment, &s->store, &e);

        return rc_open == ERR_OK || rc_open == ERR_NOT_FOUND ? EXIT_DONE
                                                             : session_fail(&e);
    }
    return become_controller(s, a, &e) == ERR_OK ? EXIT_DONE : session_fail(&e);
}

void session_close(struct session *s)
{
    store_close(s->store);
    lock_release(s->lock);
    log_close(s->log);
    if (s->setup == NULL) {
        tz_free(s->tz);
        config_free(s->config);
    }
    setup_unref(s->setup);
    free(s->config_path);
    free(s->state_dir);
    free(s->log_path);
    *s = (struct session){0};
}

enum err_code session_share(struct session *s, struct err *e)
{
    s->setup = setup_new_take(s->config, s->tz);
    if (s->setup != NULL)
        return ERR_OK;
    s->config = NULL;
    s->tz = NULL;
    return err_set(e, ERR_NOMEM, "the configuration: out of memory");
}

struct setup *session_adopt(struct session *s, struct setup *taken)
{
    struct setup *was = s->setup;

    s->setup = taken;
    s->config = taken->config;
    s->tz = taken->tz;
    return was;
}

int session_command(struct session *s, const struct command *c, bool quiet)
{
    struct command_reply reply = {0};
    struct err e = {0};
    bool answered = false;
    uint64_t id = 0;

    if (store_command_put(s->store, c, &id, &e) != ERR_OK)
        return session_fail(&e);
    for (int64_t ms = 0; ms < REPLY_WAIT_MS && !answered; ms += REPLY_LOOK_MS) {
        struct timespec ts = {.tv_nsec = REPLY_LOOK_MS * 1000000L};

        (void)nanosleep(&ts, NULL); /* woken early means looked early */
        if (store_command_reply(s->store, id, &answered, &reply, &e) != ERR_OK)
            return session_fail(&e);
    }
    if (!answered) {
        (void)err_set(
            &e, ERR_LOCKED,
            "the running instance has not answered yet; the order is stored and stays");
        (void)session_fail(&e);
        return EXIT_LATER;
    }
    if (!quiet || !reply.accepted) {
        if (reply.accepted)
            out_line(reply.text);
        else
            out_complain("%s\n", reply.text);
    }
    return reply.accepted ? EXIT_DONE : EXIT_LATER;
}

int session_reached(const struct fleet *f)
{
    for (size_t i = 0; i < f->n_apis; i++) {
        const struct api_view *api = &f->apis[i];
        const char *name = source_api(api->source);
        bool named = str_starts(api->error, name);
        struct err e = {0};

        /* Without the price list there are estimates still, and moves anyway. */
        if (api->last_ok.s != 0 || api->failures == 0 ||
            api->source == SOURCE_PRICELIST || !source_decides(api->source))
            continue;
        (void)err_set(&e, ERR_CONNECT, "%s%s%s", named ? "" : name, named ? "" : ": ",
                      api->error);
        return session_fail(&e);
    }
    return EXIT_DONE;
}

char *session_render(const struct fleet *f)
{
    struct strbuf b;
    char *text;

    strbuf_init(&b, 16 * 1024 * 1024);
    fleet_json(f, PACKAGE_VERSION, &b);
    text = b.failed ? NULL : strdup(strbuf_text(&b));
    strbuf_clear(&b);
    return text;
}
