#include <config.h>

#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/cost/speedup.h"

#include "tests/unit/table.h"

#include <string.h>

enum { MINUTE_MS = 60 * 1000, MOST = 30 };

static struct sample build_of(const char *job, int32_t number, enum place place,
                              enum build_result result, int64_t ms)
{
    struct sample s = {.number = number, .place = place, .result = result, .took_ms = ms};

    (void)str_copy(s.job, sizeof(s.job), job);
    (void)str_copy(s.server, sizeof(s.server), "cache");
    return s;
}

/* Builds of these minutes in both places, 0 ends a list. */
static struct job_history job_of(const int32_t *onprem, const int32_t *cloud)
{
    struct job_history j = {.path = "/job/a/"};
    int32_t number = 1;

    for (; *onprem != 0; onprem++) {
        struct sample s = build_of("/job/a/", number++, PLACE_ONPREM, BUILD_SUCCESS,
                                   (int64_t)*onprem * MINUTE_MS);

        job_history_note(&j, &s);
    }
    for (; *cloud != 0; cloud++) {
        struct sample s = build_of("/job/a/", number++, PLACE_CLOUD, BUILD_UNSTABLE,
                                   (int64_t)*cloud * MINUTE_MS);

        job_history_note(&j, &s);
    }
    return j;
}

