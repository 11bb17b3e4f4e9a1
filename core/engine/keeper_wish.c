#include <config.h>

#include "core/engine/keeper_impl.h"

#include "core/base/probe.h"
#include "core/base/str.h"
#include "core/base/sure.h"
#include "core/engine/wish_record.h"

#include <stdlib.h>

/* The key of all servers together: no server's name is empty. */
#define OF_ALL ""

/* With the lock held. NULL: so many servers there are not. */
static struct known_wish *wished(struct keeper *k, const char *server)
{
    struct known_wish *new;

    for (size_t i = 0; i < k->n_wished; i++) {
        if (str_eq(k->wished[i].wish.server, server))
            return &k->wished[i];
    }
    if (k->n_wished == MAX_SERVERS + 1)
        return NULL;
    new = &k->wished[k->n_wished++];
    new->wish = wish_default(server);
    new->is_put = server[0] != '\0'; /* what is wanted of all is as it is configured */
    return new;
}

void keeper_wish(struct keeper *k, const struct wish *w)
{
    unsigned char any = 1;
    struct known_wish *known;
    bool changes;

    (void)pthread_mutex_lock(&k->lock);
    known = wished(k, w->server);
    changes = known != NULL && !wish_eq(&known->wish, w);
    if (changes) {
        known->wish = *w;
        known->is_put = false;
    }
    (void)pthread_mutex_unlock(&k->lock);
    if (changes)
        (void)mailbox_put(k->wake, &any); /* full: it is awake anyway */
}

void keeper_wishes(struct keeper *k, const struct controller *c)
{
    struct wish w;

    if (controller_shared_wish(c, OF_ALL, &w))
        keeper_wish(k, &w);
    for (size_t i = 0; controller_shared_wish_of(c, i, &w); i++)
        keeper_wish(k, &w);
}

bool keeper_record(struct keeper *k, const struct controller *c, const struct record *r)
{
    const char *server;
    struct wish w;

    if (r->kind == RECORD_MOVE) {
        keeper_move(k, &r->as.move);
        return r->as.move.status != MOVE_OPEN;
    }
    if (!wish_changes(r, &server) || !controller_shared_wish(c, server, &w))
        return false;
    keeper_wish(k, &w);
    return true;
}

/* It stands in etcd so. */
static void note(struct keeper *k, const struct wish *w, bool ours)
{
    struct known_wish *known;

    (void)pthread_mutex_lock(&k->lock);
    known = wished(k, w->server);
    if (known != NULL) {
        known->is_put = !ours || wish_eq(&known->wish, w);
        if (!ours)
            known->wish = *w;
    }
    (void)pthread_mutex_unlock(&k->lock);
}

/* Whoever had the lock before us knew better. What comes of this state directory it knows
 * better itself: a person may have said something since, while no controller ran. */
bool keeper_read_wishes(struct keeper *k, struct err *e)
{
    struct etcd_kv *kvs = calloc(ETCD_KVS, sizeof(*kvs));
    size_t n = 0;
    bool all =
        kvs != NULL && etcd_list(k->etcd, k->wishes, kvs, ETCD_KVS, &n, e) == ERR_OK;

    for (size_t i = k->wishes_told; i < n && all; i++) {
        struct event ev = {.kind = EVENT_WISH};
        struct wish *w = &ev.as.wish.wish;
        struct err why = {0};
        struct wish_writer by;
        bool ours;

        if (wish_record_read(kvs[i].value, w, &by, &why) == ERR_OK &&
            (!str_starts(kvs[i].key, k->wishes) ||
             !str_eq(kvs[i].key + strlen(k->wishes), w->server)))
            (void)err_set(&why, ERR_PROTOCOL, "it is another server's");
        if (why.code != ERR_OK) {
            log_write(k->options.log, LOG_WARN, "lock", "%s cannot be read: %s",
                      kvs[i].key, why.text);
            k->wishes_told = i + 1;
            continue; /* what is wanted here counts */
        }
        ours = str_eq(by.state_id, k->state_id);
        (void)str_copy(ev.as.wish.by, sizeof(ev.as.wish.by), by.name); /* as long */
        all = ours || k->options.tell(k->options.ctx, &ev);
        if (!all)
            break; /* so many at a time were too many: from there on in a moment */
        note(k, w, ours);
        if (!ours)
            RH_PROBE("wish-taken-over");
        k->wishes_told = i + 1;
    }
    free(kvs);
    return all;
}

static bool next_wish(struct keeper *k, struct wish *out)
{
    bool found = false;

    (void)pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_wished && !found; i++) {
        found = !k->wished[i].is_put;
        if (found)
            *out = k->wished[i].wish;
    }
    (void)pthread_mutex_unlock(&k->lock);
    return found;
}

static bool put_wish(struct keeper *k, const struct wish *w)
{
    char key[ETCD_KEY_TEXT + NAME_TEXT], value[ETCD_VALUE_TEXT];
    const struct etcd_guarded g = {.lock = k->key,
                                   .epoch = k->lease.epoch,
                                   .lease = k->lease.id,
                                   .key = key,
                                   .value = value};
    struct etcd_txn t = {0};
    struct err e = {0};
    struct wish_writer by;

    (void)str_copy(by.name, sizeof(by.name), k->value);               /* as long */
    (void)str_copy(by.state_id, sizeof(by.state_id), k->state_id);    /* as long */
    (void)str_format(key, sizeof(key), "%s%s", k->wishes, w->server); /* fits */
    return wish_record_write(w, &by, value, sizeof(value)) &&
           etcd_guarded(k->etcd, &g, &t, &e) == ERR_OK && t.succeeded;
}

bool keeper_put_wishes(struct keeper *k)
{
    struct wish w;

    while (k->lease.epoch != 0 && next_wish(k, &w)) {
        struct known_wish *known;

        if (!put_wish(k, &w))
            return false;
        (void)pthread_mutex_lock(&k->lock);
        known = wished(k, w.server);
        SURE(known != NULL); /* it was known, and nothing goes out of there */
        known->is_put = wish_eq(&known->wish, &w); /* else it has changed meanwhile */
        (void)pthread_mutex_unlock(&k->lock);
        if (keeper_must_renew(k))
            return false;
    }
    return true;
}
