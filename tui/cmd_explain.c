#include <config.h>

#include "tui/cmd.h"
#include "tui/live.h"
#include "tui/out.h"
#include "tui/words.h"

#include "core/net/json.h"
#include "core/policy/explain.h"
#include "core/policy/lead.h"
#include "core/policy/offering.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_S = 30, ENTRIES = 8 };

static bool has_looked(void *ctx, const struct fleet *f)
{
    (void)ctx;
    return f->looked;
}

/* No instance runs: look once, without acting; the snapshot as an instance would publish
 * it. */
static int by_looking(struct session *s, char **text)
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
    *text = f != NULL ? session_render(f) : NULL;
    fleet_unref(f);
    live_stop(&l);
    return *text != NULL ? EXIT_DONE : EXIT_FAILED;
}

/* ----- what the snapshot says of one server ----- */

static const char *word_of(const json_value *v, const char *name)
{
    size_t len;
    const char *text = json_is_object(v) ? json_text(v, name, &len) : NULL;

    return text != NULL ? text : "";
}

static struct utc time_of(const json_value *v, const char *name)
{
    struct utc t = {0};

    return json_is_object(v) && json_time(v, name, &t) ? t : (struct utc){0};
}

static bool flag_of(const json_value *v, const char *name)
{
    bool b = false;

    return json_is_object(v) && json_bool(v, name, &b) && b;
}

struct known {
    struct decision decision;
    struct hold hold;
    struct explain_in in;
};

/* A word that this version does not know leaves what is there: unknown, none. */
static void read_server(const json_value *root, const json_value *v, struct known *k)
{
    const json_value *reason = json_get(v, "reason"), *gate = json_get(v, "gate"),
                     *hold = json_get(v, "hold"), *move = json_get(v, "move");
    const char *mode = word_of(root, "mode");
    struct decision *d = &k->decision;

    k->in.decision = d;
    k->in.hold = &k->hold;
    k->in.setting = str_eq(mode, "dry-run") ? AUTO_DRY_RUN : AUTO_ON;
    k->in.snooze_until = time_of(root, "snooze_until");
    if (str_eq(mode, "manual") && k->in.snooze_until.s == 0)
        k->in.setting = AUTO_OFF;
    k->in.auto_on = flag_of(v, "auto");
    (void)place_parse(word_of(v, "place"), &k->in.place);
    (void)place_parse(word_of(v, "desired"), &d->desired);
    (void)reason_parse(word_of(reason, "code"), &d->reason);
    (void)str_copy(d->reason_text, sizeof(d->reason_text), word_of(reason, "text"));
    if (gate_parse(word_of(gate, "code"), &d->gate))
        d->gates = UINT32_C(1) << d->gate;
    (void)str_copy(d->gate_text, sizeof(d->gate_text), word_of(gate, "text"));
    d->gate_until = time_of(gate, "until");
    if (place_parse(word_of(hold, "place"), &k->hold.place) &&
        !hold_kind_parse(word_of(hold, "kind"), &k->hold.kind))
        k->hold.place = PLACE_UNKNOWN;
    k->hold.until = time_of(hold, "until");
    k->in.moving = json_is_object(move);
    (void)direction_parse(word_of(move, "direction"), &k->in.direction);
    (void)step_parse(word_of(move, "step"), &k->in.step);
    k->in.committed = flag_of(move, "committed");
}

/* In which order its offerings would be tried now, and why. */
static void tell_offerings(const json_value *server)
{
    const json_value *list = json_get(server, "offerings");

    for (size_t i = 0; i < json_list_len(list); i++) {
        const json_value *o = json_list_at(list, i);
        enum lifecycle lifecycle = LIFECYCLE_SPOT;
        char name[OFFERING_NAME], number[24], line[2 * LINE_TEXT];

        (void)lifecycle_parse(word_of(o, "lifecycle"), &lifecycle);
        (void)str_format(number, sizeof(number), "offering %zu", i + 1);
        (void)str_format(
            line, sizeof(line), "%s: %s: %s",
            flag_of(o, "left_out") ? "left out" : number,
            offering_name(word_of(o, "type"), word_of(o, "zone"), lifecycle, name),
            word_of(o, "why"));
        out_line(line);
    }
}

/* ----- the past: the journal ----- */

struct past {
    const char *server;
    struct utc at;
    struct journal_entry last[ENTRIES]; /* ring */
    size_t n;
};

static bool note_entry(void *ctx, const struct journal_entry *j)
{
    struct past *p = ctx;

    if (j->at.s > p->at.s)
        return true; /* times may step back once, when a clock was set */
    if (str_eq(j->server, p->server) ||
        (j->server[0] == '\0' && str_eq(j->action, "auto")))
        p->last[p->n++ % ENTRIES] = *j;
    return true;
}

