/*
 * soap_request - a SOAP request as a small tree of nodes: the method element and below.
 * Owns its nodes and texts (soap_request_clear); reused from request to request. Nodes
 * are borrowed until the next parse. Threads: each belongs to one thread.
 */
#ifndef RH_SIM_SOAP_REQUEST_H
#define RH_SIM_SOAP_REQUEST_H

#include "core/base/str.h"

enum { SOAP_MAX_NODES = 8192, SOAP_MAX_BYTES = 1024 * 1024 };

struct soap_node {
    uint32_t name, type, xsi_type, text; /* offsets into the texts; use sim_soap_…() */
    int32_t parent, first, last, next;   /* -1 = none */
};

struct soap_request {
    struct soap_node *nodes;
    size_t n, cap;
    struct strbuf texts;
    int32_t open, method;
    bool body_open, full, nomem, many;
};

void soap_request_init(struct soap_request *r) NONNULL;
void soap_request_clear(struct soap_request *r) NONNULL;

/* ERR_PROTOCOL (no XML, a DTD, no Body with one method), ERR_TOO_BIG, ERR_NOMEM. */
enum err_code soap_request_parse(struct soap_request *r, const char *bytes, size_t len,
                                 struct err *e) MUST_CHECK NONNULL;

/* The last few requests: a client asks for the same again and again, under another name
 * of the operation. */
enum { SOAP_REQUESTS_KEPT = 4 };
struct soap_requests {
    struct {
        struct strbuf bytes; /* without the operation's name; empty = none */
        size_t name;         /* where that was */
        struct soap_request tree;
    } kept[SOAP_REQUESTS_KEPT];
    size_t next; /* is forgotten first */
};
void soap_requests_init(struct soap_requests *s) NONNULL;
void soap_requests_clear(struct soap_requests *s) NONNULL;

/* As soap_request_parse(), into *out: borrowed until the next one is read. */
enum err_code soap_requests_read(struct soap_requests *s, const char *bytes, size_t len,
                                 const struct soap_request **out,
                                 struct err *e) MUST_CHECK NONNULL;

const struct soap_node *sim_soap_method(const struct soap_request *r) NONNULL;

/* First child, next sibling, the first child or next sibling of that name. NULL takes and
 * gives NULL. */
const struct soap_node *sim_soap_first(const struct soap_request *r,
                                       const struct soap_node *n);
const struct soap_node *sim_soap_next(const struct soap_request *r,
                                      const struct soap_node *n);
const struct soap_node *sim_soap_child(const struct soap_request *r,
                                       const struct soap_node *n, const char *name);
const struct soap_node *sim_soap_again(const struct soap_request *r,
                                       const struct soap_node *n); /* same name */

/* "" for NULL and for what is not there. */
const char *sim_soap_name(const struct soap_request *r, const struct soap_node *n);
const char *sim_soap_text(const struct soap_request *r, const struct soap_node *n);
const char *sim_soap_type(const struct soap_request *r,
                          const struct soap_node *n); /* of a reference */
const char *sim_soap_xsi_type(const struct soap_request *r,
                              const struct soap_node *n); /* without prefix */

const char *sim_soap_child_text(const struct soap_request *r, const struct soap_node *n,
                                const char *name);
bool sim_soap_child_bool(const struct soap_request *r, const struct soap_node *n,
                         const char *name, bool otherwise);
/* A whole number within [0, max]; otherwise when absent or none such. */
int64_t sim_soap_child_number(const struct soap_request *r, const struct soap_node *n,
                              const char *name, int64_t max, int64_t otherwise);

#endif
