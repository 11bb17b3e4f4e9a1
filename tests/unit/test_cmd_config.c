#include <config.h>

#include "tui/cmd_config.h"

#include "core/base/str.h"
#include "core/model/config.h"

#include "tests/unit/table.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[128];

static int setup(void **state)
{
    (void)state;
    (void)str_copy(dir, sizeof(dir), "/tmp/rh-init-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    return str_format(path, sizeof(path), "%s/a/rushhour.conf", dir) ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const names[] = {"a/velostrata.secret", "a/jenkins.token",
                                        "a/vsphere.secret", "a/rushhour.conf", "got"};
    char other[128];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)str_format(other, sizeof(other), "%s/%s", dir, names[i]);
        (void)unlink(other);
    }
    (void)str_format(other, sizeof(other), "%s/a", dir);
    (void)rmdir(other);
    return rmdir(dir);
}

static void write_secret(const char *name)
{
    char file[128];
    int fd;

    assert_true(str_format(file, sizeof(file), "%s/a/%s", dir, name));
    fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x\n", 2), 2);
    assert_int_equal(close(fd), 0);
}

/* Runs a command with its output (or its complaints) in a buffer. */
static int capture(int (*command)(const char *), int stream, char *got, size_t size)
{
    char file[128];
    int status, kept, fd;
    ssize_t n;

    assert_true(str_format(file, sizeof(file), "%s/got", dir));
    fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)fflush(NULL);
    kept = dup(stream);
    assert_true(kept >= 0);
    assert_int_equal(dup2(fd, stream), stream);
    status = command(path);
    (void)fflush(NULL);
    assert_int_equal(dup2(kept, stream), stream);
    assert_int_equal(close(kept), 0);
    n = pread(fd, got, size - 1, 0);
    assert_true(n >= 0);
    got[n] = '\0';
    assert_int_equal(close(fd), 0);
    return status;
}

static FILE *input(const char *text)
{
    FILE *f = tmpfile();

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    rewind(f);
    return f;
}

static struct config *load(void)
{
    struct config_problems *p = NULL;
    struct config *c = NULL;
    struct err e = {0};

    if (config_load(path, false, &c, &p, &e) != ERR_OK)
        fail_msg("%s", e.text);
    return c;
}

