#include <config.h>

#include "core/sim/lock_server.h"

#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/net/json.h"
#include "core/sim/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEYS = 64,
    LEASES = 32,
    NAME_BYTES = 256,
    VALUE_BYTES = 4100,
    LEAST_TTL_S = 2,
    NOT_FOUND_CODE = 5, /* of gRPC */
    SLOW_MOST_MS = 4900,
    OUTAGE_MOST_MS = 10 * 60 * 1000,
    ALL_HOSTS_ONE_OF = 3 /* of so many outages one is everybody's */
};

struct key {
    char name[NAME_BYTES];   /* decoded; "" = free */
    char coded[NAME_BYTES];  /* as it came, in base64 */
    char value[VALUE_BYTES]; /* as it came, in base64 */
    int64_t created, modified, lease;
    int32_t host; /* that put it */
};

struct grant {
    int64_t id, ttl_ms, until_ms;
};

struct lock_server {
    struct lock_odds odds;
    struct rng rng;
    int64_t now_ms, revision, next_id;
    int64_t arrived_ms; /* of the request under way */
    struct key keys[KEYS];
    struct grant grants[LEASES];
    int64_t next_outage_ms, next_revoked_ms;
    int64_t cut_until_ms[LOCK_HOSTS];
    int64_t free_since_ms;
    uint64_t changes;
    struct lock_counts counts;
};

/* ----- time ----- */

static int64_t plan(struct lock_server *s, int64_t mean_s)
{
    return mean_s == 0 ? INT64_MAX
                       : s->now_ms + rng_between(&s->rng, 1, 2 * mean_s * 1000);
}

struct lock_server *lock_server_new(const struct lock_odds *odds, uint64_t seed,
                                    int64_t now_ms)
{
    struct lock_server *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->odds = *odds;
    s->now_ms = s->free_since_ms = now_ms;
    s->revision = 1;
    s->next_id = INT64_C(7587848943239472000); /* beyond what a double can hold */
    rng_seed(&s->rng, seed);
    s->next_outage_ms = plan(s, s->odds.outage_mean_s);
    s->next_revoked_ms = plan(s, s->odds.revoked_mean_s);
    return s;
}

void lock_server_free(struct lock_server *s)
{
    free(s);
}

static bool is_lock(const struct key *k)
{
    return str_ends(k->name, "/lock");
}

static void remove_key(struct lock_server *s, struct key *k)
{
    if (is_lock(k)) {
        s->free_since_ms = s->now_ms;
        s->changes++;
    }
    *k = (struct key){.name = ""};
    s->revision++;
}

/* With a lease end the keys that have it. */
static void end_grant(struct lock_server *s, struct grant *g)
{
    for (size_t i = 0; i < KEYS; i++) {
        struct key *k = &s->keys[i];

        if (k->name[0] == '\0' || k->lease != g->id)
            continue;
        s->counts.expired += is_lock(k) && g->until_ms <= s->now_ms ? 1 : 0;
        remove_key(s, k);
    }
    *g = (struct grant){0};
}

/* 0: nobody has it. */
static int64_t lock_lease(const struct lock_server *s)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (is_lock(&s->keys[i]))
            return s->keys[i].lease;
    }
    return 0;
}

static void begin_outage(struct lock_server *s)
{
    int64_t until = s->now_ms + rng_between(&s->rng, 1000, OUTAGE_MOST_MS);
    bool all = rng_between(&s->rng, 1, ALL_HOSTS_ONE_OF) == 1;
    int64_t one = rng_between(&s->rng, 0, LOCK_HOSTS - 1);

    for (int64_t i = 0; i < LOCK_HOSTS; i++) {
        if ((all || i == one) && s->cut_until_ms[i] < until)
            s->cut_until_ms[i] = until;
    }
    s->counts.outages++;
    s->next_outage_ms = plan(s, s->odds.outage_mean_s);
}

/* By hand: whoever has the lock learns of it when it asks next. */
static void revoke(struct lock_server *s)
{
    const int64_t lease = lock_lease(s);

    for (size_t i = 0; i < LEASES; i++) {
        if (lease == 0 || s->grants[i].id != lease)
            continue;
        end_grant(s, &s->grants[i]);
        s->counts.revoked++;
    }
    s->next_revoked_ms = plan(s, s->odds.revoked_mean_s);
}

int64_t lock_server_next(const struct lock_server *s)
{
    int64_t next =
        s->next_outage_ms < s->next_revoked_ms ? s->next_outage_ms : s->next_revoked_ms;

    for (size_t i = 0; i < LEASES; i++) {
        if (s->grants[i].id != 0 && s->grants[i].until_ms < next)
            next = s->grants[i].until_ms;
    }
    return next;
}

