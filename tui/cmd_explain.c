#include <config.h>

#include "tui/cmd.h"
#include "tui/live.h"
#include "tui/out.h"
#include "tui/words.h"

#include "core/policy/offering.h"
#include "core/store/snapshot_json.h"
#include "tui/reasons.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_S = 30, ENTRIES = 8 };

/* An instant to come depends on what is stored alone: no API is waited for. */
static bool knows_enough(void *ctx, const struct fleet *f)
{
    const bool *later = ctx;

    return f->looked || (*later && f->version > 0);
}

/* No instance runs: look once, without acting. */
static int by_looking(struct session *s, bool later, struct fleet **out)
{
    struct live l = {0};
    struct live_options o = {.clock = clock_system(), .observe = true};
    int rc = live_start(&l, s, &o);

    if (rc != EXIT_DONE)
        return rc;
    (void)live_wait(&l, LOOK_S, knows_enough,
                    &later); /* what did not answer shows as unknown */
    *out = live_latest(&l);
    live_stop(&l);
    return *out != NULL ? EXIT_DONE : EXIT_FAILED;
}

/* What the running instance published. */
static int from_instance(struct session *s, struct fleet **out)
{
    char *text = NULL;
    struct utc at;
    struct err e = {0};
    int rc = EXIT_DONE;

    if (store_snapshot_get(s->store, &text, &at, &e) != ERR_OK ||
        (text != NULL && snapshot_parse(text, strlen(text), out, &e) != ERR_OK))
        rc = session_fail(&e);
    free(text);
    return rc;
}

/* ----- the past: the journal ----- */

struct past {
    const char *server;
    struct utc at;
    struct journal_entry first;         /* of the journal */
    struct journal_entry last[ENTRIES]; /* ring of what was done */
    size_t n;
    struct journal_entry decided, next; /* at is 0: none */
    bool any;
};

static bool note_entry(void *ctx, const struct journal_entry *j)
{
    struct past *p = ctx;
    bool decision = str_eq(j->action, EXPLAIN_ACTION) && str_eq(j->server, p->server);

    if (!p->any)
        p->first = *j;
    p->any = true;
    if (j->at.s > p->at.s) {
        if (decision && p->next.at.s == 0)
            p->next = *j;
        return true; /* times may step back once, when a clock was set */
    }
    if (decision) {
        p->decided = *j;
        p->next.at.s = 0;
    } else if (j->level != LEVEL_DEBUG &&
               (str_eq(j->server, p->server) ||
                (j->server[0] == '\0' && str_eq(j->action, "auto")))) {
        p->last[p->n++ % ENTRIES] = *j;
    }
    return true;
}

static const char *full_time(const struct tz *tz, struct utc t, char buf[TIME_TEXT])
{
    struct civil c = tz_civil(tz, t);

    (void)str_format(buf, TIME_TEXT, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month,
                     c.day, c.hour, c.minute, c.second);
    return buf;
}

static const char *gate_of(const struct journal_entry *j)
{
    return str_starts(j->text, "gate ") ? j->text + strlen("gate ") : "none";
}

/* The same lines as of now, as they were written down then. */
static void print_past(const struct session *s, const struct past *p)
{
    const struct journal_entry *d = &p->decided, *next = &p->next;
    enum place was = PLACE_UNKNOWN;
    char when[TIME_TEXT];

    out_printf("%s at %s\n", p->server, full_time(s->tz, p->at, when));
    if (d->at.s != 0) {
        (void)place_parse(d->from, &was);
        out_printf("Was     %s\n",
                   was == PLACE_CLOUD ? "in the cloud" : place_screen(was));
        out_printf("Should  %s\n", d->reason);
        out_printf("Gate    %s\n", gate_of(d));
        out_printf("Since   %s\n", full_time(s->tz, d->at, when));
    }
    if (next->at.s != 0)
        out_printf("Next    %s: should %s\n", full_time(s->tz, next->at, when),
                   next->reason);
    for (size_t i = p->n > ENTRIES ? p->n - ENTRIES : 0; i < p->n; i++) {
        const struct journal_entry *j = &p->last[i % ENTRIES];

        out_printf("%s %-18s %s\n", full_time(s->tz, j->at, when), j->actor, j->text);
    }
}

