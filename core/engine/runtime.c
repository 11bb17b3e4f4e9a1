#include <config.h>

#include "core/engine/runtime.h"

#include "core/base/str.h"
#include "core/engine/keeper.h"
#include "core/engine/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum {
    WORKERS = 4,
    INBOX = 256,
    CALLS = 64,
    POLLS = 16,
    STORE_LOOK_MS = 1000, /* commands of other processes are taken within this */
    SNAPSHOT_PUT_MS = 1000,
    SNAPSHOT_GATHER_MS = 250, /* answers of a round come one soon after the other */
    CALL_GRACE_MS = 1900,     /* of a quit with a mutating call under way */
    WAIT_SLICE_MS = 50
};

struct poller {
    struct runtime *runtime;
    const char *api; /* source_api() of its rows */
    struct mailbox *box;
    struct api_set *set;
    enum err_code watch_error; /* of the long poll, as it was logged */
    pthread_t thread;
    bool started;
};

struct worker {
    struct runtime *runtime;
    struct api_set *set;
    struct keeper_hand *hand; /* NULL: there is no shared lock */
    const struct call *call;  /* under way */
    pthread_t thread;
    bool started;
};

/* One thread for each API; spot prices and the history of builds go their own way: a long
 * listing delays no interruption and no drain; and so does the queue, which waits long.
 */
static const char *const poller_apis[] = {"velostrata", "jenkins",   "vsphere", "ec2",
                                          "prices",     "pricelist", "builds",  "sqs"};
enum { POLLERS = ARRAY_LEN(poller_apis) };

struct runtime {
    struct runtime_options options;
    struct engine *engine;
    struct board *board;
    struct mailbox *inbox, *calls;
    struct keeper *keeper; /* NULL: there is no shared lock */
    struct poller pollers[POLLERS];
    struct worker workers[WORKERS];
    pthread_t thread;
    bool started;
    int stopping; /* atomic */
    int working;  /* atomic: calls under way */
    int64_t data_version;
    bool snapshot_due;
    struct mono looked, put_from; /* real time; no snapshot is put before put_from */
};

static bool stopping(struct runtime *r)
{
    return __atomic_load_n(&r->stopping, __ATOMIC_ACQUIRE) != 0;
}

static int64_t real_ms(void)
{
    return clock_mono(clock_system()).ms;
}

static void on_poll(void *ctx, const struct poll_request *p)
{
    struct runtime *r = ctx;

    for (size_t i = 0; i < POLLERS; i++) {
        if (str_eq(source_api(p->source), r->pollers[i].api)) {
            if (!mailbox_put(r->pollers[i].box, p) && !stopping(r))
                log_write(r->options.log, LOG_WARN, "engine", "poller %s is behind",
                          r->pollers[i].api);
            api_set_wake(r->pollers[i].set);
            return;
        }
    }
}

static void on_call(void *ctx, const struct call *call)
{
    struct runtime *r = ctx;
    struct event ev = {.kind = EVENT_RESULT};

    if (mailbox_put(r->calls, call))
        return;
    ev.as.result = (struct call_result){.id = call->id, .outcome = OUTCOME_FAILED};
    (void)err_set(&ev.as.result.err, ERR_CANCELED,
                  "not sent: too many calls are waiting");
    if (!mailbox_put(r->inbox, &ev))
        log_write(r->options.log, LOG_ERROR, "engine",
                  "inbox is full, a result was lost");
}

/* Waits for the next poll: the one that was asked for, or the one that a change at
 * vSphere calls for. False: there is none yet. */
static bool poller_next(struct poller *p, struct poll_request *rq)
{
    struct runtime *r = p->runtime;
    bool watches = str_eq(p->api, "vsphere") && api_set_can_watch(p->set), news = false;
    struct err e = {0};

    if (mailbox_get(p->box, rq, watches ? 0 : -1) == 1)
        return true;
    if (!watches || stopping(r))
        return false;
    if (api_set_watch(p->set, &news, &e) != ERR_OK && e.code != p->watch_error) {
        p->watch_error = e.code;
        if (!stopping(r))
            log_write(r->options.log, LOG_INFO, "vsphere",
                      "changes come with the polls alone until this works again: %s",
                      e.text);
    } else if (news) {
        p->watch_error = ERR_OK;
    }
    if (news && mailbox_get(p->box, rq, 0) != 1) /* one poll serves both */
        *rq = (struct poll_request){.source = SOURCE_VSPHERE};
    return news;
}

