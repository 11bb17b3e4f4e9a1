/*
 * vim_server - sessions and what hangs on them; all lists are small and searched through.
 * Owns what it lists.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_server.h"

#include "core/sim/wire.h"

#include <stdlib.h>
#include <string.h>

static const char cookie_name[] = "vmware_soap_session";

static void server_free(void *data)
{
    struct vim_server *s = data;

    if (s == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(s->sessions); i++)
        if (s->sessions[i].used)
            vim_session_end(s, &s->sessions[i]);
    free(s->views);
    free(s->collectors);
    free(s->filters);
    free(s->pages);
    soap_requests_clear(&s->requests);
    strbuf_clear(&s->scratch);
    free(s);
}

struct vim_server *vim_server_of(struct world *w)
{
    struct sim_wire_state *slot = &w->wires[WIRE_VSPHERE];
    struct vim_server *s = slot->data;

    if (s != NULL)
        return s;
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    rng_seed(&s->rng, w->seed ^ UINT64_C(0x76696d3235));
    soap_requests_init(&s->requests);
    strbuf_init(&s->scratch, 1024 * 1024);
    s->next_number = 1;
    slot->data = s;
    slot->free = server_free;
    return s;
}

static void make_uuid(struct vim_server *s, char out[VIM_UUID])
{
    uint64_t a = rng_next(&s->rng), b = rng_next(&s->rng);

    (void)str_format(out, VIM_UUID, "52%06x-%04x-%04x-%04x-%012llx",
                     (unsigned)(a & 0xffffff), (unsigned)(a >> 24 & 0xffff),
                     (unsigned)(a >> 40 & 0xffff), (unsigned)(b >> 48),
                     (unsigned long long)(b & UINT64_C(0xffffffffffff))); /* 36 */
}

/* ---- sessions ---- */

/* The cookie's value without the quotes that belong to it; false when it did not come. */
static bool cookie_of(const struct http_request *rq, char out[VIM_UUID])
{
    const char *at = wire_header(rq, "Cookie");
    size_t n = sizeof(cookie_name) - 1;

    while (at != NULL && *at != '\0') {
        at += strspn(at, " ;");
        if (strncmp(at, cookie_name, n) == 0 && at[n] == '=') {
            const char *value = at + n + 1;
            size_t len;

            value += *value == '"';
            len = strcspn(value, "\"; ");
            if (len == 0 || len >= VIM_UUID)
                return false;
            memcpy(out, value, len);
            out[len] = '\0';
            return true;
        }
        at += strcspn(at, ";");
    }
    return false;
}

static bool idle_too_long(const struct vim_session *session, int64_t now)
{
    return now - session->last_active > VIM_IDLE_MS;
}

struct vim_session *vim_session_of(struct vim_server *s, const struct http_request *rq,
                                   int64_t now)
{
    char cookie[VIM_UUID];

    if (!cookie_of(rq, cookie))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(s->sessions); i++) {
        struct vim_session *session = &s->sessions[i];

        if (!session->used || !str_eq(session->cookie, cookie))
            continue;
        if (idle_too_long(session, now)) {
            vim_session_end(s, session);
            return NULL;
        }
        session->last_active = now;
        return session;
    }
    return NULL;
}

struct vim_session *vim_session_begin(struct vim_server *s, const char *user,
                                      const char *agent, int64_t now)
{
    struct vim_session *session = NULL;

    for (size_t i = 0; i < ARRAY_LEN(s->sessions); i++) {
        if (s->sessions[i].used && idle_too_long(&s->sessions[i], now))
            vim_session_end(s, &s->sessions[i]);
        if (!s->sessions[i].used && session == NULL)
            session = &s->sessions[i];
    }
    if (session == NULL)
        return NULL;
    *session = (struct vim_session){.login = now, .last_active = now, .used = true};
    make_uuid(s, session->cookie);
    make_uuid(s, session->key);
    (void)str_copy(session->user, sizeof(session->user), user);    /* shown only */
    (void)str_copy(session->agent, sizeof(session->agent), agent); /* shown only */
    return session;
}

int32_t vim_session_index(const struct vim_server *s, const struct vim_session *session)
{
    return (int32_t)(session - s->sessions);
}

