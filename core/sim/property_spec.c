/*
 * property_spec - compiles without recursion (a request's depth is its sender's choice)
 * and walks with a work list in which each pair of object and selection occurs once.
 * Owns the spec's tables and, during a walk, the list.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/property_spec.h"

#include <stdlib.h>
#include <string.h>

static bool refuse(struct spec_fault *fault, enum spec_fault_kind kind, const char *text)
{
    *fault = (struct spec_fault){.kind = kind};
    (void)str_copy(fault->text, sizeof(fault->text),
                   text); /* cut is fine for a message */
    return false;
}

/* ---- property sets ---- */

static bool path_add(struct property_spec *spec, const struct vim_prop *prop,
                     const char *name, struct spec_fault *fault)
{
    char *copy;

    if (spec->n_paths == SPEC_MAX_PATHS)
        return refuse(fault, SPEC_TOO_BIG, "too many property paths");
    if (spec->n_paths == spec->cap_paths) {
        size_t cap = spec->cap_paths < 32 ? 32 : 2 * spec->cap_paths;
        struct spec_path *p = reallocarray(spec->paths, cap, sizeof(*p));

        if (p == NULL)
            return refuse(fault, SPEC_NOMEM, "");
        spec->paths = p;
        spec->cap_paths = cap;
    }
    copy = strdup(name);
    if (copy == NULL)
        return refuse(fault, SPEC_NOMEM, "");
    spec->paths[spec->n_paths++] = (struct spec_path){prop, copy};
    return true;
}

static bool asked_already(const struct property_spec *spec, enum vim_class cls,
                          const struct vim_prop *prop, const char *name)
{
    /* Tables are shared between objects: the same row may be meant by two paths. */
    for (size_t i = spec->begin[cls]; i < spec->n_paths; i++)
        if (spec->paths[i].prop == prop && str_eq(spec->paths[i].name, name))
            return true;
    return false;
}

/* One propSet for one class that it applies to. */
static bool add_prop_set(struct property_spec *spec, const struct soap_request *rq,
                         const struct soap_node *set, enum vim_class cls, bool since_7,
                         struct spec_fault *fault)
{
    const struct soap_node *path = sim_soap_child(rq, set, "pathSet");

    spec->covers[cls] = true;
    if (sim_soap_child_bool(rq, set, "all", false)) {
        size_t n;
        const struct vim_prop *props = vim_props(cls, &n);

        for (size_t i = 0; i < n; i++)
            if ((since_7 || (props[i].flags & VIM_SINCE_7) == 0) &&
                !path_add(spec, &props[i], props[i].name, fault))
                return false;
        return true;
    }
    for (; path != NULL; path = sim_soap_again(rq, path)) {
        const char *name = sim_soap_text(rq, path);
        const struct vim_prop *prop = vim_prop_find(cls, name, since_7);

        if (prop == NULL)
            return refuse(fault, SPEC_NO_PROPERTY, name);
        if (!asked_already(spec, cls, prop, name) && !path_add(spec, prop, name, fault))
            return false;
    }
    return true;
}

static bool compile_prop_sets(struct property_spec *spec, const struct soap_request *rq,
                              const struct soap_node *node, bool since_7,
                              struct spec_fault *fault)
{
    const struct soap_node *first = sim_soap_child(rq, node, "propSet");

    for (const struct soap_node *set = first; set != NULL;
         set = sim_soap_again(rq, set)) {
        const char *type = sim_soap_child_text(rq, set, "type");
        enum vim_class cls;

        if (!vim_class_find(type, &cls))
            return refuse(fault, SPEC_NO_CLASS, type);
    }
    for (int c = VIM_NONE + 1; c < VIM_N_CLASSES; c++) {
        enum vim_class cls = (enum vim_class)c;

        spec->begin[cls] = spec->n_paths;
        for (const struct soap_node *set = first; set != NULL;
             set = sim_soap_again(rq, set))
            if (vim_class_is(cls, sim_soap_child_text(rq, set, "type")) &&
                !add_prop_set(spec, rq, set, cls, since_7, fault))
                return false;
        spec->end[cls] = spec->n_paths;
    }
    return true;
}

/* ---- selections ---- */

/* One past the last node below this one: nodes are in the document's order. */
static size_t subtree_end(const struct soap_request *rq, size_t at)
{
    int32_t i = (int32_t)at;

    while (i >= 0 && rq->nodes[i].next < 0)
        i = rq->nodes[i].parent;
    return i >= 0 ? (size_t)rq->nodes[i].next : rq->n;
}

static bool compile_selection(struct spec_selection *s, const struct soap_request *rq,
                              const struct soap_node *node, bool since_7,
                              struct spec_fault *fault)
{
    const struct soap_node *type = sim_soap_child(rq, node, "type");
    const char *path = sim_soap_child_text(rq, node, "path");
    enum vim_class known;

