#include <config.h>

#include "core/policy/requeue.h"

#include "core/base/str.h"
#include "tests/unit/table.h"

/* policy-and-cost 5.3, rule by rule: the numbers are minutes around a notice at 0. */

enum { NOTICE = 1000000, M = 60 };

#define NO_PARAMETERS                                                                    \
    {                                                                                    \
        "", ""                                                                           \
    }
#define SMOKE                                                                            \
    {                                                                                    \
        "SUITE=smoke", ""                                                                \
    }

struct row {
    const char *what;
    /* the build, as noted; times in seconds after the notice, lost -1: not yet */
    int lost, stopped;
    int count;
    bool spread, elsewhere;
    /* what Jenkins says of it */
    enum build_result result;
    int ended; /* seconds after the notice */
    const char *aborted_by;
    /* what else it has of the job */
    struct seen_run newer;
    struct seen_item item;
    bool gone, unlisted, disabled;
    const char *hidden;
    /* the policy and the time */
    bool off;
    int max;
    const char *deny, *job;
    int now;
    enum requeue_verdict want;
    const char *why;
};

static const struct row base = {
    .lost = 2 * M,
    .stopped = -1,
    .result = BUILD_FAILURE,
    .ended = 2 * M + 10,
    .aborted_by = "",
    .hidden = "",
    .max = 2,
    .deny = "deploy",
    .job = "team/net-pipe",
    .now = 3 * M,
};

static struct utc at(int seconds)
{
    return (struct utc){seconds >= 0 ? NOTICE + seconds : 0};
}

static struct requeue_out ask(const struct row *r, int64_t skew_s)
{
    const struct policy_config policy = {.requeue = !r->off,
                                         .requeue_max = r->max,
                                         .requeue_deny = {"nightly", r->deny},
                                         .n_requeue_deny = 2};
    static const char team[] = "/job/team/job/net-pipe/";
    struct requeue build = {.number = 12,
                            .noted = {NOTICE},
                            .lost = at(r->lost),
                            .stopped = at(r->stopped),
                            .count = r->count,
                            .spread = r->spread};
    struct requeue noted[] = {{.number = 8, .queue_id = 9},
                              {.number = 7, .queue_id = 10}};
    struct seen_run runs[] = {
        {.number = 11, .result = BUILD_SUCCESS, .parameters = SMOKE, .aborted_by = ""},
        {.number = r->unlisted ? 9 : 12,
         .result = r->result,
         .started = {NOTICE - 600 + skew_s},
         .took_ms = (600 + (int64_t)r->ended) * 1000,
         .parameters = {"SUITE=smoke", r->hidden},
         .aborted_by = r->aborted_by},
        r->newer,
    };
    const struct seen_job job = {.path = team,
                                 .gone = r->gone,
                                 .runs = runs,
                                 .n_runs = r->newer.number != 0 ? 3 : 2,
                                 .detailed = true,
                                 .disabled = r->disabled,
                                 .items = &r->item,
                                 .n_items = r->item.id != 0 ? 1 : 0};
    const struct requeue_in in = {.policy = &policy,
                                  .build = &build,
                                  .job_name = r->job,
                                  .job = &job,
                                  .now = {NOTICE + r->now},
                                  .skew_s = skew_s,
                                  .our_user = "rushhour",
                                  .elsewhere = r->elsewhere,
                                  .noted = noted,
                                  .n_noted = ARRAY_LEN(noted)};

    runs[2].started.s += skew_s;
    (void)str_copy(build.job, sizeof(build.job), team);
    (void)str_copy(noted[0].job, sizeof(noted[0].job), team);
    (void)str_copy(noted[1].job, sizeof(noted[1].job), "/job/another/");
    return requeue_decide(&in);
}

static void check(const struct row *r)
{
    static const int64_t skews[] = {0, 3600, -7200};

    for (size_t i = 0; i < ARRAY_LEN(skews); i++) {
        struct requeue_out out = ask(r, skews[i]);

        if (out.verdict != r->want || strstr(out.why, r->why) == NULL)
            fail_msg("%s: %d \"%s\", not %d \"%s\"", r->what, (int)out.verdict, out.why,
                     (int)r->want, r->why);
    }
}