static void *poller_main(void *arg)
{
    struct poller *p = arg;
    struct runtime *r = p->runtime;
    struct poll_request rq;

    while (!stopping(r)) {
        struct event ev = {.kind = EVENT_OBSERVATION};

        if (!poller_next(p, &rq))
            continue;
        if (stopping(r))
            break;
        ev.as.observation = api_set_poll(p->set, rq.source, &rq.hints);
        if (ev.as.observation != NULL && !mailbox_put(r->inbox, &ev))
            observation_unref(
                ev.as.observation); /* stopping, or far behind: asked for again */
    }
    return NULL;
}

static enum err_code fence(void *ctx, int64_t timeout_ms, struct err *e)
{
    const struct worker *w = ctx;

    return keeper_fence(w->hand, w->call, timeout_ms, e);
}

static bool hear_keeper(void *ctx, const struct event *ev)
{
    struct runtime *r = ctx;

    return mailbox_put(r->inbox, ev);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct runtime *r = w->runtime;
    struct call call;

    while (mailbox_get(r->calls, &call, -1) == 1) {
        struct event ev = {.kind = EVENT_RESULT};

        if (stopping(r))
            break; /* its intent is in the store; the next start looks what became of it
                    */
        (void)__atomic_add_fetch(&r->working, 1, __ATOMIC_ACQ_REL);
        w->call = &call;
        api_set_act(w->set, &call, &ev.as.result);
        w->call = NULL;
        if (!mailbox_put(r->inbox, &ev))
            log_write(r->options.log, LOG_WARN, "engine", "a result came after the end");
        (void)__atomic_sub_fetch(&r->working, 1, __ATOMIC_ACQ_REL);
    }
    return NULL;
}

/* Between two looks at a task; false when the program ends. ms is on the controller's
 * clock. */
static bool worker_wait(void *ctx, int64_t ms)
{
    struct runtime *r = ctx;
    int64_t speed = r->options.scaled != NULL ? clock_scaled_speed(r->options.scaled) : 1;
    int64_t left = speed > 0 ? ms / speed : ms;

    for (left = left < 1 ? 1 : left; left > 0 && !stopping(r); left -= WAIT_SLICE_MS) {
        int64_t slice = left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS;
        struct timespec ts = {.tv_nsec = slice * 1000000};

        (void)nanosleep(&ts, NULL); /* woken early means looked early */
    }
    return !stopping(r);
}

static void publish(struct runtime *r)
{
    struct fleet *f = controller_snapshot(engine_controller(r->engine));
    int64_t soonest;

    if (f == NULL) {
        log_write(r->options.log, LOG_ERROR, "engine", "no memory for a snapshot");
        return;
    }
    board_publish(r->board, f);
    if (r->snapshot_due)
        return;
    r->snapshot_due = true;
    soonest = real_ms() + SNAPSHOT_GATHER_MS;
    if (r->put_from.ms < soonest)
        r->put_from.ms = soonest;
}

/* Is there a snapshot that other processes shall see? */
static bool wants_put(const struct runtime *r)
{
    return r->snapshot_due && !r->options.controller.observe &&
           r->options.store != NULL && r->options.render != NULL;
}

/* What other processes see: the snapshot in the store, not more often than once a second.
 */
static void put_snapshot(struct runtime *r)
{
    struct fleet *f;
    struct err e = {0};
    char *text;

    if (!wants_put(r) || real_ms() < r->put_from.ms)
        return;
    r->put_from.ms = real_ms() + SNAPSHOT_PUT_MS;
    f = board_latest(r->board);
    text = f != NULL ? r->options.render(f) : NULL;
    if (text != NULL && store_snapshot_put(r->options.store, text, f->at, &e) == ERR_OK)
        r->snapshot_due = false;
    free(text);
    fleet_unref(f);
}

static void look_into_store(struct runtime *r)
{
    int64_t version;

    if (r->options.store == NULL || r->options.controller.observe ||
        real_ms() - r->looked.ms < STORE_LOOK_MS)
        return;
    r->looked.ms = real_ms();
    version = store_data_version(r->options.store);
    if (version == r->data_version)
        return;
    if (engine_commands(r->engine))
        r->data_version = version;
    r->put_from.ms = 0; /* who gave an order looks next what became of it */
}

