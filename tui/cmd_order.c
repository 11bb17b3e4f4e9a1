#include <config.h>

#include "tui/cmd.h"
#include "tui/live.h"
#include "tui/out.h"
#include "tui/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/store/snapshot_json.h"

enum { WORK_S = 4 * 3600, LOOK_S = 60, WAIT_LOOK_MS = 500, NOBODY_MS = 30000 };

/* `auto` and `snooze` take a list of servers behind their first word. */
static bool takes_list(const struct args *a)
{
    return (a->sub == SUB_AUTO || a->sub == SUB_SNOOZE) && a->n_words > 1;
}

/* The sub-command as the words of the one grammar, of a list for its entry `which`.
 * ERR_USAGE. */
static enum err_code to_command(const struct args *a, size_t which,
                                const struct session *s, struct command *out,
                                struct err *e)
{
    const char *words[10];
    size_t n = 0;

    words[n++] = args_sub_name(a->sub);
    if (takes_list(a)) {
        words[n++] = a->words[0];
        words[n++] = a->words[1 + which];
    }
    for (size_t i = 0; !takes_list(a) && i < a->n_words && n < 5; i++)
        words[n++] = a->words[i];
    if (!takes_list(a) && a->n_words > 4)
        return err_set(e, ERR_USAGE, "too many words behind %s", words[0]);
    if (a->set[FLAG_FORCE])
        words[n++] = "force";
    if (a->set[FLAG_FOREVER])
        words[n++] = "forever";
    if (a->set[FLAG_UNTIL] && a->set[FLAG_FOR])
        return err_set(e, ERR_USAGE, "--until and --for are two ends of one hold");
    if (a->set[FLAG_UNTIL]) {
        words[n++] = "until";
        words[n++] = a->value[FLAG_UNTIL];
    } else if (a->set[FLAG_FOR]) {
        words[n++] = "for";
        words[n++] = a->value[FLAG_FOR];
    }
    if (a->set[FLAG_YES])
        words[n++] = "yes";
    if (words_command(words, n, s->tz, clock_utc(clock_system()), out, e) != ERR_OK)
        return e->code;
    (void)str_copy(out->by, sizeof(out->by), s->user);
    if (out->server[0] != '\0' && config_server_find(s->config, out->server) == NULL)
        return err_set(e, ERR_USAGE, "there is no server %.40s in %s", out->server,
                       s->config_path);
    return ERR_OK;
}

static bool has_looked(void *ctx, const struct fleet *f)
{
    (void)ctx;
    return f->looked && f->version > 2;
}

struct waited {
    uint64_t id;
    bool refused, accepted;
    char text[LINE_TEXT];
    bool to_end; /* wait for the work, not only for the answer */
    const struct command
        *until_settled; /* … until what it concerns is where it should be */
};

/* A server is where the order, or then policy, wants it. */
static bool is_there(const struct server_view *s, const struct command *c)
{
    enum place wanted = c->kind == COMMAND_MOVE || c->kind == COMMAND_HOLD
                            ? c->place
                            : s->decision.desired;

    return !s->move.active && (wanted == PLACE_UNKNOWN || s->facts.place == wanted);
}

static bool all_are_there(const struct fleet *f, const struct command *c)
{
    for (size_t i = 0; i < f->n_servers; i++) {
        if ((c->server[0] == '\0' || str_eq(f->servers[i].name, c->server)) &&
            !is_there(&f->servers[i], c))
            return false;
    }
    return true;
}

static bool is_done(void *ctx, const struct fleet *f)
{
    struct waited *w = ctx;

    for (size_t i = 0; i < f->n_replies; i++) {
        if (f->replies[i].id != w->id)
            continue;
        w->accepted = f->replies[i].accepted;
        w->refused = !w->accepted;
        (void)str_copy(w->text, sizeof(w->text), f->replies[i].text);
    }
    if (w->refused || !w->accepted || !w->to_end)
        return w->refused || w->accepted;
    if (w->until_settled != NULL && !all_are_there(f, w->until_settled))
        return false;
    return f->orders_open == 0 && f->calls_open == 0 &&
           f->moves_running + f->moves_queued == 0;
}

static int answer(const struct waited *w, bool done)
{
    if (w->refused)
        out_complain("%s\n", w->text);
    else
        out_line(w->text);
    return w->refused || !done ? EXIT_LATER : EXIT_DONE;
}

/* What the next one to act will heed: written at once, without a look at any API. */
static int write_down(struct session *s, const struct command *c)
{
    const struct controller_options o = {.config = s->config,
                                         .tz = s->tz,
                                         .orders_only = true,
                                         .host = s->host,
                                         .user = s->user,
                                         .pid = (int32_t)getpid()};
    struct event tick = {.kind = EVENT_TICK}, order = {.kind = EVENT_COMMAND};
    struct waited w = {.id = c->id};
    struct engine *g = NULL;
    struct fleet *f = NULL;
    struct err e = {0};
    int rc;

    if (engine_new(&o, s->store, clock_system(), &dispatch_nobody, s->log, &g, &e) !=
        ERR_OK)
        return session_fail(&e);
    order.as.command.command = *c;
    order.as.command.command.at = clock_utc(clock_system());
    engine_feed(g, &tick); /* so that the month's budget is known */
    engine_feed(g, &order);
    f = controller_snapshot(engine_controller(g));
    if (f == NULL)
        (void)err_set(&e, ERR_NOMEM, "out of memory for the answer");
    else if (!engine_store_is_ok(g))
        (void)err_set(&e, ERR_STORE, "the order could not be written");
    if (e.code != ERR_OK)
        rc = session_fail(&e);
    else
        rc = answer(&w, is_done(&w, f));
    fleet_unref(f);
    engine_free(g);
    return rc;
}

