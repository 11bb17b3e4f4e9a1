/*
 * vsphere_follow - the whole program's threads around our vSphere client, against a
 * server that is not ours: how long it takes from a change that another client makes to
 * the snapshot, with a poll once an hour only, so that the long poll alone can tell.
 * usage: vsphere_follow URL USER SECRET_FILE VM PIN|- ROUNDS < pipe. ROUNDS power cycles
 * are made by a session of its own; with 0 it prints "MS STATE" (milliseconds since 1970)
 * at each change that others make, until its standard input closes. Ends with 0 when all
 * went well, else 1.
 */
#include <config.h>

#include "core/api/vsphere.h"
#include "core/engine/runtime.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_BYTES = 4096, MAX_ROUNDS = 100, PATIENCE_MS = 20000, PAUSE_MS = 700 };

/* The other APIs are not there: nothing listens on that port. */
static const char config_text[] =
    "site = { name = \"peer\" tz = \"UTC\" }\n"
    "vsphere = { url = \"%s\" user = \"%s\" %s%s%s poll = \"1h\" timeout = \"10s\" }\n"
    "jenkins = { url = \"http://127.0.0.1:9/\" user = \"x\" poll = \"1h\" }\n"
    "aws = { region = \"eu-west-1\" endpoint_ec2 = \"http://127.0.0.1:9/\"\n"
    "        endpoint_pricing = \"http://127.0.0.1:9/\" }\n"
    "servers = { peer = { vm = \"%s\" mover = \"ec2\" onprem_node = \"a\" cloud_node = "
    "\"b\"\n"
    "            instance_types = [\"c5.large\"] image = \"ami-0123456789abcdef0\" } }\n";

struct peer {
    struct config *config;
    struct tz *tz;
    struct runtime *runtime;
    struct vsphere_session *session; /* of the other client */
    struct http_client *http;
    struct vsphere *other;
    char vm_id[ID_TEXT];
    int64_t after_call[MAX_ROUNDS], after_answer[MAX_ROUNDS];
    bool follows;
    int failures;
};

static int64_t real_ms(void)
{
    return clock_mono(clock_system()).ms;
}

static bool check(struct peer *p, const char *what, bool ok, const char *text)
{
    printf("%-4s %s%s%s\n", ok ? "ok" : "FAIL", what, text[0] != '\0' ? ": " : "", text);
    (void)fflush(stdout);
    p->failures += ok ? 0 : 1;
    return ok;
}

static bool pause_ms(void *ctx, int64_t ms)
{
    const struct timespec t = {.tv_nsec = 20000000};

    (void)ctx;
    (void)ms; /* a simulator is faster than a host */
    return nanosleep(&t, NULL) == 0;
}

static enum err_code give_secret(struct config *c, const char *section, const char *path,
                                 struct err *e)
{
    struct secret *s = NULL;

    if (secret_from_file(path, &s, e) == ERR_OK && !config_set_secret(c, section, s))
        (void)err_set(e, ERR_BUG, "no section %s", section);
    return e->code;
}

static enum err_code configure(struct peer *p, char **argv, struct err *e)
{
    struct config_problems *problems = NULL;
    bool pinned = !str_eq(argv[5], "-");
    char text[TEXT_BYTES];

    if (!str_format(text, sizeof(text), config_text, argv[1], argv[2],
                    pinned ? "pinned_key = \"" : "", pinned ? argv[5] : "",
                    pinned ? "\"" : "", argv[4]))
        return err_set(e, ERR_USAGE, "an argument is too long");
    if (config_load_text(text, "peer", false, &p->config, &problems, e) != ERR_OK &&
        problems != NULL && config_problems_count(problems) > 0)
        printf("%s\n", config_problems_get(problems, 0));
    config_problems_free(problems);
    if (e->code == ERR_OK)
        (void)give_secret(p->config, "vsphere", argv[3], e);
    if (e->code == ERR_OK)
        (void)give_secret(p->config, "jenkins", argv[3], e);
    return e->code;
}

static enum err_code start_ours(struct peer *p, struct err *e)
{
    struct aws_credentials *keys = NULL;
    struct runtime_options o = {.clock = clock_system()};

    if (tz_load("UTC", &p->tz, e) != ERR_OK)
        return e->code;
    if (aws_credentials_new_static("AKIDEXAMPLE", "none", NULL, clock_system(), &keys,
                                   e) != ERR_OK ||
        api_shared_new(p->config, clock_system(), keys, &o.shared, e) != ERR_OK)
        return e->code;
    o.controller = (struct controller_options){.config = p->config,
                                               .tz = p->tz,
                                               .seed = 1,
                                               .observe = true,
                                               .host = "peer",
                                               .user = "peer"};
    return runtime_start(&o, &p->runtime, e);
}

static enum err_code start_other(struct peer *p, struct err *e)
{
    const struct api_config *a = &p->config->vsphere;
    const struct http_client_config http = {.timeout_ms = 10000,
                                            .pinned_key = a->pinned_key,
                                            .pin_only = a->pinned_key != NULL};
    struct transport t;

    if (http_client_new(&http, &p->http, e) != ERR_OK ||
        vsphere_session_new(a, &p->session, e) != ERR_OK)
        return e->code;
    t = http_client_transport(p->http);
    if (vsphere_new(p->session, &t, clock_system(), &p->other, e) == ERR_OK)
        vsphere_set_wait(p->other, pause_ms, NULL);
    return e->code;
}

