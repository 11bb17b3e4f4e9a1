#include <config.h>

#include "core/base/str.h"
#include "core/base/tz.h"

#include "tests/unit/table.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;

static const char *const zones[] = {
    "Asia/Jerusalem",      "Europe/Berlin",     "America/New_York",
    "Australia/Lord_Howe", "America/Sao_Paulo", "UTC",
};

static struct tz *load(const char *name)
{
    struct tz *z = NULL;
    struct err e = {0};

    if (tz_load(name, &z, &e) != ERR_OK) {
        print_error("%s: %s\n", name, e.text);
        fail();
    }
    return z;
}

static struct utc at(const char *text)
{
    struct utc t = {0};
    struct err e = {0};

    assert_int_equal(utc_parse(text, &t, &e), ERR_OK);
    return t;
}

static void test_utc_text(void **state)
{
    static const struct {
        const char *what;
        int64_t s;
        const char *text;
    } rows[] = {
        {"the beginning", 0, "1970-01-01T00:00:00Z"},
        {"every digit of its own", 1795330859, "2026-11-22T07:00:59Z"},
        {"the end of a year", 1798761599, "2026-12-31T23:59:59Z"},
        {"before 1970", -1, "1969-12-31T23:59:59Z"},
        {"year 0", -62167219200, "0000-01-01T00:00:00Z"},
        {"before year 0", -62167219201, "-001-12-31T23:59:59Z"},
        {"the last of four digits", 253402300799, "9999-12-31T23:59:59Z"},
        {"the first of five", 253402300800, "10000-01-01T00:00:00Z"},
    };
    char buf[TIME_TEXT];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what,
                   str_eq(utc_text((struct utc){rows[i].s}, buf), rows[i].text));
}

