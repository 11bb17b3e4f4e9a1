#include <config.h>

#include "core/engine/keeper_impl.h"

#include "core/base/probe.h"
#include "core/base/str.h"
#include "core/base/sure.h"

#include <stdlib.h>
#include <string.h>

/* The same controller's, whatever process it was. */
static bool is_ours(const struct keeper *k, const char *who)
{
    return strncmp(who, k->value, k->who) == 0 && who[k->who] == ' ';
}

/* With the lock held. NULL: so many servers there are not. */
static struct known *known_get(struct keeper *k, const char *server)
{
    for (size_t i = 0; i < k->n_known; i++) {
        if (str_eq(k->known[i].server, server))
            return &k->known[i];
    }
    if (k->n_known == MAX_SERVERS)
        return NULL;
    (void)str_copy(k->known[k->n_known].server, NAME_TEXT, server); /* as long */
    return &k->known[k->n_known++];
}

static void note_launch(struct keeper *k, const char *server, int64_t start,
                        int64_t attempt)
{
    struct known *to;

    (void)pthread_mutex_lock(&k->lock);
    to = start != 0 ? known_get(k, server) : NULL;
    if (to != NULL) {
        to->launch_start = start;
        to->launch_attempt = attempt;
    }
    (void)pthread_mutex_unlock(&k->lock);
}

/* What another one did makes our own move of that server old, and what it left there is
 * gone on with. False: it could not be told. */
static bool tell_acted(const struct keeper *k, const char *server,
                       const struct lock_record *h, const char *text)
{
    struct event ev = {.kind = EVENT_ACTED};

    ev.as.acted.readable = h != NULL;
    if (h != NULL)
        ev.as.acted.last = *h;
    (void)str_copy(ev.as.acted.last.server, sizeof(ev.as.acted.last.server), server);
    (void)str_copy(ev.as.acted.text, sizeof(ev.as.acted.text), text); /* as long */
    return k->options.tell(k->options.ctx, &ev);
}

/* Whose the record is, the key tells; the record must say the same. */
static enum err_code read_record(const struct keeper *k, const struct etcd_kv *kv,
                                 const char **server, struct lock_record *h,
                                 struct err *e)
{
    bool below = str_starts(kv->key, k->calls);

    *server = below ? kv->key + strlen(k->calls) : "";
    if (str_eq(*server, KEEPER_EXTENSION))
        *server = "";
    if (lock_record_read(kv->value, h, e) != ERR_OK)
        return e->code;
    return below && str_eq(h->server, *server)
               ? ERR_OK
               : err_set(e, ERR_PROTOCOL, "it is another server's");
}

bool keeper_read_calls(struct keeper *k, char *last, size_t size, struct err *e)
{
    struct etcd_kv *kvs = calloc(ETCD_KVS, sizeof(*kvs));
    struct utc newest = {0};
    size_t n = 0;
    bool all =
        kvs != NULL && etcd_list(k->etcd, k->calls, kvs, ETCD_KVS, &n, e) == ERR_OK;

    last[0] = '\0';
    if (n > 0)
        RH_PROBE("lock-taken-over");
    for (size_t i = 0; i < n; i++) {
        struct lock_record h = {0};
        struct err why = {0};
        const char *server;
        bool known = read_record(k, &kvs[i], &server, &h, &why) == ERR_OK;
        char text[LINE_TEXT] = "";

        if (known) {
            lock_record_text(&h, text, sizeof(text));
            note_launch(k, server, h.launch_start, h.launch_attempt);
        }
        if (known && h.at.s >= newest.s) {
            newest = h.at;
            (void)str_copy(last, size, text);
        }
        if (!all || i < k->calls_told)
            continue;
        if ((!known || !is_ours(k, h.by)) && server[0] != '\0')
            all = tell_acted(k, server, known ? &h : NULL, known ? text : why.text);
        if (!all)
            continue; /* so many at a time were too many: from there on in a moment */
        log_write(k->options.log, known ? LOG_INFO : LOG_WARN, "lock", "last call: %s%s",
                  known ? text : server, known ? "" : ": it cannot be read");
        k->calls_told = i + 1;
    }
    free(kvs);
    return all;
}

