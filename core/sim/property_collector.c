/*
 * property_collector - RetrievePropertiesEx and its pages: a spec compiled, walked, and
 * each object's properties written straight into the answer.
 * Owns nothing beyond a call but the pages kept in the server.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_call.h"
#include "core/sim/vim_faults.h"

enum { MAX_OBJECTS = 10000 };

/* What may be read before login. */
static bool anonymous(enum vim_class cls)
{
    return cls == VIM_SERVICE_INSTANCE || cls == VIM_SESSION_MANAGER;
}

static void put_property(struct strbuf *b, const struct vim_view_of_world *v,
                         struct vim_ref r, const struct spec_path *path)
{
    size_t mark = b->len;

    strbuf_puts(b, "<propSet><name>");
    strbuf_puts(b, path->name); /* found in a table, so nothing to escape */
    strbuf_puts(b, "</name>");
    if (vim_put_val(b, v, r, path->prop)) {
        strbuf_puts(b, "</propSet>");
    } else if (!b->failed) {
        b->len = mark; /* an unset property is not mentioned */
        b->data[mark] = '\0';
    }
}

static void put_object(struct strbuf *b, const struct vim_view_of_world *v,
                       const struct property_spec *spec, struct vim_ref r,
                       const char *tag)
{
    bool may_read = v->session != NULL || anonymous(r.cls);

    strbuf_putc(b, '<');
    strbuf_puts(b, tag);
    strbuf_putc(b, '>');
    vim_put_ref(b, v, "obj", r);
    for (size_t i = spec->begin[r.cls]; i < spec->end[r.cls] && may_read; i++)
        put_property(b, v, r, &spec->paths[i]);
    for (size_t i = spec->begin[r.cls]; i < spec->end[r.cls] && !may_read; i++)
        vim_put_not_authenticated(b, v, r, spec->paths[i].name);
    strbuf_puts(b, "</");
    strbuf_puts(b, tag);
    strbuf_putc(b, '>');
}

static void spec_refused(struct vim_call *c, const struct spec_fault *f)
{
    struct strbuf b;

    strbuf_init(&b, 4096);
    switch (f->kind) {
    case SPEC_NO_PROPERTY:
        vim_put_text(&b, "name", f->text);
        vim_fault(c->rs, "InvalidProperty", "", strbuf_text(&b));
        break;
    case SPEC_NO_OBJECT:
        vim_fault_no_object(c->rs, f->type, f->text);
        break;
    case SPEC_NO_CLASS:
        vim_put_text(&b, "argument", f->text);
        vim_fault(c->rs, "InvalidType", "", strbuf_text(&b));
        break;
    case SPEC_TOO_BIG:
        vim_fault_invalid_request(c->rs, f->text);
        break;
    case SPEC_NOMEM:
        vim_fault(c->rs, "SystemError", "out of memory",
                  "<reason>out of memory</reason>");
        break;
    }
    strbuf_clear(&b);
}

bool vim_compile(struct vim_call *c, const struct soap_node *node,
                 struct property_spec *out)
{
    struct spec_fault fault = {0};
    bool skip_missing =
        sim_soap_child_bool(c->rq, node, "reportMissingObjectsInResults", false);

    if (node == NULL) {
        vim_fault_invalid_request(c->rs, "Required parameter specSet is missing");
        return false;
    }
    if (property_spec_compile(out, c->rq, node, &c->view, skip_missing, &fault))
        return true;
    spec_refused(c, &fault);
    return false;
}

/* Keeps what did not fit this answer; the token is the page's number. */
static bool keep_rest(struct vim_call *c, struct property_spec *spec,
                      struct vim_refs *refs, size_t next, size_t size)
{
    struct vim_page *page =
        c->session != NULL ? vim_page_new(c->server, c->session) : NULL;

    if (page == NULL)
        return false;
    page->collector = c->self.i;
    page->spec = *spec;
    page->refs = *refs;
    page->next = next;
    page->size = size;
    *spec = (struct property_spec){0};
    *refs = (struct vim_refs){0};
    vim_put_number(&c->rs->body, "token", page->thing.number);
    return true;
}

/* One specSet of a request. The token comes before the objects, as in the schema. */
static bool retrieve_one(struct vim_call *c, const struct soap_node *set, bool ex,
                         size_t max)
{
    struct strbuf *b = &c->rs->body;
    struct property_spec spec;
    struct vim_refs refs = {0};
    const struct property_spec *from = &spec;
    const struct vim_ref *at;
    size_t n;

    if (!vim_compile(c, set, &spec))
        return false;
    if (!property_spec_select(&spec, &c->view, &refs)) {
        b->failed = true; /* vim_end() says so */
        goto out;
    }
    n = refs.n < max ? refs.n : max;
    at = refs.at;
    if (n < refs.n && keep_rest(c, &spec, &refs, n, max)) {
        const struct vim_page *page = &c->server->pages[c->server->n_pages - 1];

        from = &page->spec;
        at = page->refs.at;
    } else if (n < refs.n) {
        n = refs.n; /* nowhere to keep the rest: all at once is allowed, too */
    }
    for (size_t i = 0; i < n; i++)
        put_object(b, &c->view, from, at[i], ex ? "objects" : "returnval");
out:
    property_spec_clear(&spec);
    vim_refs_clear(&refs);
    return true;
}

