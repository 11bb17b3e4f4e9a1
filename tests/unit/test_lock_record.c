#include <config.h>

#include "core/engine/lock_record.h"

#include "core/api/etcd_wire.h"
#include "core/base/str.h"
#include "core/base/text.h"

#include "tests/unit/table.h"

#include <string.h>

/* What one controller leaves in etcd for the next: written, read back, and refused whole
 * when not all of it is understood. */

enum { WRITTEN = ETCD_VALUE_TEXT };

static struct lock_record sample(void)
{
    struct lock_record r = {.at = {1795334400},
                            .by = "dana@ops1 pid 42",
                            .call = CALL_TERMINATE,
                            .server = "cache",
                            .target = "i-0f00",
                            .launch_start = 1795330800,
                            .launch_attempt = 3,
                            .owed = {1795334100},
                            .has_move = true};

    r.move = (struct move){.id = "m-41-68004",
                           .server = "cache",
                           .mover = "ec2",
                           .direction = DIRECTION_BACK,
                           .status = MOVE_OPEN,
                           .step = 1,
                           .committed = true,
                           .by = "policy",
                           .reason = REASON_OUTSIDE,
                           .started = {1795334000},
                           .step_since = {1795334300},
                           .committed_at = {1795334300},
                           .drain_deadline = {1795336000},
                           .deadline = {1795338000},
                           .calls = 2,
                           .last_call_at = {1795334400},
                           .progress = -1,
                           .attempt = 2,
                           .type = "m5.2xlarge",
                           .zone = "eu-west-1a",
                           .lifecycle = LIFECYCLE_SPOT};
    return r;
}

static void test_round(void **state)
{
    static const struct {
        const char *what, *server, *mover, *by;
        enum direction direction;
        int32_t step;
        bool has_move, interrupted;
    } rows[] = {
        {"a way back", "cache", "ec2", "policy", DIRECTION_BACK, 1, true, false},
        {"a way out", "cache", "velostrata", "policy", DIRECTION_OUT, 2, true, false},
        {"of an interruption", "cache", "ec2", "policy", DIRECTION_BACK, 1, true, true},
        {"in quotes", "a \"b\" \\ c", "ec2", "d\xc3\xa4na", DIRECTION_OUT, 0, true,
         false},
        {"no move", "cache", "ec2", "policy", DIRECTION_OUT, 0, false, false},
        {"the extension's", "", "ec2", "policy", DIRECTION_OUT, 0, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lock_record r = sample(), back = {0};
        char text[WRITTEN];
        struct err e = {0};

        memset(r.server, 0, sizeof(r.server));
        memset(r.move.server, 0, sizeof(r.move.server));
        memset(r.move.mover, 0, sizeof(r.move.mover));
        memset(r.move.by, 0, sizeof(r.move.by));
        (void)str_copy(r.server, sizeof(r.server), rows[i].server);
        (void)str_copy(r.move.server, sizeof(r.move.server), rows[i].server);
        (void)str_copy(r.move.mover, sizeof(r.move.mover), rows[i].mover);
        (void)str_copy(r.move.by, sizeof(r.move.by), rows[i].by);
        r.move.direction = rows[i].direction;
        r.move.step = rows[i].step;
        r.move.interrupted = rows[i].interrupted;
        if (rows[i].interrupted)
            r.move.committed_at.s = 0;
        r.has_move = rows[i].has_move;
        if (!r.has_move)
            r.move = (struct move){0};
        assert_row(rows[i].what, lock_record_write(&r, text, sizeof(text)));
        assert_row(rows[i].what, lock_record_read(text, &back, &e) == ERR_OK);
        assert_row(rows[i].what, memcmp(&back, &r, sizeof(r)) == 0);
    }
}

/* The longest there can be has room, and what has none is not cut. */
static void test_room(void **state)
{
    struct lock_record r = sample();
    char text[WRITTEN], little[64];

    (void)state;
    memset(r.by, '"', sizeof(r.by) - 1);
    memset(r.server, '\\', sizeof(r.server) - 1);
    memset(r.target, '"', sizeof(r.target) - 1);
    memset(r.move.id, '"', sizeof(r.move.id) - 1);
    memset(r.move.by, '"', sizeof(r.move.by) - 1);
    memset(r.move.task, '"', sizeof(r.move.task) - 1);
    memset(r.move.type, '"', sizeof(r.move.type) - 1);
    memset(r.move.zone, '"', sizeof(r.move.zone) - 1);
    assert_true(lock_record_write(&r, text, sizeof(text)));
    assert_false(lock_record_write(&r, little, sizeof(little)));
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
        {"a debt in words", "\"owed\":1795334100", "\"owed\":\"yes\"", "owed"},
        {"nothing of a debt", "\"owed\":1795334100,", "", "owed"},
        {"no version", "\"version\":1,", "", "form"},
        {"a version in words", "\"version\":1", "\"version\":\"1\"", "form"},
        {"no JSON", "{\"version", "2035 dana@ops1: {", ""},
        {"twice the same", "\"version\":1", "\"version\":1,\"at\":1", ""},
        {"a time before all", "\"at\":1795334400", "\"at\":-1", "time"},
        {"a time that never comes", "\"at\":1795334400", "\"at\":253402300800", "time"},
        {"nobody's", "dana@ops1 pid 42", "", "writer"},
        {"one with an escape", "dana@ops1", "\\u001b[2J", "writer"},
        {"one that turns the line round", "dana@ops1", "dana\\u202eops1", "writer"},
        {"one in numbers", "\"dana@ops1 pid 42\"", "42", "writer"},
        {"a call in numbers", "\"call\":\"terminate\"", "\"call\":7", "call"},
        {"a call that is none", "terminate", "make-coffee", "call"},
        {"a server's name that is too long", "\"cache\"", "\"0123456789012345678901234567890123456789012345678901234567890123456789\"", "server"},
        {"a move of no server", "\"cache\"", "\"\"", "server"},
        {"a call for nothing", "i-0f00", "", "target"},
        {"a launch before all", "\"launch_start\":1795330800", "\"launch_start\":-5", "launch"},
        {"a launch too often", "\"launch_attempt\":3", "\"launch_attempt\":1000001", "launch"},
        {"a move that is a word", "\"move\":{", "\"move\":\"m-41\",\"was\":{", "move"},
        {"a move without a name", "m-41-68004", "", "id"},
        {"a mover that is none", "\"mover\":\"ec2\"", "\"mover\":\"magic\"", "mover"},
        {"a direction that is none", "\"direction\":\"back\"", "\"direction\":\"up\"", "direction"},
        {"no direction", "\"direction\":\"back\"", "\"direction\":null", "direction"},
        {"a step of the other direction", "\"step\":\"terminate\"", "\"step\":\"launch\"", "step"},
        {"a step in numbers", "\"step\":\"terminate\"", "\"step\":1", "step"},
        {"a reason that is none", "\"reason\":\"outside\"", "\"reason\":\"whim\"", "reason"},
        {"no reason", "\"reason\":\"outside\"", "\"reason\":[]", "reason"},
        {"no lifecycle", "\"lifecycle\":\"spot\"", "\"lifecycle\":{}", "lifecycle"},
        {"a lifecycle that is none", "\"lifecycle\":\"spot\"", "\"lifecycle\":\"free\"", "lifecycle"},
        {"a switch in numbers", "\"force\":false", "\"force\":0", "force"},
        {"too many calls", "\"calls\":2", "\"calls\":100001", "calls"},
        {"tries below nothing", "\"attempt\":2", "\"attempt\":-1", "attempt"},
        {"past no commit point", "\"committed\":true", "\"committed\":false", "commit point"},
        {"no time of it", "\"committed_at\":1795334300", "\"committed_at\":0", "commit point"},
        {"an interruption before it", "\"committed\":true,\"force\":false,\"manual\":false,\"interrupted\":false",
         "\"committed\":false,\"force\":false,\"manual\":false,\"interrupted\":true", "commit point"},
        {"no time of its start", "\"started\":1795334000,", "", "started"},
        /* clang-format on */
    };
    const struct lock_record r = sample();
    char good[WRITTEN];

    (void)state;
    assert_true(lock_record_write(&r, good, sizeof(good)));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lock_record out = {.server = "untouched"};
        char text[WRITTEN];
        struct err e = {0};
        bool ok;

        text_with(rows[i].what, good, rows[i].from, rows[i].to, text, sizeof(text));
        ok = lock_record_read(text, &out, &e) == ERR_OK;
        assert_row(rows[i].what, ok == (rows[i].says == NULL));
        assert_row(rows[i].what, ok || str_eq(out.server, "untouched"));
        if (!ok && strstr(e.text, rows[i].says) == NULL)
            fail_msg("row \"%s\": %s", rows[i].what, e.text);
    }
}

