/*
 * vsphere_peer - drives our vSphere client against a server that is not ours: reads the
 * inventory, powers ONE named VM off, on and off by its guest and on again, and does it
 * again after the session and the view were ended behind its back. Then what a poll
 * costs. usage: vsphere_peer URL USER SECRET_FILE VM PIN|- VMS; VMS = how many there must
 * be, 0 = any number. Ends with 0 when all went well, else 1.
 */
#include <config.h>

#include "core/api/vsphere.h"
#include "core/api/vsphere_session.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct peer {
    struct transport real;
    struct vsphere_session *session;
    struct vsphere *poller, *worker;
    const char *vm_name;
    char vm_id[URL_TEXT];
    char cookie[1024]; /* of the last request */
    int64_t n_vms;
    int64_t up_bytes, down_bytes; /* of bodies */
    int logins, calls, pages, failures;
};

static enum err_code watch(void *ctx, const struct http_request *rq,
                           struct http_response *rs, struct err *e)
{
    struct peer *p = ctx;
    enum err_code rc;

    p->calls++;
    if (rq->body != NULL && strstr(rq->body, "<Login ") != NULL)
        p->logins++;
    for (size_t i = 0; i < rq->n_headers; i++) {
        if (str_eq(rq->headers[i].name, "Cookie"))
            (void)str_copy(p->cookie, sizeof(p->cookie), rq->headers[i].value);
    }
    if (rq->body != NULL && strstr(rq->body, "<ContinueRetrievePropertiesEx ") != NULL)
        p->pages++;
    rc = transport_perform(&p->real, rq, rs, e);
    p->up_bytes += (int64_t)rq->body_len;
    p->down_bytes += (int64_t)rs->body.len;
    return rc;
}

static bool check(struct peer *p, const char *what, bool ok, const char *text)
{
    printf("%-4s %s%s%s\n", ok ? "ok" : "FAIL", what, text[0] != '\0' ? ": " : "", text);
    p->failures += ok ? 0 : 1;
    return ok;
}

static bool pause_ms(void *ctx, int64_t ms)
{
    const struct timespec t = {.tv_nsec = 100000000};

    (void)ctx;
    (void)ms; /* a simulator is faster than a host */
    return nanosleep(&t, NULL) == 0;
}

/* Each VM that runs has its CPU ready, and so has a host of it. */
static void check_load(struct peer *p, const struct obs_vsphere *seen)
{
    size_t running = 0, known = 0, hosts = 0;
    char text[256];

    for (size_t i = 0; i < seen->n_vms; i++) {
        running += seen->vms[i].power == POWER_ON ? 1 : 0;
        known += seen->vms[i].ready_permille >= 0 ? 1 : 0;
    }
    for (size_t i = 0; i < seen->n_hosts; i++)
        hosts += seen->hosts[i].ready_permille >= 0 ? 1 : 0;
    (void)str_format(text, sizeof(text), "of %zu VMs of %zu that run, of %zu hosts; %s",
                     known, running, hosts, seen->load_problem);
    (void)check(p, "CPU ready",
                known > 0 && known == running && hosts > 0 &&
                    seen->load_problem[0] == '\0',
                text);
}

/* The state of our VM; prints what is seen when asked to. */
static enum power look(struct peer *p, const char *what, bool print)
{
    struct observation *o = observation_new(SOURCE_VSPHERE);
    const struct poll_hints hints = {0};
    enum power power = POWER_UNKNOWN;
    struct err e = {0};
    char text[256] = "";
    bool all = print;

