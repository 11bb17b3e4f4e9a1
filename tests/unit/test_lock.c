#include <config.h>

#include "core/base/str.h"
#include "core/store/lock.h"

#include "tests/unit/table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], path[96];

static int setup(void **state)
{
    (void)state;
    (void)str_copy(dir, sizeof(dir), "/tmp/rh-lock-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    return str_format(path, sizeof(path), "%s/controller.lock", dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static void test_take_and_release(void **state)
{
    struct lock_holder h = {0};
    struct lock *l = NULL, *second = NULL;
    struct err e = {0};
    struct stat st;
    ino_t first;

    (void)state;
    assert_false(lock_is_held(dir, &h));
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    first = st.st_ino;
    assert_true(lock_is_held(dir, &h));
    assert_int_equal(h.pid, getpid());
    assert_true(strlen(h.host) > 0 && strlen(h.user) > 0 && h.since.s > 1000000000);

    memset(&h, 0, sizeof(h));
    assert_int_equal(lock_take(dir, false, &second, &h, &e), ERR_LOCKED);
    assert_null(second);
    assert_int_equal(h.pid, getpid());
    assert_non_null(strstr(e.text, h.user));
    assert_non_null(strstr(e.text, "controller.lock since "));

    lock_release(l);
    assert_false(lock_is_held(dir, &h));
    assert_int_equal(stat(path, &st), 0); /* never unlinked */
    assert_int_equal(st.st_ino, first);
    err_clear(&e);
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_OK);
    lock_release(l);
    lock_release(NULL);
}

/* A holder that is killed leaves its name, but not its lock. */
static void test_killed_holder(void **state)
{
    struct lock_holder h = {0};
    struct lock *l = NULL;
    struct err e = {0};
    int ready[2];
    char c;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (lock_take(dir, false, &l, &h, &e) != ERR_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(close(ready[0]), 0);
    assert_true(lock_is_held(dir, &h));
    assert_int_equal(h.pid, pid);
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_LOCKED);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(lock_is_held(dir, &h));
    err_clear(&e);
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_OK);
    assert_true(lock_is_held(dir, &h));
    assert_int_equal(h.pid, getpid());
    lock_release(l);
}

/* Who writes an order down has it for a moment, on a busy machine for a longer one: who
 * starts meanwhile waits for that. */
static void test_brief_holder(void **state)
{
    struct lock_holder h = {0};
    struct lock *l = NULL;
    struct err e = {0};
    int ready[2], status;
    char c;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (lock_take(dir, true, &l, &h, &e) != ERR_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        (void)poll(NULL, 0, 400); /* four times as long as a look is waited for */
        lock_release(l);
        _exit(0);
    }
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(close(ready[0]), 0);
    assert_true(lock_is_held(dir, &h));
    assert_true(h.brief && h.pid == pid);
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_OK);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(lock_is_held(dir, &h));
    assert_true(!h.brief && h.pid == getpid());
    lock_release(l);
}

static void write_text(const char *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void test_strange_holder(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *host; int32_t pid; } rows[] = {
        {"empty",             "",                                  "",                   0},
        {"no lines",          "hello",                             "",                   0},
        {"a wrong pid",       "host a\npid x\nsince y\n",          "a",                  0},
        {"a negative pid",    "host a\npid -1\n",                  "a",                  0},
        {"control signs",     "host a\x1b[2Jb\npid 7\n",           "a\xef\xbf\xbd[2Jb",  7},
        {"another order",     "pid 7\nhosts x\nhost a\n",          "a",                  7},
        {"no newline",        "pid 7\nhost a",                     "a",                  7},
    };
    /* clang-format on */
    struct lock *l = NULL;
    struct lock_holder h;
    struct err e = {0};

    (void)state;
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        write_text(rows[i].text);
        memset(&h, 0xff, sizeof(h));
        assert_row(rows[i].what, lock_is_held(dir, &h));
        assert_row(rows[i].what, strcmp(h.host, rows[i].host) == 0);
        assert_row(rows[i].what, h.pid == rows[i].pid);
        assert_row(rows[i].what, h.since.s == 0);
    }
    lock_release(l);
}

static void test_refused(void **state)
{
    struct lock_holder h = {0};
    struct lock *l = NULL;
    struct err e = {0};
    char below[96];

    (void)state;
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_IO);
    assert_false(lock_is_held(dir, &h));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(dir, 0750), 0);
    err_clear(&e);
    assert_int_equal(lock_take(dir, false, &l, &h, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "chmod 700"));
    assert_int_equal(chmod(dir, 0700), 0);
    /* Missing folders are made. */
    assert_true(str_format(below, sizeof(below), "%s/a/b", dir));
    assert_false(lock_is_held(below, &h));
    err_clear(&e);
    assert_int_equal(lock_take(below, false, &l, &h, &e), ERR_OK);
    lock_release(l);
    assert_true(str_format(below, sizeof(below), "%s/a/b/controller.lock", dir));
    assert_int_equal(unlink(below), 0);
    assert_true(str_format(below, sizeof(below), "%s/a/b", dir));
    assert_int_equal(rmdir(below), 0);
    assert_true(str_format(below, sizeof(below), "%s/a", dir));
    assert_int_equal(rmdir(below), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_take_and_release, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_holder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_brief_holder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strange_holder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