void vim_session_end(struct vim_server *s, struct vim_session *session)
{
    int32_t index = vim_session_index(s, session);

    for (size_t i = s->n_pages; i-- > 0;)
        if (s->pages[i].thing.session == index)
            vim_page_end(s, &s->pages[i]);
    for (size_t i = s->n_filters; i-- > 0;)
        if (s->filters[i].thing.session == index)
            vim_filter_end(s, &s->filters[i]);
    for (size_t i = s->n_collectors; i-- > 0;)
        if (s->collectors[i].thing.session == index)
            vim_collector_end(s, &s->collectors[i]);
    for (size_t i = s->n_views; i-- > 0;)
        if (s->views[i].thing.session == index)
            vim_view_end(s, &s->views[i]);
    session->used = false;
}

/* ---- things ---- */

/* Room for one more of that size in a list; false at the owner's limit. */
static bool room(void **list, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap < 8 ? 8 : 2 * *cap;
    void *p;

    if (n < *cap)
        return true;
    p = reallocarray(*list, more, size);
    if (p == NULL)
        return false;
    *list = p;
    *cap = more;
    return true;
}

static struct vim_thing thing_new(struct vim_server *s, const struct vim_session *owner)
{
    struct vim_thing t = {.number = s->next_number++,
                          .session = vim_session_index(s, owner)};

    make_uuid(s, t.own);
    return t;
}

/* The three lists differ in their type only. */
#define COUNT_OF(list, n, owner, count)                                                  \
    for (size_t i_ = 0; i_ < (n); i_++)                                                  \
    (count) += (list)[i_].thing.session == vim_session_index(s, owner)

struct vim_container *vim_view_new(struct vim_server *s, const struct vim_session *owner)
{
    size_t count = 0;
    void *list = s->views;

    COUNT_OF(s->views, s->n_views, owner, count);
    if (count >= VIM_MAX_OF_SESSION ||
        !room(&list, s->n_views, &s->cap_views, sizeof(s->views[0])))
        return NULL;
    s->views = list;
    s->views[s->n_views] = (struct vim_container){.thing = thing_new(s, owner)};
    return &s->views[s->n_views++];
}

struct vim_collector *vim_collector_new(struct vim_server *s,
                                        const struct vim_session *owner)
{
    size_t count = 0;
    void *list = s->collectors;

    COUNT_OF(s->collectors, s->n_collectors, owner, count);
    if (count >= VIM_MAX_OF_SESSION ||
        !room(&list, s->n_collectors, &s->cap_collectors, sizeof(s->collectors[0])))
        return NULL;
    s->collectors = list;
    s->collectors[s->n_collectors] = (struct vim_collector){.thing = thing_new(s, owner)};
    return &s->collectors[s->n_collectors++];
}

struct vim_filter *vim_filter_new(struct vim_server *s, const struct vim_session *owner)
{
    size_t count = 0;
    void *list = s->filters;

    COUNT_OF(s->filters, s->n_filters, owner, count);
    if (count >= VIM_MAX_OF_SESSION ||
        !room(&list, s->n_filters, &s->cap_filters, sizeof(s->filters[0])))
        return NULL;
    s->filters = list;
    s->filters[s->n_filters] = (struct vim_filter){.thing = thing_new(s, owner)};
    return &s->filters[s->n_filters++];
}

/* Unlike the others a page makes room for itself: a client that never continues loses its
 * oldest one. */
struct vim_page *vim_page_new(struct vim_server *s, const struct vim_session *owner)
{
    size_t count = 0;
    void *list;

    COUNT_OF(s->pages, s->n_pages, owner, count);
    for (size_t i = 0; i < s->n_pages && count >= VIM_MAX_OF_SESSION; i++)
        if (s->pages[i].thing.session == vim_session_index(s, owner)) {
            vim_page_end(s, &s->pages[i]);
            break;
        }
    list = s->pages;
    if (!room(&list, s->n_pages, &s->cap_pages, sizeof(s->pages[0])))
        return NULL;
    s->pages = list;
    s->pages[s->n_pages] = (struct vim_page){.thing = thing_new(s, owner)};
    return &s->pages[s->n_pages++];
}

/* Closes the gap; the order stays. */
#define REMOVE(list, n, at)                                                              \
    do {                                                                                 \
        size_t k_ = (size_t)((at) - (list));                                             \
                                                                                         \
        memmove((list) + k_, (list) + k_ + 1, ((n)-k_ - 1) * sizeof((list)[0]));         \
        (n)--;                                                                           \
    } while (0)

void vim_view_end(struct vim_server *s, struct vim_container *view)
{
    REMOVE(s->views, s->n_views, view);
}