/* Real milliseconds until the controller wants to be woken. */
static int64_t pause_ms(struct runtime *r)
{
    int64_t speed = r->options.scaled != NULL ? clock_scaled_speed(r->options.scaled) : 1;
    int64_t left = engine_next_wake(r->engine).ms - clock_mono(r->options.clock).ms;
    int64_t real = left <= 0 ? 0 : left / (speed > 0 ? speed : 1) + 1;

    if (real > STORE_LOOK_MS)
        real = STORE_LOOK_MS;
    left = r->put_from.ms - real_ms();
    if (wants_put(r) && left < real)
        real = left < 0 ? 0 : left;
    return real;
}

static void *controller_main(void *arg)
{
    struct runtime *r = arg;
    struct event ev = {.kind = EVENT_TICK};

    engine_feed(r->engine, &ev);
    publish(r);
    for (;;) {
        int got = mailbox_get(r->inbox, &ev, pause_ms(r));

        if (got < 0)
            break;
        if (got == 0)
            ev = (struct event){.kind = EVENT_TICK};
        engine_feed(r->engine, &ev);
        /* Everything that waits is taken before anything is drawn. */
        while (got > 0 && (got = mailbox_get(r->inbox, &ev, 0)) > 0)
            engine_feed(r->engine, &ev);
        if (got < 0)
            break;
        look_into_store(r);
        if (engine_changed(r->engine))
            publish(r);
        put_snapshot(r);
    }
    publish(r);
    r->put_from.ms = 0;
    put_snapshot(r);
    return NULL;
}

static enum err_code start_thread(pthread_t *t, void *(*run)(void *), void *arg,
                                  const char *name, struct err *e)
{
    sigset_t all, old;
    int rc;

    /* Signals are the main thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(t, NULL, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return err_set_errno(e, ERR_NOMEM, rc, "thread %s cannot be started", name);
    (void)pthread_setname_np(*t, name); /* a name helps people only */
    return ERR_OK;
}

static bool needs_lease(const struct controller_options *o)
{
    return o->config->lock.n_etcd > 0 && !o->observe && !o->dry_run;
}

static enum err_code start_keeper(struct runtime *r, struct err *e)
{
    const struct controller_options *c = &r->options.controller;
    const struct keeper_options o = {.config = c->config,
                                     .clock = r->options.clock,
                                     .log = r->options.log,
                                     .host = c->host,
                                     .user = c->user,
                                     .pid = c->pid,
                                     .tell = hear_keeper,
                                     .ctx = r};

    return needs_lease(c) ? keeper_start(&o, &r->keeper, e) : ERR_OK;
}

static enum err_code start_workers(struct runtime *r, struct err *e)
{
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *w = &r->workers[i];

        w->runtime = r;
        if (api_set_new(r->options.shared, NULL, &w->set, e) != ERR_OK)
            return e->code;
        api_set_wait(w->set, worker_wait, r);
        if (r->keeper != NULL) {
            if (keeper_hand_new(r->keeper, &w->hand, e) != ERR_OK)
                return e->code;
            api_set_fence(w->set, fence, w);
        }
        if (start_thread(&w->thread, worker_main, w, "worker", e) != ERR_OK)
            return e->code;
        w->started = true;
    }
    return ERR_OK;
}

static enum err_code start_all(struct runtime *r, struct err *e)
{
    const struct dispatch d = {on_poll, on_call, r};
    const struct runtime_options *o = &r->options;
    struct controller_options c = o->controller;

    c.shared_lock = needs_lease(&c);
    if (board_new(&r->board, e) != ERR_OK)
        return e->code;
    r->inbox = mailbox_new(sizeof(struct event), INBOX);
    r->calls = mailbox_new(sizeof(struct call), CALLS);
    if (r->inbox == NULL || r->calls == NULL)
        return err_set(e, ERR_NOMEM, "mailboxes: out of memory");
    if (engine_new(&c, o->store, o->clock, &d, o->log, &r->engine, e) != ERR_OK)
        return e->code;
    if (o->auto_on)
        controller_set_auto(engine_controller(r->engine), AUTO_ON, clock_utc(o->clock));
    for (size_t i = 0; i < POLLERS; i++) {
        struct poller *p = &r->pollers[i];

        *p = (struct poller){.runtime = r, .api = poller_apis[i]};
        p->box = mailbox_new(sizeof(struct poll_request), POLLS);
        if (p->box == NULL)
            return err_set(e, ERR_NOMEM, "mailboxes: out of memory");
        if (api_set_new(o->shared, NULL, &p->set, e) != ERR_OK ||
            start_thread(&p->thread, poller_main, p, p->api, e) != ERR_OK)
            return e->code;
        p->started = true;
    }
    if (start_keeper(r, e) != ERR_OK || start_workers(r, e) != ERR_OK)
        return e->code;
    if (start_thread(&r->thread, controller_main, r, "controller", e) != ERR_OK)
        return e->code;
    r->started = true;
    return ERR_OK;
}