/* It is compared before it is copied; what is cut, too. */
static void test_offsets(void **state)
{
    /* clang-format off */
    static const struct { const char *zone, *at; int32_t offset_s; const char *name; } rows[] = {
        {"Asia/Jerusalem",      "2026-10-24T22:59:59Z",  10800, "IDT"},
        {"Asia/Jerusalem",      "2026-10-24T23:00:00Z",   7200, "IST"},
        {"Asia/Jerusalem",      "2027-03-25T23:59:59Z",   7200, "IST"},
        {"Asia/Jerusalem",      "2027-03-26T00:00:00Z",  10800, "IDT"},
        {"Asia/Jerusalem",      "2075-07-01T00:00:00Z",  10800, "IDT"},
        {"Asia/Jerusalem",      "2876-07-01T00:00:00Z",  10800, "IDT"},
        {"Asia/Jerusalem",      "2876-12-01T00:00:00Z",   7200, "IST"},
        {"Europe/Berlin",       "2026-10-25T00:59:59Z",   7200, "CEST"},
        {"Europe/Berlin",       "2026-10-25T01:00:00Z",   3600, "CET"},
        {"Europe/Berlin",       "1880-01-01T00:00:00Z",   3208, "LMT"},
        {"America/New_York",    "2026-03-08T07:00:00Z", -14400, "EDT"},
        {"America/New_York",    "2026-03-08T06:59:59Z", -18000, "EST"},
        {"Australia/Lord_Howe", "2026-01-01T00:00:00Z",  39600, "+11"},
        {"Australia/Lord_Howe", "2026-07-01T00:00:00Z",  37800, "+1030"},
        {"America/Sao_Paulo",   "2026-01-01T00:00:00Z", -10800, "-03"},
        {"Asia/Kolkata",        "2026-01-01T00:00:00Z",  19800, "IST"},
        {"Asia/Kathmandu",      "2026-01-01T00:00:00Z",  20700, "+0545"},
        {"Europe/Dublin",       "2050-07-01T00:00:00Z",   3600, "IST"},
        {"Europe/Dublin",       "2050-12-01T00:00:00Z",      0, "GMT"},
        {"UTC",                 "2026-01-01T00:00:00Z",      0, "UTC"},
        {"Etc/UTC",             "2026-01-01T00:00:00Z",      0, "UTC"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tz *z = load(rows[i].zone);

        assert_row(rows[i].at, tz_offset_s(z, at(rows[i].at)) == rows[i].offset_s);
        assert_row(rows[i].at, str_eq(tz_abbreviation(z, at(rows[i].at)), rows[i].name));
        assert_row(rows[i].at, str_eq(tz_name(z), rows[i].zone));
        tz_free(z);
    }
}

static void test_local(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *zone;
        struct civil local;
        int n;
        const char *first, *second;
    } rows[] = {
        {"an ordinary morning", "Asia/Jerusalem", {2026, 11, 22, 9, 0, 0, 0},
            1, "2026-11-22T07:00:00Z", "2026-11-22T07:00:00Z"},
        {"01:30 twice in autumn", "Asia/Jerusalem", {2026, 10, 25, 1, 30, 0, 0},
            2, "2026-10-24T22:30:00Z", "2026-10-24T23:30:00Z"},
        {"02:00 is once again unique", "Asia/Jerusalem", {2026, 10, 25, 2, 0, 0, 0},
            1, "2026-10-25T00:00:00Z", "2026-10-25T00:00:00Z"},
        {"02:30 does not exist in spring", "Asia/Jerusalem", {2027, 3, 26, 2, 30, 0, 0},
            0, "2027-03-26T00:00:00Z", "2027-03-26T00:00:00Z"},
        {"02:00 is the gap's first second", "Asia/Jerusalem", {2027, 3, 26, 2, 0, 0, 0},
            0, "2027-03-26T00:00:00Z", "2027-03-26T00:00:00Z"},
        {"03:00 is behind the gap", "Asia/Jerusalem", {2027, 3, 26, 3, 0, 0, 0},
            1, "2027-03-26T00:00:00Z", "2027-03-26T00:00:00Z"},
        {"half an hour twice", "Australia/Lord_Howe", {2026, 4, 5, 1, 45, 0, 0},
            2, "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"},
        {"half an hour's gap", "Australia/Lord_Howe", {2026, 10, 4, 2, 15, 0, 0},
            0, "2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z"},
        {"an overlap of the far future", "Europe/Berlin", {2826, 10, 25, 2, 30, 0, 0},
            2, "2826-10-25T00:30:00Z", "2826-10-25T01:30:00Z"},
        {"a day that Samoa left out", "Pacific/Apia", {2011, 12, 30, 12, 0, 0, 0},
            0, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
        {"UTC has neither", "UTC", {2026, 10, 25, 1, 30, 0, 0},
            1, "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tz *z = load(rows[i].zone);
        struct tz_local l = tz_instants(z, &rows[i].local);

        assert_row(rows[i].what, l.n == rows[i].n);
        assert_row(rows[i].what, l.first.s == at(rows[i].first).s);
        assert_row(rows[i].what, l.second.s == at(rows[i].second).s);
        tz_free(z);
    }
}

/* Local time and back gives the same instant, at every quarter of an hour of two years.
 */
static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        struct tz *z = load(zones[i]);
        struct utc end = at("2028-01-01T00:00:00Z");

        for (struct utc t = at("2026-01-01T00:00:00Z"); t.s < end.s; t.s += 900) {
            struct civil c = tz_civil(z, t);
            struct tz_local l = tz_instants(z, &c);

            assert_row(zones[i], l.n >= 1);
            assert_row(zones[i], l.first.s == t.s || l.second.s == t.s);
        }
        tz_free(z);
    }
}

