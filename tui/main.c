#include <config.h>

#include "core/net/http.h"
#include "tui/cmd.h"
#include "tui/cmd_config.h"
#include "tui/out.h"
#include "tui/session.h"

#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

static int init(const struct args *a)
{
    return cmd_init(a->value[FLAG_CONFIG]);
}

/* Parts that only some sub-commands need are opened by them; here is what all share. */
static const struct {
    enum subcommand sub;
    int (*run)(const struct args *a);
} commands[] = {
    {SUB_RUN, cmd_run},       {SUB_DEMO, cmd_demo},       {SUB_ONCE, cmd_once},
    {SUB_STATUS, cmd_status}, {SUB_MOVE, cmd_order},      {SUB_CANCEL, cmd_order},
    {SUB_HOLD, cmd_order},    {SUB_RELEASE, cmd_order},   {SUB_AUTO, cmd_order},
    {SUB_SNOOZE, cmd_order},  {SUB_EXTENSION, cmd_order}, {SUB_EXPLAIN, cmd_explain},
    {SUB_COST, cmd_cost},     {SUB_LOG, cmd_log},         {SUB_DOCTOR, cmd_doctor},
    {SUB_INIT, init},         {SUB_SIM, cmd_sim},         {SUB_SIMULATE, cmd_simulate},
    {SUB_REPLAY, cmd_replay},
};

static int help(const struct args *a)
{
    struct strbuf text;

    strbuf_init(&text, 64 * 1024);
    args_help(a->sub, &text);
    out_printf("%s", strbuf_text(&text));
    strbuf_clear(&text);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

static int version(void)
{
    out_line(PACKAGE_STRING);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct args *a)
{
    struct err e = {0};
    int rc = EXIT_USAGE;

    secret_protect_process();
    if (http_global_init(&e) != ERR_OK)
        return session_fail(&e);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].sub == a->sub)
            rc = commands[i].run(a);
    }
    http_global_cleanup();
    return rc;
}

/*
 * A dozen threads that sleep nearly always need no heaps of their own, and the few large
 * answers (a price history) go back to the system: together 1.5 MB of resident memory.
 */
static void keep_memory_small(void)
{
    enum { HEAPS = 2, LARGE_BYTES = 256 * 1024 };

    (void)mallopt(M_ARENA_MAX, HEAPS); /* what is refused costs memory only */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, 2 * LARGE_BYTES);
}

int main(int argc, char **argv)
{
    struct args a;
    struct err e = {0};

    keep_memory_small();
    (void)setlocale(LC_ALL, ""); /* an unknown locale leaves C, which works */
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN); /* lint: allow signal - ignoring is safe with it */
    (void)signal(SIGXFSZ, SIG_IGN); /* lint: allow signal - a limit is an error, no end */
    if (args_parse(argc, argv, &a, &e) != ERR_OK)
        return session_fail(&e);
    if (a.set[FLAG_HELP])
        return help(&a);
    if (a.set[FLAG_VERSION])
        return version();
    return run(&a);
}