static struct row with(const char *what, enum requeue_verdict want, const char *why)
{
    struct row r = base;

    r.what = what;
    r.want = want;
    r.why = why;
    return r;
}

static void test_ends(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        enum build_result result;
        int ended, lost, now;
        const char *aborted_by;
        enum requeue_verdict want;
        const char *why;
    } rows[] = {
        {"requeue each recorded build that ended FAILURE between notice and loss+10m", BUILD_FAILURE, 2 * M, 2 * M, 3 * M, "", REQUEUE_NOW, ""},
        {"… or ABORTED", BUILD_ABORTED, 3 * M, 2 * M, 4 * M, "", REQUEUE_NOW, ""},
        {"it ended before the loss, after the notice", BUILD_FAILURE, 30, 2 * M, 3 * M, "", REQUEUE_NOW, ""},
        {"at the notice", BUILD_FAILURE, 0, 2 * M, 3 * M, "", REQUEUE_NOW, ""},
        {"before the notice", BUILD_FAILURE, -10, 2 * M, 3 * M, "", REQUEUE_SKIP, "before"},
        {"at loss+10m", BUILD_FAILURE, 12 * M, 2 * M, 20 * M, "", REQUEUE_NOW, ""},
        {"after loss+10m", BUILD_FAILURE, 12 * M + 1, 2 * M, 20 * M, "", REQUEUE_SKIP, "long after"},
        {"after loss+10m, since we stopped it", BUILD_ABORTED, 15 * M, 2 * M, 20 * M, "rushhour", REQUEUE_NOW, ""},
        {"Jenkins was down for a day: the time of its end counts", BUILD_FAILURE, 3 * M, 2 * M, 1440 * M, "", REQUEUE_NOW, ""},
        {"user aborts: never requeue those", BUILD_ABORTED, 3 * M, 2 * M, 4 * M, "dana", REQUEUE_SKIP, "person"},
        {"unless NAME is our own user (drain deadline)", BUILD_ABORTED, 3 * M, 2 * M, 4 * M, "rushhour", REQUEUE_NOW, ""},
        {"the build went on by itself: green", BUILD_SUCCESS, 3 * M, 2 * M, 4 * M, "", REQUEUE_SKIP, "by itself"},
        {"… unstable", BUILD_UNSTABLE, 3 * M, 2 * M, 4 * M, "", REQUEUE_SKIP, "by itself"},
        {"… not built", BUILD_NOT_BUILT, 3 * M, 2 * M, 4 * M, "", REQUEUE_SKIP, "by itself"},
        {"… nobody knows", BUILD_UNKNOWN, 3 * M, 2 * M, 4 * M, "", REQUEUE_SKIP, "by itself"},
        {"it ended, the loss is still to come", BUILD_FAILURE, 30, -1, 1 * M, "", REQUEUE_WAIT, ""},
        {"no loss for an hour after the notice", BUILD_FAILURE, 30, -1, 60 * M, "", REQUEUE_SKIP, "not taken away"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct row r = with(rows[i].what, rows[i].want, rows[i].why);

        r.result = rows[i].result;
        r.ended = rows[i].ended;
        r.lost = rows[i].lost;
        r.now = rows[i].now;
        r.aborted_by = rows[i].aborted_by;
        check(&r);
    }
}

