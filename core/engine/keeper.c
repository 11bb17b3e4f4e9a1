#include <config.h>

#include "core/engine/keeper_impl.h"

#include "core/api/etcd.h"
#include "core/base/probe.h"
#include "core/base/str.h"
#include "core/engine/mailbox.h"
#include "core/store/lease.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LOOK_MS = 500,     /* so often it is seen that the lock is not safe any more */
    RELEASE_MS = 1900, /* of an orderly end */
    RELEASE_SLICE_MS = 10,
    READ_AGAIN_MS = 1000, /* what others left; and what could not be put */
    WAKES = 8
};

static const struct clock *boot(const struct keeper *k)
{
    return k->options.boot != NULL ? k->options.boot : clock_system();
}

/* Leases go by boot time: it runs on while the machine is suspended. */
static struct mono now(const struct keeper *k)
{
    return clock_mono(boot(k));
}

/* ----- what the fences see ----- */

static void show(struct keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    k->safe_until = lease_safe_until(&k->lease);
    k->epoch = k->lease.epoch;
    k->id = k->lease.id;
    (void)pthread_mutex_unlock(&k->lock);
}

static bool take_lost(struct keeper *k)
{
    bool lost;

    (void)pthread_mutex_lock(&k->lock);
    lost = k->lost;
    k->lost = false;
    (void)pthread_mutex_unlock(&k->lock);
    return lost;
}

/* ----- what the controller hears ----- */

static void tell(struct keeper *k, const char *last_call)
{
    int64_t call_ms = k->options.config->lock.api.timeout * 1000;
    bool held = lease_is_safe(&k->lease, now(k), call_ms);
    bool other = !held && k->lease.other, failing = k->lease.failures > 0;
    struct event ev = {.kind = EVENT_LEASE};

    /* At the start nothing is known, until etcd has answered or failed. */
    if (!held && !other && !failing && !k->told)
        return;
    if (k->told && held == k->told_held && other == k->told_other &&
        failing == k->was_failing && last_call[0] == '\0')
        return;
    ev.as.lease.held = held;
    ev.as.lease.failing = failing;
    ev.as.lease.epoch = k->lease.epoch;
    (void)str_copy(ev.as.lease.holder, sizeof(ev.as.lease.holder),
                   other ? k->holder : "");
    (void)str_copy(ev.as.lease.last_call, sizeof(ev.as.lease.last_call), last_call);
    if (!k->options.tell(k->options.ctx, &ev))
        return; /* the next look tries again */
    k->told = true;
    k->told_held = held;
    k->told_other = other;
    k->was_failing = failing;
}

/* How etcd answered, as of any other API. */
static void tell_answer(struct keeper *k, const struct err *e)
{
    struct event ev = {.kind = EVENT_OBSERVATION};

    ev.as.observation = observation_new(SOURCE_LOCK);
    if (ev.as.observation == NULL)
        return;
    ev.as.observation->err = *e;
    ev.as.observation->at = clock_utc(k->options.clock);
    ev.as.observation->took_ms = etcd_took_ms(k->etcd);
    if (!k->options.tell(k->options.ctx, &ev))
        observation_unref(ev.as.observation);
}

/* ----- the dialog with etcd ----- */

static void take_key(struct lease_answer *a, const struct etcd_kv *kv)
{
    a->create_revision = kv->create_revision;
    a->lease = kv->lease;
}

static enum err_code do_txn(struct keeper *k, enum lease_ask asked, struct etcd_kv *kv,
                            struct lease_answer *a, struct err *e)
{
    struct etcd_txn t = {0};
    const struct etcd_guarded g = {.lock = k->key,
                                   .epoch = k->lease.epoch,
                                   .lease = k->lease.id,
                                   .key = k->key,
                                   .value = k->value,
                                   .key_lease = k->lease.id};
    enum err_code rc = asked == LEASE_ACQUIRE
                           ? etcd_acquire(k->etcd, k->key, k->value, k->lease.id, &t, e)
                           : etcd_guarded(k->etcd, &g, &t, e);

