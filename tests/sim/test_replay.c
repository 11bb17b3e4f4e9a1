#include <config.h>

#include "core/engine/replay.h"
#include "core/store/journal_json.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * A journal alone tells where every server was: a simulated stretch is written down as
 * `log --json` prints it, read and played again, and each minute of it compared with the
 * snapshot that the controller published then.
 */

enum { MINUTES_MAX = 3 * 1440, SERVERS = 4 };

struct seen {
    struct utc at;
    size_t n_entries; /* so many were written before it was published */
    struct {
        enum place place, held;
        bool moving;
        enum step step;
        char move[ID_TEXT];
    } servers[SERVERS];
    enum auto_setting setting;
};

struct witness {
    struct strbuf lines;
    size_t n_entries, n_seen;
    struct seen *seen;
    int32_t orders;
};

static void write_entry(void *ctx, const struct journal_entry *j)
{
    struct witness *w = ctx;

    journal_json(&w->lines, j);
    strbuf_putc(&w->lines, '\n');
    w->n_entries++;
}

static void see(void *ctx, const struct fleet *f)
{
    struct witness *w = ctx;
    struct seen *s = &w->seen[w->n_seen];

    if (w->n_seen == MINUTES_MAX)
        return;
    w->n_seen++;
    *s = (struct seen){.at = f->at, .n_entries = w->n_entries, .setting = f->setting};
    assert_int_equal(f->n_servers, SERVERS);
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *v = &f->servers[i];

        s->servers[i].place = v->facts.place;
        s->servers[i].held = v->hold.place;
        s->servers[i].moving = v->move.active;
        s->servers[i].step = v->move.step;
        (void)str_copy(s->servers[i].move, ID_TEXT, v->move.id);
    }
}

/* A person has wishes, too. */
static bool wish(void *ctx, struct utc now, struct command *out)
{
    static const struct {
        int64_t after_s;
        struct command c;
    } wishes[] = {
        {2 * 3600, {.kind = COMMAND_HOLD, .server = "cache", .place = PLACE_ONPREM}},
        {3 * 3600,
         {.kind = COMMAND_HOLD,
          .server = "migration",
          .place = PLACE_CLOUD,
          .hold_kind = HOLD_PIN}},
        {4 * 3600, {.kind = COMMAND_AUTO, .setting = AUTO_OFF}},
        {5 * 3600, {.kind = COMMAND_AUTO, .setting = AUTO_ON}},
        {26 * 3600, {.kind = COMMAND_RELEASE, .server = "migration"}},
    };
    struct witness *w = ctx;
    size_t n = (size_t)w->orders;

    if (n == ARRAY_LEN(wishes) || w->n_seen == 0 ||
        now.s < w->seen[0].at.s + wishes[n].after_s)
        return false;
    w->orders++;
    *out = wishes[n].c;
    out->id = (uint64_t)w->orders;
    out->at = now;
    out->confirmed = true;
    (void)str_copy(out->by, sizeof(out->by), "dana");
    return true;
}

static struct replay *read_back(const struct witness *w, const struct tz *tz)
{
    struct journal_entry *all = calloc(w->n_entries, sizeof(*all));
    const char *line = strbuf_text(&w->lines);
    struct replay *r = NULL;
    struct err e = {0};

    assert_non_null(all);
    for (size_t i = 0; i < w->n_entries; i++) {
        size_t len = strcspn(line, "\n");

        assert_int_equal(journal_parse(line, len, &all[i], &e), ERR_OK);
        line += len + 1;
    }
    assert_int_equal(replay_new(all, w->n_entries, tz, &r, &e), ERR_OK);
    return r;
}

