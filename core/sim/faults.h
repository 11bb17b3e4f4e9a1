/*
 * faults - what can be made to go wrong at the simulated site, by name and rate.
 * Plain values in the site.
 * Threads: one at a time, as the site.
 */
#ifndef RH_SIM_FAULTS_H
#define RH_SIM_FAULTS_H

#include "core/base/err.h"
#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/sim/world.h"

/* id, name, where (WIRE: a chance for each request; BYTES: the same, where answers are
 * bytes), help. */
#define SITE_FAULTS(X)                                                                   \
    X(LATENCY, "latency", WIRE, "the answer takes 0.2 to 4 s longer")                    \
    X(TIMEOUT, "timeout", WIRE, "no answer ever comes; the act is done in half of them") \
    X(REFUSE, "refuse", WIRE, "the connection is refused")                               \
    X(RESET_BEFORE, "reset-before", WIRE, "the connection is lost, nothing was done")    \
    X(RESET_AFTER, "reset-after", WIRE, "the act is done, its answer is lost")           \
    X(STATUS_429, "status-429", WIRE, "answers 429 with Retry-After")                    \
    X(STATUS_500, "status-500", WIRE, "answers 500, nothing was done")                   \
    X(STATUS_503, "status-503", WIRE, "answers 503, nothing was done")                   \
    X(LATE_500, "late-500", WIRE, "the act is done, the answer is 500")                  \
    X(IGNORED, "ignored", WIRE, "a change is answered as done, but is not")              \
    X(TRUNCATED, "truncated", WIRE, "the body ends in the middle")                       \
    X(WRONG_TYPE, "wrong-type", WIRE, "a login page comes with status 200")              \
    X(LOOSE, "loose-shapes", BYTES,                                                      \
      "velostrata: instants and plain texts beyond its "                                 \
      "description")                                                                     \
    X(SKEW, "skew", WIRE, "the Date header is 10 minutes behind")                        \
    X(STATUS_401, "status-401", WIRE, "answers 401, nothing was done")                   \
    X(STATUS_403, "status-403", WIRE, "answers 403, nothing was done")                   \
    X(STATUS_404, "status-404", WIRE, "answers 404, nothing was done")                   \
    X(STATUS_408, "status-408", WIRE, "answers 408, nothing was done")                   \
    X(STATUS_409, "status-409", WIRE, "answers 409, nothing was done")                   \
    X(STATUS_502, "status-502", WIRE, "answers 502, nothing was done")                   \
    X(STATUS_504, "status-504", WIRE, "the act is done, the answer is 504")              \
    X(RETRY_ABSURD, "retry-absurd", WIRE, "answers 429, to come again in 30 years")      \
    X(STALE, "stale", WIRE, "a read tells what was so up to 5 minutes ago")              \
    X(SESSION, "session-ends", BYTES, "sessions, cookies and crumbs are forgotten")      \
    X(NULL_VALUE, "null", BYTES, "a value is null")                                      \
    X(OTHER_TYPE, "other-type", BYTES, "a number is a text, a text a number")            \
    X(MISSING, "missing", BYTES, "a member has another name")                            \
    X(TWICE, "twice", BYTES, "a member is there twice")                                  \
    X(DEEP, "deep", BYTES, "a value is nested 3,000 deep")                               \
    X(HUGE_NUMBER, "huge-number", BYTES, "a number has 40 digits or a large exponent")   \
    X(BAD_UTF8, "bad-utf8", BYTES, "a text is no UTF-8")                                 \
    X(NUL, "nul", BYTES, "a byte is 0")                                                  \
    X(BOM, "bom", BYTES, "the body begins with a byte order mark")                       \
    X(WRONG_HEAD, "wrong-head", BYTES, "the content type is another one")                \
    X(PAGE_MISSING, "page-missing", BYTES, "the next page's token is gone")              \
    X(PAGE_LOOP, "page-loop", BYTES, "a page names itself as the next one")              \
    X(UNKNOWN_WORD, "unknown-word", BYTES, "a state has a word that nobody knows")       \
    X(DOCTYPE, "doctype", BYTES, "a document with entities that grow")                   \
    X(ESCAPES, "escapes", BYTES, "a text has escape sequences and turns direction")      \
    X(DOUBLED, "doubled", WIRE, "a change arrives twice, the second answer is told")     \
    X(OTHER_ANSWER, "other-answer", WIRE, "the answer is that to another request")

/* The mishaps of the world (WORLD) follow. */
enum site_fault {
#define X(id, name, where, help) FAULT_##id,
    SITE_FAULTS(X)
#undef X
        N_WIRE_FAULTS,
    BEFORE_MISHAPS = N_WIRE_FAULTS - 1,
#define X(id, field, name, when, help) FAULT_##id,
    SIM_MISHAPS(X)
#undef X
        N_FAULTS
};

enum site_api {
    API_VELOSTRATA,
    API_JENKINS,
    API_VSPHERE,
    API_EC2,
    API_PRICING,
    API_SQS,
    API_STS,
    N_APIS
};
const char *site_api_name(enum site_api api);

struct faults {
    uint32_t rate[N_APIS][N_FAULTS]; /* parts of a million */
    bool any[N_APIS];                /* one of them is not 0; faults_set() sees to it */
    uint64_t fired[N_FAULTS];        /* so often it happened; of the world's: struck */
};

/*
 * "NAME=RATE[,…]": RATE from 0 to 1, or with % behind; NAME may be narrowed to one API as
 * in "jenkins.status-503". Adds to what is set. ERR_USAGE, its message says the names.
 */
enum err_code faults_parse(struct faults *f, const char *spec,
                           struct err *e) MUST_CHECK NONNULL;
enum err_code faults_set(struct faults *f, const char *name, uint32_t per_million,
                         struct err *e) MUST_CHECK NONNULL;
void faults_list(bool typed, struct strbuf *out) NONNULL; /* typed: without BYTES */
/* ERR_USAGE when one is on that only bytes can have. */
enum err_code faults_check_typed(const struct faults *f, struct err *e)
    MUST_CHECK NONNULL; /* one line each, with help */
const char *fault_name(enum site_fault fault);
/* What a chance of it is a chance of. */
enum fault_kind { FAULT_OF_WIRE, FAULT_OF_BYTES, FAULT_OF_ACT, FAULT_OF_HOUR };
enum fault_kind fault_kind(enum site_fault fault);
/* So often it happened, whatever its kind. */
uint64_t faults_fired(const struct faults *f, const struct world *w,
                      enum site_fault fault) NONNULL;
bool faults_roll(struct faults *f, struct rng *rng, enum site_api api,
                 enum site_fault fault) NONNULL;
void faults_to_world(const struct faults *f, struct sim_odds *odds) NONNULL;

#endif
