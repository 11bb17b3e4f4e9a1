/*
 * vim_model - the simulated ESX host's managed objects as the vim25 API shows them:
 * classes, references, property tables, and values written as XML straight from the
 * world. Borrows the world and the server's state for the length of a request. Threads:
 * as the world.
 */
#ifndef RH_SIM_VIM_MODEL_H
#define RH_SIM_VIM_MODEL_H

#include "core/base/str.h"
#include "core/sim/world.h"

enum vim_class {
    VIM_NONE, /* a class that exists, but of which this host has no object */
    VIM_FOLDER,
    VIM_DATACENTER,
    VIM_COMPUTE_RESOURCE,
    VIM_RESOURCE_POOL,
    VIM_HOST,
    VIM_VM,
    VIM_TASK,
    VIM_SERVICE_INSTANCE,
    VIM_SESSION_MANAGER,
    VIM_TASK_MANAGER,
    VIM_VIEW_MANAGER,
    VIM_PERF_MANAGER,
    VIM_SEARCH_INDEX,
    VIM_COLLECTOR,
    VIM_FILTER,
    VIM_VIEW,
    VIM_N_CLASSES
};

/* i: index of a VM; key of a task; number of a view, filter or collector (0 = the
 * default one); one of enum vim_folder; else 0. */
struct vim_ref {
    enum vim_class cls;
    int32_t i;
};
enum vim_folder {
    VIM_FOLDER_ROOT,
    VIM_FOLDER_VM,
    VIM_FOLDER_HOST,
    VIM_FOLDER_DATASTORE,
    VIM_FOLDER_NETWORK,
    VIM_N_FOLDERS
};

struct vim_refs {
    struct vim_ref *at;
    size_t n, cap;
    bool failed;
};

enum vim_kind {
    VIM_STRING,
    VIM_INT,
    VIM_LONG,
    VIM_SHORT,
    VIM_BOOL,
    VIM_TIME, /* number = milliseconds */
    VIM_ENUM,
    VIM_REF,
    VIM_REFS, /* a list of references */
    VIM_OBJECT,
    VIM_LIST,  /* of what the class's list function writes */
    VIM_FAULT, /* an object whose children the list function writes */
    VIM_UNSET, /* exists, but this host never sets it */
};

/* field says to the class's get() which fact of the world a leaf shows. */
struct vim_prop {
    const char *name;
    enum vim_kind kind;
    const char *type; /* of ENUM and OBJECT; of the elements of LIST */
    int field;
    const struct vim_prop *children; /* of OBJECT */
    size_t n_children;
    unsigned flags;
};
enum {
    VIM_QUIET = 1,   /* a change of it alone is no update (vsphere-api 5) */
    VIM_SINCE_7 = 2, /* unknown to clients that speak an older version */
    VIM_DERIVED = 4, /* its type is not the one declared for it: say it */
};

struct vim_value {
    int64_t number;
    const char *text; /* of STRING and ENUM; may point to buf */
    struct vim_ref ref;
    char buf[80];
};

struct vim_server;
struct vim_session;

/* What a reading sees. */
struct vim_view_of_world {
    struct world *w;
    struct vim_server *server;
    const struct vim_session *session; /* NULL = not logged in */
    bool since_7;                      /* the client speaks 7.0 or later */
    bool skip_quiet;                   /* leave out what gives no update */
};

/* By name; a known class without objects is VIM_NONE; false for no class at all. */
bool vim_class_find(const char *name, enum vim_class *out) NONNULL;
const char *vim_class_name(enum vim_class cls);
/* Is cls the class of that name or derived from it ("ManagedEntity")? */
bool vim_class_is(enum vim_class cls, const char *name) NONNULL;

/* The property at a dotted path; NULL when the class has none such. */
const struct vim_prop *vim_prop_find(enum vim_class cls, const char *path,
                                     bool since_7) NONNULL;
/* The top-level ones. */
const struct vim_prop *vim_props(enum vim_class cls, size_t *n) NONNULL;

bool vim_ref_find(const struct vim_view_of_world *v, const char *type, const char *id,
                  struct vim_ref *out) NONNULL;
bool vim_ref_exists(const struct vim_view_of_world *v, struct vim_ref r) NONNULL;
void vim_put_id(struct strbuf *b, const struct vim_view_of_world *v,
                struct vim_ref r) NONNULL;
/* <tag type="CLASS">ID</tag> */
void vim_put_ref(struct strbuf *b, const struct vim_view_of_world *v, const char *tag,
                 struct vim_ref r) NONNULL;

/* Inventory objects have small numbers without gaps, for marking them. */
size_t vim_n_inventory(const struct world *w) NONNULL;
struct vim_ref vim_inventory_at(const struct world *w, size_t i) NONNULL;
bool vim_inventory_index(struct vim_ref r, size_t *out) NONNULL; /* false: not of it */
bool vim_parent(struct vim_ref r, struct vim_ref *out) NONNULL;
/* An entity's name; borrowed from the world or from *hold. */
const char *vim_name_of(const struct vim_view_of_world *v, struct vim_ref r,
                        struct vim_value *hold) NONNULL;

