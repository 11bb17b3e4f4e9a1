#include <config.h>

#include "core/base/str.h"
#include "core/store/store_internal.h"
#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The room that a store needs: its ballast is real, goes when the file can grow no more
 * and comes back; a lost store is known by it; the journal is bounded by age and size.
 */

enum { DAY = 86400, MIB = 1024 * 1024 };

static struct store *open_in(const struct folder *p, enum store_use use)
{
    struct store *s = NULL;
    struct err e = {0};

    if (store_open(p != NULL ? p->dir : NULL, use, "test", &s, &e) != ERR_OK)
        fail_msg("%s", e.text);
    return s;
}

static const char *path_of(const struct folder *p, const char *name, char path[128])
{
    (void)str_format(path, 128, "%s/%s", p->dir, name);
    return path;
}

static bool exists(const struct folder *p, const char *name)
{
    char path[128];
    struct stat st;

    return lstat(path_of(p, name, path), &st) == 0;
}

static void limit_pages(struct store *s, int pages)
{
    char sql[64];

    (void)str_format(sql, sizeof(sql), "PRAGMA max_page_count = %d", pages);
    assert_int_equal(sqlite3_exec(s->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static enum err_code put_lines(struct store *s, int64_t at, int n, struct err *e)
{
    enum { PART = 100 };
    static struct record r[PART];
    enum err_code code = ERR_OK;

    for (int done = 0; done < n && code == ERR_OK; done += PART) {
        int part = n - done < PART ? n - done : PART;

        for (int i = 0; i < part; i++) {
            r[i] = (struct record){.kind = RECORD_JOURNAL, .at = {at}};
            r[i].as.journal.at.s = at;
            memset(r[i].as.journal.text, 'x', 100);
        }
        code = store_apply(s, r, (size_t)part, e);
    }
    return code;
}

static void test_ballast(void **state)
{
    const struct folder *p = *state;
    struct store *s = open_in(p, STORE_CONTROLLER);
    struct err e = {0};
    char path[128];
    struct stat st;

    assert_int_equal(lstat(path_of(p, "ballast", path), &st), 0);
    assert_int_equal(st.st_size, MIB);
    assert_true(st.st_blocks * 512 >= MIB); /* a hole would give no room */
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(store_is_tight(s));

    limit_pages(s, 80);
    assert_int_equal(put_lines(s, 1, 5000, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "full"));
    assert_false(exists(p, "ballast"));
    assert_true(store_is_tight(s));
    err_clear(&e);
    limit_pages(s, 100000);
    assert_int_equal(put_lines(s, 1, 10, &e), ERR_OK);
    assert_true(store_is_tight(s)); /* until somebody looks */
    store_room_look(s);
    assert_false(store_is_tight(s));
    assert_true(exists(p, "ballast"));
    store_close(s);
}

static void test_who_has_none(void **state)
{
    const struct folder *p = *state;
    struct store *s = open_in(NULL, STORE_CONTROLLER);
    char path[128];

    store_room_look(s);
    assert_false(store_is_tight(s)); /* in memory */
    store_close(s);
    store_close(open_in(p, STORE_CONTROLLER));
    assert_int_equal(unlink(path_of(p, "ballast", path)), 0);
    s = open_in(p, STORE_CLIENT);
    store_room_look(s);
    assert_false(exists(p, "ballast")); /* a client makes nothing */
    store_close(s);
}

/* Not the first start, but nothing is known. */
static void test_lost(void **state)
{
    static const struct {
        const char *what;
        bool db, ballast; /* removed before the second start */
        bool first_start, lost;
    } rows[] = {
        {"nothing is removed", false, false, false, false},
        {"the ballast alone", false, true, false, false},
        {"the database alone", true, false, true, true},
        {"all of it", true, true, true, false},
    };
    const struct folder *p = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_state st = {0};
        struct store *s;
        struct err e = {0};
        char path[128];

        store_close(open_in(p, STORE_CONTROLLER));
        if (rows[i].db)
            assert_int_equal(unlink(path_of(p, "state.db", path)), 0);
        if (rows[i].ballast)
            assert_int_equal(unlink(path_of(p, "ballast", path)), 0);
        s = open_in(p, STORE_CONTROLLER);
        assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_OK);
        assert_row(rows[i].what, st.first_start == rows[i].first_start);
        assert_row(rows[i].what, st.lost == rows[i].lost);
        assert_row(rows[i].what, exists(p, "ballast"));
        store_state_free(&st);
        store_close(s);
    }
}

static int64_t count(struct store *s, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t n;

    assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int64(st, 0);
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    return n;
}

static void test_prune(void **state)
{
    static const struct {
        const char *what;
        int64_t before; /* days */
        int64_t max_bytes;
        int64_t left, oldest; /* lines, and the day of the oldest */
    } rows[] = {
        {"nothing is too old", 0, 100 * MIB, 4000, 1},
        {"a day is too old", 2, 100 * MIB, 3000, 2},
        {"two days are, and nothing else", 3, 100 * MIB, 2000, 3},
        {"all are too old", 99, 100 * MIB, 0, 0},
        {"too many", 0, 1000 * 148, 1000, 4},
        {"too many and too old", 3, 1500 * 148, 1500, 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store *s = open_in(NULL, STORE_CONTROLLER);
        struct err e = {0};
        bool more = true;
        int parts = 0;
        int64_t left = 4000;

        for (int64_t day = 1; day <= 4; day++)
            assert_int_equal(put_lines(s, day * DAY, 1000, &e), ERR_OK);
        while (more) {
            int64_t now;

            assert_int_equal(store_prune(s, (struct utc){rows[i].before * DAY},
                                         rows[i].max_bytes, &more, &e),
                             ERR_OK);
            now = count(s, "SELECT count(*) FROM journal");
            assert_row(rows[i].what, left - now <= 1000); /* small steps */
            left = now;
            assert_row(rows[i].what, ++parts < 20);
        }
        assert_row(rows[i].what, left == rows[i].left);
        assert_row(rows[i].what, count(s, "SELECT coalesce(min(at), 0) FROM journal") ==
                                     rows[i].oldest * DAY);
        /* Numbers go on, whatever was removed. */
        if (left > 0) {
            assert_int_equal(put_lines(s, 5 * DAY, 1, &e), ERR_OK);
            assert_row(rows[i].what, count(s, "SELECT max(seq) FROM journal") == 4001);
        }
        store_close(s);
    }
}

static void test_prune_intents(void **state)
{
    struct store *s = open_in(NULL, STORE_CONTROLLER);
    struct store_state st = {0};
    struct record r[4] = {{0}};
    struct err e = {0};
    bool more = false;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        r[i].kind = RECORD_INTENT;
        r[i].at.s = DAY;
        r[i].as.intent.id = i + 1;
    }
    assert_int_equal(store_apply(s, r, ARRAY_LEN(r), &e), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        r[i].kind = RECORD_OUTCOME;
        r[i].as.outcome =
            (struct call_result){.id = i + 1, .outcome = OUTCOME_DONE, .at = {DAY}};
    }
    /* the second one is open still */
    assert_int_equal(store_apply(s, &r[0], 1, &e), ERR_OK);
    assert_int_equal(store_apply(s, &r[2], 2, &e), ERR_OK);
    assert_int_equal(store_prune(s, (struct utc){2 * DAY}, 100 * MIB, &more, &e), ERR_OK);
    assert_int_equal(count(s, "SELECT count(*) FROM intents"), 2);
    assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_OK);
    assert_int_equal(st.n_intents, 1);
    assert_int_equal(st.intents[0].call.id, 2);
    assert_int_equal(st.next_call_id, 5);
    store_state_free(&st);
    store_close(s);
}

/* Who lost the store prunes nothing. */
static void test_epoch(void **state)
{
    const struct folder *p = *state;
    struct store *old = open_in(p, STORE_CONTROLLER), *new;
    struct err e = {0};
    bool more = false;

    assert_int_equal(put_lines(old, DAY, 10, &e), ERR_OK);
    new = open_in(p, STORE_CONTROLLER);
    assert_int_equal(store_prune(old, (struct utc){9 * DAY}, MIB, &more, &e), ERR_LOCKED);
    assert_int_equal(count(new, "SELECT count(*) FROM journal"), 10);
    err_clear(&e);
    assert_int_equal(store_prune(new, (struct utc){9 * DAY}, MIB, &more, &e), ERR_OK);
    assert_int_equal(count(new, "SELECT count(*) FROM journal"), 0);
    store_close(old);
    store_close(new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ballast, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_who_has_none, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_lost, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_epoch, folder_setup, folder_teardown),
        cmocka_unit_test(test_prune),
        cmocka_unit_test(test_prune_intents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