static void test_names(void **state)
{
    /* clang-format off */
    static const struct { const char *name; enum err_code rc; } rows[] = {
        {"Asia/Jerusalem", ERR_OK},
        {"America/Argentina/Buenos_Aires", ERR_OK},
        {"America/Port-au-Prince", ERR_OK},
        {"Israel", ERR_OK},
        {"UTC", ERR_OK},
        {"Asia/Nowhere", ERR_NOT_FOUND},
        {"Asia", ERR_NOT_FOUND},
        {"Asia/Jerusalem/West", ERR_NOT_FOUND},
        {"IST", ERR_SYNTAX},
        {"CET", ERR_SYNTAX},
        {"EST5EDT", ERR_SYNTAX},
        {"GMT", ERR_SYNTAX},
        {"GMT+2", ERR_SYNTAX},
        {"UTC+2", ERR_SYNTAX},
        {"+02:00", ERR_SYNTAX},
        {"Etc/GMT+2", ERR_SYNTAX},
        {"Factory", ERR_SYNTAX},
        {"", ERR_SYNTAX},
        {"/etc/passwd", ERR_SYNTAX},
        {"../../../etc/passwd", ERR_SYNTAX},
        {"Asia/../Europe/Berlin", ERR_SYNTAX},
        {"Asia/./Jerusalem", ERR_SYNTAX},
        {"Asia//Jerusalem", ERR_SYNTAX},
        {"Asia/", ERR_SYNTAX},
        {"posix/Asia/Jerusalem", ERR_SYNTAX},
        {"right/Asia/Jerusalem", ERR_SYNTAX},
        {"localtime", ERR_SYNTAX},
        {"tzdata.zi", ERR_SYNTAX},
        {"Asia/Jeru salem", ERR_SYNTAX},
        {"A/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERR_SYNTAX},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tz *z = NULL;
        struct err e = {0};

        assert_row(rows[i].name, tz_load(rows[i].name, &z, &e) == rows[i].rc);
        assert_row(rows[i].name, (rows[i].rc == ERR_OK) == (z != NULL));
        assert_row(rows[i].name, (rows[i].rc == ERR_OK) == (e.text[0] == '\0'));
        tz_free(z);
    }
}

/* Every place that the system lists can be loaded. */
static void test_all_zones(void **state)
{
    FILE *f = fopen("/usr/share/zoneinfo/zone1970.tab", "re");
    char line[512];
    size_t n = 0;

    (void)state;
    if (f == NULL)
        skip();
    while (fgets(line, sizeof(line), f) != NULL) {
        char *name = strchr(line, '\t');

        if (line[0] == '#' || name == NULL || (name = strchr(name + 1, '\t')) == NULL)
            continue;
        name++;
        name[strcspn(name, "\t\n")] = '\0';
        tz_free(load(name));
        n++;
    }
    (void)fclose(f);
    assert_true(n > 300);
}

static void test_system_name(void **state)
{
    char buf[64], small[4];

    (void)state;
    tz_free(load(tz_system_name(buf, sizeof(buf))));
    assert_true(strlen(tz_system_name(small, sizeof(small))) < sizeof(small));
}

/* ---- bytes ---- */

struct bytes {
    uint8_t data[8192];
    size_t len;
};

static void put(struct bytes *b, const void *p, size_t n)
{
    assert_true(b->len + n <= sizeof(b->data));
    memcpy(b->data + b->len, p, n);
    b->len += n;
}

static void put32(struct bytes *b, uint32_t v)
{
    uint8_t p[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                    (uint8_t)v};

    put(b, p, 4);
}

static void put_header(struct bytes *b, char version, uint32_t n_leap, uint32_t n_times,
                       uint32_t n_types, uint32_t n_chars)
{
    put(b, "TZif", 4);
    put(b, &version, 1);
    put(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    put32(b, 0);
    put32(b, 0);
    put32(b, n_leap);
    put32(b, n_times);
    put32(b, n_types);
    put32(b, n_chars);
}

/* A zone without a table: one type and the rule. */
static struct bytes rule_file(const char *rule)
{
    struct bytes b = {0};

    for (int i = 0; i < 2; i++) {
        put_header(&b, '3', 0, 0, 1, 4);
        put32(&b, 0);
        put(&b,
            "\0\0"
            "STD\0",
            6);
    }
    put(&b, "\n", 1);
    put(&b, rule, strlen(rule));
    put(&b, "\n", 1);
    return b;
}

static void test_rules(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *rule; enum err_code rc; } rows[] = {
        {"Israel", "IST-2IDT,M3.4.4/26,M10.5.0", ERR_OK},
        {"Ireland: summer is the standard", "IST-1GMT0,M10.5.0,M3.5.0/1", ERR_OK},
        {"quoted names", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", ERR_OK},
        {"days of the year", "AAA3BBB,J60/0,300/-1:30:15", ERR_OK},
        {"summer all year", "EST5EDT,0/0,J365/25", ERR_OK},
        {"no summer time", "<-03>3", ERR_OK},
        {"no dates", "IST-2IDT", ERR_SYNTAX},
        {"one date", "IST-2IDT,M3.4.4/26", ERR_SYNTAX},
        {"month 13", "IST-2IDT,M13.4.4,M10.5.0", ERR_SYNTAX},
        {"week 0", "IST-2IDT,M3.0.4,M10.5.0", ERR_SYNTAX},
        {"day 7", "IST-2IDT,M3.4.7,M10.5.0", ERR_SYNTAX},
        {"day 366", "IST-2IDT,J366,M10.5.0", ERR_SYNTAX},
        {"hour 168", "IST-2IDT,M3.4.4/168,M10.5.0", ERR_SYNTAX},
        {"a long number", "IST-99999999999999999999", ERR_SYNTAX},
        {"a short name", "IS-2", ERR_SYNTAX},
        {"a long name", "ABCDEFGHIJKLMNOPQRST-2", ERR_SYNTAX},
        {"an open quote", "<+03-3", ERR_SYNTAX},
        {"something behind", "IST-2IDT,M3.4.4/26,M10.5.0;", ERR_SYNTAX},
        {"changes that cross", "AAA0BBB,J1/-167,J365/167", ERR_SYNTAX},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes b = rule_file(rows[i].rule);
        struct tz *z = NULL;
        struct err e = {0};

        assert_row(rows[i].what, tz_parse("X/Y", b.data, b.len, &z, &e) == rows[i].rc);
        tz_free(z);
    }
}

/* The rule alone gives what the system's table says. */
static void test_rule_against_table(void **state)
{
    static const struct {
        const char *zone, *rule;
    } rows[] = {
        {"Asia/Jerusalem", "IST-2IDT,M3.4.4/26,M10.5.0"},
        {"Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"},
        {"America/New_York", "EST5EDT,M3.2.0,M11.1.0"},
        {"Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes b = rule_file(rows[i].rule);
        struct tz *z = load(rows[i].zone), *r = NULL;
        struct utc t = at("2024-01-01T00:00:00Z"), u = t;
        struct err e = {0};

        assert_int_equal(tz_parse("X/Y", b.data, b.len, &r, &e), ERR_OK);
        for (int n = 0; n < 28; n++) {
            assert_true(tz_next_change(z, t, &t));
            assert_true(tz_next_change(r, u, &u));
            assert_row(rows[i].zone, t.s == u.s);
            assert_row(rows[i].zone, tz_offset_s(z, t) == tz_offset_s(r, u));
            assert_row(rows[i].zone,
                       str_eq(tz_abbreviation(z, t), tz_abbreviation(r, u)));
        }
        assert_true(t.s > at("2037-09-01T00:00:00Z").s);
        tz_free(r);
        tz_free(z);
    }
}

static void test_summer_all_year(void **state)
{
    struct bytes b = rule_file("EST5EDT,0/0,J365/25");
    struct tz *z = NULL;
    struct err e = {0};
    struct utc t, none;

    (void)state;
    assert_int_equal(tz_parse("X/Y", b.data, b.len, &z, &e), ERR_OK);
    for (t = at("2026-01-01T00:00:00Z"); t.s < at("2028-02-01T00:00:00Z").s; t.s += 3600)
        assert_int_equal(tz_offset_s(z, t), -14400);
    assert_false(tz_next_change(z, t, &none));
    tz_free(z);
}

static struct bytes file_of(const char *zone)
{
    char path[128];
    struct bytes b = {0};
    FILE *f;

    (void)str_format(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
    f = fopen(path, "re");
    if (f == NULL)
        skip();
    b.len = fread(b.data, 1, sizeof(b.data), f);
    (void)fclose(f);
    assert_true(b.len > 100 && b.len < sizeof(b.data));
    return b;
}

/* A copy without slack behind it, so that a sanitizer sees a byte too far. */
static enum err_code parse_exact(const uint8_t *data, size_t len, struct tz **z,
                                 struct err *e)
{
    uint8_t *copy = malloc(len + 1);
    enum err_code rc;

    assert_non_null(copy);
    memcpy(copy + 1, data, len);
    rc = tz_parse("X/Y", copy + 1, len, z, e);
    free(copy);
    return rc;
}

static void test_truncated(void **state)
{
    struct bytes b = file_of("Asia/Jerusalem");

    (void)state;
    for (size_t len = 0; len < b.len; len++) {
        struct tz *z = NULL;
        struct err e = {0};

        assert_int_equal(parse_exact(b.data, len, &z, &e), ERR_SYNTAX);
        assert_null(z);
        assert_true(e.text[0] != '\0');
    }
}

/* Each byte changed in turn: refused or taken, and then still usable. */
static void test_damaged(void **state)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct bytes b = file_of("Asia/Jerusalem");
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < b.len * ARRAY_LEN(values); i++) {
        size_t pos = i / ARRAY_LEN(values);
        uint8_t old = b.data[pos];
        struct tz *z = NULL;
        struct err e = {0};

        b.data[pos] = values[i % ARRAY_LEN(values)];
        if (parse_exact(b.data, b.len, &z, &e) == ERR_OK) {
            struct civil c = tz_civil(z, at("2026-10-25T00:00:00Z"));
            struct utc t;

            (void)tz_instants(z, &c);
            (void)tz_next_change(z, at("2026-10-25T00:00:00Z"), &t);
            (void)tz_abbreviation(z, at("2990-10-25T00:00:00Z"));
            tz_free(z);
        } else {
            refused++;
        }
        b.data[pos] = old;
    }
    assert_true(refused > 100);
}

static void test_broken(void **state)
{
    /* clang-format off */
    static const struct { const char *what; uint32_t leap, times, types, chars; } rows[] = {
        {"huge counts",         0, 0xffffffff, 0xffffffff, 0xffffffff},
        {"huge times",          0, 0xffffffff, 1, 4},
        {"more than there are", 0, 100, 1, 4},
        {"huge types",          0, 0, 0x80000000, 4},
        {"no types",            0, 0, 0, 4},
        {"no names",            0, 0, 1, 0},
        {"leap seconds",        1, 0, 1, 4},
    };
    /* clang-format on */
    struct tz *z = NULL;
    struct bytes b;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        b = (struct bytes){0};
        e = (struct err){0};
        put_header(&b, '\0', rows[i].leap, rows[i].times, rows[i].types, rows[i].chars);
        put32(&b, 0);
        put(&b,
            "\0\0"
            "STD\0"
            "\0\0\0\0\0\0\0\0\0\0\0\0",
            18);
        assert_row(rows[i].what, parse_exact(b.data, b.len, &z, &e) == ERR_SYNTAX);
    }
    /* The first version has no rule: its last type goes on. */
    b = (struct bytes){0};
    e = (struct err){0};
    put_header(&b, '\0', 0, 0, 1, 4);
    put32(&b, 3600);
    put(&b,
        "\0\0"
        "STD\0",
        6);
    assert_int_equal(parse_exact(b.data, b.len, &z, &e), ERR_OK);
    assert_int_equal(tz_offset_s(z, at("2030-01-01T00:00:00Z")), 3600);
    tz_free(z);
}

/* ---- against the system's own tools ---- */

/* Runs argv, its standard output into a file that is returned for reading; NULL: no such
 * program. */
static FILE *run(char *const argv[], char *const env[], int *status)
{
    posix_spawn_file_actions_t actions;
    FILE *out = tmpfile();
    pid_t pid;
    int rc;

    assert_non_null(out);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, fileno(out), 1), 0);
    rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, env);
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    if (rc != 0) {
        (void)fclose(out);
        return NULL;
    }
    assert_int_equal(waitpid(pid, status, 0), pid);
    rewind(out);
    return out;
}

