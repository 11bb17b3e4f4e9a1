/*
 * soap_request - gathers what the XML reader calls out; indexes, no pointers, because
 * both arrays move as they grow.
 * Owns nodes and texts.
 * Threads: one.
 */
#include <config.h>

#include "core/sim/soap_request.h"

#include "core/net/xml.h"

#include <stdlib.h>
#include <string.h>

static const char xsi[] = "http://www.w3.org/2001/XMLSchema-instance";

void soap_request_init(struct soap_request *r)
{
    *r = (struct soap_request){.open = -1, .method = -1};
    strbuf_init(&r->texts, SOAP_MAX_BYTES + SOAP_MAX_NODES);
}

void soap_request_clear(struct soap_request *r)
{
    free(r->nodes);
    strbuf_clear(&r->texts);
    soap_request_init(r);
}

/* Offset 0 is the empty text. */
static uint32_t keep(struct soap_request *r, const char *text, size_t len)
{
    size_t at = r->texts.len;

    if (len == 0)
        return 0;
    strbuf_add(&r->texts, text, len);
    strbuf_add(&r->texts, "", 1);
    if (r->texts.failed) {
        r->full = true;
        return 0;
    }
    return (uint32_t)at;
}

static bool grow(struct soap_request *r)
{
    size_t cap = r->cap < 128 ? 128 : 2 * r->cap;
    struct soap_node *p;

    if (r->n == SOAP_MAX_NODES) {
        r->full = true;
        return false;
    }
    if (r->n < r->cap)
        return true;
    p = reallocarray(r->nodes, cap, sizeof(*p));
    if (p == NULL) {
        r->nomem = true;
        return false;
    }
    r->nodes = p;
    r->cap = cap;
    return true;
}

static const char *without_prefix(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon != NULL ? colon + 1 : name;
}

/* Only what is below Body is kept; the envelope and its header are of no interest. */
static void on_start(void *ctx, const char *name, const struct xml_attribute *attrs,
                     size_t n)
{
    struct soap_request *r = ctx;
    struct soap_node node = {.parent = r->open, .first = -1, .last = -1, .next = -1};
    int32_t at = (int32_t)r->n;

    if (!r->body_open) {
        r->body_open = str_eq(name, "Body");
        return;
    }
    if (r->full || r->nomem || !grow(r))
        return;
    node.name = keep(r, name, strlen(name));
    for (size_t i = 0; i < n; i++) {
        const char *value = without_prefix(attrs[i].value);

        if (!str_eq(attrs[i].name, "type"))
            continue;
        if (str_eq(attrs[i].space, xsi))
            node.xsi_type = keep(r, value, strlen(value));
        else if (attrs[i].space[0] == '\0')
            node.type = keep(r, value, strlen(value));
    }
    if (r->open >= 0) {
        struct soap_node *parent = &r->nodes[r->open];

        if (parent->last >= 0)
            r->nodes[parent->last].next = at;
        else
            parent->first = at;
        parent->last = at;
    } else {
        r->many = r->method >= 0;
        r->method = at;
    }
    r->nodes[at] = node;
    r->n++;
    r->open = at;
}

static void on_end(void *ctx, const char *name, const char *text, size_t len)
{
    struct soap_request *r = ctx;

    if (r->full || r->nomem)
        return;
    if (r->open < 0) {
        if (str_eq(name, "Body"))
            r->body_open = false;
        return;
    }
    if (memchr(text, '\0', len) == NULL)
        r->nodes[r->open].text = keep(r, text, len);
    r->open = r->nodes[r->open].parent;
}

enum err_code soap_request_parse(struct soap_request *r, const char *bytes, size_t len,
                                 struct err *e)
{
    const struct xml_handler handler = {on_start, on_end, r};
    enum err_code rc;