/* ----- moves ----- */

void keeper_move(struct keeper *k, const struct move *m)
{
    unsigned char any = 1;
    struct known *to;

    (void)pthread_mutex_lock(&k->lock);
    to = known_get(k, m->server);
    if (to != NULL) {
        to->has_move = true;
        to->move = *m;
    }
    (void)pthread_mutex_unlock(&k->lock);
    if (m->status != MOVE_OPEN)
        (void)mailbox_put(k->wake, &any); /* full: it is awake anyway */
}

/* Etcd knows of the end of that move, or never knew of its beginning. */
static void forget_move(struct keeper *k, const struct move *m)
{
    struct known *at;

    (void)pthread_mutex_lock(&k->lock);
    at = known_get(k, m->server);
    SURE(at != NULL); /* it was known, and nothing goes out of there */
    if (at->move.status != MOVE_OPEN && str_eq(at->move.id, m->id))
        at->has_move = false;
    (void)pthread_mutex_unlock(&k->lock);
}

static bool next_ended(struct keeper *k, struct move *out)
{
    bool found = false;

    (void)pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_known && !found; i++) {
        found = k->known[i].has_move && k->known[i].move.status != MOVE_OPEN;
        if (found)
            *out = k->known[i].move;
    }
    (void)pthread_mutex_unlock(&k->lock);
    return found;
}

/* The record of its last call says no more that it is open; a newer record, which a
 * worker puts at the same time, stays. */
static bool put_end(struct keeper *k, const struct move *m)
{
    char key[ETCD_KEY_TEXT + NAME_TEXT], value[ETCD_VALUE_TEXT];
    struct etcd_guarded g = {
        .lock = k->key, .epoch = k->lease.epoch, .lease = k->lease.id, .key = key};
    struct etcd_kv kv = {0};
    struct etcd_txn t = {0};
    struct lock_record h = {0};
    struct err e = {0};

    (void)str_format(key, sizeof(key), "%s%s", k->calls, m->server); /* fits */
    if (etcd_get(k->etcd, key, &kv, &e) != ERR_OK)
        return false;
    if (kv.create_revision == 0 || lock_record_read(kv.value, &h, &e) != ERR_OK ||
        !h.has_move || !str_eq(h.move.id, m->id))
        return true;
    h.has_move = false;
    h.owed = m->owed;
    h.at = clock_utc(k->options.clock);
    (void)str_copy(h.by, sizeof(h.by), k->value);
    g.key_mod = kv.mod_revision;
    g.value = value;
    return lock_record_write(&h, value, sizeof(value)) &&
           etcd_guarded(k->etcd, &g, &t, &e) == ERR_OK && t.succeeded;
}

bool keeper_put_ends(struct keeper *k)
{
    struct move m;

    while (k->lease.epoch != 0 && next_ended(k, &m)) {
        if (!put_end(k, &m))
            return false;
        forget_move(k, &m);
        if (keeper_must_renew(k))
            return false;
    }
    return true;
}

bool keeper_write_call(struct keeper *k, const struct call *call, char *out, size_t size)
{
    struct lock_record h = {
        .at = clock_utc(k->options.clock), .call = call->kind, .owed = call->owed};
    const struct known *known;

    (void)str_copy(h.by, sizeof(h.by), k->value);             /* as long */
    (void)str_copy(h.server, sizeof(h.server), call->server); /* as long */
    (void)str_copy(h.target, sizeof(h.target), call->target); /* as long */
    if (call->kind == CALL_LAUNCH)
        note_launch(k, call->server, call->run.start, call->run.attempt);
    (void)pthread_mutex_lock(&k->lock);
    known = call->server[0] != '\0' ? known_get(k, call->server) : NULL;
    if (known != NULL) {
        h.launch_start = known->launch_start;
        h.launch_attempt = known->launch_attempt;
        h.has_move = known->has_move && known->move.status == MOVE_OPEN;
        h.move = known->move;
    }
    (void)pthread_mutex_unlock(&k->lock);
    return lock_record_write(&h, out, size);
}
