#include <config.h>

#include "core/engine/crew.h"

#include "core/base/str.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { WORKERS = 4, CALLS = 64, POLLS = 16, WAIT_SLICE_MS = 50 };
enum { MEMORY_WAIT_MS = 5000 }; /* for room for an observation */

struct poller {
    struct crew *crew;
    const char *api; /* source_api() of its rows */
    struct mailbox *box;
    struct api_set *set;
    enum err_code watch_error; /* of the long poll, as it was logged */
    pthread_t thread;
    bool started;
};

struct worker {
    struct crew *crew;
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

struct crew {
    struct crew_options options;
    struct mailbox *calls;
    struct poller pollers[POLLERS];
    struct worker workers[WORKERS];
    atomic_bool retired;  /* no more polls */
    atomic_bool quitting; /* no more calls */
    atomic_int working;   /* calls under way */
    atomic_int running;   /* threads */
};

static bool retired(const struct crew *c)
{
    return atomic_load(&c->retired);
}

uint32_t crew_number(const struct crew *c)
{
    return c->options.number;
}

void crew_poll(struct crew *c, const struct poll_request *p)
{
    for (size_t i = 0; i < POLLERS; i++) {
        if (str_eq(source_api(p->source), c->pollers[i].api)) {
            if (!mailbox_put(c->pollers[i].box, p) && !retired(c))
                log_write(c->options.log, LOG_WARN, "engine", "poller %s is behind",
                          c->pollers[i].api);
            api_set_wake(c->pollers[i].set);
            return;
        }
    }
}

bool crew_call(struct crew *c, const struct call *call)
{
    return mailbox_put(c->calls, call);
}

/* Waits for the next poll: the one that was asked for, or the one that a change at
 * vSphere calls for. False: there is none yet. */
static bool poller_next(struct poller *p, struct poll_request *rq)
{
    struct crew *c = p->crew;
    bool watches = str_eq(p->api, "vsphere") && api_set_can_watch(p->set), news = false;
    struct err e = {0};

    if (mailbox_get(p->box, rq, watches ? 0 : -1) == 1)
        return true;
    if (!watches || retired(c))
        return false;
    if (api_set_watch(p->set, &news, &e) != ERR_OK && e.code != p->watch_error) {
        p->watch_error = e.code;
        if (!retired(c))
            log_write(c->options.log, LOG_INFO, "vsphere",
                      "changes come with the polls alone until this works again: %s",
                      e.text);
    } else if (news) {
        p->watch_error = ERR_OK;
    }
    if (news && mailbox_get(p->box, rq, 0) != 1) /* one poll serves both */
        *rq = (struct poll_request){.source = SOURCE_VSPHERE};
    return news;
}

/* Between two looks at a task; false when the program ends. ms is on the controller's
 * clock. */
static bool worker_wait(void *ctx, int64_t ms)
{
    struct crew *c = ctx;
    int64_t speed = c->options.scaled != NULL ? clock_scaled_speed(c->options.scaled) : 1;
    int64_t left = speed > 0 ? ms / speed : ms;

    for (left = left < 1 ? 1 : left; left > 0 && !atomic_load(&c->quitting);
         left -= WAIT_SLICE_MS) {
        int64_t slice = left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS;
        struct timespec ts = {.tv_nsec = slice * 1000000};

        (void)nanosleep(&ts, NULL); /* woken early means looked early */
    }
    return !atomic_load(&c->quitting);
}

static void *poller_main(void *arg)
{
    struct poller *p = arg;
    struct crew *c = p->crew;
    struct poll_request rq;

    while (!retired(c)) {
        struct post post = {.event = {.kind = EVENT_OBSERVATION},
                            .crew = c->options.number};

        if (!poller_next(p, &rq))
            continue;
        if (retired(c))
            break;
        while ((post.event.as.observation = api_set_poll(p->set, rq.source, &rq.hints)) ==
                   NULL &&
               !retired(c) && worker_wait(c, MEMORY_WAIT_MS))
            continue; /* nothing was asked yet */
        if (post.event.as.observation != NULL && !mailbox_put(c->options.inbox, &post))
            observation_unref(post.event.as.observation); /* stopping, or far behind:
                                                             asked for again */
    }
    atomic_fetch_sub(&c->running, 1);
    return NULL;
}

static enum err_code fence(void *ctx, int64_t timeout_ms, struct err *e)
{
    const struct worker *w = ctx;

    return keeper_fence(w->hand, w->call, timeout_ms, e);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct crew *c = w->crew;
    struct call call;

