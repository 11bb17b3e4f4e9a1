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

static int report(struct live *l)
{
    struct fleet *f = live_latest(l);
    int rc = EXIT_DONE;
    struct err e = {0};

    if (f == NULL)
        return EXIT_FAILED;
    for (size_t i = f->n_events > 64 ? f->n_events - 64 : 0; i < f->n_events; i++) {
        const struct journal_entry *j = &f->events[i];

        if (j->at.s >= f->controller.since.s)
            out_printf("%s%s%s\n", j->server, j->server[0] != '\0' ? ": " : "", j->text);
    }
    for (size_t i = 0; i < f->n_apis && rc == EXIT_DONE; i++) {
        if (f->apis[i].last_ok.s == 0 && f->apis[i].failures > 0) {
            (void)err_set(&e, ERR_CONNECT, "%s: %s", source_api(f->apis[i].source),
                          f->apis[i].error);
            rc = session_fail(&e);
        }
    }
    fleet_unref(f);
    return out_flush() ? rc : EXIT_FAILED;
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
        rc = session_open_state(&s, a, !o.observe, &locked_out);
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
    }
    live_stop(&l);
    session_close(&s);
    return rc;
}
