#include <config.h>

#include "core/engine/runtime.h"

#include "core/base/str.h"
#include "core/engine/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum {
    INBOX = 256,
    RETIRED_MAX = 4,
    READS_GRACE_MS = 2000, /* then those of an earlier configuration are broken off */
    STORE_LOOK_MS = 1000,  /* commands of other processes are taken within this */
    SNAPSHOT_PUT_MS = 1000,
    SNAPSHOT_GATHER_MS = 250, /* answers of a round come one soon after the other */
    CALL_GRACE_MS = 1900      /* of a quit with a mutating call under way */
};

/* A configuration on its way to the controller's thread. */
struct handover {
    struct config_order *order;
    struct crew *next; /* NULL: there is none */
    bool done;         /* guarded by the runtime's lock */
};

struct runtime {
    struct runtime_options options;
    struct setup *first; /* what the keeper of the shared lock reads all the time */
    struct engine *engine;
    struct board *board;
    struct mailbox *inbox;
    struct keeper *keeper;     /* NULL: there is no shared lock */
    struct crew *crew;         /* the controller's thread alone, while it runs */
    struct handover *handover; /* of the step under way, NULL = none; the same */
    uint32_t crews;            /* that there ever were */
    pthread_mutex_t lock;      /* guards retired and handover.done */
    pthread_cond_t answered;
    struct retired {
        struct crew *crew;
        int64_t since_ms;
    } retired[RETIRED_MAX];
    size_t n_retired;
    pthread_t thread;
    bool started, locks;
    int64_t data_version;
    bool snapshot_due;
    struct mono looked, put_from; /* real time; no snapshot is put before put_from */
};

static int64_t real_ms(void)
{
    return clock_mono(clock_system()).ms;
}

/* Who polls and calls: the new ones from the very step on that took their configuration.
 */
static struct crew *crew_now(const struct runtime *r)
{
    return r->handover != NULL && r->handover->order->taken ? r->handover->next : r->crew;
}

static void on_poll(void *ctx, const struct poll_request *p)
{
    crew_poll(crew_now(ctx), p);
}

static bool post(struct runtime *r, const struct event *ev)
{
    const struct post p = {.event = *ev};

    return mailbox_put(r->inbox, &p);
}

static void on_call(void *ctx, const struct call *call)
{
    struct runtime *r = ctx;
    struct event ev = {.kind = EVENT_RESULT};

    if (crew_call(crew_now(r), call))
        return;
    ev.as.result = (struct call_result){.id = call->id, .outcome = OUTCOME_FAILED};
    (void)err_set(&ev.as.result.err, ERR_CANCELED,
                  "not sent: too many calls are waiting");
    if (!post(r, &ev))
        log_write(r->options.log, LOG_ERROR, "engine",
                  "inbox is full, a result was lost");
}

static bool hear_keeper(void *ctx, const struct event *ev)
{
    return post(ctx, ev);
}