static int from_journal(struct session *s, const char *server, struct utc at)
{
    struct past *p = calloc(1, sizeof(*p));
    struct err e = {0};
    char when[TIME_TEXT];

    if (p == NULL) {
        (void)err_set(&e, ERR_NOMEM, "no memory for the journal");
        return session_fail(&e);
    }
    p->server = server;
    p->at = at;
    if (s->store == NULL)
        (void)err_set(&e, ERR_NOT_FOUND, "there is no journal in %.120s yet",
                      s->state_dir);
    else if (store_journal_each(s->store, 0, note_entry, p, &e) == ERR_OK && !p->any)
        (void)err_set(&e, ERR_NOT_FOUND, "the journal is empty");
    else if (e.code == ERR_OK && p->n == 0 && p->decided.at.s == 0)
        (void)err_set(&e, ERR_NOT_FOUND,
                      "the journal says nothing of %.40s until then; it begins %s",
                      server, full_time(s->tz, p->first.at, when));
    else if (e.code == ERR_OK)
        print_past(s, p);
    free(p);
    if (e.code != ERR_OK)
        return session_fail(&e);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

/* ----- now, and what is to come ----- */

/* In which order its offerings would be tried now, and why. */
static void tell_offerings(const struct server_view *s)
{
    for (size_t i = 0; i < s->n_offerings; i++) {
        const struct offering_view *o = &s->offerings[i];
        char name[OFFERING_NAME], number[24], line[2 * LINE_TEXT];

        (void)str_format(number, sizeof(number), "offering %zu", i + 1);
        (void)str_format(line, sizeof(line), "%s: %s: %s",
                         o->left_out ? "left out" : number,
                         offering_name(o->type, o->zone, o->lifecycle, name), o->why);
        out_line(line);
    }
}

int explain_tell(const struct session *s, const struct fleet *f, struct utc now,
                 struct utc at, const char *server)
{
    struct reasons *r = calloc(1, sizeof(*r));
    int i = fleet_find(f, server);
    struct explain_out out;
    struct err e = {0};

    if (r == NULL)
        (void)err_set(&e, ERR_NOMEM, "no memory for the schedule");
    else if (i < 0)
        (void)err_set(&e, ERR_NOT_FOUND, "the running instance knows no server %.40s",
                      server);
    if (e.code != ERR_OK) {
        free(r);
        return session_fail(&e);
    }
    r->policy = &s->config->policy;
    r->tz = s->tz;
    reasons_tell(r, f, (size_t)i, now, at, &out);
    free(r);
    out_line(server);
    for (size_t k = 0; k < out.n; k++)
        out_line(out.lines[k]);
    if (at.s == now.s) /* nobody knows the prices of then */
        tell_offerings(&f->servers[i]);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

int cmd_explain(const struct args *a)
{
    struct session s;
    struct utc now = clock_utc(clock_system()), at = now;
    struct fleet *f = NULL;
    struct err e = {0};
    bool locked_out;
    int rc = session_open(&s, a);

    if (rc != EXIT_DONE)
        goto out;
    if (a->n_words != 1)
        (void)err_set(&e, ERR_USAGE, "write: rushhour explain SERVER [--at TIME]");
    else if (config_server_find(s.config, a->words[0]) == NULL)
        (void)err_set(&e, ERR_USAGE, "there is no server %.40s in %s", a->words[0],
                      s.config_path);
    if (e.code != ERR_OK || (a->set[FLAG_AT] && time_parse(a->value[FLAG_AT], s.tz, now,
                                                           &at, &e) != ERR_OK)) {
        rc = session_fail(&e);
        goto out;
    }
    rc = session_open_state(&s, a, SESSION_LOOK, &locked_out);
    if (rc != EXIT_DONE)
        goto out;
    if (at.s < now.s) {
        rc = from_journal(&s, a->words[0], at);
        goto out;
    }
    if (lock_is_held(s.state_dir, &s.holder) && s.store != NULL)
        rc = from_instance(&s, &f);
    if (rc == EXIT_DONE && f == NULL)
        rc = by_looking(&s, at.s > now.s, &f);
    if (rc == EXIT_DONE)
        rc = explain_tell(&s, f, now, at, a->words[0]);
out:
    fleet_unref(f);
    session_close(&s);
    return rc;
}
