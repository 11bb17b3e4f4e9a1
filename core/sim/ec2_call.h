/*
 * ec2_call - one EC2 Query call under way: its parameters, filters and paging, its answer
 * and errors; and the actions. Borrows everything. Threads: as the world.
 */
#ifndef RH_SIM_EC2_CALL_H
#define RH_SIM_EC2_CALL_H

#include "core/net/http.h"
#include "core/sim/form.h"
#include "core/sim/world.h"

enum {
    EC2_MAX_FILTERS = 50,
    EC2_MAX_VALUES = 200, /* of one filter */
    EC2_MAX_FACTS = 16,   /* that one filter may be compared with */
    EC2_MIN_RESULTS = 5,
    EC2_MAX_RESULTS = 1000,
};

struct ec2_call {
    struct world *w;
    const struct http_request *http;
    struct http_response *rs;
    struct form form;
    const char *action;
    bool failed; /* an error was written */
};

/* One answer to Action=name: writes everything between the root's tags. */
struct ec2_action {
    const char *name;
    void (*call)(struct ec2_call *c);
    /* Parameters, "N" for an index: "InstanceId.N", "Filter.N.Value.N"; ends with NULL.
     * Every action knows Action, Version and DryRun besides. */
    const char *const *parameters;
};
extern const struct ec2_action ec2_describe_instances, ec2_describe_spot_requests,
    ec2_describe_prices, ec2_describe_interfaces, ec2_run_instances,
    ec2_terminate_instances, ec2_create_tags, ec2_modify_interface, ec2_cancel_spot;

/* Response/Errors/Error with that status; the rest of the action is void. */
void ec2_error(struct ec2_call *c, int status, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5) NONNULL;

/* ---- filters ---- */

/* The texts of one item that a filter's values are compared with. */
struct ec2_facts {
    const char *at[EC2_MAX_FACTS];
    size_t n;
    char buf[64];
};
typedef void ec2_fact_fn(const struct ec2_call *c, const void *item, const char *filter,
                         struct ec2_facts *out);

struct ec2_filter {
    const char *name;
    char values[24]; /* "Filter.N.Value" */
};
struct ec2_filters {
    struct ec2_filter list[EC2_MAX_FILTERS];
    size_t n;
};

/* names: what may be filtered by, NULL at the end; "tag:KEY" is known if "tag:" is among
 * them. False after an error was written. */
bool ec2_filters_read(struct ec2_call *c, const char *const *names,
                      struct ec2_filters *out) NONNULL;
bool ec2_filters_match(const struct ec2_call *c, const struct ec2_filters *filters,
                       const void *item, ec2_fact_fn *facts) NONNULL;
/* "*" any text, "?" any character, "\" takes what follows as it is. */
bool ec2_wildcard(const char *pattern, const char *text) NONNULL;

/* For "tag:KEY" and "tag-key". False: neither. */
bool ec2_tag_facts(const struct sim_tag *tags, size_t n, const char *filter,
                   struct ec2_facts *out);
void ec2_fact(struct ec2_facts *out, const char *text) NONNULL;

/* ---- ids and pages ---- */

/* Of the interface to the instance that it is attached to. */
void ec2_attachment_id(const struct sim_eni *eni, char out[SIM_ID]) NONNULL;

/* Is id among PREFIX.1, PREFIX.2, …? All, when there are none. */
bool ec2_listed(const struct ec2_call *c, const char *prefix, const char *id) NONNULL;
bool ec2_has_list(const struct ec2_call *c, const char *prefix) NONNULL;

struct ec2_page {
    int64_t from; /* the first position of this page */
    size_t left;
    int64_t next; /* where the next one begins, -1 = none */
};
/* ids: the prefix that excludes MaxResults, NULL = none. False after an error. */
bool ec2_page_read(struct ec2_call *c, const char *ids, size_t max_default,
                   struct ec2_page *out);
/* May the item at this position be written? Past the page's end it becomes `next`. */
bool ec2_page_takes(struct ec2_page *p, int64_t position) NONNULL;
/* always: an empty element where there is no next page. */
void ec2_page_end(struct ec2_call *c, const struct ec2_page *p, bool always) NONNULL;

/* The parameters of every listing. */
#define EC2_PAGED "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"

/* ---- instances ---- */

/* Is each of InstanceId.N known? False after an error was written. */
bool ec2_instances_exist(struct ec2_call *c) NONNULL;
/* An item of instancesSet, tags included as far as they are indexed. */
void ec2_put_instance(struct ec2_call *c, const struct sim_instance *i) NONNULL;
int ec2_state_code(enum sim_instance_state state);
const char *ec2_state_name(enum sim_instance_state state);

/* ---- writing ---- */

void ec2_put(struct ec2_call *c, const char *tag, const char *text) NONNULL;
void ec2_put_time(struct ec2_call *c, const char *tag, int64_t ms) NONNULL;
void ec2_put_price(struct ec2_call *c, const char *tag, int64_t nanos) NONNULL;
extern const char ec2_product[]; /* the only one that is sold here */
void ec2_open(struct ec2_call *c, const char *tag) NONNULL;
void ec2_close(struct ec2_call *c, const char *tag) NONNULL;

#endif