/* How many minutes differ, and the first of them. */
static int64_t differing(struct replay *r, const struct witness *w, bool with_steps)
{
    int64_t wrong = 0;

    for (size_t m = 0; m < w->n_seen; m++) {
        const struct seen *s = &w->seen[m];
        struct fleet *f = replay_fleet(r, s->n_entries, s->at);
        bool same;

        assert_non_null(f);
        same = f->setting == s->setting;
        for (size_t i = 0; i < SERVERS; i++) {
            const struct server_view *v = &f->servers[i];
            bool one = v->facts.place == s->servers[i].place &&
                       v->hold.place == s->servers[i].held &&
                       v->move.active == s->servers[i].moving &&
                       str_eq(v->move.id, s->servers[i].move);

            if (one && with_steps && v->move.active)
                one = v->move.step == s->servers[i].step && v->move.n <= v->move.of;
            if (!one && wrong == 0)
                print_message("%lld %s: %s, was %s; move %s %s, was %s %s\n",
                              (long long)s->at.s, v->name, place_word(v->facts.place),
                              place_word(s->servers[i].place), v->move.id,
                              step_word(v->move.step), s->servers[i].move,
                              step_word(s->servers[i].step));
            same = same && one;
        }
        wrong += same ? 0 : 1;
        fleet_unref(f);
    }
    return wrong;
}

static void live(const char *mover, struct witness *w, struct run **out)
{
    struct run *r = run_prepare_as(3, mover, "spot-storm=0.1");

    *w = (struct witness){.seen = calloc(MINUTES_MAX, sizeof(*w->seen))};
    assert_non_null(w->seen);
    strbuf_init(&w->lines, 64 * 1024 * 1024);
    r->options.duration_s = 2 * 86400;
    r->options.each_entry = write_entry;
    r->options.each_minute = see;
    r->options.order = wish;
    r->options.ctx = w;
    run_go(r);
    *out = r;
}

static void end(struct witness *w, struct run *r, struct replay *p)
{
    replay_free(p);
    strbuf_clear(&w->lines);
    free(w->seen);
    run_free(r);
}

static void test_same_as_it_was(void **state)
{
    static const char *const movers[] = {"velostrata", "ec2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(movers); i++) {
        struct witness w;
        struct run *run;
        struct replay *p;
        struct replay_sums sums;

        live(movers[i], &w, &run);
        p = read_back(&w, run->tz);
        assert_true(w.n_seen > 1440);
        assert_int_equal(w.orders, 5);
        assert_int_equal(differing(p, &w, true), 0);
        replay_sums(p, &sums);
        assert_int_equal(sums.orders, 5);
        assert_int_equal(sums.moves, run->report.moves_out + run->report.moves_back +
                                         run->report.moves_failed + sums.open);
        assert_int_equal(sums.failed, run->report.moves_failed);
        assert_true(sums.losses > 0);
        end(&w, run, p);
    }
}

/* Back and forth again is the same as forth. */
static void test_backward(void **state)
{
    struct witness w;
    struct run *run;
    struct replay *p;
    struct fleet *once, *again, *start;

    (void)state;
    live("velostrata", &w, &run);
    p = read_back(&w, run->tz);
    for (size_t n = 1; n < w.n_entries; n += w.n_entries / 7) {
        struct utc at = replay_entry(p, n - 1)->at;

        once = replay_fleet(p, n, at);
        start = replay_fleet(p, 0, replay_entry(p, 0)->at);
        again = replay_fleet(p, n, at);
        assert_true(once != NULL && start != NULL && again != NULL);
        for (size_t i = 0; i < start->n_servers; i++)
            assert_int_equal(start->servers[i].facts.place, PLACE_UNKNOWN);
        assert_true(again->version > once->version);
        again->version = once->version;
        assert_memory_equal(once->servers, again->servers,
                            SERVERS * sizeof(once->servers[0]));
        assert_int_equal(once->n_events, again->n_events);
        fleet_unref(once);
        fleet_unref(start);
        fleet_unref(again);
    }
    assert_int_equal(replay_until(p, (struct utc){0}), 0);
    assert_int_equal(replay_until(p, (struct utc){INT64_MAX}), replay_count(p));
    end(&w, run, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_it_was),
        cmocka_unit_test(test_backward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
