#include <config.h>

#include "core/sim/server.h"
#include "tui/cmd.h"
#include "tui/demo.h"
#include "tui/out.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "127.0.0.1:PORT" or "localhost:PORT": the site is for this machine only. */
static enum err_code listen_port(const char *text, uint16_t *port, struct err *e)
{
    const char *colon = strrchr(text, ':');
    int64_t n;

    if (colon == NULL ||
        !(str_starts(text, "127.0.0.1:") || str_starts(text, "localhost:")) ||
        str_to_i64(colon + 1, 0, 65535, &n, e) != ERR_OK) {
        err_clear(e);
        return err_set(
            e, ERR_USAGE,
            "\"%.60s\" cannot be listened on: write --listen 127.0.0.1:PORT (0 = any)",
            text);
    }
    *port = (uint16_t)n;
    return ERR_OK;
}

static void wait_for_end(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGQUIT);
    while (sigwaitinfo(&set, NULL) < 0 && errno == EINTR)
        continue;
}

static void block_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGQUIT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL); /* before any thread starts */
}

int cmd_sim(const struct args *a)
{
    struct demo d;
    struct clock_scaled *clock = NULL;
    struct sim_server *server = NULL;
    struct strbuf line;
    struct err e = {0};
    uint16_t port = 0;
    int rc;

    strbuf_init(&line, 4096);
    if (!a->set[FLAG_LISTEN] &&
        !(a->set[FLAG_FAULTS] && str_eq(a->value[FLAG_FAULTS], "list"))) {
        (void)err_set(&e, ERR_USAGE, "write: rushhour sim --listen 127.0.0.1:PORT");
        return session_fail(&e);
    }
    rc = demo_options(&d, a);
    if (rc != EXIT_DONE)
        return rc;
    if (a->set[FLAG_LISTEN] && listen_port(a->value[FLAG_LISTEN], &port, &e) != ERR_OK)
        return session_fail(&e);
    if (a->set[FLAG_FAULTS] && str_eq(a->value[FLAG_FAULTS], "list")) {
        site_fault_list(false, &line);
        out_printf("%s", strbuf_text(&line));
        strbuf_clear(&line);
        return out_flush() ? EXIT_DONE : EXIT_FAILED;
    }
    /* Served to others the site lives in real time, from now on. */
    d.from = clock_utc(clock_system());
    rc = demo_site(&d, a->set[FLAG_FAULTS] ? a->value[FLAG_FAULTS] : NULL);
    if (rc != EXIT_DONE)
        return rc;
    block_signals();
    clock = clock_scaled_new(d.from, 1);
    if (clock == NULL || sim_server_start(d.site, clock, port, &server, &e) != ERR_OK) {
        rc = session_fail(&e);
        goto out;
    }
    sim_server_urls(server, &line);
    out_printf("%s", strbuf_text(&line));
    if (out_flush())
        wait_for_end();
    else
        rc = EXIT_FAILED;
out:
    sim_server_stop(server);
    clock_scaled_free(clock);
    site_free(d.site);
    strbuf_clear(&line);
    return rc;
}