static void test_counts(void **state)
{
    static const struct {
        const char *what;
        enum build_result result;
        enum place place;
        int64_t ms;
        bool want;
    } rows[] = {
        /* clang-format off */
        {"went through",               BUILD_SUCCESS,   PLACE_ONPREM,     1, true},
        {"went through, out there",    BUILD_SUCCESS,   PLACE_CLOUD,      1, true},
        {"all tests ran, some failed", BUILD_UNSTABLE,  PLACE_CLOUD,      1, true},
        {"ended where it broke",       BUILD_FAILURE,   PLACE_CLOUD,      1, false},
        {"stopped",                    BUILD_ABORTED,   PLACE_CLOUD,      1, false},
        {"never begun",                BUILD_NOT_BUILT, PLACE_CLOUD,      1, false},
        {"still running",              BUILD_RUNNING,   PLACE_CLOUD,      1, false},
        {"an unknown word",            BUILD_UNKNOWN,   PLACE_CLOUD,      1, false},
        {"in both places",             BUILD_SUCCESS,   PLACE_UNKNOWN,    1, false},
        {"on the way",                 BUILD_SUCCESS,   PLACE_MOVING_OUT, 1, false},
        {"no duration",                BUILD_SUCCESS,   PLACE_CLOUD,      0, false},
        {"a duration that cannot be",  BUILD_SUCCESS,   PLACE_CLOUD,     -5, false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sample s =
            build_of("/job/a/", 1, rows[i].place, rows[i].result, rows[i].ms);
        struct job_history j = {.path = "/job/a/"};

        assert_row(rows[i].what, sample_counts(&s) == rows[i].want);
        job_history_note(&j, &s);
        assert_row(rows[i].what, j.onprem.n + j.cloud.n == (rows[i].want ? 1 : 0));
        /* Also what does not count is over, and where it ran is known. */
        assert_row(rows[i].what, j.last == 1 && str_eq(j.server, "cache"));
    }
}

static void test_job(void **state)
{
    static const struct {
        const char *what;
        int32_t onprem[MOST], cloud[MOST];
        bool known;
        int32_t percent;
        int64_t onprem_ms, cloud_ms;
    } rows[] = {
        /* clang-format off */
        {"no build at all",            {0}, {0}, false, 0, 0, 0},
        {"none in the cloud",          {5, 6, 7}, {0}, false, 0, 6 * MINUTE_MS, 0},
        {"one too few on-prem",        {5, 6}, {1, 2, 3}, false, 0, 330000, 2 * MINUTE_MS},
        {"one too few in the cloud",   {5, 6, 7}, {1, 2}, false, 0, 6 * MINUTE_MS, 90000},
        {"just enough",                {10, 10, 10}, {5, 5, 5}, true, 50, 10 * MINUTE_MS, 5 * MINUTE_MS},
        {"one odd build is no median", {10, 10, 500}, {6, 6, 1}, true, 40, 10 * MINUTE_MS, 6 * MINUTE_MS},
        {"an even number: the middle", {10, 20, 30, 40}, {5, 15, 25, 35}, true, 20, 25 * MINUTE_MS, 20 * MINUTE_MS},
        {"slower out there",           {10, 10, 10}, {15, 15, 15}, true, -50, 10 * MINUTE_MS, 15 * MINUTE_MS},
        {"the same",                   {7, 7, 7}, {7, 7, 7}, true, 0, 7 * MINUTE_MS, 7 * MINUTE_MS},
        {"42.5 rounds away from zero", {40, 40, 40}, {23, 23, 23}, true, 43, 40 * MINUTE_MS, 23 * MINUTE_MS},
        {"-2.5 rounds away from zero", {40, 40, 40}, {41, 41, 41}, true, -3, 40 * MINUTE_MS, 41 * MINUTE_MS},
        {"absurdly slow",              {1, 1, 1}, {900, 900, 900}, true, -9999, MINUTE_MS, 900 * MINUTE_MS},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct job_history j = job_of(rows[i].onprem, rows[i].cloud);
        struct job_speedup s;

        speedup_job(&j, &s);
        assert_row(rows[i].what, s.known == rows[i].known);
        assert_row(rows[i].what, s.percent == rows[i].percent);
        assert_row(rows[i].what, s.onprem_ms == rows[i].onprem_ms);
        assert_row(rows[i].what, s.cloud_ms == rows[i].cloud_ms);
    }
}

/* The newest count, whatever came first; the same build again changes nothing. */
static void test_newest(void **state)
{
    struct job_history j = {.path = "/job/a/"};
    struct job_speedup s;
    struct sample b;

    (void)state;
    for (int32_t n = 1; n <= 3 * SPEEDUP_NEWEST; n++) {
        b = build_of("/job/a/", n, PLACE_ONPREM, BUILD_SUCCESS, 1000 * n);
        job_history_note(&j, &b);
        job_history_note(&j, &b);
    }
    assert_int_equal(j.onprem.n, SPEEDUP_NEWEST);
    assert_int_equal(j.last, 3 * SPEEDUP_NEWEST);
    speedup_job(&j, &s);
    assert_int_equal(s.onprem_ms, 50500);                       /* of 41 to 60 */
    b = build_of("/job/a/", 1, PLACE_ONPREM, BUILD_SUCCESS, 1); /* an old one */
    job_history_note(&j, &b);
    b = build_of("/job/a/", 55, PLACE_ONPREM, BUILD_SUCCESS, 55000); /* one that is in */
    job_history_note(&j, &b);
    speedup_job(&j, &s);
    assert_int_equal(s.onprem_ms, 50500);
}

static void test_over_jobs(void **state)
{
    static const int32_t none[] = {0}, one[] = {9, 0}, ten[] = {10, 10, 10, 0},
                         six[] = {6, 6, 6, 6, 0}, five[] = {5, 5, 5, 0},
                         two[] = {2, 2, 2, 0};
    struct job_history jobs[] = {job_of(ten, six),  /* 40 */
                                 job_of(none, six), /* says nothing */
                                 job_of(ten, two),  /* 80 */
                                 job_of(ten, five), /* 50 */
                                 job_of(one, one)};
    struct speedup s;
    char text[LINE_TEXT];

    (void)state;
    speedup(jobs, ARRAY_LEN(jobs), &s);
    assert_true(s.known);
    assert_int_equal(s.percent, 50);
    assert_int_equal(s.jobs, 3);
    assert_int_equal(s.builds, 3 + 4 + 3 + 3 + 3 + 3);
    speedup_missing(&s, text);
    assert_string_equal(text, "");
    speedup(jobs, 3, &s); /* 40 and 80 */
    assert_int_equal(s.percent, 60);
    speedup(jobs, 0, &s);
    assert_false(s.known);
    speedup_missing(&s, text);
    assert_string_equal(text, "needs 3 good builds of a job on-prem and 3 in the cloud; "
                              "has none yet");
    jobs[0] = job_of(one, none);
    jobs[1] = job_of(none, six);
    jobs[2] = job_of(one, one);
    speedup(jobs, 3, &s);
    assert_false(s.known);
    speedup_missing(&s, text);
    assert_string_equal(text, "needs 3 good builds of a job on-prem and 3 in the cloud; "
                              "the job nearest to it has 0 and 4");
}

static void shuffle(struct rng *r, struct sample *s, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)rng_between(r, 0, (int64_t)i - 1);
        struct sample one = s[i - 1];

        s[i - 1] = s[k];
        s[k] = one;
    }
}