    *s = (struct spec_selection){.first_child = -1, .next = -1};
    if (!str_copy(s->name, sizeof(s->name), sim_soap_child_text(rq, node, "name")))
        return refuse(fault, SPEC_TOO_BIG, "too long a name of a selection");
    if (type == NULL) {
        s->only_name = true;
        return true;
    }
    if (!vim_class_find(sim_soap_text(rq, type), &known) ||
        !str_copy(s->type, sizeof(s->type), sim_soap_text(rq, type)))
        return refuse(fault, SPEC_NO_CLASS, sim_soap_text(rq, type));
    s->skip = sim_soap_child_bool(rq, node, "skip", false);
    for (int c = VIM_NONE + 1; c < VIM_N_CLASSES; c++) {
        enum vim_class cls = (enum vim_class)c;

        if (!vim_class_is(cls, s->type))
            continue;
        s->prop[cls] = vim_prop_find(cls, path, since_7);
        if (s->prop[cls] == NULL)
            return refuse(fault, SPEC_NO_PROPERTY, path);
    }
    return true;
}

/* Every selectSet below the spec, each hung under the selectSet or objectSet around it.
 * owner[i]: the node that selection i hangs under. */
static bool compile_selections(struct property_spec *spec, const struct soap_request *rq,
                               const struct soap_node *node, bool since_7,
                               int32_t owner[SPEC_MAX_SELECTIONS],
                               struct spec_fault *fault)
{
    size_t from = (size_t)(node - rq->nodes), to = subtree_end(rq, from), n = 0;
    int32_t at[SPEC_MAX_SELECTIONS];

    for (size_t i = from; i < to; i++)
        n += str_eq(sim_soap_name(rq, &rq->nodes[i]), "selectSet");
    if (n > SPEC_MAX_SELECTIONS)
        return refuse(fault, SPEC_TOO_BIG, "too many selections");
    spec->selections = calloc(n > 0 ? n : 1, sizeof(spec->selections[0]));
    if (spec->selections == NULL)
        return refuse(fault, SPEC_NOMEM, "");
    for (size_t i = from; i < to; i++) {
        if (!str_eq(sim_soap_name(rq, &rq->nodes[i]), "selectSet"))
            continue;
        at[spec->n_selections] = (int32_t)i;
        owner[spec->n_selections] = rq->nodes[i].parent;
        if (!compile_selection(&spec->selections[spec->n_selections], rq, &rq->nodes[i],
                               since_7, fault))
            return false;
        spec->n_selections++;
    }
    for (size_t i = spec->n_selections; i-- > 0;)
        for (size_t k = 0; k < i; k++)
            if (at[k] == owner[i]) {
                spec->selections[i].next = spec->selections[k].first_child;
                spec->selections[k].first_child = (int32_t)i;
            }
    return true;
}

/* ---- object sets ---- */

static bool compile_objects(struct property_spec *spec, const struct soap_request *rq,
                            const struct soap_node *node,
                            const struct vim_view_of_world *v, bool skip_missing,
                            const int32_t *owner, struct spec_fault *fault)
{
    const struct soap_node *first = sim_soap_child(rq, node, "objectSet");
    size_t n = 0;

    for (const struct soap_node *o = first; o != NULL; o = sim_soap_again(rq, o))
        n++;
    if (n > SPEC_MAX_OBJECTS)
        return refuse(fault, SPEC_TOO_BIG, "too many object sets");
    spec->objects = calloc(n > 0 ? n : 1, sizeof(spec->objects[0]));
    if (spec->objects == NULL)
        return refuse(fault, SPEC_NOMEM, "");
    for (const struct soap_node *o = first; o != NULL; o = sim_soap_again(rq, o)) {
        const struct soap_node *obj = sim_soap_child(rq, o, "obj");
        struct spec_object *out = &spec->objects[spec->n_objects];

        if (!vim_ref_find(v, sim_soap_type(rq, obj), sim_soap_text(rq, obj), &out->ref)) {
            if (skip_missing)
                continue;
            (void)refuse(fault, SPEC_NO_OBJECT, sim_soap_text(rq, obj));
            (void)str_copy(fault->type, sizeof(fault->type), sim_soap_type(rq, obj));
            return false;
        }
        out->skip = sim_soap_child_bool(rq, o, "skip", false);
        out->first_child = -1;
        for (size_t i = spec->n_selections; i-- > 0;)
            if (&rq->nodes[owner[i]] == o) {
                spec->selections[i].next = out->first_child;
                out->first_child = (int32_t)i;
            }
        spec->n_objects++;
    }
    return true;
}

bool property_spec_compile(struct property_spec *spec, const struct soap_request *rq,
                           const struct soap_node *node,
                           const struct vim_view_of_world *v, bool skip_missing,
                           struct spec_fault *fault)
{
    int32_t owner[SPEC_MAX_SELECTIONS];