    r->n = 0;
    r->open = r->method = -1;
    r->body_open = r->full = r->nomem = r->many = false;
    strbuf_reset(&r->texts);
    strbuf_add(&r->texts, "", 1);
    if (len > SOAP_MAX_BYTES)
        return err_set(e, ERR_TOO_BIG, "a request of more than %d bytes", SOAP_MAX_BYTES);
    rc = xml_read(bytes, len, &handler, e);
    if (rc != ERR_OK)
        return rc;
    if (r->nomem || r->texts.data == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a request");
    if (r->full)
        return err_set(e, ERR_TOO_BIG, "a request of more than %d elements",
                       SOAP_MAX_NODES);
    if (r->method < 0 || r->many)
        return err_set(e, ERR_PROTOCOL, "no SOAP body with one method");
    return ERR_OK;
}

void soap_requests_init(struct soap_requests *s)
{
    *s = (struct soap_requests){.next = 0};
    for (size_t i = 0; i < ARRAY_LEN(s->kept); i++) {
        strbuf_init(&s->kept[i].bytes, SOAP_MAX_BYTES);
        soap_request_init(&s->kept[i].tree);
    }
}

void soap_requests_clear(struct soap_requests *s)
{
    for (size_t i = 0; i < ARRAY_LEN(s->kept); i++) {
        strbuf_clear(&s->kept[i].bytes);
        soap_request_clear(&s->kept[i].tree);
    }
}

/* Where the operation's name begins; it stands in the header, of which nothing is kept.
 * Not one that may stand below Body, in a comment or the like. */
static size_t operation_name(const char *bytes, size_t len, size_t *name_len)
{
    static const char tag[] = "<operationID>";
    const char *at = len > 0 ? memmem(bytes, len, tag, sizeof(tag) - 1) : NULL;
    size_t begin = at != NULL ? (size_t)(at - bytes) + sizeof(tag) - 1 : 0, end = begin;

    if (at != NULL && (memmem(bytes, begin, "Body", strlen("Body")) != NULL ||
                       memmem(bytes, begin, "<!", strlen("<!")) != NULL))
        begin = end = len;
    while (at != NULL && end < len &&
           (bytes[end] == '-' || (bytes[end] >= '0' && bytes[end] <= '9') ||
            (bytes[end] >= 'a' && bytes[end] <= 'z')))
        end++;
    *name_len = end - begin;
    return begin;
}

enum err_code soap_requests_read(struct soap_requests *s, const char *bytes, size_t len,
                                 const struct soap_request **out, struct err *e)
{
    size_t name_len, name = operation_name(bytes, len, &name_len);
    size_t rest = len - name - name_len;
    struct strbuf *b = &s->kept[s->next].bytes;
    struct soap_request *tree = &s->kept[s->next].tree;
    enum err_code rc;

    for (size_t i = 0; i < ARRAY_LEN(s->kept); i++) {
        const struct strbuf *k = &s->kept[i].bytes;

        if (k->len == 0 || k->len != name + rest || s->kept[i].name != name ||
            memcmp(k->data, bytes, name) != 0 ||
            memcmp(k->data + name, bytes + name + name_len, rest) != 0)
            continue;
        *out = &s->kept[i].tree;
        return ERR_OK;
    }
    strbuf_reset(b);
    rc = soap_request_parse(tree, bytes, len, e);
    if (rc != ERR_OK)
        return rc;
    strbuf_add(b, bytes, name);
    strbuf_add(b, bytes + name + name_len, rest);
    if (b->failed)
        strbuf_reset(b);
    s->kept[s->next].name = name;
    s->next = (s->next + 1) % ARRAY_LEN(s->kept);
    *out = tree;
    return ERR_OK;
}

const struct soap_node *sim_soap_method(const struct soap_request *r)
{
    return &r->nodes[r->method];
}

const struct soap_node *sim_soap_first(const struct soap_request *r,
                                       const struct soap_node *n)
{
    return n != NULL && n->first >= 0 ? &r->nodes[n->first] : NULL;
}

const struct soap_node *sim_soap_next(const struct soap_request *r,
                                      const struct soap_node *n)
{
    return n != NULL && n->next >= 0 ? &r->nodes[n->next] : NULL;
}

const struct soap_node *sim_soap_child(const struct soap_request *r,
                                       const struct soap_node *n, const char *name)
{
    const struct soap_node *c = sim_soap_first(r, n);

    while (c != NULL && !str_eq(sim_soap_name(r, c), name))
        c = sim_soap_next(r, c);
    return c;
}

const struct soap_node *sim_soap_again(const struct soap_request *r,
                                       const struct soap_node *n)
{
    const struct soap_node *c = sim_soap_next(r, n);

    while (c != NULL && !str_eq(sim_soap_name(r, c), sim_soap_name(r, n)))
        c = sim_soap_next(r, c);
    return c;
}

const char *sim_soap_name(const struct soap_request *r, const struct soap_node *n)
{
    return n != NULL ? r->texts.data + n->name : "";
}

const char *sim_soap_text(const struct soap_request *r, const struct soap_node *n)
{
    return n != NULL ? r->texts.data + n->text : "";
}

const char *sim_soap_type(const struct soap_request *r, const struct soap_node *n)
{
    return n != NULL ? r->texts.data + n->type : "";
}

const char *sim_soap_xsi_type(const struct soap_request *r, const struct soap_node *n)
{
    return n != NULL ? r->texts.data + n->xsi_type : "";
}

const char *sim_soap_child_text(const struct soap_request *r, const struct soap_node *n,
                                const char *name)
{
    return sim_soap_text(r, sim_soap_child(r, n, name));
}

bool sim_soap_child_bool(const struct soap_request *r, const struct soap_node *n,
                         const char *name, bool otherwise)
{
    const char *text = sim_soap_child_text(r, n, name);

    if (str_eq(text, "true") || str_eq(text, "1"))
        return true;
    if (str_eq(text, "false") || str_eq(text, "0"))
        return false;
    return otherwise;
}

int64_t sim_soap_child_number(const struct soap_request *r, const struct soap_node *n,
                              const char *name, int64_t max, int64_t otherwise)
{
    const char *text = sim_soap_child_text(r, n, name);
    struct err e = {0};
    int64_t v;

    return str_to_i64(text, 0, max, &v, &e) == ERR_OK ? v : otherwise;
}
