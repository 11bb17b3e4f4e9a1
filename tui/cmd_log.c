#include <config.h>

#include "tui/cmd.h"
#include "tui/out.h"
#include "tui/session.h"
#include "tui/words.h"

#include "core/store/journal_json.h"

#include <stdio.h>
#include <time.h>

enum { FOLLOW_LOOK_MS = 500 };

struct printing {
    const struct tz *tz;
    bool json, failed;
    int64_t last;
};

static bool print_entry(void *ctx, const struct journal_entry *j)
{
    struct printing *p = ctx;

    p->last = j->seq;
    if (j->level == LEVEL_DEBUG && !p->json)
        return true; /* outcomes of acts: for programs */
    if (p->json) {
        struct strbuf line;

        strbuf_init(&line, 64 * 1024);
        journal_json(&line, j);
        out_line(strbuf_text(&line));
        strbuf_clear(&line);
    } else {
        words_entry(j, p->tz);
    }
    return !p->failed;
}

int cmd_log(const struct args *a)
{
    struct session s;
    struct printing p = {.json = a->set[FLAG_JSON]};
    struct err e = {0};
    bool locked_out;
    int rc = session_open(&s, a);

    if (rc == EXIT_DONE)
        rc = session_open_state(&s, a, SESSION_LOOK, &locked_out);
    if (rc != EXIT_DONE)
        goto out;
    if (s.store == NULL) {
        (void)err_set(&e, ERR_NOT_FOUND, "there is no journal in %s yet", s.state_dir);
        rc = session_fail(&e);
        goto out;
    }
    p.tz = s.tz;
    do {
        struct timespec ts = {.tv_nsec = FOLLOW_LOOK_MS * 1000000L};

        if (store_journal_each(s.store, p.last, print_entry, &p, &e) != ERR_OK) {
            rc = session_fail(&e);
            break;
        }
        if (!out_flush() || p.failed) {
            rc = EXIT_FAILED;
            break;
        }
        if (a->set[FLAG_FOLLOW])
            (void)nanosleep(&ts, NULL); /* woken early means looked early */
    } while (a->set[FLAG_FOLLOW]);
out:
    session_close(&s);
    return rc;
}