static void test_hangs(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        int lost, stopped, now;
        bool spread, elsewhere;
        enum requeue_verdict want;
        const char *why;
    } rows[] = {
        {"it runs, the loss is still to come", -1, -1, 1 * M, false, false, REQUEUE_WAIT, ""},
        {"it hangs less than 5m after loss", 2 * M, -1, 7 * M - 1, false, false, REQUEUE_WAIT, ""},
        {"still hangs 5m after loss (stop it first)", 2 * M, -1, 7 * M, false, false, REQUEUE_STOP_FIRST, ""},
        {"stopped a moment ago", 2 * M, 7 * M, 8 * M, false, false, REQUEUE_WAIT, ""},
        {"stopped, and hangs all the same", 2 * M, 7 * M, 9 * M, false, false, REQUEUE_STOP_FIRST, ""},
        {"it hangs for an hour", 2 * M, 60 * M, 62 * M, false, false, REQUEUE_SKIP, "cannot be stopped"},
        {"the build went on elsewhere by itself", 2 * M, -1, 3 * M, false, true, REQUEUE_SKIP, "elsewhere"},
        {"… but it was there before, too", 2 * M, -1, 3 * M, true, true, REQUEUE_WAIT, ""},
        {"elsewhere before the loss means nothing", -1, -1, 1 * M, false, true, REQUEUE_WAIT, ""},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct row r = with(rows[i].what, rows[i].want, rows[i].why);

        r.result = BUILD_RUNNING;
        r.lost = rows[i].lost;
        r.stopped = rows[i].stopped;
        r.now = rows[i].now;
        r.spread = rows[i].spread;
        r.elsewhere = rows[i].elsewhere;
        check(&r);
    }
}

/* "Skip if an equal newer build is queued, running or green" */
static void test_newer(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        struct seen_run newer;
        struct seen_item item;
        enum requeue_verdict want;
        const char *why;
    } rows[] = {
        {"queued", {0}, {7, SMOKE, false}, REQUEUE_SKIP, "queued"},
        {"queued with other parameters", {0}, {7, {"SUITE=full", ""}, false}, REQUEUE_NOW, ""},
        {"queued with hidden parameters", {0}, {7, {"", "TOKEN"}, false}, REQUEUE_NOW, ""},
        {"running", {.number = 13, .result = BUILD_RUNNING, .parameters = SMOKE}, {0}, REQUEUE_SKIP, "newer"},
        {"green", {.number = 13, .result = BUILD_SUCCESS, .parameters = SMOKE}, {0}, REQUEUE_SKIP, "newer"},
        {"red", {.number = 13, .result = BUILD_FAILURE, .parameters = SMOKE}, {0}, REQUEUE_NOW, ""},
        {"yellow", {.number = 13, .result = BUILD_UNSTABLE, .parameters = SMOKE}, {0}, REQUEUE_NOW, ""},
        {"older and green", {.number = 10, .result = BUILD_SUCCESS, .parameters = SMOKE}, {0}, REQUEUE_NOW, ""},
        {"red, and of ours: another controller has queued it again", {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 130}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_SKIP, "already"},
        {"... three seconds before its end by that clock", {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 127}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_SKIP, "already"},
        {"... before its end: for another one", {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 126}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_NOW, ""},
        {"... nobody tells as what: an old Jenkins", {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 130}, .parameters = SMOKE, .by_us = true}, {0}, REQUEUE_NOW, ""},
        {"... with other parameters", {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 130}, .parameters = {"SUITE=x", ""}, .by_us = true, .queue_id = 8}, {0}, REQUEUE_NOW, ""},
        {"... older", {.number = 10, .result = BUILD_FAILURE, .started = {NOTICE + 130}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_NOW, ""},
        {"... that was queued for another one", {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 130}, .parameters = SMOKE, .by_us = true, .queue_id = 9}, {0}, REQUEUE_NOW, ""},
        {"... or for one of another job", {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 130}, .parameters = SMOKE, .by_us = true, .queue_id = 10}, {0}, REQUEUE_SKIP, "already"},
        {"green with other parameters", {.number = 13, .result = BUILD_SUCCESS, .parameters = {"SUITE=x", ""}}, {0}, REQUEUE_NOW, ""},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct row r = with(rows[i].what, rows[i].want, rows[i].why);

        r.newer = rows[i].newer;
        r.item = rows[i].item;
        check(&r);
    }
}