static void hear_record(void *ctx, const struct record *rec)
{
    struct runtime *r = ctx;

    if (r->keeper != NULL)
        (void)keeper_record(r->keeper, engine_controller(r->engine), rec);
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

/* The crew of the configuration before goes on with its calls alone. */
static void take_crew(struct runtime *r, struct handover *h)
{
    crew_retire(r->crew);
    (void)pthread_mutex_lock(&r->lock); /* a plain mutex of ours: cannot fail */
    r->retired[r->n_retired++] = (struct retired){
        r->crew, real_ms()}; /* runtime_configure() has looked for room */
    (void)pthread_mutex_unlock(&r->lock);
    r->crew = h->next;
}

static void feed(struct runtime *r, struct post *p)
{
    struct handover *h;

    if (p->event.kind == EVENT_OBSERVATION && p->crew != 0 &&
        p->crew != crew_number(r->crew)) {
        observation_unref(p->event.as.observation); /* of another configuration */
        return;
    }
    if (p->event.kind != EVENT_CONFIG) {
        engine_feed(r->engine, &p->event);
        return;
    }
    h = r->handover = p->handover;
    engine_feed(r->engine, &p->event);
    if (h->order->taken)
        take_crew(r, h);
    r->handover = NULL;
    publish(r);
    (void)pthread_mutex_lock(&r->lock);
    h->done = true;
    (void)pthread_cond_signal(&r->answered);
    (void)pthread_mutex_unlock(&r->lock);
}

static void *controller_main(void *arg)
{
    struct runtime *r = arg;
    const struct post tick = {.event = {.kind = EVENT_TICK}};
    struct post p = tick;

    feed(r, &p);
    publish(r);
    for (;;) {
        int got = mailbox_get(r->inbox, &p, pause_ms(r));

        if (got < 0)
            break;
        if (got == 0)
            p = tick;
        feed(r, &p);
        /* Everything that waits is taken before anything is drawn. */
        while (got > 0 && (got = mailbox_get(r->inbox, &p, 0)) > 0)
            feed(r, &p);
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

static enum err_code start_thread(struct runtime *r, struct err *e)
{
    sigset_t all, old;
    int rc;

    /* Signals are the main thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&r->thread, NULL, controller_main, r);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return err_set_errno(e, ERR_NOMEM, rc, "thread controller cannot be started");
    (void)pthread_setname_np(r->thread, "controller"); /* a name helps people only */
    r->started = true;
    return ERR_OK;
}

static bool needs_lease(const struct controller_options *o)
{
    return o->config->lock.n_etcd > 0 && !o->observe && !o->dry_run;
}

static enum err_code start_keeper(struct runtime *r, struct err *e)
{
    const struct controller_options *c = &r->options.controller;
    const struct controller *known = engine_controller(r->engine);
    const struct keeper_options o = {.config = c->config,
                                     .clock = r->options.clock,
                                     .log = r->options.log,
                                     .host = c->host,
                                     .user = c->user,
                                     .pid = c->pid,
                                     .state_id = controller_state_id(known),
                                     .tell = hear_keeper,
                                     .ctx = r};

    if (!needs_lease(c))
        return ERR_OK;
    if (keeper_new(&o, &r->keeper, e) != ERR_OK)
        return e->code;
    keeper_wishes(r->keeper, known);
    return keeper_start(r->keeper, e);
}

static enum err_code make_crew(struct runtime *r, struct setup *setup,
                               struct api_shared *shared, struct crew **out,
                               struct err *e)
{
    const struct crew_options o = {.setup = setup,
                                   .shared = shared,
                                   .clock = r->options.clock,
                                   .scaled = r->options.scaled,
                                   .log = r->options.log,
                                   .inbox = r->inbox,
                                   .keeper = r->keeper,
                                   .number = ++r->crews};

    return crew_new(&o, out, e);
}

static enum err_code make_locks(struct runtime *r, struct err *e)
{
    if (pthread_mutex_init(&r->lock, NULL) != 0)
        return err_set(e, ERR_NOMEM, "runtime: no mutex");
    if (pthread_cond_init(&r->answered, NULL) != 0) {
        (void)pthread_mutex_destroy(&r->lock);
        return err_set(e, ERR_NOMEM, "runtime: no condition");
    }
    r->locks = true;
    return ERR_OK;
}

static enum err_code start_all(struct runtime *r, struct err *e)
{
    const struct dispatch d = {on_poll, on_call, r};
    struct runtime_options *o = &r->options;
    struct controller_options c = o->controller;
    struct api_shared *shared = o->shared;

    c.shared_lock = needs_lease(&c);
    r->first = setup_ref(o->setup);
    r->inbox = mailbox_new(sizeof(struct post), INBOX);
    if (r->inbox == NULL)
        return err_set(e, ERR_NOMEM, "mailboxes: out of memory");
    if (make_locks(r, e) != ERR_OK || board_new(&r->board, e) != ERR_OK ||
        engine_new(&c, o->store, o->clock, &d, o->log, &r->engine, e) != ERR_OK)
        return e->code;
    if (o->auto_on)
        controller_set_auto(engine_controller(r->engine), AUTO_ON, clock_utc(o->clock));
    if (start_keeper(r, e) != ERR_OK)
        return e->code;
    engine_on_record(r->engine, hear_record, r);
    o->shared = NULL; /* the crew's */
    if (make_crew(r, o->setup, shared, &r->crew, e) != ERR_OK)
        return e->code;
    return start_thread(r, e);
}

enum err_code runtime_start(const struct runtime_options *o, struct runtime **out,
                            struct err *e)
{
    struct runtime *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        api_shared_free(o->shared);
        return err_set(e, ERR_NOMEM, "runtime: out of memory");
    }
    r->options = *o;
    if (start_all(r, e) != ERR_OK) {
        runtime_stop(r);
        return e->code;
    }
    *out = r;
    return ERR_OK;
}

/* ----- another configuration ----- */

/* vSphere would not hear the end of a session while it is silent. */
static bool vsphere_answers(struct runtime *r)
{
    struct fleet *f = r->board != NULL ? board_latest(r->board) : NULL;
    bool answers = false;

    for (size_t i = 0; f != NULL && i < f->n_apis; i++)
        answers = answers ||
                  (f->apis[i].source == SOURCE_VSPHERE && f->apis[i].state == API_OK);
    fleet_unref(f);
    return answers;
}

/* Reads of an earlier configuration have some time to end by themselves: a session that
 * is just being opened would be left behind. */
static size_t reap(struct runtime *r, int64_t grace_ms)
{
    struct crew *ended[RETIRED_MAX];
    size_t n = 0, kept = 0;

    (void)pthread_mutex_lock(&r->lock); /* a plain mutex of ours: cannot fail */
    for (size_t i = 0; i < r->n_retired; i++) {
        struct retired *old = &r->retired[i];

        if (crew_has_ended(old->crew)) {
            ended[n++] = old->crew;
            continue;
        }
        if (real_ms() - old->since_ms >= grace_ms)
            crew_break_off(old->crew);
        r->retired[kept++] = *old;
    }
    r->n_retired = kept;
    (void)pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < n; i++)
        crew_free(ended[i], vsphere_answers(r));
    return kept;
}

size_t runtime_reap(struct runtime *r)
{
    return reap(r, READS_GRACE_MS);
}

/* Somebody is in a hurry: there is room for one more, or calls go on everywhere. */
static bool make_room(struct runtime *r)
{
    int64_t until = real_ms() + READS_GRACE_MS;
    size_t left = reap(r, READS_GRACE_MS);

    while (left == RETIRED_MAX && real_ms() < until) {
        struct timespec ts = {.tv_nsec = 5 * 1000000};

        (void)nanosleep(&ts, NULL); /* woken early means looked early */
        left = reap(r, 0);
    }
    return left < RETIRED_MAX;
}

static void hand_over(struct runtime *r, struct crew *next, struct config_order *o)
{
    struct handover h = {.order = o, .next = next};
    const struct post p = {.event = {.kind = EVENT_CONFIG, .as.config = o},
                           .handover = &h};

    if (!mailbox_put(r->inbox, &p)) {
        (void)str_copy(o->refused, sizeof(o->refused),
                       "the controller is too busy to take it now");
        (void)str_copy(o->text, sizeof(o->text), o->refused);
        return;
    }
    (void)pthread_mutex_lock(&r->lock); /* a plain mutex of ours: cannot fail */
    while (!h.done)
        (void)pthread_cond_wait(&r->answered, &r->lock);
    (void)pthread_mutex_unlock(&r->lock);
}

void runtime_configure(struct runtime *r, struct setup *next, struct config_order *o)
{
    struct api_shared *shared;
    struct crew *crew = NULL;
    struct err e = {0};

    if (next != NULL && o->refused[0] == '\0') {
        if (!make_room(r))
            (void)err_set(&e, ERR_LOCKED,
                          "calls of %d configurations are under way: try again later",
                          RETIRED_MAX);
        else if (api_shared_new(next->config, r->options.clock, NULL, &shared, &e) ==
                 ERR_OK)
            (void)make_crew(r, next, shared, &crew, &e);
        (void)str_copy(o->refused, sizeof(o->refused), e.text);
    }
    o->config = next != NULL ? next->config : NULL;
    o->tz = next != NULL ? next->tz : NULL;
    hand_over(r, crew, o);
    if (!o->taken)
        crew_free(crew, false);
}

/* ----- the end ----- */

/* Calls that change something may end by themselves for a while; reads are broken off. */
static void stop_crews(struct runtime *r)
{
    int64_t until = real_ms() + CALL_GRACE_MS;
    bool calling = true;

    if (r->crew != NULL)
        crew_quit(r->crew);
    for (size_t i = 0; i < r->n_retired; i++)
        crew_quit(r->retired[i].crew);
    while (calling && real_ms() < until) {
        struct timespec ts = {.tv_nsec = 5 * 1000000};

        calling = r->crew != NULL && crew_is_calling(r->crew);
        for (size_t i = 0; i < r->n_retired; i++)
            calling = calling || crew_is_calling(r->retired[i].crew);
        if (calling)
            (void)nanosleep(&ts, NULL); /* woken early means looked early */
    }
    if (r->crew != NULL)
        crew_join(r->crew);
    for (size_t i = 0; i < r->n_retired; i++)
        crew_join(r->retired[i].crew);
}

void runtime_stop(struct runtime *r)
{
    struct post p = {.event = {.kind = EVENT_STOP}};
    bool log_out;

    if (r == NULL)
        return;
    if (r->inbox != NULL && !mailbox_put(r->inbox, &p))
        log_write(r->options.log, LOG_WARN, "engine", "the inbox is full at the end");
    stop_crews(r);
    keeper_stop(r->keeper); /* now that no call is under way */
    if (r->inbox != NULL)
        mailbox_close(r->inbox);
    if (r->started)
        (void)pthread_join(r->thread, NULL);
    while (r->inbox != NULL && mailbox_get(r->inbox, &p, 0) > 0) {
        if (p.event.kind == EVENT_OBSERVATION)
            observation_unref(p.event.as.observation);
    }
    /* The controller asked for polls until now; who is last ends the sessions. */
    log_out = vsphere_answers(r);
    for (size_t i = 0; i < r->n_retired; i++)
        crew_free(r->retired[i].crew, log_out);
    engine_free(r->engine);
    crew_free(r->crew, log_out);
    api_shared_free(r->options.shared);
    mailbox_free(r->inbox);
    board_free(r->board);
    setup_unref(r->first);
    if (r->locks) {
        (void)pthread_cond_destroy(&r->answered);
        (void)pthread_mutex_destroy(&r->lock);
    }
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

void runtime_wake(struct runtime *r)
{
    board_wake(r->board);
}

enum err_code runtime_send(struct runtime *r, const struct command *c, struct err *e)
{
    struct event ev = {.kind = EVENT_COMMAND};

    ev.as.command.command = *c;
    if (!post(r, &ev))
        return err_set(e, ERR_LOCKED, "the controller is too busy to take an order now");
    return ERR_OK;
}
