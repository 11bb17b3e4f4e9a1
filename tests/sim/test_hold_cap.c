#include <config.h>

#include "core/base/str.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <string.h>

/* "Keep it in the cloud tonight": the cap of until-schedule holds ends that before the
 * morning. Whoever orders it is told at once, and in the morning why it came home. */

enum { HOUR_S = 3600, FROM_S = 8 * HOUR_S + 1800 };

struct night {
    struct command order;
    int64_t at_s; /* of the day */
    struct utc start;
    bool sent, said, alerted, ended, was_out, home_at_night;
    const char *says;
};

static bool give_order(void *ctx, struct utc now, struct command *out)
{
    struct night *n = ctx;

    if (n->sent || now.s - n->start.s < n->at_s - FROM_S)
        return false;
    n->sent = true;
    *out = n->order;
    if (out->hold_kind == HOLD_UNTIL)
        out->until.s += now.s;
    (void)str_copy(out->server, sizeof(out->server), "cache");
    (void)str_copy(out->by, sizeof(out->by), "dana");
    return true;
}

static void look(void *ctx, const struct fleet *f)
{
    struct night *n = ctx;
    int64_t day_s = f->at.s - n->start.s + FROM_S;

    for (size_t i = 0; i < f->n_replies; i++)
        n->said = n->said ||
                  (f->replies[i].accepted && strstr(f->replies[i].text, n->says) != NULL);
    for (size_t i = 0; i < f->n_alerts; i++)
        n->alerted = n->alerted || (str_eq(f->alerts[i].code, "hold-end") &&
                                    str_eq(f->alerts[i].server, "cache"));
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];

        if (!str_eq(s->name, "cache"))
            continue;
        n->was_out = n->was_out || (day_s > 21 * HOUR_S && s->facts.place == PLACE_CLOUD);
        if (day_s > 30 * HOUR_S && day_s < 32 * HOUR_S) /* 06:00 to 08:00 */
            n->home_at_night = n->home_at_night || s->facts.place == PLACE_ONPREM;
    }
}

static void hear(void *ctx, const struct journal_entry *j)
{
    struct night *n = ctx;

    n->ended = n->ended || (str_eq(j->action, "hold-end") && str_eq(j->server, "cache"));
}

static void test_nights(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct command order; int64_t at_s; const char *says; bool home, alerted; } rows[] = {
        {"an evening's hold ends by the cap", {.id = 1, .kind = COMMAND_HOLD, .place = PLACE_CLOUD, .hold_kind = HOLD_UNTIL_SCHEDULE},
         17 * HOUR_S, "held there until Mon 05:00, not until Mon 08:", true, true},
        {"a late one by the schedule",        {.id = 1, .kind = COMMAND_HOLD, .place = PLACE_CLOUD, .hold_kind = HOLD_UNTIL_SCHEDULE, .confirmed = true},
         22 * HOUR_S, "held there until Mon 08:", false, false},
        {"one until a time has no cap",       {.id = 1, .kind = COMMAND_HOLD, .place = PLACE_CLOUD, .hold_kind = HOLD_UNTIL, .until = {16 * HOUR_S}},
         17 * HOUR_S, "held there until Mon 09:00", false, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *r = run_prepare(3);
        struct night n = {.order = rows[i].order,
                          .at_s = rows[i].at_s,
                          .start = r->options.from,
                          .says = rows[i].says};

        r->options.duration_s = 26 * HOUR_S;
        r->options.each_minute = look;
        r->options.each_entry = hear;
        r->options.order = give_order;
        r->options.ctx = &n;
        run_go(r);
        assert_row(rows[i].what, n.said);
        assert_row(rows[i].what, n.was_out);
        assert_row(rows[i].what, n.home_at_night == rows[i].home);
        assert_row(rows[i].what, n.alerted == rows[i].alerted);
        assert_row(rows[i].what, n.ended);
        assert_int_equal(r->report.violations, 0);
        run_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nights)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
