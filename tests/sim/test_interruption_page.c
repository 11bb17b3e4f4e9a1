#include <config.h>

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "tests/sim/taken.h"

#include "tests/unit/table.h"

#include <string.h>

/*
 * policy-and-cost 5, "Interruption and re-run": its table row by row in its words, and
 * its rules, lived by the shipped controller with each way to move. A server of mover ec2
 * can go out again without coming home, when that is soon (rule 2), so that rows about a
 * way home are about others there.
 */

static const char *text(int64_t s, char buf[16])
{
    if (s < 0)
        (void)str_copy(buf, 16, "-");
    else
        (void)str_format(buf, 16, "%02lld:%02lld:%02lld", (long long)(s / 3600),
                         (long long)(s / 60 % 60), (long long)(s % 60));
    return buf;
}

static void show(const struct taken_day *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct taken *t = &d->all[i];
        char b[10][16];

        print_message("%-12s begun %s told %s closed %s lost %s home %s out %s again %s "
                      "return %s power %s queued %s %s -> %s, gap %lld\n",
                      taken_word(d->way), text(t->begun_s, b[0]), text(t->told_s, b[1]),
                      text(t->closed_s, b[2]), text(t->lost_s, b[3]),
                      text(t->home_s, b[4]), text(t->out_s, b[5]), text(t->again_s, b[6]),
                      text(t->return_s, b[7]), text(t->power_s, b[8]),
                      text(t->queued_s, b[9]), t->from, t->to, (long long)t->gap_s);
    }
    print_message("   gate %s place %s home open %d moves out %lld\n", gate_word(d->gate),
                  place_word(d->place), d->home_open, (long long)d->moves_out);
}

/* On the last day of the second Jenkins shows the loss before the manager does. */
enum { FIRST_SEED = 5, LAST_SEED = 6 };
enum { SOON_S = 90, AT_ONCE_S = 25, QUEUED_S = 300 };

/* Where it is at the end of a row. */
enum end { IN_CLOUD, AT_HOME, WHEREVER };

static const struct row {
    const char *lost_at, *nth, *remaining, *decision; /* the page's words */
    int64_t at_s[TAKEN_WAYS];                         /* the last one's loss */
    int64_t before_s[2];
    int64_t until_s;
    int64_t out_from_s, out_to_s; /* it is sent out again in between; 0 = it is not */
    bool home_first[TAKEN_WAYS];  /* the node at home is opened before */
    enum end end[TAKEN_WAYS];
    enum gate gate; /* at the end */
} rows[] = {
    /* clang-format off */
    {"11:00", "1st", "7h", "return, requeue, move out again at once",
     {TAKEN_HM(11, 0), TAKEN_HM(11, 0), TAKEN_HM(11, 0)}, {0}, TAKEN_HM(11, 39),
     TAKEN_HM(11, 0), TAKEN_HM(11, 9), {true, false, false}, {IN_CLOUD, IN_CLOUD, IN_CLOUD}, GATE_NONE},
    {"11:40", "2nd", "6h20", "requeue, on-prem node open, move out 11:45 on the next offering",
     {TAKEN_HM(11, 40), TAKEN_HM(11, 40), TAKEN_HM(11, 40)}, {TAKEN_HM(11, 0)}, TAKEN_HM(12, 9),
     TAKEN_HM(11, 45), TAKEN_HM(11, 48), {true, false, false}, {IN_CLOUD, IN_CLOUD, IN_CLOUD}, GATE_NONE},
    {"12:10", "3rd", "5h50", "move out not before 12:25",
     {TAKEN_HM(12, 10), TAKEN_HM(12, 10), TAKEN_HM(12, 10)}, {TAKEN_HM(11, 0), TAKEN_HM(11, 40)}, TAKEN_HM(12, 50),
     TAKEN_HM(12, 25), TAKEN_HM(12, 27), {true, true, true}, {IN_CLOUD, IN_CLOUD, IN_CLOUD}, GATE_NONE},
    {"17:00", "1st", "60m", "back on-prem 17:06, 54m left: move out again",
     {TAKEN_HM(17, 0), TAKEN_HM(17, 0), TAKEN_HM(17, 0)}, {0}, TAKEN_HM(17, 14),
     TAKEN_HM(17, 0), TAKEN_HM(17, 8), {true, false, false}, {WHEREVER, IN_CLOUD, IN_CLOUD}, GATE_COUNT},
    /* 44m are left, however it came to that */
    {"17:10", "1st", "50m", "back on-prem 17:16, 44m left: stay, open the on-prem node, reason `remaining`",
     {TAKEN_HM(17, 10), TAKEN_HM(17, 16), TAKEN_HM(17, 16)}, {0}, TAKEN_HM(17, 50),
     0, 0, {true, true, true}, {AT_HOME, AT_HOME, AT_HOME}, GATE_REMAINING},
    {"17:59", "1st", "1m", "requeue, return, stay; at 18:00 nothing more to do",
     {TAKEN_HM(17, 59), TAKEN_HM(17, 59), TAKEN_HM(17, 59)}, {0}, TAKEN_HM(18, 40),
     0, 0, {true, true, true}, {AT_HOME, AT_HOME, AT_HOME}, GATE_NONE},
    {"18:20 while draining", "any", "-", "requeue, return; it was leaving anyway",
     {TAKEN_HM(18, 20), TAKEN_HM(18, 20), TAKEN_HM(18, 20)}, {0}, TAKEN_HM(18, 59),
     0, 0, {false, false, false}, {AT_HOME, AT_HOME, AT_HOME}, GATE_NONE},
    /* clang-format on */
};