/* The references that a REF or REFS property holds. */
void vim_refs_of(const struct vim_view_of_world *v, struct vim_ref r,
                 const struct vim_prop *p, struct vim_refs *out) NONNULL;
void vim_refs_add(struct vim_refs *list, struct vim_ref r) NONNULL;
void vim_refs_clear(struct vim_refs *list) NONNULL;

/* <val xsi:type="…">…</val>; false, and nothing written, when it is unset. */
bool vim_put_val(struct strbuf *b, const struct vim_view_of_world *v, struct vim_ref r,
                 const struct vim_prop *p) NONNULL;
/* The same as <returnval>, an array as several, nothing when it is unset. */
void vim_put_results(struct strbuf *b, const struct vim_view_of_world *v,
                     struct vim_ref r, const struct vim_prop *p) NONNULL;
/* An object's children alone, each as an element. */
void vim_put_children(struct strbuf *b, const struct vim_view_of_world *v,
                      struct vim_ref r, const struct vim_prop *object) NONNULL;

/* <tag>number</tag>, <tag>escaped text</tag> */
void vim_put_number(struct strbuf *b, const char *tag, int64_t n) NONNULL;
void vim_put_text(struct strbuf *b, const char *tag, const char *text) NONNULL;
void vim_put_time(struct strbuf *b, const char *tag, int64_t ms) NONNULL;
void vim_put_int(struct strbuf *b, int64_t n) NONNULL; /* digits alone */

enum { VIM_VERSIONS = 18 };
extern const char *const vim_versions[VIM_VERSIONS]; /* newest first */
extern const char vim_release[], vim_build[], vim_full_name[];

/*
 * One class's facts. get() leaves *out as it is and returns false for what is unset;
 * list() writes each element as <tag>…</tag>, refs() appends.
 */
struct vim_ops {
    bool (*get)(const struct vim_view_of_world *v, struct vim_ref r, int field,
                struct vim_value *out);
    void (*refs)(const struct vim_view_of_world *v, struct vim_ref r, int field,
                 struct vim_refs *out);
    void (*list)(const struct vim_view_of_world *v, struct vim_ref r, int field,
                 struct strbuf *b, const char *tag);
    const struct vim_prop *props;
    size_t n_props;
};
extern const struct vim_ops vim_vm_ops, vim_host_ops, vim_folder_ops, vim_datacenter_ops,
    vim_compute_ops, vim_pool_ops, vim_task_ops, vim_service_ops, vim_sessions_ops,
    vim_tasks_ops, vim_views_ops, vim_perf_ops, vim_search_ops, vim_collector_ops,
    vim_filter_ops, vim_container_ops;

/* Fields that get() of several classes share. */
enum vim_common_field { VIM_F_NONE, VIM_F_NAME, VIM_F_PARENT, VIM_F_GREEN, VIM_F_OWN };

/* Rows of tables. */
#define VIM_LEAF(name, kind, field)                                                      \
    {                                                                                    \
        name, kind, NULL, field, NULL, 0, 0                                              \
    }
#define VIM_ENUM_LEAF(name, type, field)                                                 \
    {                                                                                    \
        name, VIM_ENUM, type, field, NULL, 0, 0                                          \
    }
#define VIM_LIST_OF(name, type, field)                                                   \
    {                                                                                    \
        name, VIM_LIST, type, field, NULL, 0, 0                                          \
    }
#define VIM_NEVER(name)                                                                  \
    {                                                                                    \
        name, VIM_UNSET, NULL, 0, NULL, 0, 0                                             \
    }
#define VIM_PART(name, type, table)                                                      \
    {                                                                                    \
        name, VIM_OBJECT, type, 0, table, ARRAY_LEN(table), 0                            \
    }
#define VIM_QUIET_PART(name, type, table)                                                \
    {                                                                                    \
        name, VIM_OBJECT, type, 0, table, ARRAY_LEN(table), VIM_QUIET                    \
    }

/* What every managed entity has, too. */
#define VIM_ENTITY_ROWS                                                                  \
    VIM_LEAF("name", VIM_STRING, VIM_F_NAME), VIM_LEAF("parent", VIM_REF, VIM_F_PARENT), \
        {"overallStatus", VIM_ENUM, "ManagedEntityStatus", VIM_F_GREEN, NULL, 0,         \
         VIM_QUIET},                                                                     \
        VIM_ENUM_LEAF("configStatus", "ManagedEntityStatus", VIM_F_GREEN),               \
        VIM_NEVER("configIssue"), VIM_NEVER("customValue"), VIM_NEVER("effectiveRole"),  \
        VIM_NEVER("permission"), VIM_NEVER("disabledMethod"), VIM_NEVER("recentTask"),   \
        VIM_NEVER("declaredAlarmState"), VIM_NEVER("triggeredAlarmState"),               \
        VIM_NEVER("alarmActionsEnabled"), VIM_NEVER("tag"), VIM_NEVER("value"),          \
        VIM_NEVER("availableField")

#endif
