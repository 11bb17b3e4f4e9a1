#include <config.h>

#include "tests/screen/story.h"
#include "tui/notify.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/unit/table.h"

static void test_osc(void **state)
{
    /* clang-format off */
    static const struct { const char *what; enum notify_osc kind; bool tmux; const char *text, *want; } rows[] = {
        {"off",             NOTIFY_OSC_OFF, false, "a",  ""},
        {"9",               NOTIFY_OSC_9,   false, "a b", "\033]9;a b\033\\"},
        {"777",             NOTIFY_OSC_777, false, "a",  "\033]777;notify;rushhour;a\033\\"},
        {"9 in tmux",       NOTIFY_OSC_9,   true,  "a",  "\033Ptmux;\033\033]9;a\033\033\\\033\\"},
        {"controls go",     NOTIFY_OSC_9,   false, "a\033]0;x\a\x7f\xc2\x9c" "b\n", "\033]9;a]0;xb\033\\"},
        {"not UTF-8",       NOTIFY_OSC_9,   false, "a\xff\xc3", "\033]9;a\033\\"},
        {"UTF-8",           NOTIFY_OSC_9,   false, "\u05d0 \u2192", "\033]9;\u05d0 \u2192\033\\"},
    };
    /* clang-format on */
    struct strbuf b;
    char text[512];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        strbuf_init(&b, 1024);
        notify_osc(rows[i].kind, rows[i].tmux, rows[i].text, &b);
        assert_row(rows[i].what, str_eq(strbuf_text(&b), rows[i].want));
        strbuf_clear(&b);
    }
    for (size_t i = 0; i < sizeof(text) - 3; i += 2)
        memcpy(text + i, "\u05d0", 3);
    strbuf_init(&b, 1024);
    notify_osc(NOTIFY_OSC_9, false, text, &b);
    assert_int_equal(b.len, 4 + 200 + 2);
    strbuf_clear(&b);
}

static void alarmed(struct fleet *f, const char *code)
{
    struct alert *a = &f->alerts[f->n_alerts++];

    a->at = f->at;
    (void)str_copy(a->server, sizeof(a->server), "cache");
    (void)str_copy(a->code, sizeof(a->code), code);
    (void)str_copy(a->text, sizeof(a->text), "it happened");
}

/* What goes to the terminal, by configuration. */
static void test_terminal(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; enum notify_bell bell; enum notify_osc osc; const char *code; bool looked_at;
        const char *want;
    } rows[] = {
        {"a bell for what is critical",  NOTIFY_BELL_CRIT, NOTIFY_OSC_OFF, "blocked", false, "\a"},
        {"none for the rest",            NOTIFY_BELL_CRIT, NOTIFY_OSC_OFF, "budget",  false, ""},
        {"all",                          NOTIFY_BELL_ALL,  NOTIFY_OSC_OFF, "budget",  false, "\a"},
        {"off",                          NOTIFY_BELL_OFF,  NOTIFY_OSC_OFF, "blocked", false, ""},
        {"a notification and a bell",    NOTIFY_BELL_CRIT, NOTIFY_OSC_9,   "blocked", false,
         "\a\033]9;rushhour haifa: cache: it happened\033\\"},
        {"of everything",                NOTIFY_BELL_CRIT, NOTIFY_OSC_9,   "budget",  false,
         "\033]9;rushhour haifa: cache: it happened\033\\"},
        {"none for who looks at it",     NOTIFY_BELL_CRIT, NOTIFY_OSC_9,   "blocked", true,  "\a"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct config c = {
            .notify = {.bell = rows[i].bell, .osc = rows[i].osc, .n_command = 0}};
        struct notify *n = calloc(1, sizeof(*n));
        struct fleet *f = story_fleet(STORY_NORMAL);
        struct strbuf b;

        assert_non_null(n);
        strbuf_init(&b, 4096);
        notify_init(n, &c);
        n->tmux = false;
        f->looked = true;
        f->n_alerts = 0;
        notify_fleet(n, f, rows[i].looked_at, &b);
        assert_row(rows[i].what, b.len == 0);
        alarmed(f, rows[i].code);
        notify_fleet(n, f, rows[i].looked_at, &b);
        assert_row(rows[i].what, str_eq(strbuf_text(&b), rows[i].want));
        assert_row(rows[i].what, notify_due_ms(n) == -1);
        fleet_unref(f);
        strbuf_clear(&b);
        notify_clear(n);
        free(n);
    }
}

struct box {
    char dir[64], script[96], out[96];
};

/* A program of the user: writes what it was given, then does `more`. */
static void box_open(struct box *b, const char *more)
{
    FILE *f;

    (void)str_copy(b->dir, sizeof(b->dir), "/tmp/rushhour-notify-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    (void)str_format(b->script, sizeof(b->script), "%s/page", b->dir);
    (void)str_format(b->out, sizeof(b->out), "%s/out", b->dir);
    f = fopen(b->script, "w");
    assert_non_null(f);
    (void)fprintf(f,
                  "#!/bin/sh\n{ for a; do echo \"[$a]\"; done; cat; env; } >%s.part\n"
                  "mv %s.part %s\necho out; echo err >&2\n%s\n",
                  b->out, b->out, b->out, more);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(b->script, 0700), 0);
}