    if (o == NULL)
        return power;
    if (vsphere_observe(p->poller, &hints, o, &e) == ERR_OK) {
        const struct obs_vsphere *seen = &o->as.vsphere;

        print = print && seen->n_vms <= 16;
        for (size_t i = 0; print && i < seen->n_hosts; i++)
            printf("     host %s \"%s\" connected=%d cpu=%d memory=%d ready=%d costop=%d "
                   "permille\n",
                   seen->hosts[i].id, seen->hosts[i].name, seen->hosts[i].connected,
                   seen->hosts[i].cpu_permille, seen->hosts[i].memory_permille,
                   seen->hosts[i].ready_permille, seen->hosts[i].costop_permille);
        for (size_t i = 0; i < seen->n_vms; i++) {
            const struct seen_vm *vm = &seen->vms[i];

            if (print)
                printf("     vm %s \"%s\" %s %s power=%s connected=%d cpus=%d mb=%d "
                       "mhz=%d ip=%s tools=%d host=%s ready=%d costop=%d permille\n",
                       vm->id, vm->name, vm->uuid, vm->instance_uuid,
                       power_word(vm->power), vm->connected, vm->cpus, vm->memory_mb,
                       vm->cpu_mhz, vm->ip, vm->tools_running, vm->host,
                       vm->ready_permille, vm->costop_permille);
            if (str_eq(vm->name, p->vm_name)) {
                power = vm->power;
                (void)str_copy(p->vm_id, sizeof(p->vm_id), vm->id);
            }
        }
        (void)str_format(text, sizeof(text), "%zu VMs, %zu hosts, %s is %s in %d ms",
                         seen->n_vms, seen->n_hosts, p->vm_name, power_word(power),
                         (int)o->took_ms);
        (void)check(p, what,
                    seen->n_hosts > 0 && power != POWER_UNKNOWN &&
                        (p->n_vms == 0 || seen->n_vms == (size_t)p->n_vms),
                    text);
        if (all)
            check_load(p, seen);
    } else {
        (void)check(p, what, false, e.text);
    }
    observation_unref(o);
    return power;
}

static void act(struct peer *p, enum call_kind kind, enum power want, const char *what)
{
    struct call call = {.id = 1, .kind = kind};
    struct call_result r;
    char text[256];

    (void)str_copy(call.target, sizeof(call.target), p->vm_id);
    vsphere_act(p->worker, &call, &r);
    (void)str_format(text, sizeof(text), "%s %s%s", outcome_word(r.outcome), r.detail,
                     r.err.text);
    if (check(p, what, r.outcome == OUTCOME_DONE, text))
        (void)check(p, "  and it is so", look(p, "  looking", false) == want, "");
}

/* What must fail, with these words. */
static void act_refused(struct peer *p, enum call_kind kind, const char *target,
                        enum err_code want, const char *what)
{
    struct call call = {.id = 1, .kind = kind};
    struct call_result r;

    (void)str_copy(call.target, sizeof(call.target), target);
    vsphere_act(p->worker, &call, &r);
    (void)check(p, what, r.outcome == OUTCOME_FAILED && r.err.code == want, r.err.text);
}

/* Sends a call under the client's own cookie, without its knowing. */
static void behind_its_back(struct peer *p, const char *method, const char *type,
                            const char *id)
{
    struct http_request rq = {.method = "POST",
                              .url = vsphere_session_url(p->session),
                              .headers = {{"SOAPAction", "\"urn:vim25/6.5\"", false},
                                          {"Cookie", p->cookie, true}},
                              .n_headers = 2,
                              .content_type = "text/xml; charset=utf-8"};
    struct http_response rs;
    struct strbuf body;
    struct err e = {0};

    strbuf_init(&body, 64 * 1024);
    soap_open(&body, method, type, id);
    soap_close(&body, method);
    rq.body = strbuf_text(&body);
    rq.body_len = body.len;
    http_response_init(&rs);
    (void)check(p, method,
                transport_perform(&p->real, &rq, &rs, &e) == ERR_OK && rs.status == 200,
                e.text);
    http_response_clear(&rs);
    strbuf_clear(&body);
}

static int64_t thread_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* cannot fail with this clock */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Polls as they come in a row: calls, bytes of bodies, processor time of our thread. The
 * samples of the statistics are asked for every 20 s, so with the first one at most. */
static void measure(struct peer *p)
{
    enum { POLLS = 20 };
    const struct poll_hints hints = {0};
    int calls = p->calls;
    int64_t up = p->up_bytes, down = p->down_bytes, us = thread_us();
    int64_t began = clock_mono(clock_system()).ms;
    size_t vms = 0;

    for (int i = 0; i < POLLS; i++) {
        struct observation *o = observation_new(SOURCE_VSPHERE);
        struct err e = {0};

        if (o == NULL || vsphere_observe(p->poller, &hints, o, &e) != ERR_OK)
            (void)check(p, "a poll that is measured", false, e.text);
        else
            vms = o->as.vsphere.n_vms;
        observation_unref(o);
    }
    printf(
        "number: %zu VMs: a poll is %d.%02d calls, %lld bytes up, %lld down, %lld us of "
        "processor, %lld ms\n",
        vms, (p->calls - calls) / POLLS, (p->calls - calls) * 100 / POLLS % 100,
        (long long)(p->up_bytes - up) / POLLS, (long long)(p->down_bytes - down) / POLLS,
        (long long)(thread_us() - us) / POLLS,
        (long long)(clock_mono(clock_system()).ms - began) / POLLS);
}

