#include <config.h>

#include "tui/observer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/base/text.h"
#include "core/store/lock.h"
#include "core/store/snapshot_json.h"
#include "core/store/store.h"

enum { LOOK_MS = 500, REPLY_LOOK_MS = 200, REPLY_WAIT_MS = 10000, SILENT_S = 60 };

static const char ended_text[] =
    "the instance that acted ended: nobody acts until somebody takes over";

struct awaited {
    uint64_t row, id;
    struct mono since;
};

struct observer {
    struct observer_options options;
    struct store *store; /* NULL: not there yet */
    int64_t version;     /* of the store, when it was read; -1 = read it again */
    int64_t last_seq;
    bool journal_begun;
    struct fleet *seen;  /* as it was published */
    struct fleet *shown; /* with what this instance knows besides */
    uint64_t n_shown;
    struct lock_holder holder;
    char holder_text[192];
    bool held, stale, acknowledged; /* acknowledged: that the holder ended */
    struct utc ended_at;
    char trouble[LINE_TEXT]; /* why the store cannot be read, "" */
    struct utc trouble_at;
    struct journal_entry events[FLEET_EVENTS]; /* oldest first */
    size_t n_events;
    int64_t events_total, own_lines;
    struct command_reply replies[FLEET_REPLIES];
    size_t n_replies;
    struct awaited awaited[FLEET_REPLIES];
    size_t n_awaited;
    bool changed; /* `shown` is old */
    int timer_fd;
    int64_t pace_ms;
};

static void add_event(struct observer *o, const struct journal_entry *j)
{
    if (o->n_events == FLEET_EVENTS) {
        memmove(&o->events[0], &o->events[1], sizeof(o->events) - sizeof(o->events[0]));
        o->n_events--;
    }
    o->events[o->n_events++] = *j;
    o->events_total++;
    o->changed = true;
}

/* A line of this instance's own; it is in no journal. */
static void say(struct observer *o, enum level level, const char *text)
{
    struct journal_entry j = {.at = clock_utc(o->options.clock), .level = level};

    (void)str_copy(j.actor, sizeof(j.actor), "rushhour");
    (void)str_copy(j.action, sizeof(j.action), "observer");
    (void)str_copy(j.text, sizeof(j.text), text);
    add_event(o, &j);
    o->own_lines++;
}

static void add_reply(struct observer *o, uint64_t id, bool accepted, const char *text)
{
    struct command_reply *r;

    if (o->n_replies == FLEET_REPLIES) {
        memmove(&o->replies[0], &o->replies[1],
                sizeof(o->replies) - sizeof(o->replies[0]));
        o->n_replies--;
    }
    r = &o->replies[o->n_replies++];
    *r = (struct command_reply){.id = id, .accepted = accepted};
    (void)text_clean(r->text, sizeof(r->text), text, strlen(text));
    o->changed = true;
}

static void set_trouble(struct observer *o, const char *text)
{
    if (str_eq(o->trouble, text))
        return;
    (void)str_copy(o->trouble, sizeof(o->trouble), text);
    o->trouble_at = clock_utc(o->options.clock);
    o->changed = true;
    if (text[0] != '\0')
        say(o, LEVEL_WARN, text);
}

/* How often the timer wakes the loop. A failure leaves the old pace. */
static void set_pace(struct observer *o, int64_t ms)
{
    struct timespec every = {.tv_sec = (time_t)(ms / 1000),
                             .tv_nsec = (long)(ms % 1000) * 1000000L};
    struct itimerspec spec = {.it_interval = every, .it_value = every};

    if (ms != o->pace_ms && timerfd_settime(o->timer_fd, 0, &spec, NULL) == 0)
        o->pace_ms = ms;
}

/* ----- who acts ----- */

static bool same_holder(const struct lock_holder *a, const struct lock_holder *b)
{
    return a->pid == b->pid && a->since.s == b->since.s && str_eq(a->host, b->host);
}

static void name_holder(struct observer *o)
{
    (void)str_format(o->holder_text, sizeof(o->holder_text), "%s@%s pid %d%s",
                     o->holder.user[0] != '\0' ? o->holder.user : "?",
                     o->holder.host[0] != '\0' ? o->holder.host : "?", o->holder.pid,
                     o->held ? "" : " (ended)");
}

static void look_at_lock(struct observer *o)
{
    struct lock_holder now = {0};
    bool held = lock_is_held(o->options.state_dir, &now), was = o->held;

    if (held == was && (!held || same_holder(&now, &o->holder)))
        return;
    o->held = held;
    o->changed = true;
    if (!held) {
        o->ended_at = clock_utc(o->options.clock);
        o->acknowledged = false;
        name_holder(o);
        say(o, LEVEL_WARN, ended_text);
        return;
    }
    /* A new holder has the lock for an instant before its name is in it. */
    if (o->holder.pid != 0 && now.pid != 0 && !same_holder(&now, &o->holder)) {
        char text[LINE_TEXT];

        (void)str_format(text, sizeof(text), "%s@%s pid %d acts now", now.user, now.host,
                         now.pid);
        say(o, LEVEL_INFO, text);
    }
    if (now.pid != 0)
        o->holder = now;
    name_holder(o);
}