void vim_retrieve(struct vim_call *c)
{
    bool ex = str_eq(c->name, "RetrievePropertiesEx");
    const struct soap_node *set = sim_soap_child(c->rq, c->method, "specSet");
    size_t max = MAX_OBJECTS, mark;

    if (ex && sim_soap_again(c->rq, set) == NULL) {
        const struct soap_node *options = sim_soap_child(c->rq, c->method, "options");
        int64_t asked =
            sim_soap_child_number(c->rq, options, "maxObjects", MAX_OBJECTS, MAX_OBJECTS);

        max = asked > 0 ? (size_t)asked : MAX_OBJECTS;
    }
    vim_begin(c->rs, c->name);
    if (ex)
        strbuf_puts(&c->rs->body, "<returnval>");
    mark = c->rs->body.len;
    do {
        if (!retrieve_one(c, set, ex, max))
            return; /* a fault is written */
        set = sim_soap_again(c->rq, set);
    } while (set != NULL);
    if (ex && c->rs->body.len == mark && !c->rs->body.failed) {
        c->rs->body.len -= sizeof("<returnval>") - 1; /* no result at all */
        c->rs->body.data[c->rs->body.len] = '\0';
    } else if (ex) {
        strbuf_puts(&c->rs->body, "</returnval>");
    }
    vim_end(c->rs, c->name);
}

/* The page that a token names, of this session and collector only. */
static struct vim_page *page_of(struct vim_call *c)
{
    int64_t token = sim_soap_child_number(c->rq, c->method, "token", INT32_MAX, -1);

    for (size_t i = 0; i < c->server->n_pages; i++) {
        struct vim_page *p = &c->server->pages[i];

        if (p->thing.number == token && p->collector == c->self.i &&
            p->thing.session == vim_session_index(c->server, c->session))
            return p;
    }
    return NULL;
}

static void no_such_token(struct vim_call *c)
{
    vim_fault(c->rs, "InvalidArgument", "A specified parameter was not correct: token",
              "<invalidProperty>token</invalidProperty>");
}

void vim_retrieve_continue(struct vim_call *c)
{
    struct vim_page *page = page_of(c);
    struct strbuf *b = &c->rs->body;
    size_t end;

    if (page == NULL) {
        no_such_token(c);
        return;
    }
    vim_begin(c->rs, c->name);
    strbuf_puts(b, "<returnval>");
    end = page->next + page->size < page->refs.n ? page->next + page->size : page->refs.n;
    if (end < page->refs.n) { /* a token is good for one call */
        page->thing.number = c->server->next_number++;
        vim_put_number(b, "token", page->thing.number);
    }
    for (; page->next < end; page->next++)
        if (vim_ref_exists(&c->view, page->refs.at[page->next]))
            put_object(b, &c->view, &page->spec, page->refs.at[page->next], "objects");
    if (end == page->refs.n)
        vim_page_end(c->server, page);
    strbuf_puts(b, "</returnval>");
    vim_end(c->rs, c->name);
}

void vim_retrieve_cancel(struct vim_call *c)
{
    struct vim_page *page = page_of(c);

    if (page == NULL) {
        no_such_token(c);
        return;
    }
    vim_page_end(c->server, page);
    vim_answer_nothing(c);
}

/* One property by the accessor that every managed object has: older than the property
 * collector, undocumented, and what pyVmomi reads by. */
void vim_fetch(struct vim_call *c)
{
    const char *name = sim_soap_child_text(c->rq, c->method, "prop");
    const struct vim_prop *p = vim_prop_find(c->self.cls, name, c->view.since_7);

    if (p == NULL) {
        struct spec_fault f = {.kind = SPEC_NO_PROPERTY};

        (void)str_copy(f.text, sizeof(f.text), name); /* cut is fine for a message */
        spec_refused(c, &f);
    } else if (c->session == NULL && !anonymous(c->self.cls)) {
        vim_fault_not_authenticated(c->rs, vim_class_name(c->self.cls),
                                    sim_soap_child_text(c->rq, c->method, "_this"));
    } else {
        vim_begin(c->rs, c->name);
        vim_put_results(&c->rs->body, &c->view, c->self, p);
        vim_end(c->rs, c->name);
    }
}