/* A move of a mover that this program does not have, or at a step that its mover has not,
 * is known to stand there, and nobody goes on with it. */
static void test_unknown_mover(void **state)
{
    static const struct {
        const char *what, *mover, *says;
        int32_t step;
    } rows[] = {
        {"a mover of another version", "teleport", "mover", 1},
        {"a step of another version", "ec2", "step", MAX_STEPS - 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lock_record r = sample(), out = {0};
        char text[WRITTEN];
        struct err e = {0};

        (void)str_copy(r.move.mover, sizeof(r.move.mover), rows[i].mover);
        r.move.step = rows[i].step;
        assert_row(rows[i].what, lock_record_write(&r, text, sizeof(text)));
        assert_row(rows[i].what, strstr(text, "\"step\":\"\"") != NULL);
        assert_row(rows[i].what, lock_record_read(text, &out, &e) == ERR_PROTOCOL);
        assert_row(rows[i].what, strstr(e.text, rows[i].says) != NULL);
    }
}

static void test_text(void **state)
{
    struct lock_record r = sample();
    char text[LINE_TEXT], clean[LINE_TEXT];

    (void)state;
    lock_record_text(&r, text, sizeof(text));
    assert_string_equal(
        text, "2026-11-22T08:00:00Z dana@ops1 pid 42: terminate cache m-41-68004");

    r.has_move = false;
    lock_record_text(&r, text, sizeof(text));
    assert_string_equal(text, "2026-11-22T08:00:00Z dana@ops1 pid 42: terminate cache ");
    r.has_move = true;

    /* The longest is cut, and not inside of a character. */
    memset(r.by, 'x', 1);
    for (size_t i = 1; i + 3 < sizeof(r.by); i += 2)
        memcpy(&r.by[i], "\xc3\xa4", 3);
    lock_record_text(&r, text, sizeof(text));
    assert_non_null(strstr(text, ": terminate cache m-41-68004"));
    (void)text_clean(clean, sizeof(clean), text, strlen(text));
    assert_string_equal(clean, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),   cmocka_unit_test(test_room),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_unknown_mover),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