void vim_collector_end(struct vim_server *s, struct vim_collector *c)
{
    for (size_t i = s->n_filters; i-- > 0;)
        if (s->filters[i].collector == c->thing.number)
            vim_filter_end(s, &s->filters[i]);
    for (size_t i = s->n_pages; i-- > 0;)
        if (s->pages[i].collector == c->thing.number)
            vim_page_end(s, &s->pages[i]);
    REMOVE(s->collectors, s->n_collectors, c);
}

void vim_seen_clear(struct vim_seen_set *set)
{
    free(set->objects);
    free(set->hashes);
    *set = (struct vim_seen_set){0};
}

void vim_filter_end(struct vim_server *s, struct vim_filter *f)
{
    property_spec_clear(&f->spec);
    vim_seen_clear(&f->acked);
    vim_seen_clear(&f->told);
    REMOVE(s->filters, s->n_filters, f);
}

void vim_page_end(struct vim_server *s, struct vim_page *p)
{
    property_spec_clear(&p->spec);
    vim_refs_clear(&p->refs);
    REMOVE(s->pages, s->n_pages, p);
}

struct vim_container *vim_view_find(const struct vim_server *s, int32_t number)
{
    for (size_t i = 0; i < s->n_views; i++)
        if (s->views[i].thing.number == number)
            return &s->views[i];
    return NULL;
}

struct vim_collector *vim_collector_find(const struct vim_server *s, int32_t number)
{
    for (size_t i = 0; i < s->n_collectors; i++)
        if (s->collectors[i].thing.number == number)
            return &s->collectors[i];
    return NULL;
}

struct vim_collector *vim_collector_of(struct vim_server *s,
                                       const struct vim_session *owner, int32_t number)
{
    int32_t index = vim_session_index(s, owner);
    struct vim_collector *c;

    for (size_t i = 0; i < s->n_collectors; i++)
        if (s->collectors[i].thing.session == index &&
            (number == 0 ? s->collectors[i].is_default
                         : s->collectors[i].thing.number == number))
            return &s->collectors[i];
    if (number != 0)
        return NULL;
    c = vim_collector_new(s, owner);
    if (c != NULL)
        c->is_default = true;
    return c;
}

struct vim_filter *vim_filter_find(const struct vim_server *s, int32_t number)
{
    for (size_t i = 0; i < s->n_filters; i++)
        if (s->filters[i].thing.number == number)
            return &s->filters[i];
    return NULL;
}

const struct vim_thing *vim_thing_of(const struct vim_server *s, struct vim_ref r)
{
    if (r.cls == VIM_VIEW) {
        const struct vim_container *c = vim_view_find(s, r.i);

        return c != NULL ? &c->thing : NULL;
    }
    if (r.cls == VIM_COLLECTOR) {
        const struct vim_collector *c = vim_collector_find(s, r.i);

        return c != NULL ? &c->thing : NULL;
    }
    if (r.cls == VIM_FILTER) {
        const struct vim_filter *f = vim_filter_find(s, r.i);

        return f != NULL ? &f->thing : NULL;
    }
    return NULL;
}

static bool is_thing(const struct vim_server *s, const struct vim_thing *t,
                     const char *id)
{
    const char *key = s->sessions[t->session].key;
    size_t n = strlen(key);

    return str_starts(id, "session[") && strncmp(id + 8, key, n) == 0 &&
           id[8 + n] == ']' && str_eq(id + 9 + n, t->own);
}

int32_t vim_thing_find(const struct vim_server *s, enum vim_class cls, const char *id)
{
    for (size_t i = 0; cls == VIM_VIEW && i < s->n_views; i++)
        if (is_thing(s, &s->views[i].thing, id))
            return s->views[i].thing.number;
    for (size_t i = 0; cls == VIM_COLLECTOR && i < s->n_collectors; i++)
        if (!s->collectors[i].is_default && is_thing(s, &s->collectors[i].thing, id))
            return s->collectors[i].thing.number;
    for (size_t i = 0; cls == VIM_FILTER && i < s->n_filters; i++)
        if (is_thing(s, &s->filters[i].thing, id))
            return s->filters[i].thing.number;
    return 0;
}

void vim_thing_put_id(struct strbuf *b, const struct vim_server *s,
                      const struct vim_thing *t)
{
    strbuf_puts(b, "session[");
    strbuf_puts(b, s->sessions[t->session].key);
    strbuf_putc(b, ']');
    strbuf_puts(b, t->own);
}