static int32_t month_of(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *p = strstr(months, name);

    assert_non_null(p);
    return (int32_t)((p - months) / 3) + 1;
}

/* Words 0..4 are "Thu Mar 28 23:59:59 2024". */
static struct civil civil_of(char *const words[5])
{
    struct civil c = {.month = month_of(words[1])};

    c.day = (int32_t)strtol(words[2], NULL, 10);
    c.year = (int32_t)strtol(words[4], NULL, 10);
    c.hour = (int32_t)strtol(words[3], NULL, 10);
    c.minute = (int32_t)strtol(words[3] + 3, NULL, 10);
    c.second = (int32_t)strtol(words[3] + 6, NULL, 10);
    return c;
}

static bool is_same_civil(const struct civil *a, const struct civil *b)
{
    return a->year == b->year && a->month == b->month && a->day == b->day &&
           a->hour == b->hour && a->minute == b->minute && a->second == b->second;
}

/* One line of zdump -v: "ZONE  DATE UT = DATE NAME isdst=0 gmtoff=7200" */
static bool check_line(const struct tz *z, char *line, struct utc *t)
{
    char *words[16], *save = NULL;
    struct civil utc, local, got;
    size_t n = 0;

    for (char *w = strtok_r(line, " \n", &save); w != NULL && n < ARRAY_LEN(words);
         w = strtok_r(NULL, " \n", &save))
        words[n++] = w;
    if (n != 16)
        return false; /* the ends of time: "-9223372036854775808 = NULL" */
    utc = civil_of(words + 1);
    local = civil_of(words + 8);
    t->s = civil_to_seconds(&utc);
    got = tz_civil(z, *t);
    assert_row(words[0], is_same_civil(&got, &local));
    assert_row(words[0], str_eq(tz_abbreviation(z, *t), words[13]));
    assert_row(words[0], tz_offset_s(z, *t) == strtol(words[15] + 7, NULL, 10));
    return true;
}