/* Something is to be done about it at once; else it is for the next one to act. */
static bool begins(const struct command *c, bool wait)
{
    return c->kind == COMMAND_MOVE || c->kind == COMMAND_CANCEL ||
           c->kind == COMMAND_EXTENSION || wait;
}

/* No instance runs: be one until the order is carried out (design 4). */
static int alone(struct session *s, struct command *c, bool wait)
{
    struct live l = {0};
    struct live_options o = {.clock = clock_system()};
    struct waited w = {.id = 1};
    struct err e = {0};
    int rc;

    c->id = w.id;
    w.to_end = begins(c, wait);
    w.until_settled = wait ? c : NULL;
    if (!w.to_end)
        return write_down(s, c);
    rc = live_start(&l, s, &o);
    if (rc != EXIT_DONE)
        return rc;
    (void)live_wait(&l, LOOK_S, has_looked,
                    NULL); /* the order itself waits for good data */
    if (live_send(&l, c, &e))
        rc = answer(&w, live_wait(&l, WORK_S, is_done, &w));
    else
        rc = session_fail(&e);
    live_stop(&l);
    return rc;
}

/* --wait beside a running instance: watches its published snapshot. */
static int watch(struct session *s, const struct command *c)
{
    /* A picture made before the answer says nothing of what came of it. */
    const struct utc answered = clock_utc(clock_system());
    int64_t acted = 0; /* when somebody did, last */

    for (int64_t ms = 0; ms < (int64_t)WORK_S * 1000; ms += WAIT_LOOK_MS) {
        struct timespec ts = {.tv_nsec = WAIT_LOOK_MS * 1000000L};
        struct fleet *f = NULL;
        struct err e = {0};
        struct utc at;
        char *text = NULL;
        bool there = false;

        (void)nanosleep(&ts, NULL); /* woken early means looked early */
        if (store_snapshot_get(s->store, &text, &at, &e) != ERR_OK ||
            (text != NULL && snapshot_parse(text, strlen(text), &f, &e) != ERR_OK)) {
            free(text);
            return session_fail(&e);
        }
        there = f != NULL && f->at.s > answered.s && all_are_there(f, c);
        fleet_unref(f);
        free(text);
        if (there)
            return EXIT_DONE;
        /* It may have died and be started again, or be taken over from. */
        if (lock_is_held(s->state_dir, &s->holder))
            acted = ms;
        if (ms - acted >= NOBODY_MS) {
            (void)err_set(&e, ERR_CANCELED,
                          "the running instance ended before the move did; the next one "
                          "goes on with it");
            return session_fail(&e);
        }
    }
    return EXIT_LATER;
}

/* All of a list, or none of it. */
static enum err_code to_commands(const struct args *a, const struct session *s,
                                 struct command *out, size_t *n, struct err *e)
{
    *n = takes_list(a) ? a->n_words - 1 : 1;
    for (size_t i = 0; i < *n; i++) {
        if (to_command(a, i, s, &out[i], e) != ERR_OK)
            return e->code;
    }
    return ERR_OK;
}

static int give(struct session *s, const struct args *a, struct command *c,
                bool locked_out)
{
    struct err e = {0};
    int rc;

    if (!locked_out)
        return alone(s, c, a->set[FLAG_WAIT]);
    if (s->store == NULL) {
        (void)err_set(&e, ERR_LOCKED,
                      "the running instance has no state to put the order into");
        return session_fail(&e);
    }
    rc = session_command(s, c, false);
    return rc == EXIT_DONE && a->set[FLAG_WAIT] ? watch(s, c) : rc;
}

/* --dry-run: says the order, and gives it to nobody; nothing is reached or written. */
static int would(const struct command *c)
{
    char what[LINE_TEXT];

    out_complain("refused: dry-run: would %s\n", command_text(c, what));
    return EXIT_LATER;
}

int cmd_order(const struct args *a)
{
    struct session s;
    struct command c[ARGS_MAX_WORDS];
    struct err e = {0};
    enum session_use use = SESSION_NOTE;
    bool locked_out = false;
    size_t n = 0;
    int rc = session_open(&s, a);

    if (rc != EXIT_DONE)
        goto out;
    if (to_commands(a, &s, c, &n, &e) != ERR_OK) {
        rc = session_fail(&e);
        goto out;
    }
    if (a->set[FLAG_OBSERVE]) {
        (void)err_set(&e, ERR_USAGE, "--observe sends no command");
        rc = session_fail(&e);
        goto out;
    }
    if (a->set[FLAG_DRY_RUN]) {
        for (size_t i = 0; i < n; i++)
            rc = would(&c[i]);
        goto out;
    }
    for (size_t i = 0; i < n; i++)
        use = begins(&c[i], a->set[FLAG_WAIT]) ? SESSION_ACT : use;
    rc = session_open_state(&s, a, use, &locked_out);
    for (size_t i = 0; i < n && rc == EXIT_DONE; i++)
        rc = give(&s, a, &c[i], locked_out);
out:
    session_close(&s);
    return rc;
}
