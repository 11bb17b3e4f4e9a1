/*
 * property_filter - collectors, filters and WaitForUpdatesEx: what changed since the
 * version that a client has. A wait with nothing new is held: whoever serves the site
 * looks again until there is something or its time is over. Owns nothing beyond a call
 * but what the server keeps.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_call.h"
#include "core/sim/vim_faults.h"

#include <stdlib.h>
#include <string.h>

enum { OBJECTS_AT_ONCE = 100, MAX_UPDATES = 100000 };
/* Who names no time waits as long as the server likes. */
enum { DEFAULT_WAIT_S = 600, MAX_WAIT_S = 1800 };

void vim_collector_create(struct vim_call *c)
{
    struct vim_collector *made = vim_collector_new(c->server, c->session);

    if (made == NULL)
        vim_fault_invalid_request(c->rs, "Too many property collectors in this session");
    else
        vim_answer_ref(c, (struct vim_ref){VIM_COLLECTOR, made->thing.number});
}

void vim_collector_destroy(struct vim_call *c)
{
    struct vim_collector *own = vim_collector_find(c->server, c->self.i);

    if (own == NULL) {
        vim_fault(c->rs, "NotSupported", "The default property collector stays.", "");
        return;
    }
    vim_collector_end(c->server, own);
    vim_answer_nothing(c);
}

void vim_filter_create(struct vim_call *c)
{
    struct vim_collector *owner = vim_collector_of(c->server, c->session, c->self.i);
    struct property_spec spec;
    struct vim_filter *made;

    if (!vim_compile(c, sim_soap_child(c->rq, c->method, "spec"), &spec))
        return;
    made = owner != NULL ? vim_filter_new(c->server, c->session) : NULL;
    if (made == NULL) {
        property_spec_clear(&spec);
        vim_fault_invalid_request(c->rs, "Too many property filters in this session");
        return;
    }
    made->spec = spec;
    made->collector = owner->thing.number;
    vim_answer_ref(c, (struct vim_ref){VIM_FILTER, made->thing.number});
}

void vim_filter_destroy(struct vim_call *c)
{
    struct vim_filter *f = vim_filter_find(c->server, c->self.i);

    if (f != NULL)
        vim_filter_end(c->server, f);
    vim_answer_nothing(c);
}

void vim_wait_cancel(struct vim_call *c)
{
    struct vim_collector *owner = vim_collector_of(c->server, c->session, c->self.i);

    if (owner != NULL)
        owner->canceled = true; /* the wait's next look sees it */
    vim_answer_nothing(c);
}

/* ---- what was told ---- */

static uint64_t hash_of(struct vim_call *c, struct vim_ref r, const struct vim_prop *p)
{
    struct strbuf *b = &c->server->scratch;
    uint64_t h = UINT64_C(14695981039346656037);
    bool set;

    if ((p->flags & VIM_QUIET) != 0)
        return 1;
    strbuf_reset(b);
    c->view.skip_quiet = true;
    set = vim_put_val(b, &c->view, r, p);
    c->view.skip_quiet = false;
    if (!set)
        return 0;
    for (size_t i = 0; i < b->len; i++)
        h = (h ^ (unsigned char)b->data[i]) * UINT64_C(1099511628211);
    return h > 1 ? h : 2;
}

static bool seen_add(struct vim_seen_set *set, struct vim_ref r, size_t n)
{
    if (set->n == set->cap) {
        size_t cap = set->cap < 16 ? 16 : 2 * set->cap;
        struct vim_seen *p = reallocarray(set->objects, cap, sizeof(*p));

        if (p == NULL)
            return false;
        set->objects = p;
        set->cap = cap;
    }
    while (set->n_hashes + n > set->cap_hashes) {
        size_t cap = set->cap_hashes < 256 ? 256 : 2 * set->cap_hashes;
        uint64_t *p = reallocarray(set->hashes, cap, sizeof(*p));

        if (p == NULL)
            return false;
        set->hashes = p;
        set->cap_hashes = cap;
    }
    set->objects[set->n++] = (struct vim_seen){r, set->n_hashes, n};
    set->n_hashes += n;
    return true;
}

