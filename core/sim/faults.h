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
 * bytes; WORLD: as said), help. */
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
    X(NO_CAPACITY, "no-capacity", WORLD, "a spot launch finds no capacity")              \
    X(TASK_FAILS, "task-fails", WORLD, "a task of the manager fails")                    \
    X(SPOT_STORM, "spot-storm", WORLD, "all instances are taken back; each hour")        \
    X(NO_AGENT, "no-agent", WORLD, "an agent does not connect for 12 minutes")           \
    X(NO_BOOT, "no-boot", WORLD, "a guest never comes up")                               \
    X(DEAF, "deaf", WORLD, "a guest ignores its shutdown")                               \
    X(LAG, "lag", WORLD, "ec2 lists what was launched half a minute to 4 minutes late")

enum site_fault {
#define X(id, name, where, help) FAULT_##id,
    SITE_FAULTS(X)
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
    uint64_t fired[N_FAULTS];        /* so often it happened; WORLD: not counted */
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
bool faults_roll(struct faults *f, struct rng *rng, enum site_api api,
                 enum site_fault fault) NONNULL;
void faults_to_world(const struct faults *f, struct sim_odds *odds) NONNULL;

#endif