/* As the snapshot has it now. */
static enum power seen(struct peer *p)
{
    struct fleet *f = runtime_latest(p->runtime);
    enum power power = POWER_UNKNOWN;

    if (f != NULL && f->n_servers > 0) {
        power = f->servers[0].facts.power;
        (void)str_copy(p->vm_id, sizeof(p->vm_id), f->servers[0].facts.vm_id);
    }
    fleet_unref(f);
    return power;
}

/* Waits for another snapshot, or the end of standard input: then false. */
static bool next_snapshot(struct peer *p, int wait_ms)
{
    struct pollfd fds[] = {
        {.fd = runtime_event_fd(p->runtime), .events = POLLIN},
        {.fd = p->follows ? STDIN_FILENO : -1, .events = POLLIN}}; /* -1: left out */
    uint64_t count;
    char byte;

    if (poll(fds, 2, wait_ms) > 0 && (fds[0].revents & POLLIN) != 0 &&
        read(fds[0].fd, &count, sizeof(count)) < 0)
        return true; /* somebody was faster */
    return fds[1].revents == 0 || read(STDIN_FILENO, &byte, 1) > 0;
}

static bool await_power(struct peer *p, enum power want, bool any)
{
    int64_t until = real_ms() + PATIENCE_MS;

    while (real_ms() < until) {
        enum power now = seen(p);

        if (any ? now != POWER_UNKNOWN : now == want)
            return true;
        (void)next_snapshot(p, 20); /* its input is for who follows */
    }
    return false;
}

static void cycle(struct peer *p, int i)
{
    struct call call = {
        .id = 1, .kind = seen(p) == POWER_ON ? CALL_VM_POWER_OFF : CALL_VM_POWER_ON};
    enum power want = call.kind == CALL_VM_POWER_ON ? POWER_ON : POWER_OFF;
    struct call_result r;
    int64_t began, answered;
    char text[256];
    bool ok;

    (void)poll(NULL, 0, PAUSE_MS);
    (void)str_copy(call.target, sizeof(call.target), p->vm_id);
    began = real_ms();
    vsphere_act(p->other, &call, &r);
    answered = real_ms();
    ok = r.outcome == OUTCOME_DONE && await_power(p, want, false);
    p->after_call[i] = real_ms() - began;
    p->after_answer[i] = real_ms() - answered;
    (void)str_format(text, sizeof(text),
                     "%s, %d ms after the answer, %d ms after the call%s%s",
                     power_word(want), (int)p->after_answer[i], (int)p->after_call[i],
                     r.err.text[0] != '\0' ? ": " : "", r.err.text);
    (void)check(p, "another session's change is in the snapshot within a second",
                ok && p->after_answer[i] <= 1000, text);
}

static int compare_ms(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void rounds(struct peer *p, int n)
{
    for (int i = 0; i < n; i++)
        cycle(p, i);
    qsort(p->after_call, (size_t)n, sizeof(p->after_call[0]), compare_ms);
    qsort(p->after_answer, (size_t)n, sizeof(p->after_answer[0]), compare_ms);
    printf("number: call to snapshot %d / %d / %d ms, answer to snapshot %d / %d / %d ms "
           "(min, "
           "median, max of %d)\n",
           (int)p->after_call[0], (int)p->after_call[n / 2], (int)p->after_call[n - 1],
           (int)p->after_answer[0], (int)p->after_answer[n / 2],
           (int)p->after_answer[n - 1], n);
}

static void follow(struct peer *p)
{
    enum power last = POWER_UNKNOWN;

    p->follows = true;
    do {
        enum power now = seen(p);
        struct timespec at;

        if (now == last)
            continue;
        last = now;
        (void)clock_gettime(CLOCK_REALTIME, &at); /* cannot fail with this clock */
        printf("%lld %s\n", (long long)at.tv_sec * 1000 + at.tv_nsec / 1000000,
               power_word(now));
        (void)fflush(stdout);
    } while (next_snapshot(p, 1000));
}

static void stop(struct peer *p)
{
    int64_t began = real_ms();
    char text[64];

    runtime_stop(p->runtime);
    (void)str_format(text, sizeof(text), "%d ms", (int)(real_ms() - began));
    (void)check(p, "it ends within two seconds, whatever it waits for",
                real_ms() - began < 2000, text);
    if (p->other != NULL)
        vsphere_logout(p->other);
    vsphere_free(p->other);
    vsphere_session_free(p->session);
    http_client_free(p->http);
    config_free(p->config);
    tz_free(p->tz);
}

int main(int argc, char **argv)
{
    struct peer p = {0};
    struct err e = {0};
    int64_t n = 0;

    if (argc != 7 || str_to_i64(argv[6], 0, MAX_ROUNDS, &n, &e) != ERR_OK) {
        fprintf(stderr, "usage: vsphere_follow URL USER SECRET_FILE VM PIN|- ROUNDS\n");
        return 2;
    }
    if (http_global_init(&e) != ERR_OK || configure(&p, argv, &e) != ERR_OK ||
        start_ours(&p, &e) != ERR_OK || start_other(&p, &e) != ERR_OK) {
        fprintf(stderr, "vsphere_follow: %s\n", e.text);
        return 1;
    }
    if (check(&p, "the first snapshot with the VM", await_power(&p, POWER_ON, true),
              p.vm_id)) {
        if (n > 0)
            rounds(&p, (int)n);
        else
            follow(&p);
    }
    stop(&p);
    http_global_cleanup();
    return p.failures == 0 ? 0 : 1;
}
