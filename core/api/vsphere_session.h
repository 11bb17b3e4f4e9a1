/*
 * vsphere_session - one login shared by the clients of several threads, and the exchange
 * of one SOAP call under it (vsphere-api 2, 3, 11). Inside core/api only.
 * A session owns its copy of cookie and ids; a client borrows the session, owns its
 * buffers and holds its last observation. Threads: a client belongs to one thread; the
 * session guards itself and is locked over no I/O: who logs in says so, the others wait.
 */
#ifndef RH_API_VSPHERE_SESSION_H
#define RH_API_VSPHERE_SESSION_H

#include "core/api/again.h"
#include "core/api/vsphere.h"
#include "core/api/vsphere_soap.h"
#include "core/base/probe.h"

/* What a login gave. Copied to every client; cookie is a secret. */
struct vsphere_service {
    uint64_t generation; /* of the login; 0 = none yet */
    char action[48];     /* value of SOAPAction */
    char cookie[1024];   /* name=value, "" = none */
    char root_folder[SOAP_ID_TEXT], property_collector[SOAP_ID_TEXT];
    char session_manager[SOAP_ID_TEXT], view_manager[SOAP_ID_TEXT];
    char perf_manager[SOAP_ID_TEXT]; /* "" = it has none */
    char view[SOAP_ID_TEXT];         /* "" = not created yet */
};

/* The counters of CPU waiting, by a server's own ids (vsphere_perf). */
struct vsphere_perf {
    uint64_t generation;   /* of the login that they were looked up under; 0 = none */
    int32_t ready, costop; /* -1 = the server has no such counter */
    struct mono at;        /* of the last question for samples */
};

/* The collector that waits for changes (vsphere_watch). */
struct vsphere_watch {
    uint64_t generation; /* of the login that it belongs to */
    char collector[SOAP_ID_TEXT];
    char version[SOAP_ID_TEXT]; /* of the last update, "" = none yet: all is told */
    bool is_open;
    bool has_news; /* told in parts, and not all of them are there */
    int more;      /* parts in a row */
};

struct vsphere {
    struct vsphere_session *session;
    struct transport transport;
    const struct clock *clock;
    bool (*wait)(void *ctx, int64_t ms);
    void *wait_ctx;
    struct vsphere_service service;         /* as of the last vsphere_session_use() */
    struct strbuf body;                     /* of the request being built */
    unsigned since, number, calls;          /* what the names of its calls are made of */
    char operation[SOAP_OPERATION_LEN + 1]; /* of the last one */
    struct siphash_key key;
    struct again listing;     /* the answer that `last` was read from */
    struct observation *last; /* NULL: the last poll failed */
    struct vsphere_perf perf;
    struct vsphere_watch watch;
    bool is_again;   /* the listing came again and was not read */
    bool maybe_done; /* the last call failed, and the server may have acted */
    bool skew_known; /* of the last answers */
    int64_t skew_s;
};

/* Where the calls go; borrowed from the session. */
const char *vsphere_session_url(const struct vsphere_session *s) NONNULL;

/* The session is usable: v->service is current. Logs in when it is not, or waits for the
 * thread that does. After a refused login ERR_AUTH without asking again for a while. */
enum err_code vsphere_session_use(struct vsphere *v, struct err *e) MUST_CHECK NONNULL;

/* v's calls found the session dead: the next use logs in, unless another thread did. */
void vsphere_session_lost(struct vsphere *v) NONNULL;

/* Not even a fresh login is believed: ERR_AUTH, and no login again for a while. */
enum err_code vsphere_session_give_up(struct vsphere *v, struct err *e) NONNULL;

/* Makes sure that v->service.view is set; forget drops the one that is known. */
enum err_code vsphere_view_use(struct vsphere *v, struct soap_fault *fault,
                               struct err *e) MUST_CHECK NONNULL;
void vsphere_view_forget(struct vsphere *v) NONNULL;

/*
 * One exchange of v->body. ERR_OK also for a fault. On an error v->maybe_done says
 * whether the server may have done it.
 */
struct vsphere_call {
    const char *method;
    const struct soap_sink *sink; /* NULL = nothing of interest */
    bool mutating;
    bool is_listing;    /* of all VMs: not read when v->is_again */
    int64_t timeout_ms; /* 0 = the client's */
};
enum err_code vsphere_exchange(struct vsphere *v, const struct vsphere_call *call,
                               struct soap_fault *fault,
                               struct err *e) MUST_CHECK NONNULL;

/* The two halves of an exchange that is made elsewhere: the request around v->body, and
 * what an answer to it says. */
void vsphere_request(struct vsphere *v, struct http_request *rq) NONNULL;
enum err_code vsphere_answer(struct vsphere *v, const struct vsphere_call *call,
                             const struct http_response *rs, struct soap_fault *fault,
                             struct err *e) MUST_CHECK NONNULL;

/* Does the fault say that the session, or what belongs to it, is gone (3.1)? */
bool vsphere_fault_is_dead(const struct vsphere *v,
                           const struct soap_fault *fault) NONNULL;

/* A sink that keeps one text: of the element at that path of an answer. */
struct vsphere_pick {
    const char *path;
    char *to;
    size_t size;
};
struct soap_sink vsphere_pick_sink(struct vsphere_pick *p) NONNULL;

#endif
