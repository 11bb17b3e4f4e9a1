#include <config.h>

#include "tui/cmd.h"
#include "tui/live.h"
#include "tui/out.h"

#include <stdio.h>

enum { ROUND_S = 120 };

/* Everything was looked at, what was decided was begun, and each act has its answer. */
static bool round_is_over(void *ctx, const struct fleet *f)
{
    (void)ctx;
    return f->looked && f->calls_open == 0 && f->version > 2;
}

/* Nothing is journaled while nothing acts: what would be done is said here. */
static void say_wishes(const struct fleet *f)
{
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];
        const struct decision *d = &s->decision;

        if (d->desired == PLACE_UNKNOWN || d->desired == s->facts.place)
            continue;
        if (d->gate != GATE_NONE)
            out_printf("%s: dry-run: would wait: %s\n", s->name, d->gate_text);
        else
            out_printf("%s: dry-run: would move to %s: %s\n", s->name,
                       place_screen(d->desired), d->reason_text);
    }
}

static int report(struct live *l)
{
    struct fleet *f = live_latest(l);
    int rc = EXIT_DONE;

    if (f == NULL)
        return EXIT_FAILED;
    for (size_t i = f->n_events > 64 ? f->n_events - 64 : 0; i < f->n_events; i++) {
        const struct journal_entry *j = &f->events[i];

        if (j->at.s >= f->controller.since.s)
            out_printf("%s%s%s\n", j->server, j->server[0] != '\0' ? ": " : "", j->text);
    }
    if (f->setting == AUTO_DRY_RUN)
        say_wishes(f);
    if (rc == EXIT_DONE)
        rc = session_reached(f);
    fleet_unref(f);
    return out_flush() ? rc : EXIT_FAILED;
}

/* Another machine's controller has the shared lock: nothing was done here. */
static int looked_on(struct live *l)
{
    struct fleet *f = live_latest(l);
    struct err e = {0};

    if (f != NULL && f->shared_lock.configured && !f->shared_lock.held)
        (void)err_set(&e, ERR_LOCKED, "%s%s",
                      f->shared_lock.holder[0] != '\0' ? "another instance runs: "
                                                       : "etcd gave no shared lock",
                      f->shared_lock.holder);
    fleet_unref(f);
    return e.code == ERR_OK ? EXIT_DONE : session_fail(&e);
}

int cmd_once(const struct args *a)
{
    struct session s;
    struct live l = {0};
    struct live_options o = {.clock = clock_system(),
                             .observe = a->set[FLAG_OBSERVE],
                             .dry_run = a->set[FLAG_DRY_RUN],
                             .seed = (uint64_t)clock_mono(clock_system()).ms};
    bool locked_out = false;
    int rc = session_open(&s, a);

    if (rc == EXIT_DONE)
        rc = session_open_state(&s, a, o.observe ? SESSION_LOOK : SESSION_ACT,
                                &locked_out);
    if (rc == EXIT_DONE && locked_out) {
        struct err e = {0};

        (void)err_set(&e, ERR_LOCKED, "another instance runs: %s@%s pid %d",
                      s.holder.user, s.holder.host, s.holder.pid);
        rc = session_fail(&e);
    }
    if (rc == EXIT_DONE)
        rc = live_start(&l, &s, &o);
    if (rc == EXIT_DONE) {
        bool over = live_wait(&l, ROUND_S, round_is_over, NULL);

        rc = report(&l);
        if (!over && rc == EXIT_DONE)
            rc = EXIT_LATER;
        if (rc == EXIT_DONE)
            rc = looked_on(&l);
    }
    live_stop(&l);
    session_close(&s);
    return rc;
}