    a->succeeded = t.succeeded;
    a->revision = t.revision;
    *kv = t.kv;
    return rc;
}

static void do_ask(struct keeper *k, enum lease_ask asked)
{
    struct lease_answer a = {0};
    struct etcd_kv kv = {0};
    struct err e = {0};

    switch (asked) {
    case LEASE_WAIT:
        return;
    case LEASE_LOOK:
        a.code = etcd_get(k->etcd, k->key, &kv, &e);
        break;
    case LEASE_GRANT:
        a.code = etcd_grant(k->etcd, k->options.config->lock.ttl, &a.id, &a.ttl_s, &e);
        break;
    case LEASE_ACQUIRE:
    case LEASE_CONFIRM:
        a.code = do_txn(k, asked, &kv, &a, &e);
        break;
    case LEASE_KEEPALIVE:
        a.code = etcd_keepalive(k->etcd, k->lease.id, &a.ttl_s, &e);
        break;
    }
    take_key(&a, &kv);
    a.sent = etcd_sent(k->etcd);
    if (a.code == ERR_OK && kv.create_revision != 0)
        (void)str_copy(k->holder, sizeof(k->holder),
                       kv.value[0] != '\0' ? kv.value : "an unnamed controller");
    lease_take(&k->lease, asked, &a, now(k));
    show(k);
    /* The confirmation follows; of a lock that does not say what others left, that. */
    if (e.code != ERR_OK || (asked != LEASE_KEEPALIVE && !k->unread))
        tell_answer(k, &e);
}

/* What others left, before anybody acts. */
static bool read_left(struct keeper *k, char *last, size_t size)
{
    struct err e = {0};
    bool all = keeper_read_wishes(k, &e) && keeper_read_calls(k, last, size, &e);

    if (all || e.code != ERR_OK)
        tell_answer(k, &e);
    return all;
}

/* What fails here ends by itself, with the lease. */
void keeper_let_go(struct keeper *k)
{
    struct err e = {0};

    if (k->lease.epoch != 0 &&
        (etcd_release(k->etcd, k->key, k->lease.epoch, &e) != ERR_OK ||
         etcd_revoke(k->etcd, k->lease.id, &e) != ERR_OK))
        log_write(k->options.log, LOG_WARN, "lock", "not let go: %s", e.text);
}

bool keeper_must_renew(const struct keeper *k)
{
    return now(k).ms > k->lease.due.ms + READ_AGAIN_MS;
}

/* Until etcd is to be asked again, or the lock is not safe any more. */
static int64_t until_next(const struct keeper *k)
{
    int64_t at = k->lease.due.ms;
    int64_t unsafe =
        lease_safe_until(&k->lease).ms - k->options.config->lock.api.timeout * 1000;

    if (k->told_held && unsafe < at)
        at = unsafe;
    if ((k->unread || k->unput) && now(k).ms + READ_AGAIN_MS < at)
        at = now(k).ms + READ_AGAIN_MS;
    return at > now(k).ms ? at - now(k).ms : 0;
}

int64_t keeper_turn(struct keeper *k)
{
    enum lease_ask asked = lease_next(&k->lease, now(k));
    bool was_ours = k->lease.epoch != 0;
    char last[LINE_TEXT] = "";

    if (take_lost(k)) {
        lease_lost(&k->lease, now(k));
        show(k);
        asked = LEASE_WAIT;
    }
    do_ask(k, asked);
    if (!was_ours && k->lease.epoch != 0) {
        k->unread = true;
        k->calls_told = k->wishes_told = 0;
    }
    if (k->lease.epoch == 0 || !k->unread || read_left(k, last, sizeof(last))) {
        k->unread = false;
        tell(k, last);
    }
    k->unput = !k->unread && !(keeper_put_ends(k) && keeper_put_wishes(k));
    return until_next(k);
}

int64_t keeper_epoch(const struct keeper *k)
{
    return k->lease.epoch;
}

