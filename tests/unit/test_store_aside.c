#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A store that is damaged, or is taken away: it is kept beside the new one, which knows
 * that it is not the first; and nothing is written to a file that nobody can find.
 */

enum { PAGE = 4096 };

/* Files whose names begin and end so; the last one's name. */
static int32_t files(const struct folder *p, const char *begin, const char *end,
                     char name[NAME_TEXT])
{
    DIR *d = opendir(p->dir);
    const struct dirent *e;
    int32_t n = 0;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);

        if (!str_starts(e->d_name, begin) || len < strlen(end) ||
            !str_eq(e->d_name + len - strlen(end), end))
            continue;
        assert_true(str_copy(name, NAME_TEXT, e->d_name));
        n++;
    }
    (void)closedir(d);
    return n;
}

static const char *path_of(const struct folder *p, const char *name, char path[128])
{
    assert_true(str_format(path, 128, "%s/%s", p->dir, name));
    return path;
}

static void overwrite(const struct folder *p, const char *name, off_t at, size_t len)
{
    static char junk[16 * PAGE];
    char path[128];
    int fd = open(path_of(p, name, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    memset(junk, 0x5a, sizeof(junk));
    assert_true(fd >= 0 && len <= sizeof(junk));
    assert_int_equal(pwrite(fd, junk, len, at), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static off_t size_of(const struct folder *p, const char *name)
{
    struct stat st;
    char path[128];

    return lstat(path_of(p, name, path), &st) == 0 ? st.st_size : -1;
}

static enum err_code fill(struct store *s, struct err *e)
{
    enum err_code code = ERR_OK;

    for (int32_t i = 0; i < 300 && code == ERR_OK; i++) {
        struct record r = {.kind = RECORD_JOURNAL, .at = {1000}};

        (void)str_copy(r.as.journal.text, sizeof(r.as.journal.text), "filler");
        (void)str_copy(r.as.journal.action, sizeof(r.as.journal.action), "filler");
        code = store_apply(s, &r, 1, e);
    }
    return code;
}

static void noise(const struct folder *p)
{
    overwrite(p, STORE_FILE, 0, 16 * PAGE);
}

static void page(const struct folder *p)
{
    overwrite(p, STORE_FILE, 5 * PAGE, 3 * PAGE);
}

static void schema(const struct folder *p)
{
    overwrite(p, STORE_FILE, 100, 64);
}

static void cut(const struct folder *p)
{
    char path[128];

    assert_int_equal(truncate(path_of(p, STORE_FILE, path), 7 * PAGE), 0);
}

static void test_set_aside(void **state)
{
    static const struct {
        const char *what;
        void (*damage)(const struct folder *p);
    } rows[] = {
        {"noise", noise},
        {"pages overwritten", page},
        {"the first page", schema},
        {"cut off", cut},
    };
    const struct folder *p = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_state st = {0};
        struct store *s = NULL;
        struct err e = {0};
        char name[NAME_TEXT];
        off_t size;

        assert_int_equal(store_open(p->dir, STORE_CONTROLLER, "test", &s, &e), ERR_OK);
        assert_int_equal(fill(s, &e), ERR_OK);
        store_close(s);
        rows[i].damage(p);
        size = size_of(p, STORE_FILE);
        if (store_open(p->dir, STORE_CONTROLLER, "test", &s, &e) != ERR_OK)
            fail_msg("%s: %s", rows[i].what, e.text);
        assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_OK);
        assert_row(rows[i].what, st.lost && st.first_start && st.journal_total == 0);
        assert_row(rows[i].what, files(p, "state.db.corrupt-", "Z", name) == 1);
        assert_row(rows[i].what, str_eq(st.aside, name) && size_of(p, name) == size);
        store_state_free(&st);
        /* The new one is a good one. */
        assert_int_equal(fill(s, &e), ERR_OK);
        store_close(s);
        assert_int_equal(store_open(p->dir, STORE_CONTROLLER, "test", &s, &e), ERR_OK);
        assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_OK);
        assert_row(rows[i].what, !st.lost && st.aside[0] == '\0');
        assert_row(rows[i].what, st.journal_total == 300);
        store_state_free(&st);
        store_close(s);
        assert_true(folder_empty(p->dir));
    }
}

/* Who only looks says what is wrong and moves nothing. */
static void test_client(void **state)
{
    const struct folder *p = *state;
    struct store *s = NULL;
    struct err e = {0};
    char name[NAME_TEXT];

    noise(p);
    assert_int_equal(store_open(p->dir, STORE_CLIENT, "test", &s, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "is damaged"));
    assert_non_null(strstr(e.text, "the next start sets it aside"));
    assert_int_equal(files(p, "state.db.", "", name), 0);
}

/* The log of a store that somebody removed is nothing for the new one. */
static void test_log_alone(void **state)
{
    const struct folder *p = *state;
    struct store_state st = {0};
    struct store *s = NULL;
    struct err e = {0};
    char path[128], copy[128], name[NAME_TEXT];

    assert_int_equal(store_open(p->dir, STORE_CONTROLLER, "test", &s, &e), ERR_OK);
    assert_int_equal(fill(s, &e), ERR_OK);
    /* As a kill leaves it: the log is there, its file is not. */
    assert_int_equal(link(path_of(p, "state.db-wal", path), path_of(p, "keep", copy)), 0);
    store_close(s);
    assert_int_equal(unlink(path_of(p, STORE_FILE, path)), 0);
    assert_int_equal(rename(path_of(p, "keep", copy), path_of(p, "state.db-wal", path)),
                     0);
    assert_true(size_of(p, "state.db-wal") > 0);
    if (store_open(p->dir, STORE_CONTROLLER, "test", &s, &e) != ERR_OK)
        fail_msg("%s", e.text);
    assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_OK);
    assert_true(st.lost && st.journal_total == 0);
    assert_int_equal(files(p, "state.db.corrupt-", "-wal", name), 1);
    store_state_free(&st);
    store_close(s);
}

/* Removed, or replaced by another, while it is open. */
static void test_taken_away(void **state)
{
    const struct folder *p = *state;
    struct store *s = NULL;
    struct err e = {0};
    char path[128], elsewhere[128];

    assert_int_equal(store_open(p->dir, STORE_CONTROLLER, "test", &s, &e), ERR_OK);
    assert_int_equal(fill(s, &e), ERR_OK);
    (void)path_of(p, STORE_FILE, path);
    (void)path_of(p, "elsewhere", elsewhere);
    assert_int_equal(rename(path, elsewhere), 0);
    assert_int_equal(fill(s, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "was removed or replaced"));
    err_clear(&e);
    overwrite(p, STORE_FILE, 0, PAGE);
    assert_int_equal(fill(s, &e), ERR_STORE);
    err_clear(&e);
    /* Put back, it is the same as before. */
    assert_int_equal(rename(elsewhere, path), 0);
    assert_int_equal(fill(s, &e), ERR_OK);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_set_aside, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_client, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_log_alone, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_taken_away, folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