/* ----- what it published ----- */

static bool take_entry(void *ctx, const struct journal_entry *j)
{
    struct observer *o = ctx;
    struct journal_entry mine = *j;

    (void)text_clean(mine.server, sizeof(mine.server), j->server, strlen(j->server));
    (void)text_clean(mine.actor, sizeof(mine.actor), j->actor, strlen(j->actor));
    (void)text_clean(mine.text, sizeof(mine.text), j->text, strlen(j->text));
    o->last_seq = j->seq;
    add_event(o, &mine);
    return true;
}

static enum err_code read_journal(struct observer *o, struct err *e)
{
    if (!o->journal_begun) {
        int64_t total = 0;

        if (store_journal_tail(o->store, FLEET_EVENTS, &o->last_seq, &total, e) != ERR_OK)
            return e->code;
        o->journal_begun = true;
        o->events_total += total > FLEET_EVENTS ? total - FLEET_EVENTS : 0;
    }
    return store_journal_each(o->store, o->last_seq, take_entry, o, e);
}

static enum err_code read_snapshot(struct observer *o, struct err *e)
{
    struct fleet *f = NULL;
    struct utc at;
    char *text = NULL;
    enum err_code rc = store_snapshot_get(o->store, &text, &at, e);

    if (rc == ERR_OK && text != NULL)
        rc = snapshot_parse(text, strlen(text), &f, e);
    if (f != NULL) {
        fleet_unref(o->seen);
        o->seen = f;
        o->changed = true;
    }
    free(text);
    return rc;
}

static enum err_code open_store(struct observer *o, struct err *e)
{
    enum err_code rc;

    if (o->store != NULL)
        return ERR_OK;
    rc = store_open(o->options.state_dir, STORE_CLIENT, o->options.deployment, &o->store,
                    e);
    if (rc == ERR_OK)
        o->version = -1;
    return rc;
}

static void look_at_store(struct observer *o)
{
    struct err e = {0};
    int64_t version;
    enum err_code rc = open_store(o, &e);

    if (rc == ERR_OK) {
        /* Before reading: what is written meanwhile is read the next time. */
        version = store_data_version(o->store);
        if (version == o->version && version != -1)
            return;
        rc = read_snapshot(o, &e);
        if (rc == ERR_OK)
            rc = read_journal(o, &e);
        o->version = rc == ERR_OK ? version : -1;
    }
    if (rc != ERR_NOT_FOUND) /* the holder has just begun */
        set_trouble(o, rc != ERR_OK ? e.text : "");
}

static void look_for_replies(struct observer *o)
{
    int64_t now_ms = clock_mono(o->options.clock).ms;
    size_t kept = 0;

    for (size_t i = 0; i < o->n_awaited; i++) {
        struct awaited *a = &o->awaited[i];
        struct command_reply r = {0};
        struct err e = {0};
        bool answered = false;

        if (store_command_reply(o->store, a->row, &answered, &r, &e) != ERR_OK)
            add_reply(o, a->id, false, e.text);
        else if (answered)
            add_reply(o, a->id, r.accepted, r.text);
        else if (!o->held)
            add_reply(o, a->id, false,
                      "the instance that acted ended before it answered; the order is "
                      "stored and waits for the next one");
        else if (now_ms - a->since.ms >= REPLY_WAIT_MS)
            add_reply(o, a->id, false,
                      "the running instance has not answered yet; the order is stored "
                      "and stays");
        else
            o->awaited[kept++] = *a;
    }
    o->n_awaited = kept;
    set_pace(o, kept > 0 ? REPLY_LOOK_MS : LOOK_MS);
}

/* ----- the picture ----- */

/* Nobody reads the APIs, or not the one that published: nothing here may look fresh. */
static void make_stale(struct fleet *f)
{
    for (size_t i = 0; i < f->n_servers; i++)
        f->servers[i].facts.place_stale = true;
    f->extension.stale = f->host.stale = true;
    for (size_t i = 0; i < f->n_apis; i++) {
        if (f->apis[i].state == API_OK || f->apis[i].state == API_WAITING)
            f->apis[i].state = API_STALE;
        f->apis[i].next.s = 0;
    }
}

static void add_alert(struct fleet *f, struct utc at, const char *code, const char *text)
{
    struct alert *a;

    if (f->n_alerts == FLEET_ALERTS) {
        memmove(&f->alerts[0], &f->alerts[1], sizeof(f->alerts) - sizeof(f->alerts[0]));
        f->n_alerts--;
    }
    a = &f->alerts[f->n_alerts++];
    *a = (struct alert){.at = at};
    (void)str_copy(a->code, sizeof(a->code), code);
    (void)str_copy(a->text, sizeof(a->text), text);
}