static void check_row(const struct row *r, const struct taken_day *d)
{
    const struct taken *t = &d->all[d->n - 1];
    bool draining = r->lost_at[5] != '\0';
    char what[160];

    (void)str_format(what, sizeof(what), "| %s | %s | %s | %.80s | %s", r->lost_at,
                     r->nth, r->remaining, r->decision, taken_word(d->way));
    assert_row(what, t->lost_s >= 0 && t->lost_s - t->begun_s <= AT_ONCE_S);
    assert_row(what,
               draining || (t->closed_s >= 0 && t->closed_s - t->begun_s <= AT_ONCE_S));
    assert_row(what, t->queued_s >= 0 && t->queued_s - t->lost_s <= QUEUED_S);
    assert_row(what, d->run->totals.builds_again > 0);
    assert_row(what, (t->out_s >= 0) == (r->out_from_s != 0) && d->moves_out <= 1);
    assert_row(what,
               t->out_s < 0 || (t->out_s >= r->out_from_s && t->out_s <= r->out_to_s));
    /* Once it may, it does: of what comes home first, as soon as it is there. */
    assert_row(what, t->out_s < 0 || t->out_s - r->out_from_s <= SOON_S ||
                         (t->home_s >= 0 && t->out_s - t->home_s <= SOON_S));
    assert_row(what, !r->home_first[d->way] ||
                         (t->home_s >= 0 && (t->out_s < 0 || t->home_s <= t->out_s)));
    if (r->end[d->way] == IN_CLOUD) {
        assert_row(what, d->place == PLACE_CLOUD && d->cloud_open);
        assert_row(what, t->to[0] != '\0' && !str_eq(t->from, t->to));
    }
    if (r->end[d->way] == AT_HOME)
        assert_row(what, d->place == PLACE_ONPREM && d->home_open);
    assert_row(what, r->gate == GATE_COUNT || d->gate == r->gate);
    /* 2: the manager returns it by itself; it has ten minutes for that. */
    assert_row(what, t->return_s < 0 || t->return_s - t->lost_s >= 600);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int w = 0; w < TAKEN_WAYS; w++) {
            struct taken_day d = {.way = (enum taken_way)w,
                                  .seed = 3,
                                  .busy = true,
                                  .until_s = rows[i].until_s};
            size_t n = 0;

            while (n < ARRAY_LEN(rows[i].before_s) && rows[i].before_s[n] != 0) {
                d.at_s[n] = rows[i].before_s[n];
                n++;
            }
            d.at_s[n] = rows[i].at_s[w];
            if (d.at_s[n] > TAKEN_HM(18, 0)) {
                d.long_s = TAKEN_HM(17, 55);
                d.max_overlap_s = 3600; /* else the wait for builds ends at 18:20 */
            }
            taken_live(&d);
            show(&d);
            check_row(&rows[i], &d);
            taken_clear(&d);
        }
    }
}