void lock_server_advance(struct lock_server *s, int64_t now_ms)
{
    int64_t next;

    while ((next = lock_server_next(s)) <= now_ms) {
        s->now_ms = next > s->now_ms ? next : s->now_ms;
        for (size_t i = 0; i < LEASES; i++) {
            if (s->grants[i].id != 0 && s->grants[i].until_ms <= s->now_ms)
                end_grant(s, &s->grants[i]);
        }
        if (s->next_outage_ms <= s->now_ms)
            begin_outage(s);
        if (s->next_revoked_ms <= s->now_ms)
            revoke(s);
    }
    s->now_ms = now_ms;
}

void lock_server_calm(struct lock_server *s)
{
    s->odds = (struct lock_odds){0};
    s->next_outage_ms = s->next_revoked_ms = INT64_MAX;
    /* An outage ends now: until now it was one. */
    for (size_t i = 0; i < LOCK_HOSTS; i++)
        if (s->cut_until_ms[i] > s->now_ms)
            s->cut_until_ms[i] = s->now_ms;
}

int64_t lock_server_reachable_since(const struct lock_server *s, int32_t host)
{
    return s->cut_until_ms[host];
}

/* ----- what is asked ----- */

/* A number as a string, as etcd's own clients send it; not there: 0. */
static int64_t number(const json_value *object, const char *name)
{
    struct err ignored = {0};
    size_t len;
    const char *text = json_text(object, name, &len);
    int64_t v = 0;

    if (text == NULL || str_to_i64(text, 0, INT64_MAX, &v, &ignored) != ERR_OK)
        return 0;
    return v;
}

static bool key_name(const json_value *object, const char *member, char out[NAME_BYTES])
{
    size_t len;
    const char *text = json_text(object, member, &len);

    out[0] = '\0';
    return text != NULL && wire_base64(text, out, NAME_BYTES);
}

static struct key *find_key(struct lock_server *s, const char *name)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (str_eq(s->keys[i].name, name))
            return &s->keys[i];
    }
    return NULL;
}

static struct grant *find_grant(struct lock_server *s, int64_t id)
{
    for (size_t i = 0; i < LEASES; i++) {
        if (s->grants[i].id == id)
            return &s->grants[i];
    }
    return NULL;
}

/* ----- what is answered; false: refused, nothing is done ----- */

static void put_number(struct strbuf *b, const char *name, int64_t v)
{
    char text[24];

    (void)str_format(text, sizeof(text), "%lld", (long long)v); /* fits */
    jsonw_text(b, name, text);
}

static void put_header(const struct lock_server *s, struct strbuf *b)
{
    jsonw_open(b, "header", '{');
    put_number(b, "revision", s->revision);
    jsonw_close(b, '}');
}

static void put_kv(const struct key *k, struct strbuf *b)
{
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "key", k->coded);
    put_number(b, "create_revision", k->created);
    put_number(b, "mod_revision", k->modified);
    jsonw_text(b, "value", k->value);
    if (k->lease != 0)
        put_number(b, "lease", k->lease);
    jsonw_close(b, '}');
}

static bool no_lease(struct strbuf *b)
{
    jsonw_text(b, "error", "etcdserver: requested lease not found");
    jsonw_i64(b, "code", NOT_FOUND_CODE);
    return false;
}

/* Of one key, or of all from it up to another one. */
static void put_kvs(struct lock_server *s, const json_value *range, struct strbuf *b)
{
    char name[NAME_BYTES], end[NAME_BYTES];
    bool many = key_name(range, "range_end", end);

    if (!key_name(range, "key", name))
        return;
    jsonw_open(b, "kvs", '[');
    for (size_t i = 0; i < KEYS; i++) {
        const struct key *k = &s->keys[i];

        if (k->name[0] != '\0' &&
            (many ? strcmp(k->name, name) >= 0 && strcmp(k->name, end) < 0
                  : str_eq(k->name, name)))
            put_kv(k, b);
    }
    jsonw_close(b, ']');
}

static bool do_range(struct lock_server *s, const json_value *root, struct strbuf *b)
{
    put_header(s, b);
    put_kvs(s, root, b);
    return true;
}

static bool do_grant(struct lock_server *s, const json_value *root, struct strbuf *b)
{
    struct grant *g = find_grant(s, 0);
    int64_t ttl = number(root, "TTL");

    if (g == NULL) { /* nobody forgets so many within their time */
        g = &s->grants[0];
        end_grant(s, g);
    }
    ttl = ttl < LEAST_TTL_S ? LEAST_TTL_S : ttl;
    *g = (struct grant){s->next_id++, ttl * 1000, s->arrived_ms + ttl * 1000};
    put_header(s, b);
    put_number(b, "ID", g->id);
    put_number(b, "TTL", ttl);
    return true;
}

