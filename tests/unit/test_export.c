#include <config.h>

#include "tui/export.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

/* What `E` writes: new files alone, of this user alone, whole or not at all. */

enum { WAIT_MS = 10000 };

struct ledger {
    pthread_mutex_t gate; /* held: the store is slow */
    const char *text;     /* NULL: it cannot be read */
    int held;
};

/* What a reload could take away is held from the key to the end. */
static void *hold(void *ctx, struct err *e)
{
    struct ledger *l = ctx;

    (void)e;
    l->held++;
    return l;
}

static void let_go(void *work)
{
    struct ledger *l = work;

    l->held--;
}

static enum err_code read_ledger(void *ctx, struct strbuf *out, struct err *e)
{
    struct ledger *l = ctx;

    assert_int_equal(pthread_mutex_lock(&l->gate), 0);
    assert_int_equal(pthread_mutex_unlock(&l->gate), 0);
    if (l->text == NULL)
        return err_set(e, ERR_STORE, "the disk is gone");
    strbuf_puts(out, l->text);
    return ERR_OK;
}

static void read_back(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(out, 1, size - 1, f);
    out[n] = '\0';
    assert_int_equal(fclose(f), 0);
}

static void make_folder(char dir[32])
{
    (void)str_copy(dir, 32, "/tmp/rushhour-export-XXXXXX");
    assert_non_null(mkdtemp(dir));
}

static void test_new_files_alone(void **state)
{
    char dir[32], path[64], text[16];
    struct strbuf b;
    struct stat st;
    struct err e = {0};

    (void)state;
    make_folder(dir);
    assert_true(str_format(path, sizeof(path), "%s/a.csv", dir));
    strbuf_init(&b, 100);
    strbuf_puts(&b, "one\n");
    assert_int_equal(export_write(path, &b, &e), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    strbuf_puts(&b, "two\n");
    assert_int_equal(export_write(path, &b, &e), ERR_IO);
    assert_non_null(strstr(e.text, path));
    read_back(path, text, sizeof(text));
    assert_string_equal(text, "one\n");
    err_clear(&e);
    assert_int_equal(export_write("/dev/full/x", &b, &e), ERR_IO);
    strbuf_clear(&b);
    assert_true(folder_remove(dir));
}

static void wait_for(struct export *x)
{
    struct pollfd p = {.fd = x->event_fd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

static void test_export(void **state)
{
    struct ledger l = {.gate = PTHREAD_MUTEX_INITIALIZER, .text = "start,end\n"};
    struct clock_fake fake = {.utc = {1795330800}};
    const struct clock clock = clock_fake_clock(&fake);
    const struct app_export from = {hold, let_go, read_ledger, &clock, &l};
    char dir[32], want[64], text[16];
    struct export x;
    struct err e = {0};

    (void)state;
    make_folder(dir);
    export_init(&x, &from);
    assert_false(export_ended(&x, &e));
    assert_int_equal(pthread_mutex_lock(&l.gate), 0);
    assert_int_equal(export_start(&x, dir, &e), ERR_OK); /* and waits for nobody */
    assert_false(export_ended(&x, &e));
    assert_int_equal(export_start(&x, dir, &e), ERR_LOCKED);
    assert_int_equal(l.held, 1);
    err_clear(&e);
    assert_int_equal(pthread_mutex_unlock(&l.gate), 0);
    wait_for(&x);
    assert_true(export_ended(&x, &e));
    assert_int_equal(e.code, ERR_OK);
    assert_true(str_format(want, sizeof(want), "%s/cost-2026-11-", dir));
    assert_true(str_starts(x.path, want));
    read_back(x.path, text, sizeof(text));
    assert_string_equal(text, "start,end\n");

    assert_true(folder_empty(dir));
    l.text = NULL;
    assert_int_equal(export_start(&x, dir, &e), ERR_OK);
    wait_for(&x);
    assert_true(export_ended(&x, &e));
    assert_string_equal(e.text, "the ledger was not written: the disk is gone");
    err_clear(&e);

    assert_int_equal(export_start(&x, dir, &e), ERR_OK);
    export_clear(&x); /* waits for the thread, whatever it does */
    assert_false(x.running);
    assert_int_equal(l.held, 0);
    assert_true(folder_remove(dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_files_alone),
        cmocka_unit_test(test_export),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
