#include <config.h>

#include "core/sim/jenkins_wire.h"

#include <string.h>

static const char *const names[] = {
#define X(name) #name,
    JENKINS_PROPERTIES(X)
#undef X
};

const char *jenkins_property_name(enum jenkins_property property)
{
    return names[property];
}

static enum jenkins_property property_of(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return (enum jenkins_property)i;
    return JP_OTHER;
}

/* Adds the child of that name to a node; a name given twice: the last one wins. */
static int add_child(struct jenkins_tree *t, int node, const char *name, size_t len)
{
    int8_t at = t->n;

    if (at == TREE_NODES)
        return -1;
    t->n++;
    memset(&t->nodes[at], 0, sizeof(t->nodes[at]));
    t->nodes[at].to = -1;
    if (len == 1 && *name == '*')
        t->nodes[node].star = at;
    else
        t->nodes[node].child[property_of(name, len)] = at;
    return at;
}

static const char *read_number(const char *p, int32_t *out)
{
    int32_t n = 0;

    while (*p >= '0' && *p <= '9' && n < 100000)
        n = n * 10 + (*p++ - '0');
    *out = n;
    return p;
}

/* "{M,N}", "{N}", "{M,}", "{,N}"; NULL when it is none of them. */
static const char *read_range(const char *p, int32_t *from, int32_t *to)
{
    bool has_from = *p >= '0' && *p <= '9';

    p = read_number(p, from);
    *to = *from + 1;
    if (*p == ',') {
        bool has_to = p[1] >= '0' && p[1] <= '9';

        p = read_number(p + 1, to);
        if (!has_to)
            *to = -1;
    } else if (!has_from) {
        return NULL;
    }
    return *p == '}' ? p + 1 : NULL;
}

bool jenkins_tree_parse(const char *text, struct jenkins_tree *out)
{
    int open[TREE_DEPTH], depth = 0;
    const char *p = text;

    memset(&out->nodes[0], 0, sizeof(out->nodes[0]));
    out->nodes[0].to = -1;
    out->n = 1;
    open[0] = 0;
    for (;;) {
        size_t len = strcspn(p, ",[]{}");
        int at = len > 0 ? add_child(out, open[depth], p, len) : -1;

        if (at < 0)
            return false;
        p += len;
        if (*p == '[') {
            if (++depth == TREE_DEPTH)
                return false;
            open[depth] = at;
            p++;
            continue; /* its first child follows */
        }
        for (;;) { /* what may close here */
            if (*p == '{') {
                p = read_range(p + 1, &out->nodes[at].from, &out->nodes[at].to);
                if (p == NULL)
                    return false;
            }
            if (*p != ']' || depth == 0)
                break;
            at = open[depth--];
            p++;
        }
        if (*p == '\0')
            return depth == 0;
        if (*p++ != ',')
            return false;
    }
}

bool jenkins_wants(const struct jenkins_pick *p, enum jenkins_property property,
                   int visibility, struct jenkins_pick *in)
{
    int at;

    if (p->tree == NULL) {
        *in = (struct jenkins_pick){.level = p->level + 1};
        return visibility >= p->level;
    }
    at = p->tree->nodes[p->node].child[property];
    if (at == 0)
        at = p->tree->nodes[p->node].star;
    *in = (struct jenkins_pick){.tree = p->tree, .node = at};
    return at != 0;
}

void jenkins_range(const struct jenkins_pick *list, size_t n, size_t *from, size_t *to)
{
    *from = 0;
    *to = n;
    if (list->tree == NULL)
        return;
    *from = (size_t)list->tree->nodes[list->node].from;
    if (list->tree->nodes[list->node].to >= 0 &&
        (size_t)list->tree->nodes[list->node].to < n)
        *to = (size_t)list->tree->nodes[list->node].to;
}

void jenkins_text(struct wire_json *j, const struct jenkins_pick *p,
                  enum jenkins_property property, int visibility, const char *value)
{
    struct jenkins_pick in;

    if (jenkins_wants(p, property, visibility, &in))
        wire_text(j, names[property], value);
}

void jenkins_int(struct wire_json *j, const struct jenkins_pick *p,
                 enum jenkins_property property, int visibility, int64_t value)
{
    struct jenkins_pick in;

    if (jenkins_wants(p, property, visibility, &in))
        wire_int(j, names[property], value);
}

void jenkins_bool(struct wire_json *j, const struct jenkins_pick *p,
                  enum jenkins_property property, int visibility, bool value)
{
    struct jenkins_pick in;

    if (jenkins_wants(p, property, visibility, &in))
        wire_bool(j, names[property], value);
}

void jenkins_raw(struct wire_json *j, const struct jenkins_pick *p,
                 enum jenkins_property property, int visibility, const char *json)
{
    struct jenkins_pick in;

    if (jenkins_wants(p, property, visibility, &in))
        wire_raw(j, names[property], json);
}