static struct fleet *copy_of(const struct fleet *seen)
{
    size_t n = seen != NULL ? seen->n_servers : 0;
    struct fleet *f = fleet_new(n);

    if (f == NULL || seen == NULL)
        return f;
    memcpy(f, seen, sizeof(*f) + n * sizeof(f->servers[0]));
    f->refs = 1;
    return f;
}

static void show(struct observer *o)
{
    struct fleet *f;

    if (o->seen == NULL && o->trouble[0] == '\0')
        return;
    f = copy_of(o->seen);
    if (f == NULL)
        return; /* the last picture stays; the next look tries again */
    f->version = ++o->n_shown;
    f->mode = MODE_OBSERVER;
    f->observe = o->options.silent;
    f->ended = !o->held;
    if (o->stale)
        make_stale(f);
    if (!o->held && !o->acknowledged)
        add_alert(f, o->ended_at, "ended", ended_text);
    if (o->trouble[0] != '\0')
        add_alert(f, o->trouble_at, "store", o->trouble);
    memcpy(f->events, o->events, sizeof(f->events));
    f->n_events = o->n_events;
    f->events_total = o->events_total;
    memcpy(f->replies, o->replies, sizeof(f->replies));
    f->n_replies = o->n_replies;
    fleet_unref(o->shown);
    o->shown = f;
    o->changed = false;
}

struct fleet *observer_latest(void *ctx)
{
    struct observer *o = ctx;
    bool stale;

    look_at_lock(o);
    look_at_store(o);
    look_for_replies(o);
    /* A picture of a holder that ended, of one before it, or of one that hangs. */
    stale = !o->held || (o->seen != NULL &&
                         (o->seen->controller.pid != o->holder.pid ||
                          clock_utc(o->options.clock).s - o->seen->at.s > SILENT_S));
    if (stale != o->stale)
        o->changed = true;
    o->stale = stale;
    if (o->changed)
        show(o);
    return o->shown != NULL ? fleet_ref(o->shown) : NULL;
}

/* ----- orders ----- */

bool observer_send(void *ctx, const struct command *c, struct err *e)
{
    struct observer *o = ctx;
    struct command mine = *c;
    uint64_t row = 0;

    if (o->options.silent) {
        (void)err_set(e, ERR_USAGE, "this instance only looks on: it sends no command");
        return false;
    }
    look_at_lock(o);
    if (!o->held && c->kind == COMMAND_ACKNOWLEDGE) {
        o->acknowledged = o->changed = true;
        return true;
    }
    /* Stored now, it would be carried out when nobody thinks of it any more. */
    if (!o->held) {
        (void)err_set(e, ERR_CANCELED, "%s", ended_text);
        return false;
    }
    if (open_store(o, e) != ERR_OK)
        return false;
    if (mine.by[0] == '\0')
        (void)str_copy(mine.by, sizeof(mine.by), o->options.user);
    if (mine.at.s == 0)
        mine.at = clock_utc(o->options.clock);
    if (store_command_put(o->store, &mine, &row, e) != ERR_OK)
        return false;
    if (o->n_awaited == FLEET_REPLIES) { /* the oldest is not waited for any longer */
        memmove(&o->awaited[0], &o->awaited[1],
                sizeof(o->awaited) - sizeof(o->awaited[0]));
        o->n_awaited--;
    }
    o->awaited[o->n_awaited++] =
        (struct awaited){.row = row, .id = c->id, .since = clock_mono(o->options.clock)};
    set_pace(o, REPLY_LOOK_MS);
    return true;
}

int64_t observer_own_lines(const struct observer *o)
{
    return o->own_lines;
}

int observer_event_fd(const struct observer *o)
{
    return o->timer_fd;
}

const char *observer_holder(const struct observer *o)
{
    return o->holder_text;
}

enum err_code observer_new(const struct observer_options *options, struct observer **out,
                           struct err *e)
{
    struct observer *o = calloc(1, sizeof(*o));
    enum err_code rc;

    if (o == NULL)
        return err_set(e, ERR_NOMEM, "no memory to observe with");
    o->options = *options;
    o->version = -1;
    o->held = true; /* or the first look says that it ended */
    o->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (o->timer_fd < 0) {
        rc = err_set_errno(e, ERR_IO, errno, "the observer's timer");
        goto out;
    }
    rc = open_store(o, e);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        rc = ERR_OK;
    }
    if (rc != ERR_OK)
        goto out;
    set_pace(o, LOOK_MS);
    look_at_lock(o);
    *out = o;
    o = NULL;
out:
    observer_free(o);
    return rc;
}

void observer_free(struct observer *o)
{
    if (o == NULL)
        return;
    store_close(o->store);
    fleet_unref(o->seen);
    fleet_unref(o->shown);
    if (o->timer_fd >= 0)
        (void)close(o->timer_fd);
    free(o);
}