static int compare_refs(const void *a, const void *b)
{
    const struct vim_ref *x = a, *y = b;

    if (x->cls != y->cls)
        return x->cls < y->cls ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/* ---- one filter's update ---- */

struct update {
    struct vim_call *c;
    struct vim_filter *filter;
    struct vim_seen_set now;
    size_t left; /* objects that may still be told of */
    bool any;    /* something was written */
    bool opened; /* the filter's element is open */
    bool truncated, failed;
};

static void open_object(struct update *u, const char *kind, struct vim_ref r)
{
    struct strbuf *b = &u->c->rs->body;

    if (!u->opened) {
        strbuf_puts(b, "<filterSet>");
        vim_put_ref(b, &u->c->view, "filter",
                    (struct vim_ref){VIM_FILTER, u->filter->thing.number});
        u->opened = true;
    }
    strbuf_puts(b, "<objectSet>");
    vim_put_text(b, "kind", kind);
    vim_put_ref(b, &u->c->view, "obj", r);
    u->any = true;
    u->left--;
}

static void put_change(struct update *u, struct vim_ref r, const struct spec_path *path)
{
    struct strbuf *b = &u->c->rs->body;

    strbuf_puts(b, "<changeSet><name>");
    strbuf_puts(b, path->name); /* found in a table, so nothing to escape */
    strbuf_puts(b, "</name><op>assign</op>");
    (void)vim_put_val(b, &u->c->view, r, path->prop); /* none: became unset */
    strbuf_puts(b, "</changeSet>");
}

static void carry_over(struct update *u, const struct vim_seen *old)
{
    const struct vim_seen_set *acked = &u->filter->acked;

    if (!seen_add(&u->now, old->ref, old->n)) {
        u->failed = true;
        return;
    }
    memcpy(u->now.hashes + u->now.objects[u->now.n - 1].first, acked->hashes + old->first,
           old->n * sizeof(acked->hashes[0]));
}

/* An object that the spec selects; old: as last acknowledged, NULL = new. */
static void tell_object(struct update *u, struct vim_ref r, const struct vim_seen *old)
{
    const struct property_spec *spec = &u->filter->spec;
    size_t begin = spec->begin[r.cls], n = spec->end[r.cls] - begin;
    const uint64_t *before = old != NULL ? u->filter->acked.hashes + old->first : NULL;
    uint64_t *after;
    bool changed = old == NULL;

    if (u->left == 0 && old == NULL) {
        u->truncated = true;
        return;
    }
    if (!seen_add(&u->now, r, n)) {
        u->failed = true;
        return;
    }
    after = u->now.hashes + u->now.objects[u->now.n - 1].first;
    for (size_t i = 0; i < n; i++) {
        after[i] = hash_of(u->c, r, spec->paths[begin + i].prop);
        changed = changed || after[i] != before[i];
    }
    if (!changed)
        return;
    if (u->left == 0) { /* next time */
        u->truncated = true;
        memcpy(after, before, n * sizeof(after[0]));
        return;
    }
    open_object(u, old == NULL ? "enter" : "modify", r);
    for (size_t i = 0; i < n; i++)
        if (old == NULL ? after[i] != 0 : after[i] != before[i])
            put_change(u, r, &spec->paths[begin + i]);
    strbuf_puts(&u->c->rs->body, "</objectSet>");
}

static void tell_gone(struct update *u, const struct vim_seen *old)
{
    if (u->left == 0) {
        u->truncated = true;
        carry_over(u, old);
        return;
    }
    open_object(u, "leave", old->ref);
    strbuf_puts(&u->c->rs->body, "</objectSet>");
}

/* Both lists in the order of references, side by side. */
static void tell_filter(struct update *u)
{
    struct vim_refs refs = {0};
    const struct vim_seen_set *acked = &u->filter->acked;
    size_t i = 0, k = 0;

    u->opened = false;
    if (!property_spec_select(&u->filter->spec, &u->c->view, &refs)) {
        u->failed = true;
        goto out;
    }
    if (refs.n > 1)
        qsort(refs.at, refs.n, sizeof(refs.at[0]), compare_refs);
    while (i < refs.n || k < acked->n) {
        int order = i == refs.n     ? 1
                    : k == acked->n ? -1
                                    : compare_refs(&refs.at[i], &acked->objects[k].ref);

        if (order > 0)
            tell_gone(u, &acked->objects[k++]);
        else
            tell_object(u, refs.at[i++], order == 0 ? &acked->objects[k++] : NULL);
    }
    if (u->opened)
        strbuf_puts(&u->c->rs->body, "</filterSet>");
out:
    vim_refs_clear(&refs);
}

/* ---- versions ---- */

/* The client's version becomes what is built upon: everything anew, what was told last,
 * or (its answer was lost) what was told before. */
static bool take_version(struct vim_call *c, struct vim_collector *owner)
{
    const char *text = sim_soap_child_text(c->rq, c->method, "version");
    struct err e = {0};
    int64_t version = 0;

    if (text[0] != '\0' && str_to_i64(text, 0, INT64_MAX, &version, &e) != ERR_OK)
        return false;
    if (text[0] != '\0' && (uint64_t)version != owner->version &&
        (uint64_t)version != owner->acked)
        return false;
    for (size_t i = 0; i < c->server->n_filters; i++) {
        struct vim_filter *f = &c->server->filters[i];

        if (f->collector != owner->thing.number)
            continue;
        if (text[0] == '\0') {
            vim_seen_clear(&f->acked);
            vim_seen_clear(&f->told);
        } else if ((uint64_t)version == owner->version &&
                   owner->acked != owner->version) {
            vim_seen_clear(&f->acked);
            f->acked = f->told;
            f->told = (struct vim_seen_set){0};
        }
    }
    if (text[0] == '\0')
        owner->acked = 0;
    else if ((uint64_t)version == owner->version)
        owner->acked = owner->version;
    return true;
}

/* Without changes: no result at all, or (the older method) a set with nothing in it,
 * which is kept back as long as the client waits. */
static void nothing_new(struct vim_call *c, const struct vim_collector *owner)
{
    const struct soap_node *options = sim_soap_child(c->rq, c->method, "options");

    if (!str_eq(c->name, "CheckForUpdates"))
        c->w->hold_ms = 1000 * sim_soap_child_number(c->rq, options, "maxWaitSeconds",
                                                     MAX_WAIT_S, DEFAULT_WAIT_S);
    vim_begin(c->rs, c->name);
    if (str_eq(c->name, "WaitForUpdates")) {
        strbuf_puts(&c->rs->body, "<returnval>");
        vim_put_number(&c->rs->body, "version", (int64_t)owner->version);
        strbuf_puts(&c->rs->body, "</returnval>");
    }
    vim_end(c->rs, c->name);
}

/* Every filter's part; each filter's new state goes to `told`. */
static void tell(struct vim_call *c, struct vim_collector *owner, struct update *u)
{
    for (size_t i = 0; i < c->server->n_filters; i++) {
        struct vim_filter *f = &c->server->filters[i];

        if (f->collector != owner->thing.number)
            continue;
        u->filter = f;
        u->now = (struct vim_seen_set){0};
        tell_filter(u);
        vim_seen_clear(&f->told);
        f->told = u->now;
    }
}

void vim_wait(struct vim_call *c)
{
    struct vim_collector *owner = vim_collector_of(c->server, c->session, c->self.i);
    const struct soap_node *options = sim_soap_child(c->rq, c->method, "options");
    int64_t max = sim_soap_child_number(c->rq, options, "maxObjectUpdates", MAX_UPDATES,
                                        OBJECTS_AT_ONCE);
    struct update u = {.c = c};

    if (owner == NULL) {
        vim_fault_invalid_request(c->rs, "Too many property collectors in this session");
        return;
    }
    if (!c->w->looks_again)
        owner->canceled = false; /* an older wait's */
    if (owner->canceled) {
        vim_fault(c->rs, "RequestCanceled", "The request was canceled.", "");
        return;
    }
    if (!take_version(c, owner)) {
        vim_fault(c->rs, "InvalidCollectorVersion", "", "");
        return;
    }
    u.left = max > 0 ? (size_t)max : OBJECTS_AT_ONCE;
    vim_begin(c->rs, c->name);
    strbuf_puts(&c->rs->body, "<returnval>");
    vim_put_number(&c->rs->body, "version", (int64_t)owner->version + 1);
    tell(c, owner, &u);
    if (!u.any && !u.failed) {
        nothing_new(c, owner);
        return;
    }
    owner->version++;
    if (u.truncated)
        strbuf_puts(&c->rs->body, "<truncated>true</truncated>");
    strbuf_puts(&c->rs->body, "</returnval>");
    c->rs->body.failed = c->rs->body.failed || u.failed;
    vim_end(c->rs, c->name);
}
