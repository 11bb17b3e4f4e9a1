/*
 * vim_call - one SOAP call under way: who calls, what was asked, where the answer goes;
 * and the methods that answer. Borrows everything. Threads: as the world.
 */
#ifndef RH_SIM_VIM_CALL_H
#define RH_SIM_VIM_CALL_H

#include "core/net/http.h"
#include "core/sim/soap_request.h"
#include "core/sim/vim_server.h"

struct vim_call {
    struct world *w;
    struct vim_server *server;
    struct vim_session *session; /* NULL = none */
    const struct http_request *http;
    const struct soap_request *rq;
    const struct soap_node *method;
    const char *name; /* of the method */
    struct vim_ref self;
    struct vim_view_of_world view;
    struct http_response *rs;
};

/* Each writes the whole answer, result or fault. */
typedef void vim_method(struct vim_call *c);

vim_method vim_retrieve, vim_retrieve_continue, vim_retrieve_cancel, vim_fetch;
vim_method vim_collector_create, vim_collector_destroy, vim_filter_create,
    vim_filter_destroy, vim_wait, vim_wait_cancel;
vim_method vim_view_create, vim_view_destroy, vim_find_by_path, vim_find_by_uuid;
vim_method vim_content, vim_current_time, vim_login, vim_logout;
vim_method vim_power_on, vim_power_off, vim_suspend, vim_reset, vim_shutdown_guest,
    vim_reboot_guest;
vim_method vim_query_perf, vim_query_provider, vim_query_counters, vim_query_available;

/* Compiles the call's spec, or answers with the fault that says why not. */
bool vim_compile(struct vim_call *c, const struct soap_node *node,
                 struct property_spec *out);

/* <METHODResponse><returnval type="CLASS">ID</returnval>…, or without a result. */
void vim_answer_ref(struct vim_call *c, struct vim_ref r) NONNULL;
void vim_answer_nothing(struct vim_call *c) NONNULL;

/* The first child of that name as a reference to an object that exists; false after a
 * ManagedObjectNotFound was written. */
bool vim_argument_ref(struct vim_call *c, const struct soap_node *node,
                      struct vim_ref *out) NONNULL;

#endif