static struct taken_day notice(enum taken_way way, bool by_price, bool without_sqs)
{
    struct taken_day d = {.way = way,
                          .seed = 4,
                          .busy = true,
                          .at_s = {TAKEN_HM(11, 0)},
                          .notice_s = 120,
                          .by_price = by_price,
                          .without_sqs = without_sqs,
                          .until_s = TAKEN_HM(12, 30)};

    taken_live(&d);
    show(&d);
    return d;
}

/* "1. Notice (spot status `marked-for-termination`, or `instance-terminated-*` while the
 * instance still runs, which is AWS's usual way; event; or the node vanishing): close the
 * cloud node at once; record the builds running on it." And "2. …with `handover =
 * overlap` the replacement starts at the notice: … else the on-prem VM." */
static void test_rules_1_and_2(void **state)
{
    (void)state;
    for (int k = 0; k < TAKEN_WAYS * 4; k++) {
        struct taken_day d = notice((enum taken_way)(k / 4), k % 2 == 0, k / 2 % 2 == 0);
        const struct taken *t = &d.all[0];
        char what[64];

        (void)str_format(what, sizeof(what), "%s, %s, %s", taken_word(d.way),
                         d.by_price ? "marked-for-termination" : "instance-terminated",
                         d.without_sqs ? "polls" : "events");
        assert_row(what, t->closed_s >= 0 && t->closed_s - t->begun_s <= AT_ONCE_S);
        assert_row(what, t->told_s - t->begun_s <= AT_ONCE_S);
        assert_row(what, t->lost_s - t->begun_s >= 120 && t->lost_s - t->begun_s <= 150);
        assert_row(what, t->closed_s < t->lost_s);
        assert_row(what, t->queued_s > t->lost_s && t->queued_s - t->lost_s <= QUEUED_S);
        if (d.way == TAKEN_OVERLAP)
            assert_row(what, t->power_s >= 0 && t->power_s < t->lost_s);
        else
            assert_row(what, t->power_s < 0 || t->power_s > t->lost_s);
        /* A re-run at once: with a gap it does not come home first. */
        assert_row(what, d.way != TAKEN_GAP || t->power_s < 0);
        assert_row(what, d.place == PLACE_CLOUD && d.cloud_open);
        taken_clear(&d);
    }
}

/* "3. Requeue each recorded build that ended ABORTED/FAILURE between notice and loss+10m
 * …at most once per key": of a loss that nobody gave notice of, too, whatever was read of
 * Jenkins between the loss and the first word of it. taken_live() looks at each. */
static void test_rule_3(void **state)
{
    int64_t again = 0;

    (void)state;
    for (uint64_t seed = FIRST_SEED; seed <= LAST_SEED; seed++) {
        struct taken_day d = {
            .way = TAKEN_VELOSTRATA,
            .seed = seed,
            .at_s = {TAKEN_HM(10, 0), TAKEN_HM(12, 10), TAKEN_HM(14, 20)},
            .until_s = TAKEN_HM(15, 30)};

        taken_live(&d);
        again += d.run->totals.builds_again;
        taken_clear(&d);
    }
    assert_true(again > 0);
}

/* "4. … Offering order: configured (type, zone) list, those lost or out of capacity in
 * the last 30m go last; then on-demand if on; then stay on-prem, open its node, gate
 * `backoff`." "5. A fixed network interface ties a server to one zone. Another zone is a
 * legal offering only if it has its own interface and node": the others have capacity. */
static void test_rules_4_and_5(void **state)
{
    (void)state;
    for (int w = 0; w < TAKEN_WAYS; w++) {
        struct taken_day d = {.way = (enum taken_way)w,
                              .seed = 6,
                              .busy = true,
                              .at_s = {TAKEN_HM(11, 0)},
                              .no_capacity = true,
                              .until_s = TAKEN_HM(12, 30)};
        const struct world *world;

        taken_live(&d);
        show(&d);
        world = d.run->site->w;
        for (size_t i = 0; i < world->n_instances; i++)
            assert_row(taken_word(d.way),
                       str_eq(world->instances[i]->zone, world->enis[0].zone));
        assert_row(taken_word(d.way), d.place == PLACE_ONPREM && d.backed_off);
        assert_row(taken_word(d.way), d.all[0].queued_s >= 0);
        taken_clear(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_rules_1_and_2),
        cmocka_unit_test(test_rule_3),
        cmocka_unit_test(test_rules_4_and_5),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