static void run(struct peer *p)
{
    if (look(p, "inventory", true) == POWER_UNKNOWN)
        return;
    if (look(p, "again", false) == POWER_OFF)
        act(p, CALL_VM_POWER_ON, POWER_ON, "power on, to begin with");
    act(p, CALL_VM_POWER_OFF, POWER_OFF, "power off");
    act(p, CALL_VM_POWER_OFF, POWER_OFF, "power off what is off");
    act(p, CALL_VM_POWER_ON, POWER_ON, "power on");
    act(p, CALL_VM_SHUTDOWN, POWER_OFF, "guest shutdown");
    act(p, CALL_VM_POWER_ON, POWER_ON, "power on again");
    act_refused(p, CALL_VM_POWER_ON, "vm-999999", ERR_NOT_FOUND,
                "a VM that is not there");
    (void)check(p, "one login for two clients", p->logins == 1, "");

    behind_its_back(p, "Logout", "SessionManager", p->poller->service.session_manager);
    (void)look(p, "inventory after the session has ended", false);
    (void)check(p, "one more login", p->logins == 2, "");
    behind_its_back(p, "Logout", "SessionManager", p->worker->service.session_manager);
    act(p, CALL_VM_POWER_OFF, POWER_OFF, "power off after the session has ended");
    act(p, CALL_VM_POWER_ON, POWER_ON, "power on");
    (void)check(p, "one more login", p->logins == 3, "");
    behind_its_back(p, "DestroyView", "ContainerView", p->poller->service.view);
    (void)look(p, "inventory after the view has gone", false);
    (void)check(p, "no more login", p->logins == 3, "");
    if (p->n_vms > 0) { /* more than a page of objects with the hosts */
        char text[64];

        (void)str_format(text, sizeof(text), "%d more pages in all", p->pages);
        (void)check(p, "pages", (p->pages > 0) == (p->n_vms >= 500), text);
    }
    measure(p);
}

int main(int argc, char **argv)
{
    struct api_config config = {.present = true, .timeout = 20};
    struct http_client_config http = {.timeout_ms = 20000,
                                      .user_agent = "rushhour-peer-test"};
    struct http_client *client = NULL;
    struct peer p = {0};
    struct transport t = {watch, &p};
    struct err e = {0};
    int calls;

    if (argc != 7 || str_to_i64(argv[6], 0, 10000, &p.n_vms, &e) != ERR_OK) {
        fprintf(stderr, "usage: vsphere_peer URL USER SECRET_FILE VM PIN|- VMS\n");
        return 2;
    }
    if (!str_eq(argv[5], "-")) {
        http.pinned_key = argv[5];
        http.pin_only = true;
    }
    config.url = argv[1];
    config.user = argv[2];
    p.vm_name = argv[4];
    if (http_global_init(&e) != ERR_OK ||
        secret_from_file(argv[3], &config.secret, &e) != ERR_OK ||
        http_client_new(&http, &client, &e) != ERR_OK ||
        vsphere_session_new(&config, &p.session, &e) != ERR_OK ||
        vsphere_new(p.session, &t, clock_system(), &p.poller, &e) != ERR_OK ||
        vsphere_new(p.session, &t, clock_system(), &p.worker, &e) != ERR_OK) {
        fprintf(stderr, "vsphere_peer: %s\n", e.text);
        return 1;
    }
    p.real = http_client_transport(client);
    vsphere_set_wait(p.worker, pause_ms, NULL);
    run(&p);
    calls = p.calls;
    vsphere_logout(p.poller);
    (void)check(&p, "one call for the logout", p.calls - calls <= 1, "");
    vsphere_free(p.poller);
    vsphere_free(p.worker);
    vsphere_session_free(p.session);
    http_client_free(client);
    secret_free(config.secret);
    http_global_cleanup();
    printf("%d failures\n", p.failures);
    return p.failures == 0 ? 0 : 1;
}