/* One that is over is answered well, without a TTL. */
static bool do_keepalive(struct lock_server *s, const json_value *root, struct strbuf *b)
{
    int64_t id = number(root, "ID");
    struct grant *g = id != 0 ? find_grant(s, id) : NULL;

    jsonw_open(b, "result", '{');
    put_header(s, b);
    put_number(b, "ID", id);
    if (g != NULL) {
        g->until_ms = s->arrived_ms + g->ttl_ms;
        put_number(b, "TTL", g->ttl_ms / 1000);
    }
    jsonw_close(b, '}');
    return true;
}

static bool do_revoke(struct lock_server *s, const json_value *root, struct strbuf *b)
{
    int64_t id = number(root, "ID");
    struct grant *g = id != 0 ? find_grant(s, id) : NULL;

    if (g == NULL)
        return no_lease(b);
    end_grant(s, g);
    put_header(s, b);
    return true;
}

/* ----- transactions ----- */

static bool holds(struct lock_server *s, const json_value *compare)
{
    size_t len;
    const char *target = json_text(compare, "target", &len);
    char name[NAME_BYTES];
    const struct key *k =
        key_name(compare, "key", name) && name[0] != '\0' ? find_key(s, name) : NULL;

    if (target != NULL && str_eq(target, "LEASE"))
        return k != NULL && k->lease == number(compare, "lease");
    if (target != NULL && str_eq(target, "MOD"))
        return (k != NULL ? k->modified : 0) == number(compare, "mod_revision");
    return (k != NULL ? k->created : 0) == number(compare, "create_revision");
}

static void do_put(struct lock_server *s, const json_value *put, int32_t host,
                   struct strbuf *b)
{
    char name[NAME_BYTES];
    size_t len;
    const char *value = json_text(put, "value", &len);
    struct key *k;

    if (!key_name(put, "key", name) || value == NULL)
        return;
    k = find_key(s, name);
    s->revision++;
    if (k == NULL && (k = find_key(s, "")) != NULL) {
        *k = (struct key){.created = s->revision, .host = host};
        (void)str_copy(k->name, sizeof(k->name), name); /* as long */
        (void)str_copy(k->coded, sizeof(k->coded), json_text(put, "key", &len));
        s->counts.taken += is_lock(k) ? 1 : 0;
        s->changes += is_lock(k) ? 1 : 0;
    }
    if (k == NULL)
        return;
    (void)str_copy(k->value, sizeof(k->value), value); /* ours are shorter */
    k->lease = number(put, "lease");
    k->modified = s->revision;
    jsonw_open(b, "response_put", '{');
    put_header(s, b);
    jsonw_close(b, '}');
}

static void do_delete(struct lock_server *s, const json_value *del, struct strbuf *b)
{
    char name[NAME_BYTES];
    struct key *k =
        key_name(del, "key", name) && name[0] != '\0' ? find_key(s, name) : NULL;

    if (k != NULL) {
        s->counts.freed += is_lock(k) ? 1 : 0;
        remove_key(s, k);
    }
    jsonw_open(b, "response_delete_range", '{');
    put_header(s, b);
    put_number(b, "deleted", k != NULL ? 1 : 0);
    jsonw_close(b, '}');
}

/* A key with a lease that is over would never go away again. */
static bool has_its_lease(struct lock_server *s, const json_value *put)
{
    int64_t lease = number(put, "lease");

    return lease == 0 || find_grant(s, lease) != NULL;
}

static bool do_txn(struct lock_server *s, const json_value *root, int32_t host,
                   struct strbuf *b)
{
    const json_value *compare = json_get(root, "compare"), *act, *part;
    size_t n = json_list_len(compare);
    bool ok = true;

    for (size_t i = 0; i < n; i++)
        ok = ok && holds(s, json_list_at(compare, i));
    act = json_list_at(json_get(root, ok ? "success" : "failure"), 0);
    if (!has_its_lease(s, json_get(act, "request_put")))
        return no_lease(b);
    jsonw_open(b, "responses", '[');
    jsonw_open(b, NULL, '{');
    if ((part = json_get(act, "request_put")) != NULL) {
        do_put(s, part, host, b);
    } else if ((part = json_get(act, "request_delete_range")) != NULL) {
        do_delete(s, part, b);
    } else if ((part = json_get(act, "request_range")) != NULL) {
        jsonw_open(b, "response_range", '{');
        (void)do_range(s, part, b); /* is always answered */
        jsonw_close(b, '}');
    }
    jsonw_close(b, '}');
    jsonw_close(b, ']');
    if (ok)
        jsonw_bool(b, "succeeded", true);
    put_header(s, b);
    return true;
}

