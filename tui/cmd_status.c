#include <config.h>

#include "tui/cmd.h"
#include "tui/live.h"
#include "tui/out.h"
#include "tui/words.h"

#include "core/store/snapshot_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_S = 30 };

static bool has_looked(void *ctx, const struct fleet *f)
{
    (void)ctx;
    return f->looked;
}

/* No instance runs: look once, without acting. */
static int by_looking(struct session *s, const struct args *a)
{
    struct live l = {0};
    struct live_options o = {.clock = clock_system(), .observe = true};
    struct fleet *f;
    int rc = live_start(&l, s, &o);

    if (rc != EXIT_DONE)
        return rc;
    (void)live_wait(&l, LOOK_S, has_looked,
                    NULL); /* what did not answer shows as unknown */
    f = live_latest(&l);
    if (f == NULL) {
        rc = EXIT_FAILED;
    } else if (a->set[FLAG_JSON]) {
        char *text = session_render(f);

        if (text != NULL)
            out_line(text);
        rc = text != NULL && out_flush() ? EXIT_DONE : EXIT_FAILED;
        free(text);
    } else {
        words_status(f, s->tz);
        rc = out_flush() ? EXIT_DONE : EXIT_FAILED;
    }
    if (f != NULL && rc == EXIT_DONE)
        rc = session_reached(f);
    fleet_unref(f);
    live_stop(&l);
    return rc;
}

/* The table from the text that the running instance published. */
static int from_text(const char *text, const struct tz *tz)
{
    struct fleet *f = NULL;
    struct err e = {0};

    if (snapshot_parse(text, strlen(text), &f, &e) != ERR_OK)
        return session_fail(&e);
    words_status(f, tz);
    fleet_unref(f);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

static int raw_text(const char *text)
{
    out_line(text);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

int cmd_status(const struct args *a)
{
    struct session s;
    struct utc at = {0};
    struct err e = {0};
    bool locked_out;
    char *text = NULL;
    int rc = session_open(&s, a);

    if (rc == EXIT_DONE)
        rc = session_open_state(&s, a, SESSION_LOOK, &locked_out);
    if (rc != EXIT_DONE)
        goto out;
    if (lock_is_held(s.state_dir, &s.holder) && s.store != NULL &&
        store_snapshot_get(s.store, &text, &at, &e) == ERR_OK && text != NULL)
        rc = a->set[FLAG_JSON] ? raw_text(text) : from_text(text, s.tz);
    else
        rc = by_looking(&s, a);
out:
    free(text);
    session_close(&s);
    return rc;
}