/* Both sides of every change, and no change that it does not know. */
static void test_zdump(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        char zone[64], *argv[] = {(char[]){"zdump"},     (char[]){"-v"}, (char[]){"-c"},
                                  (char[]){"2024,2061"}, zone,           NULL};
        struct utc t, change = at("2024-01-01T00:00:00Z");
        struct tz *z = load(zones[i]);
        char line[512];
        int status, n = 0;
        FILE *out;

        (void)str_copy(zone, sizeof(zone), zones[i]);
        out = run(argv, environ, &status);
        if (out == NULL) {
            print_message("skipped: zdump, the witness of zone changes, is not there\n");
            tz_free(z);
            skip();
        }
        assert_int_equal(status, 0);
        while (fgets(line, sizeof(line), out) != NULL) {
            if (!check_line(z, line, &t) || ++n % 2 != 0)
                continue;
            assert_true(tz_next_change(z, change, &change));
            assert_row(zones[i], change.s == t.s);
        }
        (void)fclose(out);
        if (tz_next_change(z, change, &change))
            assert_row(zones[i], change.s >= at("2061-01-01T00:00:00Z").s);
        assert_row(zones[i], n == 74 * 2 || i >= 4);
        tz_free(z);
    }
}

/* The child: TZ is in its environment, the C library is the witness. */
static int compare_with_localtime(const char *zone)
{
    struct tz *z = load(zone);
    struct utc t = {1767225600}; /* 2026-01-01 */

    for (int i = 0; i < 2 * 365 * 288; i++, t.s += 300) {
        struct civil c = tz_civil(z, t);
        time_t s = t.s;
        struct tm tm;

        if (localtime_r(&s, &tm) == NULL || tm.tm_year + 1900 != c.year ||
            tm.tm_mon + 1 != c.month || tm.tm_mday != c.day || tm.tm_hour != c.hour ||
            tm.tm_min != c.minute || tm.tm_wday != c.weekday ||
            tm.tm_gmtoff != tz_offset_s(z, t)) {
            tz_free(z);
            return 1;
        }
    }
    tz_free(z);
    return 0;
}

/* performance.md, goal 15: every 5 minutes of two years. */
static void test_localtime(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        char zone[64], path[512], tz[80];
        char *argv[] = {path, (char[]){"--child"}, zone, NULL}, *env[] = {tz, NULL};
        int status = -1;
        FILE *out;

        (void)str_copy(zone, sizeof(zone), zones[i]);
        (void)str_copy(path, sizeof(path), self);
        (void)str_format(tz, sizeof(tz), "TZ=%s", zones[i]);
        out = run(argv, env, &status);
        assert_non_null(out);
        (void)fclose(out);
        assert_row(zones[i], WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utc_text),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_all_zones),
        cmocka_unit_test(test_system_name),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rule_against_table),
        cmocka_unit_test(test_summer_all_year),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_zdump),
        cmocka_unit_test(test_localtime),
    };

    if (argc == 3 && strcmp(argv[1], "--child") == 0)
        return compare_with_localtime(argv[2]);
    self = argv[0];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