enum err_code runtime_start(const struct runtime_options *o, struct runtime **out,
                            struct err *e)
{
    struct runtime *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return err_set(e, ERR_NOMEM, "runtime: out of memory");
    r->options = *o;
    if (start_all(r, e) != ERR_OK) {
        runtime_stop(r);
        return e->code;
    }
    *out = r;
    return ERR_OK;
}

static void stop_workers(struct runtime *r)
{
    int64_t until = real_ms() + CALL_GRACE_MS;

    if (r->calls != NULL)
        mailbox_close(r->calls);
    while (__atomic_load_n(&r->working, __ATOMIC_ACQUIRE) > 0 && real_ms() < until) {
        struct timespec ts = {.tv_nsec = 5 * 1000000};

        (void)nanosleep(&ts, NULL); /* woken early means looked early */
    }
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *w = &r->workers[i];

        if (w->set != NULL)
            api_set_abort(w->set);
        if (w->hand != NULL)
            keeper_hand_abort(w->hand);
        if (w->started)
            (void)pthread_join(w->thread, NULL);
        api_set_free(w->set);
        keeper_hand_free(w->hand);
    }
}

/* The aborted clients cannot speak any more: a fresh one ends the shared vSphere session,
 * unless vSphere is silent anyway. */
static void log_out(struct runtime *r)
{
    struct api_set *set = NULL;
    struct fleet *f = r->board != NULL ? board_latest(r->board) : NULL;
    struct err e = {0};
    bool answers = false;

    for (size_t i = 0; f != NULL && i < f->n_apis; i++)
        answers = answers ||
                  (f->apis[i].source == SOURCE_VSPHERE && f->apis[i].state == API_OK);
    fleet_unref(f);
    if (answers && api_set_new(r->options.shared, NULL, &set, &e) == ERR_OK)
        api_set_logout(set);
    api_set_free(set);
}

void runtime_stop(struct runtime *r)
{
    struct event ev;

    if (r == NULL)
        return;
    ev = (struct event){.kind = EVENT_STOP};
    if (r->inbox != NULL && !mailbox_put(r->inbox, &ev))
        log_write(r->options.log, LOG_WARN, "engine", "the inbox is full at the end");
    __atomic_store_n(&r->stopping, 1, __ATOMIC_RELEASE);
    for (size_t i = 0; i < POLLERS; i++) {
        if (r->pollers[i].set != NULL)
            api_set_abort(r->pollers[i].set);
        if (r->pollers[i].box != NULL)
            mailbox_close(r->pollers[i].box);
    }
    stop_workers(r);
    keeper_stop(r->keeper); /* now that no call is under way */
    for (size_t i = 0; i < POLLERS; i++) {
        if (r->pollers[i].started)
            (void)pthread_join(r->pollers[i].thread, NULL);
    }
    if (r->inbox != NULL)
        mailbox_close(r->inbox);
    if (r->started)
        (void)pthread_join(r->thread, NULL);
    for (size_t i = 0; i < POLLERS; i++) { /* the controller asked for polls until now */
        mailbox_free(r->pollers[i].box);
        api_set_free(r->pollers[i].set);
    }
    while (r->inbox != NULL && mailbox_get(r->inbox, &ev, 0) > 0) {
        if (ev.kind == EVENT_OBSERVATION)
            observation_unref(ev.as.observation);
    }
    log_out(r);
    engine_free(r->engine);
    mailbox_free(r->inbox);
    mailbox_free(r->calls);
    board_free(r->board);
    free(r);
}

struct fleet *runtime_latest(struct runtime *r)
{
    return board_latest(r->board);
}

int runtime_event_fd(const struct runtime *r)
{
    return board_event_fd(r->board);
}

enum err_code runtime_send(struct runtime *r, const struct command *c, struct err *e)
{
    struct event ev = {.kind = EVENT_COMMAND};

    ev.as.command.command = *c;
    if (!mailbox_put(r->inbox, &ev))
        return err_set(e, ERR_LOCKED, "the controller is too busy to take an order now");
    return ERR_OK;
}