    while (mailbox_get(c->calls, &call, -1) == 1) {
        struct post post = {.event = {.kind = EVENT_RESULT}, .crew = c->options.number};

        if (atomic_load(&c->quitting))
            break; /* its intent is in the store; the next start looks what became of it
                    */
        atomic_fetch_add(&c->working, 1);
        w->call = &call;
        api_set_act(w->set, &call, &post.event.as.result);
        w->call = NULL;
        if (!mailbox_put(c->options.inbox, &post))
            log_write(c->options.log, LOG_WARN, "engine", "a result came after the end");
        atomic_fetch_sub(&c->working, 1);
    }
    atomic_fetch_sub(&c->running, 1);
    return NULL;
}

static enum err_code start_thread(struct crew *c, pthread_t *t, void *(*run)(void *),
                                  void *arg, const char *name, struct err *e)
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
    atomic_fetch_add(&c->running, 1);
    (void)pthread_setname_np(*t, name); /* a name helps people only */
    return ERR_OK;
}

static enum err_code start_pollers(struct crew *c, struct err *e)
{
    for (size_t i = 0; i < POLLERS; i++) {
        struct poller *p = &c->pollers[i];

        *p = (struct poller){.crew = c, .api = poller_apis[i]};
        p->box = mailbox_new(sizeof(struct poll_request), POLLS);
        if (p->box == NULL)
            return err_set(e, ERR_NOMEM, "mailboxes: out of memory");
        if (api_set_new(c->options.shared, NULL, &p->set, e) != ERR_OK ||
            start_thread(c, &p->thread, poller_main, p, p->api, e) != ERR_OK)
            return e->code;
        p->started = true;
    }
    return ERR_OK;
}

static enum err_code start_workers(struct crew *c, struct err *e)
{
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *w = &c->workers[i];

        w->crew = c;
        if (api_set_new(c->options.shared, NULL, &w->set, e) != ERR_OK)
            return e->code;
        api_set_wait(w->set, worker_wait, c);
        if (c->options.keeper != NULL) {
            if (keeper_hand_new(c->options.keeper, &w->hand, e) != ERR_OK)
                return e->code;
            api_set_fence(w->set, fence, w);
        }
        if (start_thread(c, &w->thread, worker_main, w, "worker", e) != ERR_OK)
            return e->code;
        w->started = true;
    }
    return ERR_OK;
}

enum err_code crew_new(const struct crew_options *o, struct crew **out, struct err *e)
{
    struct crew *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        api_shared_free(o->shared);
        return err_set(e, ERR_NOMEM, "threads: out of memory");
    }
    c->options = *o;
    c->options.setup = setup_ref(o->setup);
    c->calls = mailbox_new(sizeof(struct call), CALLS);
    if (c->calls == NULL)
        (void)err_set(e, ERR_NOMEM, "mailboxes: out of memory");
    else if (start_pollers(c, e) == ERR_OK && start_workers(c, e) == ERR_OK) {
        *out = c;
        return ERR_OK;
    }
    crew_free(c, false);
    return e->code;
}

void crew_retire(struct crew *c)
{
    atomic_store(&c->retired, true);
    for (size_t i = 0; i < POLLERS; i++) {
        if (c->pollers[i].box != NULL)
            mailbox_close(c->pollers[i].box);
        if (c->pollers[i].set != NULL)
            api_set_wake(c->pollers[i].set);
    }
    if (c->calls != NULL)
        mailbox_close(c->calls);
}

void crew_break_off(struct crew *c)
{
    for (size_t i = 0; i < POLLERS; i++) {
        if (c->pollers[i].set != NULL)
            api_set_abort(c->pollers[i].set);
    }
}

void crew_quit(struct crew *c)
{
    atomic_store(&c->quitting, true);
    crew_retire(c);
    crew_break_off(c);
    api_shared_abort(c->options.shared);
}

bool crew_is_calling(const struct crew *c)
{
    return atomic_load(&c->working) > 0;
}

bool crew_has_ended(const struct crew *c)
{
    return atomic_load(&c->running) == 0;
}

void crew_join(struct crew *c)
{
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *w = &c->workers[i];

        if (w->set != NULL)
            api_set_abort(w->set);
        if (w->hand != NULL)
            keeper_hand_abort(w->hand);
        if (w->started)
            (void)pthread_join(w->thread, NULL);
        w->started = false;
    }
    for (size_t i = 0; i < POLLERS; i++) {
        if (c->pollers[i].started)
            (void)pthread_join(c->pollers[i].thread, NULL);
        c->pollers[i].started = false;
    }
}

/* A client of its own: those of the crew end with their exchanges. */
static void end_sessions(struct crew *c)
{
    struct api_set *set = NULL;
    struct err e = {0};

    if (api_set_new(c->options.shared, NULL, &set, &e) == ERR_OK)
        api_set_logout(set);
    api_set_free(set);
}

void crew_free(struct crew *c, bool log_out)
{
    if (c == NULL)
        return;
    crew_quit(c);
    crew_join(c);
    for (size_t i = 0; i < WORKERS; i++) {
        keeper_hand_free(c->workers[i].hand);
        api_set_free(c->workers[i].set);
    }
    for (size_t i = 0; i < POLLERS; i++) {
        mailbox_free(c->pollers[i].box);
        api_set_free(c->pollers[i].set);
    }
    if (log_out)
        end_sessions(c);
    mailbox_free(c->calls);
    api_shared_free(c->options.shared);
    setup_unref(c->options.setup);
    free(c);
}
