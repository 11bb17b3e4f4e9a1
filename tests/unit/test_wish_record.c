#include <config.h>

#include "core/engine/wish_record.h"

#include "core/api/etcd_wire.h"
#include "core/base/str.h"

#include "tests/unit/table.h"

#include <string.h>

/* What people want, as one controller leaves it in etcd for the next: written, read back,
 * and refused whole when not all of it is understood. */

enum { WRITTEN = ETCD_VALUE_TEXT };
static const struct wish_writer dana = {"dana@ops1 pid 42", "0123456789abcdef"};

static struct wish sample(void)
{
    struct wish w = wish_default("cache");

    w.setting = AUTO_OFF;
    w.snooze_until.s = 1795340000;
    w.auto_since.s = 1795330000;
    (void)str_copy(w.auto_by, sizeof(w.auto_by), "noa");
    w.hold = (struct hold){.place = PLACE_CLOUD,
                           .kind = HOLD_UNTIL,
                           .until = {1795350000},
                           .by = "dana",
                           .at = {1795334000},
                           .why = "held by hand",
                           .over_budget = true};
    return w;
}

static void set_auto(struct wish *w)
{
    w->setting = AUTO_ON;
}

static void set_snooze(struct wish *w)
{
    w->snooze_until.s++;
}

static void set_since(struct wish *w)
{
    w->auto_since.s++;
}

static void set_by(struct wish *w)
{
    w->auto_by[0] = 'm';
}

static void set_server(struct wish *w)
{
    w->server[0] = 'b';
}

static void release(struct wish *w)
{
    w->hold = (struct hold){0};
}

static void hold_at_home(struct wish *w)
{
    w->hold.place = PLACE_ONPREM;
}

static void pin(struct wish *w)
{
    w->hold.kind = HOLD_PIN;
    w->hold.until.s = 0;
}

static void by_schedule(struct wish *w)
{
    w->hold.kind = HOLD_UNTIL_SCHEDULE;
}

static void hold_longer(struct wish *w)
{
    w->hold.until.s++;
}

static void hold_later(struct wish *w)
{
    w->hold.at.s++;
}

static void hold_by(struct wish *w)
{
    w->hold.by[0] = 'h';
}

static void hold_why(struct wish *w)
{
    w->hold.why[0] = '"';
}

static void within_budget(struct wish *w)
{
    w->hold.over_budget = false;
}

static void nothing(struct wish *w)
{
    (void)w;
}

static void of_all(struct wish *w)
{
    w->server[0] = '\0';
    w->setting = AUTO_DRY_RUN;
    release(w);
}

/* Each is another wish than the sample, and stands there as it is. */
static void test_round(void **state)
{
    static const struct {
        const char *what;
        void (*change)(struct wish *w);
    } rows[] = {
        {"as it is", nothing},
        {"auto on", set_auto},
        {"another snooze", set_snooze},
        {"since another time", set_since},
        {"by another person", set_by},
        {"another server", set_server},
        {"of all", of_all},
        {"nothing holds it", release},
        {"held at home", hold_at_home},
        {"pinned", pin},
        {"until the schedule", by_schedule},
        {"held for longer", hold_longer},
        {"held later", hold_later},
        {"held by another person", hold_by},
        {"for another reason", hold_why},
        {"within the budget", within_budget},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct wish was = sample();
        struct wish w = sample(), back;
        struct wish_writer by;
        char text[WRITTEN];
        struct err e = {0};

        rows[i].change(&w);
        assert_row(rows[i].what, wish_eq(&was, &w) == (i == 0));
        assert_row(rows[i].what, wish_record_write(&w, &dana, text, sizeof(text)));
        if (wish_record_read(text, &back, &by, &e) != ERR_OK)
            fail_msg("row \"%s\": %s: %s", rows[i].what, e.text, text);
        assert_row(rows[i].what, wish_eq(&w, &back));
        assert_string_equal(by.name, dana.name);
        assert_string_equal(by.state_id, dana.state_id);
    }
}

static void test_size(void **state)
{
    struct wish w = sample();
    struct wish_writer by;
    char text[WRITTEN], little[64] = "x";

    (void)state;
    memset(w.server, '\x01', sizeof(w.server) - 1);
    memset(w.auto_by, '\x01', sizeof(w.auto_by) - 1);
    memset(w.hold.by, '\x01', sizeof(w.hold.by) - 1);
    memset(w.hold.why, '\x01', sizeof(w.hold.why) - 1);
    memset(&by, '\x01', sizeof(by));
    by.name[sizeof(by.name) - 1] = '\0';
    (void)str_copy(by.state_id, sizeof(by.state_id), dana.state_id);
    assert_true(wish_record_write(&w, &by, text, sizeof(text)));
    assert_false(wish_record_write(&w, &by, little, sizeof(little)));
    assert_string_equal(little, "");
}

