/*
 * vim_server - what the simulated ESX host remembers of its clients: sessions, and the
 * views, collectors, filters and unfinished pages that belong to them. Kept in the
 * world's slot WIRE_VSPHERE and freed with it. Pointers are borrowed until the next
 * change of their list. Threads: as the world.
 */
#ifndef RH_SIM_VIM_SERVER_H
#define RH_SIM_VIM_SERVER_H

#include "core/net/http.h"
#include "core/sim/property_spec.h"
#include "core/sim/soap_request.h"
#include "core/sim/vim_model.h"

enum {
    VIM_MAX_SESSIONS = 64,
    VIM_MAX_OF_SESSION = 64, /* views, collectors, filters, pages: of each */
    VIM_MAX_VIEW_TYPES = 16,
    VIM_UUID = 40,
};

#define VIM_IDLE_MS    (INT64_C(30) * 60 * 1000)
#define VIM_LOCKOUT_MS (INT64_C(15) * 60 * 1000)
enum { VIM_LOCKOUT_FAILURES = 5 };

struct vim_session {
    char cookie[VIM_UUID]; /* its value, unquoted */
    char key[VIM_UUID];
    char user[SIM_NAME];
    char agent[SIM_NAME];
    int64_t login, last_active;
    bool used;
};

/* A view, collector or filter: its id is "session[KEY]OWN". number is never used again.
 */
struct vim_thing {
    int32_t number;
    int32_t session; /* index; things die with their session */
    char own[VIM_UUID];
};

struct vim_container {
    struct vim_thing thing;
    struct vim_ref container;
    char types[VIM_MAX_VIEW_TYPES][48]; /* none: everything */
    size_t n_types;
    bool recursive;
};

struct vim_collector {
    struct vim_thing thing;
    bool is_default;  /* the session's share of ha-property-collector */
    bool canceled;    /* the wait that is held shall end */
    uint64_t version; /* of the last answer that told anything */
    uint64_t acked;   /* the one before, that a client may still have */
};

/* What a filter last told of one object: a hash of each property's value. */
struct vim_seen {
    struct vim_ref ref;
    size_t first; /* in hashes */
    size_t n;
};
struct vim_seen_set {
    struct vim_seen *objects; /* by class, then number */
    size_t n, cap;
    uint64_t *hashes; /* 0 = unset */
    size_t n_hashes, cap_hashes;
};

struct vim_filter {
    struct vim_thing thing;
    int32_t collector; /* number */
    struct property_spec spec;
    struct vim_seen_set acked, told;
};

/* The rest of a result, waiting for ContinueRetrievePropertiesEx. */
struct vim_page {
    struct vim_thing thing;
    int32_t collector;
    struct property_spec spec;
    struct vim_refs refs;
    size_t next, size;
};

struct vim_server {
    struct rng rng; /* ids only; the world's is not touched */
    struct soap_requests requests;
    struct vim_session sessions[VIM_MAX_SESSIONS];
    struct vim_container *views;
    size_t n_views, cap_views;
    struct vim_collector *collectors;
    size_t n_collectors, cap_collectors;
    struct vim_filter *filters;
    size_t n_filters, cap_filters;
    struct vim_page *pages;
    size_t n_pages, cap_pages;
    int32_t next_number;
    int32_t login_failures;
    int64_t locked_until;
    struct strbuf scratch; /* one value, to be hashed */
};

/* The world's, made at first use. NULL when memory is out. */
struct vim_server *vim_server_of(struct world *w) NONNULL;

/* The live session that the request's cookie names, its idle time begun anew; NULL when
 * there is none. */
struct vim_session *vim_session_of(struct vim_server *s, const struct http_request *rq,
                                   int64_t now) NONNULL;
/* NULL: all in use. */
struct vim_session *vim_session_begin(struct vim_server *s, const char *user,
                                      const char *agent, int64_t now) NONNULL;
void vim_session_end(struct vim_server *s, struct vim_session *session) NONNULL;
int32_t vim_session_index(const struct vim_server *s,
                          const struct vim_session *session) NONNULL;

/* A new one of the session's, zeroed but for its thing; NULL at the limit or without
 * memory. */
struct vim_container *vim_view_new(struct vim_server *s,
                                   const struct vim_session *owner) NONNULL;
struct vim_collector *vim_collector_new(struct vim_server *s,
                                        const struct vim_session *owner) NONNULL;
struct vim_filter *vim_filter_new(struct vim_server *s,
                                  const struct vim_session *owner) NONNULL;
struct vim_page *vim_page_new(struct vim_server *s,
                              const struct vim_session *owner) NONNULL;

void vim_view_end(struct vim_server *s, struct vim_container *view) NONNULL;
void vim_collector_end(struct vim_server *s, struct vim_collector *c) NONNULL;
void vim_filter_end(struct vim_server *s, struct vim_filter *f) NONNULL;
void vim_page_end(struct vim_server *s, struct vim_page *p) NONNULL;
void vim_seen_clear(struct vim_seen_set *set) NONNULL;

struct vim_container *vim_view_find(const struct vim_server *s, int32_t number) NONNULL;
struct vim_collector *vim_collector_find(const struct vim_server *s,
                                         int32_t number) NONNULL;
/* Of a session: the one with that number, made at first use when 0. */
struct vim_collector *vim_collector_of(struct vim_server *s,
                                       const struct vim_session *owner,
                                       int32_t number) NONNULL;
struct vim_filter *vim_filter_find(const struct vim_server *s, int32_t number) NONNULL;

/* By "session[KEY]OWN" and class, of any session; 0 = none. */
int32_t vim_thing_find(const struct vim_server *s, enum vim_class cls,
                       const char *id) NONNULL;
const struct vim_thing *vim_thing_of(const struct vim_server *s,
                                     struct vim_ref r) NONNULL;
void vim_thing_put_id(struct strbuf *b, const struct vim_server *s,
                      const struct vim_thing *t) NONNULL;

#endif