static void box_close(const struct box *b)
{
    (void)unlink(b->script); /* some rows have no such file */
    (void)unlink(b->out);
    assert_int_equal(rmdir(b->dir), 0);
}

static int64_t now_ms(void)
{
    return clock_mono(clock_system()).ms;
}

/* Steps until nothing runs any more; the complaints, one after the other. */
static void run_out(struct runner *r, char *all, size_t size)
{
    int64_t end = now_ms() + 20000;

    all[0] = '\0';
    while (runner_due_ms(r) >= 0) {
        char one[LINE_TEXT];

        assert_true(now_ms() < end);
        runner_step(r, now_ms(), one, sizeof(one));
        if (one[0] != '\0')
            (void)str_copy(all, size, one);
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left behind */
}

static char *read_all(const char *path)
{
    static char text[32768];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    (void)fclose(f); /* read only */
    return text;
}

/* Argument, input and environment; no shell, no secret. */
static void test_command(void **state)
{
    struct notify_config c = {.n_command = 3};
    struct runner r;
    struct box b;
    char complaint[LINE_TEXT];
    const char *got;

    (void)state;
    box_open(&b, "");
    c.command[0] = b.script;
    c.command[1] = "a  b";
    c.command[2] = "$HOME;*";
    assert_int_equal(putenv((char *)(uintptr_t) "RUSHHOUR_CANARY=hidden"), 0);
    assert_int_equal(putenv((char *)(uintptr_t) "LC_TIME=C"), 0);
    runner_init(&r, &c, 0);
    assert_int_equal(runner_due_ms(&r), -1);
    assert_true(runner_add(&r, "rushhour: `it` happened", "{\"at\":null}\n"));
    run_out(&r, complaint, sizeof(complaint));
    assert_string_equal(complaint, "");
    got = read_all(b.out);
    assert_int_equal(strncmp(got,
                             "[a  b]\n[$HOME;*]\n[rushhour: `it` happened]\n"
                             "{\"at\":null}\n",
                             strlen("[a  b]\n[$HOME;*]\n[rushhour: `it` happened]\n"
                                    "{\"at\":null}\n")),
                     0);
    assert_null(strstr(got, "CANARY"));
    assert_non_null(strstr(got, "PATH="));
    assert_non_null(strstr(got, "LC_TIME=C"));
    runner_clear(&r);
    box_close(&b);
}

/* What goes wrong is said, and delays nobody. */
static void test_trouble(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *more; bool gone; int64_t limit_ms; const char *complaint; } rows[] = {
        {"it fails",             "exit 7",         false, 10000, "ended with 7"},
        {"a signal ends it",     "kill -TERM $$",  false, 10000, "signal 15"},
        {"it is not there",      "",               true,  10000, "cannot start"},
        {"it hangs",             "exec sleep 60",  false, 300,   "took longer"},
        {"it leaves a child",    "sleep 60 & wait", false, 300,  "took longer"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct notify_config c = {.n_command = 1};
        char complaint[LINE_TEXT];
        struct runner r;
        struct box b;
        int64_t begin = now_ms();

        box_open(&b, rows[i].more);
        if (rows[i].gone)
            assert_int_equal(unlink(b.script), 0);
        c.command[0] = b.script;
        runner_init(&r, &c, rows[i].limit_ms);
        assert_true(runner_add(&r, "text", "{}\n"));
        run_out(&r, complaint, sizeof(complaint));
        assert_row(rows[i].what, strstr(complaint, rows[i].complaint) != NULL);
        assert_row(rows[i].what, now_ms() - begin < 15000);
        runner_clear(&r);
        box_close(&b);
    }
}

/* A flood: so many wait, the rest is left out, and ends with who asked. */
static void test_flood(void **state)
{
    struct notify_config c = {.n_command = 2, .command = {"sleep", "60"}};
    char complaint[LINE_TEXT];
    struct runner r;
    int taken = 0;

    (void)state;
    c.n_command = 1; /* the text is what sleep gets */
    runner_init(&r, &c, 0);
    for (int i = 0; i < 100; i++)
        taken += runner_add(&r, "60", "{}\n") ? 1 : 0;
    assert_int_equal(taken, RUN_QUEUE);
    runner_step(&r, now_ms(), complaint, sizeof(complaint));
    assert_string_equal(complaint, "");
    assert_int_equal(r.n_queue, RUN_QUEUE - RUNS_MAX);
    runner_clear(&r);
    assert_int_equal(runner_due_ms(&r), -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    c.n_command = 0;
    assert_true(runner_add(&r, "60", "{}\n"));
    assert_int_equal(runner_due_ms(&r), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_osc),     cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_command), cmocka_unit_test(test_trouble),
        cmocka_unit_test(test_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
