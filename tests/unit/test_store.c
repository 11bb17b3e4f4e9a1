#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"
#include "core/model/fleet.h"

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[128];

    assert_true(str_format(path, sizeof(path), "%s/%s", dir, name));
    return path;
}

static int setup(void **state)
{
    (void)state;
    (void)str_copy(dir, sizeof(dir), "/tmp/rh-store-XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return folder_remove(dir) ? 0 : -1;
}

static struct store *open_ok(const char *where, enum store_use use)
{
    struct store *s = NULL;
    struct err e = {0};
    enum err_code rc = store_open(where, use, "haifa", &s, &e);

    if (rc != ERR_OK)
        fail_msg("store_open: %s", e.text);
    return s;
}

static struct store_state load_ok(struct store *s, int64_t since)
{
    struct store_state st;
    struct err e = {0};

    if (store_load(s, (struct utc){since}, &st, &e) != ERR_OK)
        fail_msg("store_load: %s", e.text);
    return st;
}

static void apply_ok(struct store *s, struct record *r, size_t n)
{
    struct err e = {0};

    if (store_apply(s, r, n, &e) != ERR_OK)
        fail_msg("store_apply: %s", e.text);
}

static struct record journal(const char *action)
{
    struct record r = {.kind = RECORD_JOURNAL, .at = {1000}};

    r.as.journal = (struct journal_entry){
        .at = {1000},
        .level = LEVEL_ACT,
        .server = "cache",
        .actor = "policy",
        .from = "onprem",
        .to = "moving_out",
        .reason = "window",
        .outcome = OUTCOME_DONE,
        .move = "m-41",
        .text = "cache moves to the cloud",
    };
    assert_true(str_copy(r.as.journal.action, sizeof(r.as.journal.action), action));
    return r;
}

static struct record move(const char *id, const char *server, enum move_status status)
{
    struct record r = {.kind = RECORD_MOVE, .at = {1000}};
    struct move *m = &r.as.move;

    *m = (struct move){
        .mover = "velostrata",
        .direction = DIRECTION_BACK,
        .status = status,
        .step = 3,
        .committed = true,
        .manual = true,
        .by = "dana",
        .reason = REASON_HOLIDAY,
        .started = {1001},
        .step_since = {1002},
        .committed_at = {1003},
        .drain_deadline = {1004},
        .deadline = {1005},
        .step_done = {{1}, {22}, {333}, {0}, {0}, {0}, {0}, {INT64_MAX}},
        .idle_since = {1006},
        .marked_seen = {1007},
        .calls = 4,
        .last_call_at = {1008},
        .task = "task-9",
        .progress = -1,
        .note = "waits for \xd7\x97 'the' \"task\"",
        .attempt = 5,
        .type = "c5.2xlarge",
        .zone = "eu-west-1b",
        .lifecycle = LIFECYCLE_SPOT,
    };
    assert_true(str_copy(m->id, sizeof(m->id), id));
    assert_true(str_copy(m->server, sizeof(m->server), server));
    return r;
}

static struct record intent(uint64_t id)
{
    struct record r = {.kind = RECORD_INTENT, .at = {1010}};

    r.as.intent = (struct call){
        .id = id,
        .kind = CALL_RUN_IN_CLOUD,
        .server = "cache",
        .move = "m-41",
        .target = "vm-12",
        .marker = "rushhour: move m-41",
        .nonce = "abc",
        .force = true,
        .run = {.instance_type = "c5.2xlarge",
                .edge_node = "NodeA",
                .storage_policy = "Writeback",
                .eni = "eni-1",
                .eni_field = "networkInterfaceId",
                .static_address = "10.0.0.1",
                .subnet = "subnet-1",
                .security_groups = {"sg-1", "sg-22", "sg-333", "sg-4", "sg-5"},
                .n_security_groups = 5,
                .spot = true,
                .has_max_price = true,
                .max_price = {250000000},
                .launch_template = "tests:3",
                .image = "ami-1",
                .key_name = "key",
                .iam_profile = "arn:aws:iam::1:instance-profile/tests",
                .token = "rh1-0123"},
    };
    return r;
}

static struct record outcome(uint64_t id, enum outcome what)
{
    struct record r = {.kind = RECORD_OUTCOME, .at = {1011}};

    r.as.outcome = (struct call_result){
        .id = id, .outcome = what, .detail = "task-9", .at = {1011}, .took_ms = 12};
    if (what != OUTCOME_DONE)
        (void)err_set(&r.as.outcome.err, ERR_TIMEOUT, "POST: timed out");
    return r;
}

static struct record segment(int64_t id, int64_t end, bool known)
{
    struct record r = {.kind = RECORD_SEGMENT, .at = {1000}};

    r.as.segment = (struct segment){
        .id = id,
        .resource = "i-1",
        .kind = "spot",
        .server = "cache",
        .type = "c5.2xlarge",
        .zone = "eu-west-1a",
        .start = {900},
        .end = {end},
        .rate = {known ? 140000000 : 0},
        .rate_known = known,
        .source = "history",
        .cost = {123456789},
    };
    return r;
}

static struct record hold(const char *server, enum place place)
{
    struct record r = {.kind = RECORD_HOLD, .at = {1000}};

    assert_true(str_copy(r.as.hold.server, sizeof(r.as.hold.server), server));
    r.as.hold.hold = (struct hold){.place = place,
                                   .kind = HOLD_UNTIL,
                                   .until = {5000},
                                   .by = "dana",
                                   .at = {1000},
                                   .why = "release"};
    return r;
}

static struct record setting(const char *key, const char *value)
{
    struct record r = {.kind = RECORD_SETTING, .at = {1000}};

    assert_true(str_copy(r.as.setting.key, sizeof(r.as.setting.key), key));
    assert_true(str_copy(r.as.setting.value, sizeof(r.as.setting.value), value));
    return r;
}

/* ----- what is kept ----- */

static void test_empty(void **state)
{
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct store_state st = load_ok(s, 0);
    struct stat file;

    (void)state;
    assert_true(st.first_start);
    assert_int_equal(st.next_call_id, 1);
    assert_int_equal(st.next_move_id, 1);
    assert_int_equal(st.next_segment_id, 1);
    assert_int_equal(st.n_moves + st.n_intents + st.n_holds + st.n_settings +
                         st.n_segments + st.n_journal,
                     0);
    assert_int_equal(st.journal_total, 0);
    store_state_free(&st);
    assert_int_equal(store_epoch(s), 1);
    assert_int_equal(stat(path_of("state.db"), &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_int_equal(stat(path_of("state.db-wal"), &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    store_close(s);
    store_close(NULL);
    s = open_ok(dir, STORE_CONTROLLER);
    st = load_ok(s, 0);
    assert_false(st.first_start);
    assert_int_equal(store_epoch(s), 2);
    store_state_free(&st);
    store_close(s);
}

static struct record listed(const char *region, const char *type, int64_t nanos,
                            int64_t at)
{
    struct record r = {.kind = RECORD_LISTED,
                       .as.listed = {.price = {nanos}, .at = {at}}};

    (void)str_copy(r.as.listed.region, NAME_TEXT, region);
    (void)str_copy(r.as.listed.type, NAME_TEXT, type);
    return r;
}

static void check_listed(const struct listed_price *l, const char *region,
                         const char *type, int64_t nanos, int64_t at)
{
    assert_string_equal(l->region, region);
    assert_string_equal(l->type, type);
    assert_int_equal(l->price.nanos, nanos);
    assert_int_equal(l->at.s, at);
}

/* Every kind of record, read back by another process's eyes: a fresh connection. */
static void check_all(const struct store_state *st)
{
    struct record m = move("m-41", "cache", MOVE_OPEN), i = intent(7);
    struct record open_segment = segment(3, 0, true), new = segment(4, 951, true);
    struct record late = segment(1003, 2000, false);

    assert_int_equal(st->n_moves, 1);
    assert_memory_equal(&st->moves[0], &m.as.move, sizeof(struct move));
    assert_int_equal(st->next_move_id, 43);
    assert_int_equal(st->n_intents, 1);
    assert_memory_equal(&st->intents[0].call, &i.as.intent, sizeof(struct call));
    assert_int_equal(st->intents[0].at.s, 1010);
    assert_int_equal(st->next_call_id, 9);
    assert_int_equal(st->n_holds, 1);
    assert_string_equal(st->holds[0].server, "cache");
    assert_int_equal(st->holds[0].hold.place, PLACE_CLOUD);
    assert_int_equal(st->holds[0].hold.kind, HOLD_UNTIL);
    assert_int_equal(st->holds[0].hold.until.s, 5000);
    assert_string_equal(st->holds[0].hold.by, "dana");
    assert_string_equal(st->holds[0].hold.why, "release");
    assert_int_equal(st->n_settings, 1);
    assert_string_equal(st->settings[0].key, "auto");
    assert_string_equal(st->settings[0].value, "on");
    assert_int_equal(st->n_segments, 3);
    assert_memory_equal(&st->segments[0], &open_segment.as.segment,
                        sizeof(struct segment));
    assert_memory_equal(&st->segments[1], &new.as.segment, sizeof(struct segment));
    assert_memory_equal(&st->segments[2], &late.as.segment, sizeof(struct segment));
    assert_int_equal(st->next_segment_id, 1004);
    assert_int_equal(st->n_journal, 2);
    assert_int_equal(st->journal_total, 2);
    assert_int_equal(st->journal[0].seq, 1);
    assert_string_equal(st->journal[1].action, "second");
    assert_int_equal(st->journal[1].level, LEVEL_ACT);
    assert_int_equal(st->journal[1].outcome, OUTCOME_DONE);
    assert_string_equal(st->journal[1].text, "cache moves to the cloud");
    assert_int_equal(st->n_prices, 1);
    assert_string_equal(st->prices[0].type, "c5.2xlarge");
    assert_string_equal(st->prices[0].zone, "eu-west-1a");
    assert_int_equal(st->steps[0].at.s, 1000);
    assert_int_equal(st->steps[0].price.nanos, 140000000);
    assert_int_equal(st->n_listed, 3);
    check_listed(&st->listed[0], "us-east-1", "c5.2xlarge", 170000000, 1100);
    check_listed(&st->listed[1], "eu-west-1", "m5.2xlarge", 222000000, 1200);
    check_listed(&st->listed[2], "eu-west-1", "c5.2xlarge", 192000000, 1300);
}

static void test_all_kinds(void **state)
{
    struct record price = {.kind = RECORD_PRICE};
    struct record records[32];
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct store_state st;
    size_t n = 0;

    (void)state;
    (void)str_copy(price.as.price.type, NAME_TEXT, "c5.2xlarge");
    (void)str_copy(price.as.price.zone, NAME_TEXT, "eu-west-1a");
    price.as.price.at.s = 1000;
    price.as.price.price.nanos = 140000000;
    records[n++] = journal("first");
    records[n++] = move("m-41", "cache", MOVE_DONE);
    records[n++] = move("m-41", "cache", MOVE_OPEN); /* replaced by id */
    records[n++] = move("m-42", "disk", MOVE_OPEN);
    records[n++] = move("m-42", "disk", MOVE_FAILED); /* ended: not loaded */
    records[n++] = intent(7);
    records[n++] = intent(8);
    records[n++] = outcome(8, OUTCOME_UNKNOWN);
    records[n++] = hold("cache", PLACE_CLOUD);
    records[n++] = hold("disk", PLACE_ONPREM);
    records[n++] = hold("disk", PLACE_UNKNOWN); /* deletes */
    records[n++] = setting("auto", "off");
    records[n++] = setting("auto", "on");
    records[n++] = setting("snooze", "1");
    records[n++] = setting("snooze", "");
    records[n++] = segment(2, 950, true); /* ended before what is asked for */
    records[n++] = segment(4, 951, true); /* … but is among the newest */
    records[n++] = segment(3, 0, true);
    records[n++] = segment(1003, 2000, false);
    records[n++] = price;
    records[n++] = price; /* the same again is no error, and no second row */
    records[n++] = listed("eu-west-1", "c5.2xlarge", 199000000, 1000);
    records[n++] = listed("eu-west-1", "m5.2xlarge", 222000000, 1200);
    records[n++] = listed("us-east-1", "c5.2xlarge", 170000000, 1100);
    records[n++] = listed("eu-west-1", "c5.2xlarge", 192000000, 1300); /* replaces */
    records[n++] = journal("second");
    apply_ok(s, records, n);
    assert_int_equal(records[0].as.journal.seq, 1);
    assert_int_equal(records[n - 1].as.journal.seq, 2);
    st = load_ok(s, 1000);
    check_all(&st);
    store_state_free(&st);
    store_close(s);
    s = open_ok(dir, STORE_CONTROLLER);
    st = load_ok(s, 1000);
    check_all(&st);
    store_state_free(&st);
    store_close(s);
}

/* People read the tables with sqlite3: words and columns, not blobs. */
static void test_readable(void **state)
{
    struct record records[] = {move("m-1", "cache", MOVE_OPEN), intent(1),
                               outcome(1, OUTCOME_FAILED)};
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    sqlite3_stmt *st = NULL;

    (void)state;
    apply_ok(s, records, ARRAY_LEN(records));
    assert_int_equal(
        sqlite3_prepare_v2(s->db,
                           "SELECT direction || ' ' || status || ' ' || reason || ' ' || "
                           "step_done || ' ' || action || ' ' || outcome || ' ' || error "
                           "|| ' ' || intents.text FROM moves JOIN intents ON move = "
                           "'m-41' WHERE moves.epoch = 1 AND intents.epoch = 1",
                           -1, &st, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0),
                        "back open holiday 1 22 333 0 0 0 0 9223372036854775807 "
                        "run-in-cloud failed timed out POST: timed out");
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    assert_int_equal(sqlite3_exec(s->db, "UPDATE journal SET text = 'x'", 0, 0, 0),
                     SQLITE_OK); /* empty: nothing to refuse */
    store_close(s);
}

static void test_journal(void **state)
{
    struct store *s = open_ok(NULL, STORE_CONTROLLER);
    struct store_state st;

    (void)state;
    for (int i = 0; i < FLEET_EVENTS + 50; i++) {
        struct record r = journal("many");

        apply_ok(s, &r, 1);
        assert_int_equal(r.as.journal.seq, i + 1);
    }
    st = load_ok(s, 0);
    assert_int_equal(st.n_journal, FLEET_EVENTS);
    assert_int_equal(st.journal[0].seq, 51);
    assert_int_equal(st.journal[FLEET_EVENTS - 1].seq, FLEET_EVENTS + 50);
    assert_int_equal(st.journal_total, FLEET_EVENTS + 50);
    store_state_free(&st);
    /* append-only, whoever asks */
    assert_int_equal(sqlite3_exec(s->db, "UPDATE journal SET text = 'x'", 0, 0, 0) & 0xff,
                     SQLITE_CONSTRAINT);
    store_close(s);
}

struct seen {
    int64_t first, last;
    int n, stop_at;
};

static bool see(void *ctx, const struct journal_entry *j)
{
    struct seen *seen = ctx;

    if (seen->n++ == 0)
        seen->first = j->seq;
    else
        assert_int_equal(j->seq, seen->last + 1);
    seen->last = j->seq;
    return seen->n != seen->stop_at;
}

/* What a month has cost is read with the prices in force when it began. */
static void test_ledger(void **state)
{
    static const struct {
        const char *type;
        int64_t at, nanos;
    } prices[] = {{"c5.2xlarge", 3000, 3},
                  {"c5.2xlarge", 500, 1},
                  {"c5.2xlarge", 900, 2},
                  {"a1.large", 100, 4},
                  {"c5.2xlarge", 1000, 5}};
    struct record records[ARRAY_LEN(prices) + 3];
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct store_ledger l;
    struct err e = {0};
    size_t n = 0;

    (void)state;
    for (; n < ARRAY_LEN(prices); n++) {
        records[n] = (struct record){.kind = RECORD_PRICE};
        (void)str_copy(records[n].as.price.type, NAME_TEXT, prices[n].type);
        (void)str_copy(records[n].as.price.zone, NAME_TEXT, "eu-west-1a");
        records[n].as.price.at.s = prices[n].at;
        records[n].as.price.price.nanos = prices[n].nanos;
    }
    records[n++] = segment(2, 950, true);
    records[n++] = segment(3, 0, true);
    records[n++] = segment(4, 2000, false);
    apply_ok(s, records, n);
    assert_int_equal(store_ledger_load(s, (struct utc){960}, (struct utc){1000}, &l, &e),
                     ERR_OK);
    assert_int_equal(l.n_segments, 2);
    assert_int_equal(l.segments[0].id, 3);
    assert_int_equal(l.segments[1].id, 4);
    assert_int_equal(l.n_prices, 4);
    assert_string_equal(l.prices[0].type, "a1.large");
    assert_int_equal(l.steps[0].price.nanos, 4);
    assert_string_equal(l.prices[1].type, "c5.2xlarge");
    assert_int_equal(l.steps[1].at.s, 900);
    assert_int_equal(l.steps[1].price.nanos, 2);
    assert_int_equal(l.steps[2].price.nanos, 5);
    assert_int_equal(l.steps[3].at.s, 3000);
    store_ledger_free(&l);
    assert_int_equal(l.n_prices, 0);
    store_close(s);
}

/* Prices are kept for good: years later the first is there, read again or not, and what
 * was missed is filled in between. */
static void test_prices_for_good(void **state)
{
    enum { YEAR = 365 * 86400, CHANGES = 3 * 365 };
    struct record r = {.kind = RECORD_PRICE};
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct store_ledger l;
    struct err e = {0};

    (void)state;
    (void)str_copy(r.as.price.type, NAME_TEXT, "c5.2xlarge");
    (void)str_copy(r.as.price.zone, NAME_TEXT, "eu-west-1a");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CHANGES; i++) {
            /* The second round finds a gap and fills it, the third reads all again. */
            if (round == 0 && i > 100 && i < 200)
                continue;
            r.as.price.at.s = 1 + INT64_C(86400) * i;
            r.as.price.price.nanos = 60000000 + i;
            apply_ok(s, &r, 1);
        }
        store_close(s);
        s = open_ok(dir, STORE_CONTROLLER);
    }
    assert_int_equal(
        store_ledger_load(s, (struct utc){INT64_C(10) * YEAR}, (struct utc){0}, &l, &e),
        ERR_OK);
    assert_int_equal(l.n_prices, CHANGES);
    for (int i = 0; i < CHANGES; i++)
        assert_true(l.steps[i].at.s == 1 + INT64_C(86400) * i &&
                    l.steps[i].price.nanos == 60000000 + i);
    store_ledger_free(&l);
    store_close(s);
}

static void test_journal_each(void **state)
{
    /* clang-format off */
    static const struct { const char *what; int64_t after; int stop_at, n; int64_t first, last; } rows[] = {
        {"all, in several parts",  0,   0,  300, 1,   300},
        {"from an entry on",       256, 0,  44,  257, 300},
        {"nothing new",            300, 0,  0,   0,   0},
        {"until told to stop",     10,  5,  5,   11,  15},
        {"stop at a part's end",   0,   128, 128, 1,  128},
    };
    /* clang-format on */
    struct store *s = open_ok(NULL, STORE_CONTROLLER);

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct record r = journal("each");

        apply_ok(s, &r, 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen = {.stop_at = rows[i].stop_at};
        struct err e = {0};

        assert_row(rows[i].what,
                   store_journal_each(s, rows[i].after, see, &seen, &e) == ERR_OK);
        assert_row(rows[i].what, seen.n == rows[i].n);
        assert_row(rows[i].what,
                   seen.first == rows[i].first && seen.last == rows[i].last);
    }
    store_close(s);
}

/* ----- transactions ----- */

static void test_all_or_nothing(void **state)
{
    /* clang-format off */
    const struct { const char *what; struct record bad; enum err_code rc; } rows[] = {
        {"an intent twice",              intent(7),                             ERR_STORE},
        {"an outcome without intent",    outcome(99, OUTCOME_DONE),             ERR_BUG},
        {"a second open move",           move("m-2", "cache", MOVE_OPEN),       ERR_STORE},
        {"a kind that is none",          {.kind = (enum record_kind)99},        ERR_BUG},
    };
    /* clang-format on */
    struct record before[] = {intent(7), move("m-1", "disk", MOVE_OPEN)};
    struct store *s = open_ok(NULL, STORE_CONTROLLER);
    struct store_state st;

    (void)state;
    apply_ok(s, before, ARRAY_LEN(before));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record records[] = {journal("lost"), setting("auto", "on"),
                                   move("m-3", "cache", MOVE_OPEN), rows[i].bad,
                                   journal("lost too")};
        struct err e = {0};

        assert_row(rows[i].what,
                   store_apply(s, records, ARRAY_LEN(records), &e) == rows[i].rc);
        assert_row(rows[i].what, e.code == rows[i].rc);
        assert_row(rows[i].what,
                   records[0].as.journal.seq == 0 && records[4].as.journal.seq == 0);
        st = load_ok(s, 0);
        assert_row(rows[i].what, st.n_journal == 0 && st.n_settings == 0);
        assert_row(rows[i].what, st.n_moves == 1 && st.n_intents == 1);
        store_state_free(&st);
    }
    assert_int_equal(store_apply(s, before, 0, &(struct err){0}), ERR_OK);
    store_close(s);
}

/* Whoever opens the store as its controller ends the writing of the one before. */
static void test_epochs(void **state)
{
    struct store *old = open_ok(dir, STORE_CONTROLLER), *new;
    struct record r = journal("old"), q = journal("new");
    struct store_state st;
    struct err e = {0};

    (void)state;
    apply_ok(old, &r, 1);
    new = open_ok(dir, STORE_CONTROLLER);
    assert_int_equal(store_epoch(new), store_epoch(old) + 1);
    assert_int_equal(store_apply(old, &r, 1, &e), ERR_LOCKED);
    assert_non_null(strstr(e.text, "another rushhour has taken over"));
    err_clear(&e);
    assert_int_equal(store_snapshot_put(old, "{}", (struct utc){1}, &e), ERR_LOCKED);
    apply_ok(new, &q, 1);
    st = load_ok(old, 0); /* it may still look */
    assert_int_equal(st.n_journal, 2);
    assert_string_equal(st.journal[1].action, "new");
    store_state_free(&st);
    store_close(old);
    store_close(new);
}

/* ----- clients ----- */

static void test_commands(void **state)
{
    const struct command sent[] = {
        {.kind = COMMAND_HOLD,
         .server = "cache",
         .place = PLACE_CLOUD,
         .hold_kind = HOLD_UNTIL,
         .until = {5000},
         .by = "dana",
         .at = {1000}},
        {.kind = COMMAND_AUTO, .setting = AUTO_OFF, .by = "eli", .at = {1001}},
        {.kind = COMMAND_MOVE,
         .server = "disk",
         .place = PLACE_ONPREM,
         .force = true,
         .confirmed = true,
         .by = "eli",
         .at = {1002}},
        {.kind = COMMAND_EXTENSION, .start = true, .by = "eli", .at = {1003}},
    };
    struct record answer = {.kind = RECORD_COMMAND, .at = {1005}};
    struct store *s = open_ok(dir, STORE_CONTROLLER), *client;
    struct command got[8];
    struct command_reply reply = {0};
    uint64_t ids[ARRAY_LEN(sent)];
    bool answered = true;
    struct err e = {0};
    int64_t version;
    size_t n;

    (void)state;
    client = open_ok(dir, STORE_CLIENT);
    assert_int_equal(store_commands(s, got, 8, &n, &e), ERR_OK);
    assert_int_equal(n, 0);
    version = store_data_version(s);
    for (size_t i = 0; i < ARRAY_LEN(sent); i++)
        assert_int_equal(store_command_put(client, &sent[i], &ids[i], &e), ERR_OK);
    assert_int_not_equal(store_data_version(s), version);
    version = store_data_version(s);
    assert_int_equal(store_data_version(s), version);

    assert_int_equal(store_commands(s, got, 3, &n, &e), ERR_OK); /* at most max */
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        struct command want = sent[i];

        want.id = ids[i];
        assert_memory_equal(&got[i], &want, sizeof(want));
    }
    assert_int_equal(store_commands(s, got, 8, &n, &e), ERR_OK); /* each only once */
    assert_int_equal(n, 1);
    assert_int_equal(got[0].kind, COMMAND_EXTENSION);
    assert_true(got[0].start);

    assert_int_equal(store_command_reply(client, ids[0], &answered, &reply, &e), ERR_OK);
    assert_false(answered);
    answer.as.command.id = ids[0];
    answer.as.command.accepted = true;
    (void)str_copy(answer.as.command.text, LINE_TEXT, "held");
    apply_ok(s, &answer, 1);
    assert_int_equal(store_command_reply(client, ids[0], &answered, &reply, &e), ERR_OK);
    assert_true(answered && reply.accepted);
    assert_int_equal(reply.id, ids[0]);
    assert_string_equal(reply.text, "held");
    /* An answer stands. */
    answer.as.command.accepted = false;
    apply_ok(s, &answer, 1);
    assert_int_equal(store_command_reply(client, ids[0], &answered, &reply, &e), ERR_OK);
    assert_true(reply.accepted);
    assert_int_equal(store_command_reply(client, 12345, &answered, &reply, &e),
                     ERR_NOT_FOUND);
    store_close(s);

    /* What was taken and not answered comes again after a crash. */
    s = open_ok(dir, STORE_CONTROLLER);
    err_clear(&e);
    assert_int_equal(store_commands(s, got, 8, &n, &e), ERR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(got[0].kind, COMMAND_AUTO);
    assert_int_equal(got[0].setting, AUTO_OFF);
    /* Old answers go, the numbers are not used again. */
    assert_int_equal(store_command_reply(client, ids[0], &answered, &reply, &e),
                     ERR_NOT_FOUND);
    store_close(s);
    store_close(client);
}

static void test_strange_command(void **state)
{
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct command_reply reply = {0};
    struct command got[4];
    struct err e = {0};
    bool answered = false;
    size_t n = 9;

    (void)state;
    assert_int_equal(sqlite3_exec(s->db,
                                  "INSERT INTO commands(kind, server, place, force, "
                                  "setting, hold_kind, start, made_by) VALUES('explode', "
                                  "'', 'cloud', 0, 'on', 'pin', 0, 'x')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(store_commands(s, got, 4, &n, &e), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_command_reply(s, 1, &answered, &reply, &e), ERR_OK);
    assert_true(answered && !reply.accepted);
    assert_non_null(strstr(reply.text, "does not know this command"));
    store_close(s);
}

static void test_client(void **state)
{
    struct store *s = NULL, *client;
    struct record r = journal("client");
    struct err e = {0};
    char missing[96];

    (void)state;
    assert_true(str_format(missing, sizeof(missing), "%s/none", dir));
    assert_int_equal(store_open(missing, STORE_CLIENT, "haifa", &s, &e), ERR_NOT_FOUND);
    err_clear(&e);
    assert_int_equal(store_open(dir, STORE_CLIENT, "haifa", &s, &e), ERR_NOT_FOUND);
    assert_int_equal(access(path_of("state.db"), F_OK), -1); /* a client makes nothing */
    s = open_ok(dir, STORE_CONTROLLER);
    client = open_ok(dir, STORE_CLIENT);
    assert_int_equal(store_epoch(client), store_epoch(s));
    err_clear(&e);
    assert_int_equal(store_apply(client, &r, 1, &e), ERR_LOCKED);
    err_clear(&e);
    assert_int_equal(store_snapshot_put(client, "{}", (struct utc){1}, &e), ERR_LOCKED);
    store_close(client);
    store_close(s);
}

static void test_snapshot(void **state)
{
    struct store *s = open_ok(dir, STORE_CONTROLLER), *client;
    struct err e = {0};
    struct utc at = {0};
    char *json, *big;

    (void)state;
    client = open_ok(dir, STORE_CLIENT);
    json = big = NULL;
    assert_int_equal(store_snapshot_get(client, &json, &at, &e), ERR_OK);
    assert_null(json);
    big = malloc(2000001);
    assert_non_null(big);
    memset(big, 'x', 2000000);
    big[2000000] = '\0';
    assert_int_equal(store_snapshot_put(s, big, (struct utc){7}, &e), ERR_OK);
    assert_int_equal(store_snapshot_put(s, "{\"at\":8}", (struct utc){8}, &e), ERR_OK);
    assert_int_equal(store_snapshot_get(client, &json, &at, &e), ERR_OK);
    assert_string_equal(json, "{\"at\":8}");
    assert_int_equal(at.s, 8);
    free(json);
    assert_int_equal(store_snapshot_put(s, big, (struct utc){9}, &e), ERR_OK);
    assert_int_equal(store_snapshot_get(client, &json, &at, &e), ERR_OK);
    assert_string_equal(json, big);
    free(json);
    free(big);
    store_close(client);
    store_close(s);
}

static int sync_level(struct store *s)
{
    sqlite3_stmt *st = NULL;
    int level = -1;

    assert_int_equal(sqlite3_prepare_v2(s->db, "PRAGMA synchronous", -1, &st, NULL),
                     SQLITE_OK);
    if (sqlite3_step(st) == SQLITE_ROW)
        level = sqlite3_column_int(st, 0);
    (void)sqlite3_finalize(st);
    return level;
}

/* A snapshot that the disk need not have yet changes nothing for what it must have. */
static void test_waits_for_disk(void **state)
{
    enum { SYNC_OFF, SYNC_NORMAL, SYNC_FULL };
    struct store *s = open_ok(dir, STORE_CONTROLLER),
                 *memory = open_ok(NULL, STORE_CONTROLLER);
    struct record r = setting("auto", "on");
    struct err e = {0};

    (void)state;
    assert_int_equal(sync_level(s), SYNC_FULL);
    assert_int_equal(store_snapshot_put(s, "{}", (struct utc){1}, &e), ERR_OK);
    assert_int_equal(sync_level(s), SYNC_NORMAL);
    assert_int_equal(store_apply(s, &r, 1, &e), ERR_OK);
    assert_int_equal(sync_level(s), SYNC_FULL);
    assert_int_equal(store_snapshot_put(memory, "{}", (struct utc){1}, &e), ERR_OK);
    assert_int_equal(sync_level(memory), SYNC_OFF);
    assert_int_equal(store_apply(memory, &r, 1, &e), ERR_OK);
    assert_int_equal(sync_level(memory), SYNC_OFF);
    store_close(memory);
    store_close(s);
}

/* ----- two processes, and their end ----- */

/* Applies pairs for ever: an entry of the journal, and a setting that counts them. */
static void apply_for_ever(int started)
{
    struct store *s = NULL;
    struct err e = {0};

    if (store_open(dir, STORE_CONTROLLER, "haifa", &s, &e) != ERR_OK)
        _exit(1);
    for (int64_t i = 1;; i++) {
        struct record records[] = {journal("pair"), setting("count", "x"),
                                   move("m-1", "cache", MOVE_OPEN)};

        (void)str_format(records[1].as.setting.value, LINE_TEXT, "%lld", (long long)i);
        records[2].as.move.calls = (int32_t)i;
        if (store_apply(s, records, ARRAY_LEN(records), &e) != ERR_OK)
            _exit(2);
        if (i == 1 && write(started, "x", 1) != 1)
            _exit(3);
    }
}

static void test_killed_writer(void **state)
{
    int64_t total = 0;

    (void)state;
    for (int round = 0; round < 6; round++) {
        struct store *client, *s;
        struct store_state st;
        struct err e = {0};
        int64_t count;
        int started[2];
        pid_t pid;
        char c;

        assert_int_equal(pipe(started), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            apply_for_ever(started[1]);
        assert_int_equal(close(started[1]), 0);
        assert_int_equal(read(started[0], &c, 1), 1);
        assert_int_equal(close(started[0]), 0);
        /* Some way into it: another process reads while it writes, and reads only whole
         * transactions. */
        client = open_ok(dir, STORE_CLIENT);
        do {
            st = load_ok(client, 0);
            assert_int_equal(st.n_settings, 1);
            assert_int_equal(st.n_moves, 1);
            assert_int_equal(str_to_i64(st.settings[0].value, 1, INT64_MAX, &count, &e),
                             ERR_OK);
            assert_int_equal(st.journal_total, total + count);
            assert_int_equal(st.moves[0].calls, count);
            store_state_free(&st);
        } while (count < 3 + round * 7);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        store_close(client);
        s = open_ok(dir, STORE_CONTROLLER);
        st = load_ok(s, 0);
        assert_int_equal(str_to_i64(st.settings[0].value, count, INT64_MAX, &count, &e),
                         ERR_OK);
        assert_int_equal(st.journal_total, total + count);
        assert_int_equal(st.moves[0].calls, count);
        total = st.journal_total;
        store_state_free(&st);
        store_close(s);
    }
}

/* What the child of the next test does, once the store is there. */
static int send_commands(int ready)
{
    struct store *client = NULL;
    struct err e = {0};
    uint64_t id;
    char c;

    if (read(ready, &c, 1) != 1)
        return 1;
    if (store_open(dir, STORE_CLIENT, "haifa", &client, &e) != ERR_OK)
        return 2;
    for (int i = 0; i < 50; i++) {
        const struct command sent = {.kind = COMMAND_REFRESH, .by = "dana", .at = {i}};

        if (store_command_put(client, &sent, &id, &e) != ERR_OK)
            return 3;
    }
    store_close(client);
    return 0;
}

static size_t answer_all(struct store *s)
{
    struct command got[64];
    struct err e = {0};
    size_t n = 0;

    assert_int_equal(store_commands(s, got, ARRAY_LEN(got), &n, &e), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        struct record records[] = {journal("beside"),
                                   {.kind = RECORD_COMMAND, .at = {1000}}};

        records[1].as.command.id = got[i].id;
        records[1].as.command.accepted = true;
        apply_ok(s, records, ARRAY_LEN(records));
    }
    return n;
}

static void test_two_processes(void **state)
{
    struct store *s;
    size_t total = 0;
    int64_t version = -1;
    int status, ready[2];
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork(); /* before the store is open: a connection must not be inherited */
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(send_commands(ready[0]));
    s = open_ok(dir, STORE_CONTROLLER);
    assert_int_equal(write(ready[1], "x", 1), 1);
    /* As the controller does: it looks when something changed, and answers. A loop that
     * wrote without a pause would starve the client. */
    while (waitpid(pid, &status, WNOHANG) == 0) {
        int64_t now = store_data_version(s);

        if (now != version)
            total += answer_all(s);
        version = now;
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(total + answer_all(s), 50);
    assert_int_equal(close(ready[0]) + close(ready[1]), 0);
    store_close(s);
}

/* ----- what goes wrong ----- */

static void expect_open(const char *what, enum err_code rc, const char *why)
{
    struct store *s = NULL;
    struct err e = {0};

    assert_row(what, store_open(dir, STORE_CONTROLLER, "haifa", &s, &e) == rc);
    assert_row(what, s == NULL);
    if (strstr(e.text, why) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", what, e.text, why);
}

static void test_refused(void **state)
{
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct err e = {0};
    char link[96];

    (void)state;
    store_close(s);
    assert_int_equal(store_open(dir, STORE_CONTROLLER, "other", &s, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "belongs to deployment \"haifa\""));
    err_clear(&e);
    assert_int_equal(store_open(dir, STORE_CLIENT, NULL, &s, &e), ERR_OK); /* any */
    store_close(s);
    assert_int_equal(chmod(path_of("state.db"), 0640), 0);
    expect_open("an open file", ERR_STORE, "chmod 600");
    assert_int_equal(chmod(path_of("state.db"), 0600), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    expect_open("an open directory", ERR_STORE, "chmod 700");
    assert_int_equal(chmod(dir, 0700), 0);
    assert_int_equal(rename(path_of("state.db"), "/tmp/rh-store-elsewhere"), 0);
    assert_int_equal(symlink("/tmp/rh-store-elsewhere", path_of("state.db")), 0);
    expect_open("a link for a file", ERR_STORE, "not a regular file");
    assert_int_equal(unlink("/tmp/rh-store-elsewhere"), 0);
    assert_int_equal(unlink(path_of("state.db")), 0);
    assert_true(str_format(link, sizeof(link), "%s-link", dir));
    assert_int_equal(symlink(dir, link), 0);
    assert_int_equal(store_open(link, STORE_CONTROLLER, "haifa", &s, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "symbolic link"));
    assert_int_equal(unlink(link), 0);
    err_clear(&e);
    assert_int_equal(store_open("/dev/null", STORE_CONTROLLER, "haifa", &s, &e),
                     ERR_STORE);
    assert_non_null(strstr(e.text, "no directory"));
    assert_true(store_fs_is_network(0x6969));
    assert_true(store_fs_is_network(0xFFFFFFFFFF534D42ul)); /* a sign-extended one */
    assert_false(store_fs_is_network(0xEF53));
}

static void test_newer_schema(void **state)
{
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct err e = {0};
    char words[64];

    (void)state;
    assert_int_equal(sqlite3_exec(s->db, "PRAGMA user_version = 99", 0, 0, 0), SQLITE_OK);
    store_close(s);
    assert_true(str_format(words, sizeof(words), "has schema 99, this rushhour knows %d",
                           schema_version));
    expect_open("newer", ERR_STORE, words);
    assert_int_equal(store_open(dir, STORE_CLIENT, "haifa", &s, &e), ERR_STORE);
}

/* The way of a later version: a step more, after a copy of the file. */
static void test_migration(void **state)
{
    enum { STEPS_MAX = 32 };
    const char *steps[STEPS_MAX];
    const int n = schema_version;
    char copy[32];
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct record r = hold("cache", PLACE_CLOUD);
    struct store_state st;
    struct err e = {0};

    (void)state;
    assert_true(n + 3 <= STEPS_MAX);
    for (int i = 0; i < n; i++)
        steps[i] = schema_steps[i];
    steps[n] = "ALTER TABLE holds ADD COLUMN color TEXT;";
    steps[n + 1] = "CREATE TABLE later(x INTEGER) STRICT;";
    steps[n + 2] = "CREATE TABLE y(;";
    assert_true(str_format(copy, sizeof(copy), "state.db.v%d", n));
    apply_ok(s, &r, 1);
    assert_int_equal(schema_migrate(s, steps, n + 2, &e), ERR_OK);
    assert_int_equal(sqlite3_exec(s->db,
                                  "INSERT INTO later VALUES(1); SELECT color FROM holds",
                                  0, 0, 0),
                     SQLITE_OK);
    assert_int_equal(access(path_of(copy), F_OK), 0);
    st = load_ok(s, 0);
    assert_int_equal(st.n_holds, 1);
    store_state_free(&st);
    /* A step that fails leaves the version that was. */
    assert_int_equal(schema_migrate(s, steps, n + 3, &e), ERR_STORE);
    err_clear(&e);
    assert_int_equal(schema_migrate(s, steps, n + 2, &e), ERR_OK); /* nothing to do */
    store_close(s);
    /* The copy is a whole store. */
    assert_int_equal(unlink(path_of("state.db")), 0);
    assert_int_equal(chmod(path_of(copy), 0600), 0);
    {
        char from[128];

        assert_true(str_copy(from, sizeof(from), path_of(copy)));
        assert_int_equal(rename(from, path_of("state.db")), 0);
    }
    s = open_ok(dir, STORE_CONTROLLER);
    st = load_ok(s, 0);
    assert_int_equal(st.n_holds, 1);
    store_state_free(&st);
    store_close(s);
}

/* The store of the first version, with a move under way: what it launched is not known,
 * an index into a list says nothing any more. */
static void test_first_version(void **state)
{
    static const char move[] =
        "PRAGMA user_version = 1; INSERT INTO moves VALUES('m-1', 'cache', 'velostrata',"
        " 'out', 'open', 2, 1, 0, 0, 0, 'policy', 'window', 1, 2, 3, NULL, 4, '1 2 0 0 "
        "0',"
        " NULL, NULL, 1, 5, '', -1, '', 1, 3, 1)";
    struct record price = listed("eu-west-1", "c5.2xlarge", 199000000, 1000);
    sqlite3 *db = NULL;
    struct store *s;
    struct store_state st;

    (void)state;
    assert_int_equal(sqlite3_open(path_of("state.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, schema_steps[0], NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, move, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(chmod(path_of("state.db"), 0600), 0);
    s = open_ok(dir, STORE_CONTROLLER);
    apply_ok(s, &price, 1);
    st = load_ok(s, 0);
    assert_int_equal(st.n_listed, 1);
    check_listed(&st.listed[0], "eu-west-1", "c5.2xlarge", 199000000, 1000);
    assert_int_equal(st.n_moves, 1);
    assert_int_equal(st.moves[0].step, 2);
    assert_string_equal(st.moves[0].type, "");
    assert_int_equal(st.moves[0].lifecycle, LIFECYCLE_UNKNOWN);
    store_state_free(&st);
    store_close(s);
}

static struct record sample(const char *job, int32_t number, enum place place,
                            enum build_result result, int64_t ms)
{
    struct record r = {.kind = RECORD_SAMPLE, .at = {1795330000}};

    r.as.sample = (struct sample){.number = number,
                                  .server = "cache",
                                  .node = "tests-cache",
                                  .place = place,
                                  .started = {1795329000},
                                  .took_ms = ms,
                                  .result = result};
    assert_true(str_copy(r.as.sample.job, sizeof(r.as.sample.job), job));
    return r;
}

static int64_t count_samples(struct store *s)
{
    sqlite3_stmt *st = NULL;
    int64_t n;

    assert_int_equal(
        sqlite3_prepare_v2(s->db, "SELECT count(*) FROM samples", -1, &st, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    return n;
}

/* A build is seen running and later told to be over: one row, whatever comes twice. */
static void test_samples(void **state)
{
    struct store *s = open_ok(NULL, STORE_CONTROLLER);
    struct record r[] = {
        sample("/job/a/", 7, PLACE_ONPREM, BUILD_RUNNING, 0),
        sample("/job/a/", 7, PLACE_ONPREM, BUILD_SUCCESS, 600000),
        sample("/job/a/", 7, PLACE_ONPREM, BUILD_SUCCESS, 600000),
        sample("/job/a/", 8, PLACE_CLOUD, BUILD_UNSTABLE, 400000),
        sample("/job/a/", 9, PLACE_CLOUD, BUILD_FAILURE, 1000),
        sample("/job/b/", 7, PLACE_UNKNOWN, BUILD_RUNNING, 0),
    };
    struct record gone = {.kind = RECORD_JOB_GONE, .as.job_gone = "/job/a/"};
    struct store_state st;

    (void)state;
    apply_ok(s, r, ARRAY_LEN(r));
    assert_int_equal(count_samples(s), 4);
    st = load_ok(s, 0);
    assert_int_equal(st.n_jobs, 1);
    assert_string_equal(st.jobs[0].path, "/job/a/");
    assert_string_equal(st.jobs[0].server, "cache");
    assert_int_equal(st.jobs[0].last, 9);
    assert_int_equal(st.jobs[0].onprem.n, 1);
    assert_int_equal(st.jobs[0].onprem.newest[0].ms, 600000);
    assert_int_equal(st.jobs[0].cloud.n, 1);
    assert_int_equal(st.n_running, 1);
    assert_string_equal(st.running[0].job, "/job/b/");
    assert_int_equal(st.running[0].place, PLACE_UNKNOWN);
    assert_int_equal(st.running[0].started.s, 1795329000);
    store_state_free(&st);
    apply_ok(s, &gone, 1);
    assert_int_equal(count_samples(s), 1);
    /* What no program wrote: unknown words and absurd durations count for nothing. */
    assert_int_equal(sqlite3_exec(s->db,
                                  "INSERT INTO samples VALUES('/job/c/', 1, '', '', "
                                  "'moon', NULL, 5, 'SUCCESS', 1), ('/job/c/', 2, '', "
                                  "'', 'cloud', NULL, 9223372036854775807, 'SUCCESS', "
                                  "1), ('/job/c/', 3, '', '', 'cloud', NULL, 5, "
                                  "'BETTER', 1)",
                                  0, 0, 0),
                     SQLITE_OK);
    st = load_ok(s, 0);
    assert_int_equal(st.n_jobs, 1);
    assert_int_equal(st.jobs[0].last, 3);
    assert_int_equal(st.jobs[0].onprem.n + st.jobs[0].cloud.n, 0);
    store_state_free(&st);
    store_close(s);
}

/* A busy job does not grow without end, and does not push the other place out. */
static void test_samples_are_bounded(void **state)
{
    struct store *s = open_ok(NULL, STORE_CONTROLLER);
    struct record r = sample("/job/a/", 1, PLACE_CLOUD, BUILD_SUCCESS, 1000);

    (void)state;
    apply_ok(s, &r, 1);
    for (int32_t n = 2; n <= 300; n++) {
        r = sample("/job/a/", n, PLACE_ONPREM, BUILD_SUCCESS, 1000);
        apply_ok(s, &r, 1);
    }
    assert_in_range(count_samples(s), 51, 51 + 16); /* it is trimmed now and then */
    /* Two years and a bit later a job of another name is all that is left. */
    for (int32_t n = 1; n <= 256; n++) {
        r = sample("/job/b/", n, PLACE_ONPREM, BUILD_SUCCESS, 1000);
        r.at.s += INT64_C(731) * 86400;
        apply_ok(s, &r, 1);
    }
    assert_int_equal(count_samples(s), 50);
    store_close(s);
}

static void test_damaged(void **state)
{
    struct store *s;

    (void)state;
    /* An unknown word in what moves are made of is damage, not a guess. */
    s = open_ok(dir, STORE_CONTROLLER);
    {
        struct record r = move("m-1", "cache", MOVE_OPEN);
        struct store_state st = {.n_moves = 77};
        struct err e = {0};

        apply_ok(s, &r, 1);
        assert_int_equal(
            sqlite3_exec(s->db, "UPDATE moves SET direction = 'up'", 0, 0, 0), SQLITE_OK);
        assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_STORE);
        assert_non_null(strstr(e.text, "a move's direction \"up\""));
        assert_int_equal(st.n_moves, 77);
        assert_int_equal(
            sqlite3_exec(s->db, "UPDATE moves SET direction = 'out', step = 99", 0, 0, 0),
            SQLITE_OK);
        err_clear(&e);
        assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_STORE);
    }
    store_close(s);
}

/* No byte may be added to any file: what was committed stays, and later it goes on. */
static void test_full_disk(void **state)
{
    struct rlimit limit, small;
    struct store *s = open_ok(dir, STORE_CONTROLLER);
    struct store_state st;
    struct err e = {0};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    struct stat wal;
    int64_t stored = 0;
    enum err_code rc = ERR_OK;

    (void)state;
    for (; stored < 5; stored++) {
        struct record r = journal("before");

        apply_ok(s, &r, 1);
    }
    assert_int_equal(stat(path_of("state.db-wal"), &wal), 0);
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &old), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = (rlim_t)wal.st_size + 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (rc == ERR_OK && stored < 1000) {
        struct record r = journal("until full");

        rc = store_apply(s, &r, 1, &e);
        stored += rc == ERR_OK ? 1 : 0;
        assert_int_equal(r.as.journal.seq, rc == ERR_OK ? stored : 0);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(rc, ERR_STORE);
    assert_non_null(strstr(e.text, "state.db"));
    assert_true(stored > 5 && stored < 1000);
    st = load_ok(s, 0);
    assert_int_equal(st.journal_total, stored);
    store_state_free(&st);
    {
        struct record r = journal("after");

        apply_ok(s, &r, 1); /* room again: it goes on */
        assert_int_equal(r.as.journal.seq, stored + 1);
    }
    store_close(s);
    s = open_ok(dir, STORE_CONTROLLER);
    st = load_ok(s, 0);
    assert_int_equal(st.journal_total, stored + 1);
    store_state_free(&st);
    store_close(s);
    assert_int_equal(sigaction(SIGXFSZ, &old, NULL), 0);
}

/* As somebody whom permissions bind: root may write everywhere. */
static int open_read_only(void)
{
    const uid_t nobody = 65534;
    struct store *s = NULL;
    struct err e = {0};

    if (geteuid() == 0 && (chown(dir, nobody, nobody) != 0 || setgroups(0, NULL) != 0 ||
                           setresgid(nobody, nobody, nobody) != 0 ||
                           setresuid(nobody, nobody, nobody) != 0))
        return 1;
    if (chmod(dir, 0500) != 0)
        return 2;
    if (store_open(dir, STORE_CONTROLLER, "haifa", &s, &e) != ERR_STORE)
        return 3;
    if (strstr(e.text, "Permission denied") == NULL || strstr(e.text, "state.db") == NULL)
        return 4;
    /* Writable again: it opens; then the file alone is read-only. */
    err_clear(&e);
    if (chmod(dir, 0700) != 0 ||
        store_open(dir, STORE_CONTROLLER, "haifa", &s, &e) != ERR_OK)
        return 5;
    store_close(s);
    if (chmod(path_of("state.db"), 0400) != 0 ||
        store_open(dir, STORE_CONTROLLER, "haifa", &s, &e) != ERR_STORE)
        return 6;
    if (strstr(e.text, "cannot be written") == NULL ||
        strstr(e.text, "permissions") == NULL)
        return 7;
    return 0;
}

static void test_read_only(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(open_read_only());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(chmod(dir, 0700), 0);
}

static int64_t now_ms(void)
{
    return clock_mono(clock_system()).ms;
}

/* A simulated week applies about 100,000 times and has two seconds for it; an apply in
 * memory takes some five microseconds. Held here against plain inserts of one column on
 * the same machine, so that a slow one (or valgrind) does not matter. */
static void test_memory_is_cheap(void **state)
{
    enum { APPLIES = 10000, FACTOR = 20, GRACE_MS = 100 };
    struct store *s = open_ok(NULL, STORE_CONTROLLER);
    int64_t plain, ours;
    sqlite3_stmt *insert = NULL;

    (void)state;
    assert_int_equal(sqlite3_exec(s->db, "CREATE TABLE plain(x)", 0, 0, 0), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(s->db, "INSERT INTO plain VALUES(1)", -1, &insert, NULL),
        SQLITE_OK);
    plain = now_ms();
    for (int i = 0; i < APPLIES; i++) {
        assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
        assert_int_equal(sqlite3_reset(insert), SQLITE_OK);
    }
    plain = now_ms() - plain;
    assert_int_equal(sqlite3_finalize(insert), SQLITE_OK);
    ours = now_ms();
    for (int i = 0; i < APPLIES; i++) {
        struct record records[] = {journal("week"), setting("n", "1")};

        apply_ok(s, records, ARRAY_LEN(records));
    }
    ours = now_ms() - ours;
    print_message("%d in memory: plain %lld ms, ours %lld ms\n", APPLIES,
                  (long long)plain, (long long)ours);
    assert_true(ours < FACTOR * plain + GRACE_MS);
    store_close(s);
}

int main(void)
{
#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_empty),
        WITH_DIR(test_all_kinds),
        WITH_DIR(test_readable),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_journal_each),
        WITH_DIR(test_ledger),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_samples_are_bounded),
        cmocka_unit_test(test_all_or_nothing),
        WITH_DIR(test_epochs),
        WITH_DIR(test_commands),
        WITH_DIR(test_strange_command),
        WITH_DIR(test_client),
        WITH_DIR(test_snapshot),
        WITH_DIR(test_waits_for_disk),
        WITH_DIR(test_killed_writer),
        WITH_DIR(test_two_processes),
        WITH_DIR(test_refused),
        WITH_DIR(test_newer_schema),
        WITH_DIR(test_prices_for_good),
        WITH_DIR(test_migration),
        WITH_DIR(test_first_version),
        WITH_DIR(test_damaged),
        WITH_DIR(test_full_disk),
        WITH_DIR(test_read_only),
        cmocka_unit_test(test_memory_is_cheap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