static void test_terms(void **state)
{
    struct row r;

    (void)state;
    r = with("`requeue` off", REQUEUE_SKIP, "requeue is off");
    r.off = true;
    check(&r);
    r = with("`requeue_deny`: the full name of the job contains it", REQUEUE_SKIP,
             "denied");
    r.deny = "net-pi";
    check(&r);
    r = with("… in any case", REQUEUE_SKIP, "denied");
    r.job = "team/Deploy-live";
    check(&r);
    r = with("`requeue_max` per original: once before, 2 allowed", REQUEUE_NOW, "");
    r.count = 1;
    check(&r);
    r = with("… twice before", REQUEUE_SKIP, "requeue_max");
    r.count = 2;
    check(&r);
    r = with("the job is disabled", REQUEUE_SKIP, "disabled");
    r.disabled = true;
    check(&r);
    r = with("the job is gone", REQUEUE_SKIP, "gone");
    r.gone = true;
    check(&r);
    r = with("never \"the last failed\": another number is another build", REQUEUE_SKIP,
             "list");
    r.unlisted = true;
    check(&r);
    r = with("password parameters cannot be read", REQUEUE_SKIP, "cannot be read");
    r.hidden = "TOKEN";
    check(&r);
}

/* The answer to the order, given at 3m, was lost. */
static void test_lost_order(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        int now;
        bool unlisted;
        struct seen_run newer;
        struct seen_item item;
        enum requeue_trace want;
        int64_t id;
    } rows[] = {
        {"nothing yet", 4 * M, false, {0}, {0}, REQUEUE_NOT_YET, 0},
        {"nothing, a second before it would be there", 3 * M + 74, false, {0}, {0}, REQUEUE_NOT_YET, 0},
        {"nothing, and it would be there now", 3 * M + 75, false, {0}, {0}, REQUEUE_ABSENT, 0},
        {"nothing, and it would be there by now", 5 * M, false, {0}, {0}, REQUEUE_ABSENT, 0},
        {"an equal item of ours", 4 * M, false, {0}, {7, SMOKE, true}, REQUEUE_FOUND, 7},
        {"an equal item of another", 5 * M, false, {0}, {7, SMOKE, false}, REQUEUE_ABSENT, 0},
        {"another item of ours", 5 * M, false, {0}, {7, NO_PARAMETERS, true}, REQUEUE_ABSENT, 0},
        {"an equal build of ours, already red", 5 * M, false, {.number = 13, .result = BUILD_FAILURE, .started = {NOTICE + 190}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_FOUND, 8},
        {"one of ours from before", 5 * M, false, {.number = 13, .started = {NOTICE + 100}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_ABSENT, 0},
        {"one of ours, three seconds before by that clock", 5 * M, false, {.number = 13, .started = {NOTICE + 177}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_FOUND, 8},
        {"... four are no clock's fault", 5 * M, false, {.number = 13, .started = {NOTICE + 176}, .parameters = SMOKE, .by_us = true, .queue_id = 8}, {0}, REQUEUE_ABSENT, 0},
        {"one of another", 5 * M, false, {.number = 13, .started = {NOTICE + 190}, .parameters = SMOKE, .queue_id = 8}, {0}, REQUEUE_ABSENT, 0},
        {"one of ours with other parameters", 5 * M, false, {.number = 13, .started = {NOTICE + 190}, .parameters = NO_PARAMETERS, .by_us = true}, {0}, REQUEUE_ABSENT, 0},
        {"the build itself is not listed any more", 4 * M, true, {0}, {0}, REQUEUE_ABSENT, 0},
    };
    /* clang-format on */
    static const struct requeue build = {.number = 12, .sent = {NOTICE + 3 * M}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct seen_run runs[] = {
            {.number = rows[i].unlisted ? 9 : 12, .parameters = SMOKE, .by_us = true},
            rows[i].newer};
        const struct seen_job job = {.runs = runs,
                                     .n_runs = rows[i].newer.number != 0 ? 2 : 1,
                                     .items = &rows[i].item,
                                     .n_items = rows[i].item.id != 0 ? 1 : 0};
        const struct requeue_in in = {
            .build = &build, .job = &job, .now = {NOTICE + rows[i].now}};
        int64_t id = -1;
        enum requeue_trace got = requeue_look(&in, &id);

        if (got != rows[i].want || id != rows[i].id)
            fail_msg("%s: %d, item %lld", rows[i].what, (int)got, (long long)id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),       cmocka_unit_test(test_hangs),
        cmocka_unit_test(test_newer),      cmocka_unit_test(test_terms),
        cmocka_unit_test(test_lost_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