static struct speedup of_samples(const struct sample *s, size_t n)
{
    struct job_history jobs[4];
    struct speedup out;
    size_t n_jobs = 0;

    for (size_t i = 0; i < n; i++) {
        struct job_history *j = job_history_get(jobs, &n_jobs, ARRAY_LEN(jobs), s[i].job);

        if (j != NULL)
            job_history_note(j, &s[i]);
    }
    speedup(jobs, n_jobs, &out);
    return out;
}

/* Whatever order the samples come in, they say the same. */
static void test_order(void **state)
{
    static const char *const paths[] = {"/job/a/", "/job/b/", "/job/c/", "/job/d/"};
    struct sample s[160];
    struct rng r;

    (void)state;
    rng_seed(&r, 42);
    for (int round = 0; round < 200; round++) {
        struct speedup want, got;

        for (size_t i = 0; i < ARRAY_LEN(s); i++)
            s[i] = build_of(paths[i % ARRAY_LEN(paths)], (int32_t)i + 1,
                            (enum place)rng_between(&r, 0, PLACE_COUNT - 1),
                            (enum build_result)rng_between(&r, 0, BUILD_RESULT_COUNT - 1),
                            rng_between(&r, -1, 100000));
        want = of_samples(s, ARRAY_LEN(s));
        shuffle(&r, s, ARRAY_LEN(s));
        got = of_samples(s, ARRAY_LEN(s));
        assert_int_equal(got.known, want.known);
        assert_int_equal(got.percent, want.percent);
        assert_int_equal(got.jobs, want.jobs);
        assert_int_equal(got.builds, want.builds);
        assert_true(got.percent <= 100);
    }
}

static void test_room(void **state)
{
    struct job_history jobs[2];
    size_t n = 0;
    struct job_history *a = job_history_get(jobs, &n, 2, "/job/a/");
    struct job_history *b = job_history_get(jobs, &n, 2, "/job/b/");

    (void)state;
    assert_true(a == &jobs[0] && b == &jobs[1]);
    assert_null(job_history_get(jobs, &n, 2, "/job/c/"));
    assert_true(job_history_get(jobs, &n, 2, "/job/b/") == b);
    assert_int_equal(n, 2);
}

static void test_names(void **state)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/job/cache-smoke/", "cache-smoke"},
        {"/ci/job/team/job/net-pipe/", "team/net-pipe"},
        {"/job/a%20b/job/x%2Fy/", "a b/x/y"},
        {"/job/feature%252Fx/", "feature%2Fx"},
        {"/job/matrix/AXIS=1/", "matrix/AXIS=1"},
        {"/job/%D7%A9/", "\xD7\xA9"},
        {"/job/%1B%5B2J%zz%4/", "\xEF\xBF\xBD[2J%zz%4"},
        {"/job/half%2", "half%2"},
        {"nothing", "nothing"},
        {"/job/", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[BUILD_TEXT];

        sample_job_name(rows[i].path, name, sizeof(name));
        if (strcmp(name, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].path, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_job),
        cmocka_unit_test(test_newest), cmocka_unit_test(test_over_jobs),
        cmocka_unit_test(test_order),  cmocka_unit_test(test_room),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
