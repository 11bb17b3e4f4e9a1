/*
 * property_spec - a PropertyFilterSpec compiled: which objects to start from, where to go
 * from there, which properties of what is met. Owns its tables (property_spec_clear).
 * Threads: as the world.
 */
#ifndef RH_SIM_PROPERTY_SPEC_H
#define RH_SIM_PROPERTY_SPEC_H

#include "core/sim/soap_request.h"
#include "core/sim/vim_model.h"

enum {
    SPEC_MAX_SELECTIONS = 64,
    SPEC_MAX_OBJECTS = 2048, /* object sets */
    SPEC_MAX_PATHS = 4096,   /* over all classes */
};

struct spec_path {
    const struct vim_prop *prop;
    char *name; /* as asked for */
};

struct spec_selection {
    char name[64];
    bool only_name; /* refers to the one with this name */
    bool skip;
    char type[48];
    const struct vim_prop *prop[VIM_N_CLASSES]; /* by class; NULL = not from there */
    int32_t first_child, next;                  /* indexes, -1 */
};

struct spec_object {
    struct vim_ref ref;
    bool skip;
    int32_t first_child; /* selection */
};

struct property_spec {
    struct spec_path *paths;
    size_t n_paths, cap_paths;
    size_t begin[VIM_N_CLASSES], end[VIM_N_CLASSES]; /* paths of each class */
    bool covers[VIM_N_CLASSES];
    struct spec_selection *selections;
    size_t n_selections;
    struct spec_object *objects;
    size_t n_objects;
};

/* Why a spec was refused; the fault that says so is the wire's to write. */
enum spec_fault_kind {
    SPEC_NO_PROPERTY = 1,
    SPEC_NO_OBJECT,
    SPEC_NO_CLASS,
    SPEC_TOO_BIG,
    SPEC_NOMEM
};
struct spec_fault {
    enum spec_fault_kind kind;
    char text[160]; /* the path, the id, the class */
    char type[48];  /* SPEC_NO_OBJECT: of the missing object */
};

/* node: a specSet or spec element. Objects that do not exist are left out when
 * skip_missing, else they refuse the whole. */
bool property_spec_compile(struct property_spec *spec, const struct soap_request *rq,
                           const struct soap_node *node,
                           const struct vim_view_of_world *v, bool skip_missing,
                           struct spec_fault *fault) NONNULL;
void property_spec_clear(struct property_spec *spec) NONNULL;

/* What it selects now, each object once, in the order met; false when memory is out. */
bool property_spec_select(const struct property_spec *spec,
                          const struct vim_view_of_world *v,
                          struct vim_refs *out) NONNULL;

#endif