/* Each row is the sample with one of its parts in another form. */
static void test_refused(void **state)
{
    static const struct {
        const char *what, *from, *to, *says;
    } rows[] = {
        /* clang-format off */
        {"as it is", "", "", NULL},
        {"what is new is not minded", "\"version\":1", "\"version\":1,\"colour\":\"blue\"", NULL},
        {"a newer version", "\"version\":1", "\"version\":2", "version 2"},
        {"no version", "\"version\":1,", "", "form"},
        {"no JSON", "{\"version", "2035 dana@ops1: {", ""},
        {"nobody's", "dana@ops1 pid 42", "", "writer"},
        {"one with an escape", "dana@ops1", "\\u001b[2J", "writer"},
        {"of a state directory in numbers", "\"0123456789abcdef\"", "7", "writer"},
        {"a server in numbers", "\"cache\"", "7", "server"},
        {"a server's name that is too long", "\"cache\"", "\"0123456789012345678901234567890123456789012345678901234567890123456789\"", "server"},
        {"a switch that is none", "\"off\"", "\"perhaps\"", "auto switch"},
        {"no switch", "\"off\"", "null", "auto switch"},
        {"dry-run of one server", "\"off\"", "\"dry-run\"", "auto switch"},
        {"a person in numbers", "\"noa\"", "7", "auto switch"},
        {"since never", "\"auto_since\":1795330000", "\"auto_since\":-1", "auto switch"},
        {"a snooze in words", "\"snooze_until\":1795340000", "\"snooze_until\":\"long\"", "snooze"},
        {"a hold of all", "\"cache\"", "\"\"", "hold"},
        {"held in a list", "\"hold\":{", "\"hold\":[],\"was\":{", "held place"},
        {"held on the moon", "\"place\":\"cloud\"", "\"place\":\"moon\"", "held place"},
        {"held where nobody can be", "\"place\":\"cloud\"", "\"place\":\"lost\"", "held place"},
        {"a kind that is none", "\"kind\":\"until\"", "\"kind\":\"firmly\"", "kind of hold"},
        {"a kind in numbers", "\"kind\":\"until\"", "\"kind\":3", "kind of hold"},
        {"a pin with an end", "\"kind\":\"until\"", "\"kind\":\"pin\"", "time of a hold"},
        {"until never", "\"until\":1795350000", "\"until\":0", "time of a hold"},
        {"until no time", "\"until\":1795350000", "\"until\":-1", "time of a hold"},
        {"at no time", "\"at\":1795334000", "\"at\":true", "time of a hold"},
        {"held by a number", "\"dana\"", "7", "hold"},
        {"held for a number", "\"held by hand\"", "7", "hold"},
        {"over a budget of words", "\"over_budget\":true", "\"over_budget\":\"yes\"", "hold"},
        /* clang-format on */
    };
    const struct wish w = sample();
    char good[WRITTEN];

    (void)state;
    assert_true(wish_record_write(&w, &dana, good, sizeof(good)));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct wish out = {.server = "untouched"};
        struct wish_writer by = {.name = "untouched"};
        char text[WRITTEN];
        struct err e = {0};
        bool ok;

        text_with(rows[i].what, good, rows[i].from, rows[i].to, text, sizeof(text));
        ok = wish_record_read(text, &out, &by, &e) == ERR_OK;
        assert_row(rows[i].what, ok == (rows[i].says == NULL));
        assert_row(rows[i].what, ok || (str_eq(out.server, "untouched") &&
                                        str_eq(by.name, "untouched")));
        if (!ok && strstr(e.text, rows[i].says) == NULL)
            fail_msg("row \"%s\": %s", rows[i].what, e.text);
    }
}

/* Of what is written down of a controller, which is a wish, and whose? */
static void test_changes(void **state)
{
    static const struct {
        const char *key;
        const char *server; /* NULL: it is none */
    } rows[] = {{"auto", ""},          {"auto_by", ""}, {"auto:cache", "cache"},
                {"snooze:web", "web"}, {"snooze", ""},  {"since:cache", NULL},
                {"order:cache", NULL}, {"lead", NULL}};
    struct record r = {.kind = RECORD_HOLD, .as.hold = {.server = "mail"}};
    const char *server = NULL;

    (void)state;
    assert_true(wish_changes(&r, &server));
    assert_string_equal(server, "mail");
    r.kind = RECORD_MOVE;
    assert_false(wish_changes(&r, &server));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        r = (struct record){.kind = RECORD_SETTING};
        (void)str_copy(r.as.setting.key, sizeof(r.as.setting.key), rows[i].key);
        assert_row(rows[i].key, wish_changes(&r, &server) == (rows[i].server != NULL));
        assert_row(rows[i].key, rows[i].server == NULL || str_eq(server, rows[i].server));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
