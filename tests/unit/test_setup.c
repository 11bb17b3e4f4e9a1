#include <config.h>

#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/model/options.h"
#include "core/model/setup.h"
#include "tests/unit/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What two readings of a configuration differ in, and reading one again: names alone, in
 * the order of the manual; what cannot change; secrets of files, of the environment.
 */

#define HEAD                                                                             \
    "site = { name = \"haifa\" tz = \"Asia/Jerusalem\" }\n"                              \
    "velostrata = { url = \"https://v.example/\" cloud_extension = \"ce-1\" }\n"         \
    "jenkins = { url = \"https://j.example/\" user = \"r\" }\n"                          \
    "vsphere = { url = \"https://e.example/sdk\" user = \"r\" }\n"
#define SERVER(name, more)                                                               \
    name " = { vm = \"" name "\" mover = \"velostrata\" onprem_node = \"" name           \
         "-h\" cloud_node = \"" name "-c\" eni = \"eni-" name                            \
         "\" instance_types = [\"c5\"] " more " }\n"
#define TWO "servers = {\n" SERVER("a", "") SERVER("b", "") "}\n"

static struct config *load(const char *text)
{
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};

    if (config_load_text(text, "t.conf", false, &c, &p, &e) != ERR_OK)
        fail_msg("%s in\n%s", p != NULL ? config_problems_get(p, 0) : e.text, text);
    return c;
}

static void note(void *ctx, const char *name, const struct option *o)
{
    struct strbuf *b = ctx;

    (void)o;
    strbuf_printf(b, "%s%s", b->len > 0 ? ", " : "", name);
}

static void differences_have_their_names(void **state)
{
    static const struct {
        const char *what, *was, *is, *names, *stuck;
    } rows[] = {
        /* clang-format off */
        {"nothing", HEAD TWO, HEAD TWO, "", ""},
        {"a default that is written down is no change", HEAD TWO,
         HEAD TWO "policy = { max_moves = 2 }\n", "", ""},
        {"a window", HEAD TWO, HEAD TWO "policy = { window = [\"Mon 09:00-10:00\"] }\n", "policy.window", ""},
        {"several, in the order of the manual", HEAD TWO,
         "store = { journal_keep = \"90d\" }\n" HEAD TWO "ui = { mouse = true }\n"
         "policy = { budget_month = 250 max_moves = 3 }\n",
         "policy.max_moves, policy.budget_month, ui.mouse, store.journal_keep", ""},
        {"the name is the deployment, where that is not set", HEAD TWO,
         "site = { name = \"x\" tz = \"UTC\" }\n" "velostrata = { url = \"https://v.example/\" cloud_extension = \"ce-1\" }\n"
         "jenkins = { url = \"https://j.example/\" user = \"r\" }\n"
         "vsphere = { url = \"https://e.example/sdk\" user = \"r\" }\n" TWO,
         "site.name, site.tz, site.deployment", "site.deployment"},
        {"a section", HEAD TWO, HEAD TWO "aws = { region = \"eu-west-1\" }\n", "aws (new)", ""},
        {"a section that goes", HEAD TWO "aws = { region = \"eu-west-1\" }\n", HEAD TWO, "aws (gone)", ""},
        {"the log stays", HEAD TWO, HEAD TWO "log = { level = \"debug\" keep = 9 }\n",
         "log.level, log.keep", "log.level, log.keep"},
        {"and the shared lock", HEAD TWO, HEAD TWO "lock = { etcd = [\"http://127.0.0.1:1\"] }\n",
         "lock (new)", "lock (new)"},
        {"a server that is new", HEAD TWO, HEAD "servers = {\n" SERVER("a", "") SERVER("b", "") SERVER("c", "") "}\n",
         "servers.c (new)", ""},
        {"a server that goes", HEAD TWO, HEAD "servers = {\n" SERVER("b", "") "}\n", "servers.a (gone)", ""},
        {"one for another", HEAD TWO, HEAD "servers = {\n" SERVER("c", "") SERVER("b", "") "}\n",
         "servers.a (gone), servers.c (new)", ""},
        {"their order", HEAD TWO, HEAD "servers = {\n" SERVER("b", "") SERVER("a", "") "}\n",
         "servers (their order)", ""},
        {"options of a server", HEAD TWO, HEAD "servers = {\n" SERVER("a", "max_price = 0.5 ready_port = 22") SERVER("b", "") "}\n",
         "servers.a.max_price, servers.a.ready_port", ""},
        {"its zones", HEAD TWO, HEAD "servers = {\n"
         SERVER("a", "zones = { eu-west-1b = { eni = \"eni-z\" cloud_node = \"z\" } }") SERVER("b", "") "}\n",
         "servers.a.zones", ""},
        {"prices", HEAD TWO, HEAD TWO "cost = { prices = ( { type = \"c5\" spot = 0.1 } ) }\n", "cost.prices", ""},
        {"another price", HEAD TWO "cost = { prices = ( { type = \"c5\" spot = 0.2 } ) }\n",
         HEAD TWO "cost = { prices = ( { type = \"c5\" spot = 0.1 } ) }\n", "cost.prices", ""},
        {"keys", HEAD TWO, HEAD TWO "keys = { move = \"v\" }\n", "keys", ""},
        {"another key", HEAD TWO "keys = { move = \"w\" }\n", HEAD TWO "keys = { move = \"v\" }\n", "keys", ""},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config *was = load(rows[i].was), *is = load(rows[i].is);
        struct strbuf got;
        char stuck[256];
        size_t n, names = 0;

        strbuf_init(&got, 4096);
        n = config_compare(was, is, note, &got);
        if (!str_eq(strbuf_text(&got), rows[i].names))
            fail_msg("%s: \"%s\", not \"%s\"", rows[i].what, strbuf_text(&got),
                     rows[i].names);
        for (const char *p = rows[i].names; *p != '\0'; p++)
            names += p == rows[i].names || *p == ',';
        assert_row(rows[i].what, n == names);
        (void)config_needs_restart(was, is, stuck, sizeof(stuck));
        assert_row(rows[i].what, str_eq(stuck, rows[i].stuck));
        strbuf_clear(&got);
        config_free(was);
        config_free(is);
    }
}

