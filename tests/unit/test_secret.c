#include <config.h>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/base/str.h"

#include "tests/unit/table.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[128];

    assert_true(str_format(path, sizeof(path), "%s/%s", dir, name));
    return path;
}

static const char *write_file(const char *name, const char *bytes, size_t len,
                              mode_t mode)
{
    const char *path = path_of(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

static int setup(void **state)
{
    (void)state;
    (void)str_copy(dir, sizeof(dir), "/tmp/rh-secret-XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"f", "link", "fifo", "open/f"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        (void)unlink(path_of(names[i]));
    (void)rmdir(path_of("open"));
    (void)rmdir(path_of("sub"));
    return rmdir(dir);
}

static void test_files(void **state)
{
    static char big[64 * 1024 + 2];
    /* clang-format off */
    const struct { const char *what, *bytes; size_t len; mode_t mode; enum err_code rc; const char *want; } rows[] = {
        {"a plain one",            "hunter2",        7, 0600, ERR_OK,     "hunter2"},
        {"read-only",              "hunter2",        7, 0400, ERR_OK,     "hunter2"},
        {"a newline goes",         "hunter2\n",      8, 0600, ERR_OK,     "hunter2"},
        {"a DOS line end goes",    "hunter2\r\n",    9, 0600, ERR_OK,     "hunter2"},
        {"spaces are its own",     " a b \n",        6, 0600, ERR_OK,     " a b "},
        {"two newlines",           "hunter2\n\n",    9, 0600, ERR_CONFIG, "line break"},
        {"a second line",          "a\nb\n",         4, 0600, ERR_CONFIG, "line break"},
        {"a NUL",                  "a\0b",           3, 0600, ERR_CONFIG, "control character"},
        {"empty",                  "",               0, 0600, ERR_CONFIG, "is empty"},
        {"a newline only",         "\n",             1, 0600, ERR_CONFIG, "is empty"},
        {"readable by the group",  "hunter2",        7, 0640, ERR_CONFIG, "(mode 0640): chmod 600"},
        {"readable by others",     "hunter2",        7, 0604, ERR_CONFIG, "(mode 0604): chmod 600"},
        {"writable by the group",  "hunter2",        7, 0620, ERR_CONFIG, "chmod 600"},
        {"too long",               big,    sizeof(big), 0600, ERR_CONFIG, "longer than 65536"},
    };
    /* clang-format on */

    (void)state;
    memset(big, 'x', sizeof(big));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct secret *s = NULL;
        struct err e = {0};
        const char *path = write_file("f", rows[i].bytes, rows[i].len, rows[i].mode);

        assert_row(rows[i].what, secret_from_file(path, &s, &e) == rows[i].rc);
        if (rows[i].rc == ERR_OK) {
            assert_row(rows[i].what, strcmp(secret_expose(s), rows[i].want) == 0);
        } else {
            assert_row(rows[i].what, s == NULL);
            assert_row(rows[i].what, strstr(e.text, rows[i].want) != NULL);
            assert_row(rows[i].what, strstr(e.text, path) != NULL);
            assert_row(rows[i].what, strstr(e.text, "hunter2") == NULL);
        }
        secret_free(s);
    }
}

static void expect_refused(const char *path, const char *why)
{
    struct secret *s = NULL;
    struct err e = {0};

    assert_int_equal(secret_from_file(path, &s, &e), ERR_CONFIG);
    assert_null(s);
    if (strstr(e.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.text, why);
}

static void test_not_a_file(void **state)
{
    char target[128];

    (void)state;
    expect_refused(path_of("missing"), "No such file");
    (void)str_copy(target, sizeof(target), write_file("f", "hunter2", 7, 0600));
    assert_int_equal(symlink(target, path_of("link")), 0);
    expect_refused(path_of("link"), "symbolic link");
    assert_int_equal(mkdir(path_of("sub"), 0700), 0);
    expect_refused(path_of("sub"), "not a regular file");
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    expect_refused(path_of("fifo"), "not a regular file"); /* and does not block */
    assert_int_equal(mkdir(path_of("open"), 0700), 0);
    (void)write_file("open/f", "hunter2", 7, 0600);
    assert_int_equal(chmod(path_of("open"), 0770), 0);
    expect_refused(path_of("open/f"), "writable by group or others");
    if (geteuid() == 0) {
        assert_int_equal(chown(write_file("f", "hunter2", 7, 0600), 12345, 0), 0);
        expect_refused(path_of("f"), "belongs to user 12345");
        assert_int_equal(unlink(path_of("f")), 0);
    }
}

static void test_environment(void **state)
{
    char entry[] = "RH_TEST_SECRET=hunter2";
    struct secret *s = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(putenv(entry), 0);
    assert_int_equal(secret_from_environment("RH_TEST_SECRET", &s, &e), ERR_OK);
    assert_string_equal(secret_expose(s), "hunter2");
    assert_null(getenv("RH_TEST_SECRET"));
    for (size_t i = strlen("RH_TEST_SECRET="); i < sizeof(entry); i++)
        assert_int_equal(entry[i], 0); /* the bytes themselves, as in /proc */
    secret_free(s);
    s = NULL;
    assert_int_equal(secret_from_environment("RH_TEST_SECRET", &s, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "RH_TEST_SECRET is not set"));
}

static void test_credential(void **state)
{
    static char entry[128];
    struct secret *s = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_int_equal(secret_from_credential("f", &s, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "LoadCredential=f:FILE"));
    (void)write_file("f", "hunter2\n", 8, 0440); /* group bits: systemd's access list */
    assert_true(str_format(entry, sizeof(entry), "CREDENTIALS_DIRECTORY=%s", dir));
    assert_int_equal(putenv(entry), 0);
    err_clear(&e);
    assert_int_equal(secret_from_credential("f", &s, &e), ERR_OK);
    assert_string_equal(secret_expose(s), "hunter2");
    secret_free(s);
    s = NULL;
    assert_int_equal(secret_from_credential("../f", &s, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "not the name of a systemd credential"));
    err_clear(&e);
    (void)write_file("f", "hunter2\n", 8, 0444);
    assert_int_equal(secret_from_credential("f", &s, &e), ERR_CONFIG);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void sh(const char *script, char *argv[4])
{
    static char shell[] = "/bin/sh", dash_c[] = "-c", text[256];

    assert_true(str_copy(text, sizeof(text), script));
    argv[0] = shell;
    argv[1] = dash_c;
    argv[2] = text;
    argv[3] = NULL;
}

static void test_commands(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *script; enum err_code rc; const char *want; } rows[] = {
        {"output is the secret",     "echo hunter2",                  ERR_OK,     "hunter2"},
        {"errors are hidden",        "echo oops >&2; echo hunter2",   ERR_OK,     "hunter2"},
        {"no input",                 "cat; echo hunter2",             ERR_OK,     "hunter2"},
        {"fails",                    "echo hunter2; exit 3",          ERR_CONFIG, "ended with 3"},
        {"killed",                   "kill -9 $$",                    ERR_CONFIG, "signal 9"},
        {"nothing",                  "true",                          ERR_CONFIG, "is empty"},
        {"two lines",                "echo a; echo b",                ERR_CONFIG, "line break"},
        {"endless",                  "exec yes hunter2",              ERR_CONFIG, "more than 65536"},
        {"too slow",                 "sleep 100",                     ERR_CONFIG, "within its time"},
        {"silent, but stays",        "exec >&-; sleep 100",           ERR_CONFIG, "within its time"},
        {"its child holds the pipe", "sleep 100 & echo hunter2",      ERR_CONFIG, "within its time"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        /* The slow ones are cut short; the quick ones have all the time of a slow
         * machine. */
        bool slow = strcmp(rows[i].want, "within its time") == 0;
        struct secret *s = NULL;
        struct err e = {0};
        char *argv[4];

        sh(rows[i].script, argv);
        assert_row(rows[i].what, secret_from_command_within(argv, slow ? 200 : 10000, &s,
                                                            &e) == rows[i].rc);
        if (rows[i].rc == ERR_OK)
            assert_row(rows[i].what, strcmp(secret_expose(s), rows[i].want) == 0);
        else
            assert_row(rows[i].what, strstr(e.text, rows[i].want) != NULL);
        assert_row(rows[i].what, strstr(e.text, "hunter2") == NULL);
        secret_free(s);
    }
}

static void test_command_missing(void **state)
{
    char name[] = "/nonexistent/give-secret";
    char *argv[] = {name, NULL};
    struct secret *s = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(secret_from_command(argv, &s, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "cannot start the command /nonexistent/give-secret"));
    argv[0] = NULL;
    err_clear(&e);
    assert_int_equal(secret_from_command(argv, &s, &e), ERR_CONFIG);
    assert_null(s);
}

static void test_new(void **state)
{
    struct secret *s = NULL;
    struct err e = {0};

    (void)state;
    secret_free(NULL);
    assert_int_equal(secret_new("a\0b", 3, &s, &e), ERR_SYNTAX);
    err_clear(&e);
    assert_int_equal(secret_new("", 64 * 1024 + 1, &s, &e), ERR_RANGE);
    err_clear(&e);
    assert_int_equal(secret_new("abc", 2, &s, &e), ERR_OK);
    assert_string_equal(secret_expose(s), "ab");
    assert_null(secret_ref(NULL));
    assert_ptr_equal(secret_ref(s), s);
    secret_free(s);
    assert_string_equal(secret_expose(s), "ab"); /* the other owner still has it */
    secret_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_a_file, setup, teardown),
        cmocka_unit_test(test_environment),
        cmocka_unit_test_setup_teardown(test_credential, setup, teardown),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_command_missing),
        cmocka_unit_test(test_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