    *spec = (struct property_spec){0};
    if (compile_prop_sets(spec, rq, node, v->since_7, fault) &&
        compile_selections(spec, rq, node, v->since_7, owner, fault) &&
        compile_objects(spec, rq, node, v, skip_missing, owner, fault))
        return true;
    property_spec_clear(spec);
    return false;
}

void property_spec_clear(struct property_spec *spec)
{
    for (size_t i = 0; i < spec->n_paths; i++)
        free(spec->paths[i].name);
    free(spec->paths);
    free(spec->selections);
    free(spec->objects);
    *spec = (struct property_spec){0};
}

/* ---- the walk ---- */

struct work {
    struct vim_ref ref;
    int32_t selection; /* first of its list */
};

struct walk {
    const struct property_spec *spec;
    const struct vim_view_of_world *v;
    struct vim_refs *out;
    struct vim_refs found; /* of one step */
    struct work *todo;
    size_t n, cap;
    unsigned char *emitted; /* by inventory index */
    unsigned char *seen;    /* by inventory index and selection */
    bool failed;
};

static void emit(struct walk *k, struct vim_ref r)
{
    size_t i;

    if (!k->spec->covers[r.cls])
        return;
    if (vim_inventory_index(r, &i)) {
        if (k->emitted[i])
            return;
        k->emitted[i] = 1;
    } else {
        for (i = 0; i < k->out->n; i++)
            if (k->out->at[i].cls == r.cls && k->out->at[i].i == r.i)
                return;
    }
    vim_refs_add(k->out, r);
}

static void push(struct walk *k, struct vim_ref r, int32_t selection)
{
    if (selection < 0 || k->failed)
        return;
    if (k->n == k->cap) {
        size_t cap = k->cap < 64 ? 64 : 2 * k->cap;
        struct work *p = reallocarray(k->todo, cap, sizeof(*p));

        if (p == NULL) {
            k->failed = true;
            return;
        }
        k->todo = p;
        k->cap = cap;
    }
    k->todo[k->n++] = (struct work){r, selection};
}

/* Was this selection applied to this object already? Only inventory objects can be met
 * twice. */
static bool applied(struct walk *k, struct vim_ref r, size_t selection)
{
    size_t i;
    unsigned char *mark;

    if (!vim_inventory_index(r, &i))
        return false;
    mark = &k->seen[i * k->spec->n_selections + selection];
    if (*mark)
        return true;
    *mark = 1;
    return false;
}

static void apply(struct walk *k, struct vim_ref r, size_t selection)
{
    const struct spec_selection *s = &k->spec->selections[selection];
    const struct vim_prop *prop = s->prop[r.cls];

    if (prop == NULL || applied(k, r, selection))
        return;
    k->found.n = 0;
    vim_refs_of(k->v, r, prop, &k->found);
    for (size_t i = 0; i < k->found.n; i++) {
        if (!s->skip)
            emit(k, k->found.at[i]);
        push(k, k->found.at[i], s->first_child);
    }
}

static void step(struct walk *k, struct work w)
{
    const struct property_spec *spec = k->spec;

    for (int32_t i = w.selection; i >= 0; i = spec->selections[i].next) {
        if (!spec->selections[i].only_name) {
            apply(k, w.ref, (size_t)i);
            continue;
        }
        for (size_t t = 0; t < spec->n_selections; t++)
            if (!spec->selections[t].only_name &&
                str_eq(spec->selections[t].name, spec->selections[i].name))
                apply(k, w.ref, t);
    }
}

bool property_spec_select(const struct property_spec *spec,
                          const struct vim_view_of_world *v, struct vim_refs *out)
{
    size_t n = vim_n_inventory(v->w);
    struct walk k = {.spec = spec, .v = v, .out = out};

    out->n = 0;
    k.emitted = calloc(n, 1);
    k.seen = calloc(n, spec->n_selections > 0 ? spec->n_selections : 1);
    k.failed = k.emitted == NULL || k.seen == NULL;
    for (size_t i = 0; i < spec->n_objects && !k.failed; i++) {
        const struct spec_object *o = &spec->objects[i];

        if (!vim_ref_exists(v, o->ref))
            continue;
        if (!o->skip)
            emit(&k, o->ref);
        if (v->session != NULL) /* nobody reads on from there without one */
            push(&k, o->ref, o->first_child);
        /* First in, first out keeps parents before children, as they are met. */
        for (size_t at = 0; at < k.n && !k.failed; at++)
            step(&k, k.todo[at]);
        k.n = 0;
    }
    k.failed = k.failed || k.found.failed || out->failed;
    free(k.emitted);
    free(k.seen);
    free(k.todo);
    vim_refs_clear(&k.found);
    return !k.failed;
}