static void what_ties_a_move(void **state)
{
    static const struct {
        const char *what, *more;
        bool ties;
    } rows[] = {
        {"nothing is another", "", false},
        {"a price", "max_price = 0.5", false},
        {"a port", "ready_port = 22", false},
        {"a zone", "zones = { eu-west-1b = { eni = \"eni-z\" cloud_node = \"z\" } }",
         true},
        {"a UUID", "vm_uuid = \"4203a1b2-0c1d-2e3f-4a5b-6c7d8e9f0a1b\"", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[2048];
        struct config *was = load(HEAD "servers = {\n" SERVER("a", "") "}\n"), *is;

        assert_true(str_format(text, sizeof(text),
                               HEAD "servers = {\n a = { vm = \"a\" mover = "
                                    "\"velostrata\" onprem_node = \"a-h\" "
                                    "cloud_node = \"a-c\" eni = \"eni-a\" "
                                    "instance_types = [\"c5\"] %s } }\n",
                               rows[i].more));
        is = load(text);
        assert_row(rows[i].what, config_server_ties(was, is, &was->servers[0],
                                                    &is->servers[0]) == rows[i].ties);
        config_free(was);
        config_free(is);
    }
}

/* ----- again ----- */

struct files {
    char dir[64], conf[128], token[128], days[128];
};

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void make_files(struct files *f)
{
    (void)str_copy(f->dir, sizeof(f->dir), "/tmp/rushhour-setup-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)str_format(f->conf, sizeof(f->conf), "%s/rh.conf", f->dir);
    (void)str_format(f->token, sizeof(f->token), "%s/token", f->dir);
    (void)str_format(f->days, sizeof(f->days), "%s/days", f->dir);
    put(f->token, "first\n");
    put(f->days, "2027-01-01 off\n");
    put(f->conf,
        "site = { name = \"haifa\" tz = \"UTC\" }\n"
        "policy = { calendar = \"days\" }\n"
        "velostrata = { url = \"https://v.example/\" cloud_extension = \"ce-1\"\n"
        "  password_env = \"RH_TEST_SETUP\" }\n"
        "jenkins = { url = \"https://j.example/\" user = \"r\" token_file = \"token\" }\n"
        "vsphere = { url = \"https://e.example/sdk\" user = \"r\"\n"
        "  password_env = \"RH_TEST_SETU2\" }\n" TWO);
}

static void remove_files(struct files *f)
{
    (void)unlink(f->conf);
    (void)unlink(f->token);
    (void)unlink(f->days);
    (void)rmdir(f->dir);
}

static struct setup *first_setup(struct files *f)
{
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct tz *tz = NULL;
    struct err e = {0};
    struct setup *s;

    /* lint: allow setenv - the test has one thread */
    assert_int_equal(setenv("RH_TEST_SETUP", "from the start", 1), 0);
    /* lint: allow setenv - the test has one thread */
    assert_int_equal(setenv("RH_TEST_SETU2", "the other", 1), 0);
    if (config_load(f->conf, true, &c, &p, &e) != ERR_OK)
        fail_msg("%s", e.text);
    assert_int_equal(tz_load(c->tz_name, &tz, &e), ERR_OK);
    s = setup_new_take(c, tz);
    assert_non_null(s);
    return s;
}

static struct setup *again(const struct setup *before, bool same_text)
{
    struct setup *s = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};

    if (setup_read_again(before, same_text, &s, &p, &e) != ERR_OK)
        fail_msg("%s", e.text);
    return s;
}

static void changes_are(const struct setup *was, const struct setup *is, const char *want)
{
    struct strbuf got;

    strbuf_init(&got, 4096);
    (void)config_compare(was->config, is->config, note, &got);
    assert_string_equal(strbuf_text(&got), want);
    strbuf_clear(&got);
}

static void secrets_are_read_again(void **state)
{
    struct files f;
    struct setup *s, *t;

    (void)state;
    make_files(&f);
    s = first_setup(&f);
    t = again(s, false);
    changes_are(s, t, "");
    assert_null(getenv("RH_TEST_SETUP")); /* so this came from the first reading */
    assert_string_equal(secret_expose(t->config->velostrata.api.secret),
                        "from the start");
    setup_unref(t);

    put(f.token, "second\n");
    t = again(s, true);
    changes_are(s, t, "jenkins (its secret)");
    assert_string_equal(secret_expose(t->config->jenkins.secret), "second");
    assert_string_equal(secret_expose(s->config->jenkins.secret), "first");
    setup_unref(t);

    /* The file says something else now: only who asks for the file reads it. */
    put(f.conf, "nonsense = { }\n");
    t = again(s, true);
    changes_are(s, t, "jenkins (its secret)");
    setup_unref(t);
    setup_unref(s);
    remove_files(&f);
}

static void days_of_the_calendar_count(void **state)
{
    struct files f;
    struct setup *s, *t;

    (void)state;
    make_files(&f);
    s = first_setup(&f);
    put(f.days, "2027-01-01 09:00-10:00\n");
    t = again(s, false);
    changes_are(s, t, "policy.calendar (its days)");
    setup_unref(t);
    setup_unref(s);
    remove_files(&f);
}

static void errors_are_listed(void **state)
{
    static const char bad[] = "policy = { max_moves = 0 }\nsite = { naem = \"x\" }\n";
    struct config_problems *p = NULL;
    struct setup *s, *t = NULL;
    struct err e = {0};
    struct files f;

    (void)state;
    make_files(&f);
    s = first_setup(&f);
    put(f.conf, bad);
    assert_int_equal(setup_read_again(s, false, &t, &p, &e), ERR_CONFIG);
    assert_null(t);
    assert_true(config_problems_count(p) > 2);
    assert_non_null(strstr(config_problems_get(p, 0), "rh.conf"));
    config_problems_free(p);
    p = NULL;
    assert_int_equal(unlink(f.conf), 0);
    e.code = ERR_OK;
    assert_int_equal(setup_read_again(s, false, &t, &p, &e), ERR_NOT_FOUND);
    assert_null(p);
    setup_unref(s);
    remove_files(&f);
}

static void a_new_variable_wants_a_restart(void **state)
{
    char text[4096] = "";
    struct config_problems *p = NULL;
    struct setup *s, *t = NULL;
    struct err e = {0};
    struct files f;
    FILE *in;

    (void)state;
    make_files(&f);
    s = first_setup(&f);
    in = fopen(f.conf, "r");
    assert_non_null(in);
    assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
    (void)fclose(in);
    memcpy(strstr(text, "RH_TEST_SETUP"), "RH_TEST_SETU3", strlen("RH_TEST_SETU3"));
    put(f.conf, text);
    assert_int_equal(setup_read_again(s, false, &t, &p, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "RH_TEST_SETU3 is read at the start alone"));
    config_problems_free(p);
    setup_unref(s);
    remove_files(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_have_their_names),
        cmocka_unit_test(what_ties_a_move),
        cmocka_unit_test(secrets_are_read_again),
        cmocka_unit_test(days_of_the_calendar_count),
        cmocka_unit_test(errors_are_listed),
        cmocka_unit_test(a_new_variable_wants_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