static void *keeper_main(void *arg)
{
    struct keeper *k = arg;
    unsigned char woken;
    int64_t wait;

    /* Who was suspended, or could not tell, looks soon. */
    do {
        wait = keeper_turn(k);
    } while (mailbox_get(k->wake, &woken, wait < LOOK_MS ? wait : LOOK_MS) >= 0);
    keeper_let_go(k);
    __atomic_store_n(&k->ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* ----- start and stop ----- */

static enum err_code name_lock(const struct config *c, char *key, size_t size,
                               struct err *e)
{
    return str_format(key, size, "rushhour/%s/lock", c->deployment)
               ? ERR_OK
               : err_set(e, ERR_CONFIG, "site.deployment is too long for a lock");
}

struct observation *keeper_look(const struct config *config, const struct clock *clock)
{
    struct observation *o = observation_new(SOURCE_LOCK);
    struct etcd *etcd = NULL;
    struct etcd_kv kv = {0};
    char key[ETCD_KEY_TEXT];

    if (o == NULL)
        return NULL;
    if (name_lock(config, key, sizeof(key), &o->err) == ERR_OK &&
        etcd_new(&config->lock, NULL, clock, &etcd, &o->err) == ERR_OK &&
        etcd_get(etcd, key, &kv, &o->err) == ERR_OK) {
        o->as.lock.holder = arena_strdup(o->arena, kv.value);
        o->took_ms = etcd_took_ms(etcd);
    }
    o->at = clock_utc(clock);
    etcd_free(etcd);
    return o;
}

static enum err_code name_keys(struct keeper *k, struct err *e)
{
    const struct keeper_options *o = &k->options;
    const char *of = o->config->deployment;

    if (name_lock(o->config, k->key, sizeof(k->key), e) != ERR_OK ||
        !str_format(k->calls, sizeof(k->calls), "rushhour/%s/calls/", of) ||
        !str_format(k->wishes, sizeof(k->wishes), "rushhour/%s/wishes/", of))
        return err_set(e, ERR_CONFIG, "site.deployment is too long for a lock");
    (void)str_format(k->value, sizeof(k->value), "%s@%s", o->user, o->host);
    k->who = strlen(k->value);
    (void)str_copy(k->state_id, sizeof(k->state_id), o->state_id); /* as long */
    (void)str_format(k->value, sizeof(k->value), "%s@%s pid %d", o->user, o->host,
                     o->pid); /* cut is fine */
    return ERR_OK;
}

enum err_code keeper_start(struct keeper *k, struct err *e)
{
    sigset_t all, old;
    int rc;

    /* Signals are the main thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&k->thread, NULL, keeper_main, k);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return err_set_errno(e, ERR_NOMEM, rc, "thread keeper cannot be started");
    (void)pthread_setname_np(k->thread, "keeper"); /* a name helps people only */
    k->started = true;
    return ERR_OK;
}

void keeper_drop(struct keeper *k)
{
    if (k == NULL)
        return;
    etcd_free(k->etcd);
    mailbox_free(k->wake);
    (void)pthread_mutex_destroy(&k->lock);
    free(k->known);
    free(k->wished);
    free(k);
}

enum err_code keeper_new(const struct keeper_options *o, struct keeper **out,
                         struct err *e)
{
    const struct lock_config *l = &o->config->lock;
    struct keeper *k = calloc(1, sizeof(*k));
    enum err_code rc;

    if (k == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the shared lock");
    k->options = *o;
    if (pthread_mutex_init(&k->lock, NULL) != 0) {
        free(k);
        return err_set(e, ERR_NOMEM, "no memory for the shared lock");
    }
    lease_init(&k->lease, l->ttl * 1000, l->renew * 1000, (int64_t)LEASE_MARGIN_S * 1000,
               now(k));
    k->wake = mailbox_new(1, WAKES);
    k->known = calloc(MAX_SERVERS, sizeof(*k->known));
    k->wished = calloc(MAX_SERVERS + 1, sizeof(*k->wished));
    rc = k->wake == NULL || k->known == NULL || k->wished == NULL
             ? err_set(e, ERR_NOMEM, "no memory for the shared lock")
             : name_keys(k, e);
    if (rc == ERR_OK)
        rc = etcd_new(l, o->via, boot(k), &k->etcd, e);
    if (rc != ERR_OK) {
        keeper_drop(k);
        return rc;
    }
    *out = k;
    return ERR_OK;
}

void keeper_stop(struct keeper *k)
{
    int64_t until;

    if (k == NULL || !k->started) {
        keeper_drop(k);
        return;
    }
    until = now(k).ms + RELEASE_MS;
    mailbox_close(k->wake);
    while (__atomic_load_n(&k->ended, __ATOMIC_ACQUIRE) == 0 && now(k).ms < until) {
        struct timespec ts = {.tv_nsec = RELEASE_SLICE_MS * 1000000L};

        (void)nanosleep(&ts, NULL); /* woken early means looked early */
    }
    etcd_abort(k->etcd);
    (void)pthread_join(k->thread, NULL);
    keeper_drop(k);
}

/* ----- the fence ----- */

enum err_code keeper_hand_new(struct keeper *k, struct keeper_hand **out, struct err *e)
{
    struct keeper_hand *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the shared lock");
    h->keeper = k;
    if (etcd_new(&k->options.config->lock, k->options.via, boot(k), &h->etcd, e) !=
        ERR_OK) {
        free(h);
        return e->code;
    }
    *out = h;
    return ERR_OK;
}

void keeper_hand_free(struct keeper_hand *h)
{
    if (h == NULL)
        return;
    etcd_free(h->etcd);
    free(h);
}

void keeper_hand_abort(struct keeper_hand *h)
{
    etcd_abort(h->etcd);
}

static bool is_safe(struct keeper *k, int64_t timeout_ms, struct etcd_guarded *g)
{
    bool safe;

    (void)pthread_mutex_lock(&k->lock);
    safe = k->epoch != 0 && !k->lost && now(k).ms + timeout_ms < k->safe_until.ms;
    g->epoch = k->epoch;
    g->lease = k->id;
    (void)pthread_mutex_unlock(&k->lock);
    return safe;
}

static void found_out(struct keeper *k, int64_t epoch)
{
    unsigned char any = 1;

    (void)pthread_mutex_lock(&k->lock);
    if (k->epoch == epoch)
        k->lost = true;
    (void)pthread_mutex_unlock(&k->lock);
    (void)mailbox_put(k->wake, &any); /* full: it is awake anyway */
}

enum err_code keeper_fence(struct keeper_hand *h, const struct call *call,
                           int64_t timeout_ms, struct err *e)
{
    struct keeper *k = h->keeper;
    char key[ETCD_KEY_TEXT + NAME_TEXT], value[ETCD_VALUE_TEXT];
    struct etcd_guarded g = {.lock = k->key, .key = key, .value = value}, after = {0};
    struct etcd_txn t = {0};

    (void)str_format(key, sizeof(key), "%s%s", k->calls,
                     call->server[0] != '\0' ? call->server
                                             : KEEPER_EXTENSION); /* fits */
    if (!keeper_write_call(k, call, value, sizeof(value)))
        return err_set(e, ERR_BUG, "not sent: it does not fit into the shared record");
    if (!is_safe(k, timeout_ms, &g)) {
        RH_PROBE("fence-not-safe-any-more");
        return err_set(e, ERR_LOCKED,
                       "not sent: the shared lock is not ours for certain");
    }
    if (etcd_guarded(h->etcd, &g, &t, e) != ERR_OK) {
        err_wrap(e, "not sent: the shared lock");
        return e->code;
    }
    if (!t.succeeded) {
        RH_PROBE("fence-refuses-a-former-holder");
        found_out(k, g.epoch);
        return err_set(e, ERR_LOCKED, "not sent: the shared lock is another's: %.80s",
                       t.kv.create_revision != 0 ? t.kv.value : "nobody has it");
    }
    /* The put took its time. */
    if (!is_safe(k, timeout_ms, &after) || after.epoch != g.epoch)
        return err_set(e, ERR_LOCKED, "not sent: the shared lock may end meanwhile");
    return ERR_OK;
}