static bool answer(struct lock_server *s, const struct http_request *rq, int32_t host,
                   struct http_response *rs, struct err *e)
{
    static const struct {
        const char *path;
        bool (*run)(struct lock_server *s, const json_value *root, struct strbuf *b);
    } methods[] = {{"/v3/lease/grant", do_grant},
                   {"/v3/lease/keepalive", do_keepalive},
                   {"/v3/lease/revoke", do_revoke},
                   {"/v3/kv/range", do_range}};
    const char *path = wire_path(rq);
    struct json_doc *doc = NULL;
    bool ok = true;

    rs->status = 200;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), "application/json");
    jsonw_open(&rs->body, NULL, '{');
    if (str_eq(path, "/version")) {
        jsonw_text(&rs->body, "etcdserver", "3.4.23");
        jsonw_close(&rs->body, '}');
        return true;
    }
    if (rq->body == NULL || json_parse(rq->body, rq->body_len, &doc, e) != ERR_OK)
        return false;
    if (str_eq(path, "/v3/kv/txn"))
        ok = do_txn(s, json_doc_root(doc), host, &rs->body);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (str_eq(path, methods[i].path))
            ok = methods[i].run(s, json_doc_root(doc), &rs->body);
    }
    rs->status = ok ? 200 : 404;
    json_doc_free(doc);
    jsonw_close(&rs->body, '}');
    return true;
}

/* ----- the way to it ----- */

static void takes(const struct lock_way *w, struct http_response *rs, int64_t ms)
{
    rs->took_ms = ms;
    clock_fake_advance_ms(w->boot, ms);
}

static bool roll(struct lock_server *s, uint32_t rate, int64_t *count)
{
    bool hit = rate != 0 && rng_chance(&s->rng, rate);

    *count += hit ? 1 : 0;
    return hit;
}

static enum err_code perform(void *ctx, const struct http_request *rq,
                             struct http_response *rs, struct err *e)
{
    struct lock_way *w = ctx;
    struct lock_server *s = w->server;
    bool lost;

    s->counts.requests++;
    s->arrived_ms = s->now_ms + w->boot->mono.ms - w->from.ms;
    if (s->cut_until_ms[w->host] > s->now_ms) {
        takes(w, rs, rq->timeout_ms);
        return err_set(e, ERR_TIMEOUT, "no answer");
    }
    if (roll(s, s->odds.refused, &s->counts.refused))
        return err_set(e, ERR_CONNECT, "connection refused");
    lost = roll(s, s->odds.lost, &s->counts.lost);
    if ((!lost || rng_chance(&s->rng, 500000)) && !answer(s, rq, w->host, rs, e))
        return e->code != ERR_OK ? e->code : err_set(e, ERR_RESET, "no request");
    if (lost) {
        strbuf_reset(&rs->body);
        rs->status = 0;
        rs->maybe_sent = true;
        takes(w, rs, rq->timeout_ms);
        return err_set(e, ERR_TIMEOUT, "no answer");
    }
    if (roll(s, s->odds.slow, &s->counts.slow))
        takes(w, rs, rng_between(&s->rng, 200, SLOW_MOST_MS));
    return ERR_OK;
}

struct transport lock_way_transport(struct lock_way *w)
{
    return (struct transport){.perform = perform, .ctx = w};
}

struct lock_state lock_server_state(const struct lock_server *s)
{
    struct lock_state st = {.free_since_ms = s->free_since_ms, .changes = s->changes};

    for (size_t i = 0; i < KEYS; i++) {
        const struct key *k = &s->keys[i];

        if (k->name[0] == '\0' || !is_lock(k))
            continue;
        st.epoch = k->created;
        st.host = k->host;
        for (size_t n = 0; n < LEASES; n++) {
            if (s->grants[n].id != 0 && s->grants[n].id == k->lease)
                st.until_ms = s->grants[n].until_ms;
        }
        st.changes_ms =
            st.until_ms < s->next_revoked_ms ? st.until_ms : s->next_revoked_ms;
    }
    return st;
}

struct lock_counts lock_server_counts(const struct lock_server *s)
{
    return s->counts;
}

void lock_server_each(const struct lock_server *s,
                      void (*each)(void *ctx, const char *key, const char *value),
                      void *ctx)
{
    char value[VALUE_BYTES];

    for (size_t i = 0; i < KEYS; i++) {
        if (s->keys[i].name[0] != '\0' &&
            wire_base64(s->keys[i].value, value, sizeof(value)))
            each(ctx, s->keys[i].name, value);
    }
}