static int from_journal(struct session *s, const char *server, struct utc at)
{
    struct past *p = calloc(1, sizeof(*p));
    struct err e = {0};
    int rc = EXIT_DONE;

    if (p == NULL) {
        (void)err_set(&e, ERR_NOMEM, "no memory for the journal");
        return session_fail(&e);
    }
    p->server = server;
    p->at = at;
    if (s->store == NULL)
        rc = EXIT_FAILED;
    else if (store_journal_each(s->store, 0, note_entry, p, &e) != ERR_OK)
        rc = session_fail(&e);
    for (size_t i = p->n > ENTRIES ? p->n - ENTRIES : 0; i < p->n; i++) {
        const struct journal_entry *j = &p->last[i % ENTRIES];
        struct civil c = tz_civil(s->tz, j->at);

        out_printf("%04d-%02d-%02d %02d:%02d:%02d %-18s %s\n", c.year, c.month, c.day,
                   c.hour, c.minute, c.second, j->actor, j->text);
    }
    if (p->n == 0) {
        (void)err_set(&e, ERR_NOT_FOUND, "the journal says nothing of %.40s until then",
                      server);
        rc = session_fail(&e);
    }
    free(p);
    return rc;
}

/* ----- now, and what is to come ----- */

static int tell(struct session *s, const char *text, struct explain_in *when,
                const char *server)
{
    struct schedule *schedule = calloc(1, sizeof(*schedule));
    struct json_doc *doc = NULL;
    struct known k = {.in = *when};
    struct explain_out out;
    const struct policy_config *p = &s->config->policy;
    const json_value *root, *list, *of = NULL;
    struct err e = {0};
    bool found = false;
    int64_t lead;
    int rc = EXIT_DONE;

    if (schedule == NULL || json_parse(text, strlen(text), &doc, &e) != ERR_OK) {
        (void)err_set(&e, ERR_NOMEM, "no memory for the schedule");
        rc = session_fail(&e);
        goto out;
    }
    root = json_doc_root(doc);
    list = json_get(root, "servers");
    for (size_t i = 0; i < json_list_len(list) && !found; i++) {
        const json_value *v = json_list_at(list, i);

        found = str_eq(word_of(v, "name"), server);
        if (found) {
            read_server(root, v, &k);
            of = v;
        }
    }
    if (!found) {
        (void)err_set(&e, ERR_NOT_FOUND, "the running instance knows no server %.40s",
                      server);
        rc = session_fail(&e);
        goto out;
    }
    if (!p->lead_auto)
        lead = p->lead;
    else if (!json_i64(root, "lead_s", 0, 86400, &lead))
        lead = LEAD_UNTAUGHT_S;
    schedule_build(p, s->tz, when->at, lead, schedule);
    k.in.schedule = schedule;
    k.in.policy = p;
    k.in.tz = s->tz;
    k.in.name = server;
    explain(&k.in, &out);
    out_line(server);
    for (size_t i = 0; i < out.n; i++)
        out_line(out.lines[i]);
    if (when->at.s == when->now.s) /* nobody knows the prices of then */
        tell_offerings(of);
    rc = out_flush() ? EXIT_DONE : EXIT_FAILED;
out:
    json_doc_free(doc);
    free(schedule);
    return rc;
}

int cmd_explain(const struct args *a)
{
    struct session s;
    struct explain_in when = {.now = clock_utc(clock_system())};
    struct utc at = {0};
    struct err e = {0};
    bool locked_out;
    char *text = NULL;
    int rc = session_open(&s, a);

    if (rc != EXIT_DONE)
        goto out;
    when.at = when.now;
    if (a->n_words != 1)
        (void)err_set(&e, ERR_USAGE, "write: rushhour explain SERVER [--at TIME]");
    else if (config_server_find(s.config, a->words[0]) == NULL)
        (void)err_set(&e, ERR_USAGE, "there is no server %.40s in %s", a->words[0],
                      s.config_path);
    if (e.code != ERR_OK ||
        (a->set[FLAG_AT] &&
         time_parse(a->value[FLAG_AT], s.tz, when.now, &when.at, &e) != ERR_OK)) {
        rc = session_fail(&e);
        goto out;
    }
    rc = session_open_state(&s, a, false, &locked_out);
    if (rc != EXIT_DONE)
        goto out;
    if (when.at.s < when.now.s) {
        rc = from_journal(&s, a->words[0], when.at);
        goto out;
    }
    if (!lock_is_held(s.state_dir, &s.holder) || s.store == NULL ||
        store_snapshot_get(s.store, &text, &at, &e) != ERR_OK || text == NULL)
        rc = by_looking(&s, &text);
    if (rc == EXIT_DONE)
        rc = tell(&s, text, &when, a->words[0]);
out:
    free(text);
    session_close(&s);
    return rc;
}