static void test_init_without_terminal(void **state)
{
    static char got[32 * 1024];
    struct config *c;
    struct stat st;
    FILE *out = tmpfile();

    (void)state;
    assert_non_null(out);
    assert_int_equal(cmd_init_dialog(path, NULL, out), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    /* It names its secrets; doctor says that they are not there yet, each with its line.
     */
    assert_int_equal(capture(cmd_doctor_offline, STDERR_FILENO, got, sizeof(got)), 2);
    assert_non_null(strstr(got, ": velostrata.password_file: cannot open "));
    assert_non_null(strstr(got, ": jenkins.token_file: cannot open "));
    assert_non_null(strstr(got, ": vsphere.password_file: cannot open "));
    assert_non_null(strstr(got, "/a/rushhour.conf:"));
    write_secret("velostrata.secret");
    write_secret("jenkins.token");
    write_secret("vsphere.secret");
    c = load();
    assert_string_equal(c->servers[0].name, "cache");
    config_free(c);
    assert_int_equal(capture(cmd_doctor_offline, STDOUT_FILENO, got, sizeof(got)), 0);
    assert_non_null(strstr(got, "    window = [\"Sun-Thu 09:00-18:00\"]\n"));
    assert_non_null(strstr(got, "/a/vsphere.secret\"\n"));
    /* Never over a file. */
    assert_int_equal(cmd_init_dialog(path, NULL, out), 1);
    assert_int_equal(fclose(out), 0);
}

static void test_init_dialog(void **state)
{
    static const char answers[] = "ec3\n" /* refused: no mover */
                                  "\n"
                                  "haifa\n"
                                  "http://v.example\n" /* refused: in the clear */
                                  "https://v.haifa.example/velostrata/api/v25\n"
                                  "ce-7\n"
                                  "https://j.haifa.example/\n"
                                  "\n"
                                  "https://esx.haifa.example/sdk\n"
                                  "ops \"x\"\n"
                                  "7up\n" /* refused: a digit first */
                                  "disk\n"
                                  "\n"
                                  "\n"
                                  "\n"
                                  "vpc-1\n" /* refused: no ENI */
                                  "eni-77\n"
                                  "c5.xlarge, m5.xlarge";
    FILE *in = input(answers), *out = tmpfile();
    char said[16 * 1024];
    struct config *c;
    size_t n;

    (void)state;
    assert_non_null(out);
    assert_int_equal(cmd_init_dialog(path, in, out), 0);
    rewind(out);
    n = fread(said, 1, sizeof(said) - 1, out);
    said[n] = '\0';
    assert_non_null(strstr(said, "(velostrata|ec2)"));
    assert_null(strstr(said, "launch_template"));
    assert_non_null(strstr(said, "would send passwords in the clear"));
    assert_non_null(strstr(said, "a name is letters, digits"));
    assert_non_null(strstr(said, "does not begin with eni-"));
    assert_non_null(strstr(said, "  [disk-cloud]: "));
    assert_non_null(strstr(said, "wrote "));
    write_secret("velostrata.secret");
    write_secret("jenkins.token");
    write_secret("vsphere.secret");
    c = load();
    assert_string_equal(c->site_name, "haifa");
    assert_string_equal(c->velostrata.api.url,
                        "https://v.haifa.example/velostrata/api/v25");
    assert_string_equal(c->velostrata.cloud_extension, "ce-7");
    assert_string_equal(c->jenkins.user, "rushhour");
    assert_string_equal(c->vsphere.user, "ops \"x\"");
    assert_string_equal(c->servers[0].name, "disk");
    assert_string_equal(c->servers[0].vm, "disk");
    assert_string_equal(c->servers[0].onprem_node, "disk");
    assert_string_equal(c->servers[0].cloud_node, "disk-cloud");
    assert_string_equal(c->servers[0].eni, "eni-77");
    assert_int_equal(c->servers[0].n_instance_types, 2);
    assert_string_equal(c->servers[0].instance_types[1], "m5.xlarge");
    config_free(c);
    assert_int_equal(fclose(in) + fclose(out), 0);
}

/* No manager is asked for, and none is in the file. */
static void test_init_ec2(void **state)
{
    static const char answers[] = "ec2\n"
                                  "\n"
                                  "https://j.haifa.example/\n"
                                  "\n"
                                  "https://esx.haifa.example/sdk\n"
                                  "\n"
                                  "eu-north-1\n"
                                  "disk\n"
                                  "\n"
                                  "\n"
                                  "\n"
                                  "eni-77\n"
                                  "c5.xlarge\n"
                                  "tests-disk:3\n";
    FILE *in = input(answers), *out = tmpfile();
    struct config *c;

    (void)state;
    assert_non_null(out);
    assert_int_equal(cmd_init_dialog(path, in, out), 0);
    write_secret("jenkins.token");
    write_secret("vsphere.secret");
    c = load();
    assert_null(c->velostrata.api.url);
    assert_string_equal(c->aws.region, "eu-north-1");
    assert_string_equal(c->servers[0].mover, "ec2");
    assert_string_equal(c->servers[0].eni, "eni-77");
    assert_string_equal(c->servers[0].launch_template, "tests-disk:3");
    config_free(c);
    assert_int_equal(fclose(in) + fclose(out), 0);
}

static void test_dialog_ends_early(void **state)
{
    FILE *in = input("velostrata\nhaifa\nhttps://v.example/\n"), *out = tmpfile();

    (void)state;
    assert_non_null(out);
    assert_int_equal(cmd_init_dialog(path, in, out), 1);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(fclose(in) + fclose(out), 0);
}

static void test_doctor_missing(void **state)
{
    char got[1024];

    (void)state;
    assert_int_equal(capture(cmd_doctor_offline, STDERR_FILENO, got, sizeof(got)), 2);
    assert_non_null(strstr(got, "there is no such file: \"rushhour init\" writes one"));
}

static void test_default_path(void **state)
{
    static char xdg[128], home[128];
    char got[256], want[256];
    struct err e = {0};
    bool there = true;
    FILE *out = tmpfile();

    (void)state;
    assert_non_null(out);
    assert_true(str_format(xdg, sizeof(xdg), "XDG_CONFIG_HOME=%s/a", dir));
    assert_true(str_format(home, sizeof(home), "HOME=%s", dir));
    assert_int_equal(putenv(xdg), 0);
    assert_int_equal(putenv(home), 0);
    assert_int_equal(cmd_config_path(got, sizeof(got), &there, &e), ERR_OK);
    assert_true(str_format(want, sizeof(want), "%s/a/rushhour/rushhour.conf", dir));
    if (access("/etc/rushhour/rushhour.conf", F_OK) != 0) {
        assert_string_equal(got, want);
        assert_false(there);
    }
    assert_int_equal(cmd_init_dialog(want, NULL, out), 0);
    assert_int_equal(cmd_config_path(got, sizeof(got), &there, &e), ERR_OK);
    assert_string_equal(got, want);
    assert_true(there);
    assert_int_equal(unlink(want), 0);
    assert_true(str_format(want, sizeof(want), "%s/a/rushhour", dir));
    assert_int_equal(rmdir(want), 0);
    /* A folder that cannot be entered, not even by root: the file may be there. */
    assert_int_equal(symlink("rushhour", want), 0);
    assert_int_equal(cmd_config_path(got, sizeof(got), &there, &e), ERR_OK);
    assert_true(str_format(want, sizeof(want), "%s/a/rushhour/rushhour.conf", dir));
    assert_string_equal(got, want);
    assert_true(there);
    assert_true(str_format(want, sizeof(want), "%s/a/rushhour", dir));
    assert_int_equal(unlink(want), 0);
    /* A file where the folder should be: there is none. */
    assert_int_equal(symlink("/dev/null", want), 0);
    assert_int_equal(cmd_config_path(got, sizeof(got), &there, &e), ERR_OK);
    assert_true(!there || strstr(got, "/etc/") == got);
    assert_int_equal(unlink(want), 0);
    assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
    assert_int_equal(cmd_config_path(got, sizeof(got), &there, &e), ERR_OK);
    if (!there) {
        assert_true(
            str_format(want, sizeof(want), "%s/.config/rushhour/rushhour.conf", dir));
        assert_string_equal(got, want);
    }
    assert_int_equal(unsetenv("HOME"), 0);
    if (access("/etc/rushhour/rushhour.conf", F_OK) != 0) {
        there = true;
        assert_int_equal(cmd_config_path(got, sizeof(got), &there, &e), ERR_CONFIG);
        assert_false(there);
    }
    assert_int_equal(fclose(out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_init_without_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_init_dialog, setup, teardown),
        cmocka_unit_test_setup_teardown(test_init_ec2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dialog_ends_early, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doctor_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_default_path, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
