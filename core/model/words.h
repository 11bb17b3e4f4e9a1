/*
 * words - the closed lists of the domain: one enum and one spelling each (design 9).
 * Static tables.
 * Threads: any.
 */
#ifndef RH_MODEL_WORDS_H
#define RH_MODEL_WORDS_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the fixed texts in plain values. */
enum {
    NAME_TEXT = 64,  /* a server, a node, a VM */
    ID_TEXT = 72,    /* an id of a remote system */
    LINE_TEXT = 192, /* a sentence */
    BUILD_TEXT = 96, /* a build: "net-pipe #88" */
    URL_TEXT = 256,
    SETTING_KEY_TEXT = 160, /* a word of the program, and up to three names */
    MAX_SERVERS = 1024
};

#define PLACES(X)                                                                        \
    X(UNKNOWN, "unknown")                                                                \
    X(ONPREM, "onprem")                                                                  \
    X(CLOUD, "cloud")                                                                    \
    X(MOVING_OUT, "moving_out")                                                          \
    X(MOVING_BACK, "moving_back")                                                        \
    X(LOST, "lost")

/* Why policy wants the desired place (policy-and-cost 3.5). AUTO_OFF: policy wants
 * nothing. */
#define REASONS(X)                                                                       \
    X(NONE, "none")                                                                      \
    X(HOLD, "hold")                                                                      \
    X(BUDGET, "budget")                                                                  \
    X(LEAD, "lead")                                                                      \
    X(WINDOW, "window")                                                                  \
    X(PRESSURE, "pressure")                                                              \
    X(HOLIDAY, "holiday")                                                                \
    X(OUTSIDE, "outside")

/* Why a due move does not start now, in the order in which they are checked (3.6). */
#define GATES(X)                                                                         \
    X(NONE, "none")                                                                      \
    X(AUTO_OFF, "auto-off")                                                              \
    X(CLOCK, "clock")                                                                    \
    X(STALE, "stale")                                                                    \
    X(TASK, "task")                                                                      \
    X(BLOCKED, "blocked")                                                                \
    X(NODE, "node")                                                                      \
    X(BUDGET, "budget")                                                                  \
    X(BREAKER, "breaker")                                                                \
    X(BACKOFF, "backoff")                                                                \
    X(DWELL, "dwell")                                                                    \
    X(REMAINING, "remaining")                                                            \
    X(SLOTS, "slots")                                                                    \
    X(DRAIN, "drain")

#define DIRECTIONS(X) X(OUT, "out") X(BACK, "back")

/* The steps of all movers; each mover's tables choose and order them. */
#define STEPS(X)                                                                         \
    X(NONE, "")                                                                          \
    X(DRAIN, "drain")                                                                    \
    X(EXTENSION, "extension")                                                            \
    X(RUN, "run")                                                                        \
    X(SHUTDOWN, "shutdown")                                                              \
    X(LAUNCH, "launch")                                                                  \
    X(BOOT, "boot")                                                                      \
    X(NODE, "node")                                                                      \
    X(RETURN, "return")                                                                  \
    X(TERMINATE, "terminate")                                                            \
    X(POWER_ON, "power_on")

#define POWERS(X)                                                                        \
    X(UNKNOWN, "unknown") X(ON, "on") X(OFF, "off") X(SUSPENDED, "suspended")

#define HOLD_KINDS(X) X(UNTIL_SCHEDULE, "until-schedule") X(UNTIL, "until") X(PIN, "pin")

#define MODES(X)                                                                         \
    X(AUTO, "auto") X(MANUAL, "manual") X(DRY_RUN, "dry-run") X(OBSERVER, "observer")

#define AUTO_SETTINGS(X) X(DRY_RUN, "dry-run") X(ON, "on") X(OFF, "off")

#define CLOSED_BYS(X) X(NOBODY, "nobody") X(RUSHHOUR, "rushhour") X(PERSON, "person")

/* Velostrata's own states of an extension, in lower case (design 9). */
#define EXTENSION_STATES(X)                                                              \
    X(UNKNOWN, "unknown")                                                                \
    X(NONE, "none")                                                                      \
    X(INVALID, "invalid")                                                                \
    X(CREATING, "creating")                                                              \
    X(REPAIRING, "repairing")                                                            \
    X(DELETING, "deleting")                                                              \
    X(ACTIVE, "active")                                                                  \
    X(IMPAIRED, "impaired")                                                              \
    X(STOPPING, "stopping")                                                              \
    X(STOPPED, "stopped")                                                                \
    X(STARTING, "starting")

/* What the spot column says (tui-conventions 1.8). */
#define SPOT_STATES(X)                                                                   \
    X(NONE, "none")                                                                      \
    X(REQUEST, "request")                                                                \
    X(FULFILLED, "fulfilled")                                                            \
    X(ACTIVE, "active")                                                                  \
    X(REBALANCE, "rebalance")                                                            \
    X(NOTICE, "notice")                                                                  \
    X(RECLAIMED, "reclaimed")                                                            \
    X(NO_CAPACITY, "no-capacity")                                                        \
    X(PRICE, "price>cap")                                                                \
    X(UNKNOWN, "unknown")

#define LIFECYCLES(X) X(UNKNOWN, "unknown") X(SPOT, "spot") X(ON_DEMAND, "on_demand")

#define API_STATES(X)                                                                    \
    X(OFF, "off")                                                                        \
    X(WAITING, "waiting") X(OK, "ok") X(STALE, "stale") X(DOWN, "down") X(AUTH, "auth")

#define OUTCOMES(X)                                                                      \
    X(NONE, "none") X(DONE, "done") X(FAILED, "failed") X(UNKNOWN, "unknown")

#define LEVELS(X)                                                                        \
    X(DEBUG, "DBG") X(INFO, "INFO") X(ACT, "ACT") X(WARN, "WARN") X(ERROR, "ERR")

/* Who says what an hour of a type costs, as trusted for on-demand in this order. */
#define PRICE_SOURCES(X)                                                                 \
    X(UNKNOWN, "unknown")                                                                \
    X(HISTORY, "history")                                                                \
    X(PRICELIST, "pricelist")                                                            \
    X(CONFIGURED, "configured")

#define MOVE_STATUSES(X)                                                                 \
    X(OPEN, "open")                                                                      \
    X(DONE, "done") X(FAILED, "failed") X(CANCELED, "canceled") X(BLOCKED, "blocked")

/* How a build ended, as Jenkins spells it; RUNNING: it has not. */
#define BUILD_RESULTS(X)                                                                 \
    X(RUNNING, "RUNNING")                                                                \
    X(SUCCESS, "SUCCESS")                                                                \
    X(UNSTABLE, "UNSTABLE")                                                              \
    X(FAILURE, "FAILURE")                                                                \
    X(NOT_BUILT, "NOT_BUILT")                                                            \
    X(ABORTED, "ABORTED")                                                                \
    X(UNKNOWN, "UNKNOWN")

/* What becomes of a build that lost its machine; the last two are final. SENT: the order
 * to queue it again was written down, and perhaps given. */
#define REQUEUE_STATES(X)                                                                \
    X(WAITING, "waiting") X(SENT, "sent") X(QUEUED, "queued") X(SKIPPED, "skipped")

/* How it lost its machine. */
#define REQUEUE_CAUSES(X)                                                                \
    X(INTERRUPTION, "interruption") X(DEADLINE, "drain-deadline") X(FORCE, "force")

/*
 * One row per thing that is polled: enum, API it belongs to (status --json), what it
 * reads. The rows of one API share a thread and a connection.
 */
#define SOURCES(X)                                                                       \
    X(VELOSTRATA, "velostrata", "VMs, extension, tasks")                                 \
    X(JENKINS, "jenkins", "nodes and builds")                                            \
    X(VSPHERE, "vsphere", "VMs and host")                                                \
    X(INSTANCES, "ec2", "instances")                                                     \
    X(SPOT, "ec2", "spot requests")                                                      \
    X(INTERFACES, "ec2", "network interfaces")                                           \
    X(PRICES, "prices", "spot price history")                                            \
    X(PRICELIST, "pricelist", "on-demand prices")                                        \
    X(BUILDS, "builds", "build history")                                                 \
    X(QUEUE, "sqs", "interruption events")                                               \
    X(LOCK, "etcd", "the shared lock")

/* The rows of a bill: enum, spelling in JSON, words for people. */
#define COST_ITEMS(X)                                                                    \
    X(SPOT, "spot", "spot instances")                                                    \
    X(ON_DEMAND, "on_demand", "on-demand instances")                                     \
    X(EXTENSION, "extension", "cloud extension")                                         \
    X(DISKS, "extension_disks", "extension disks")                                       \
    X(VOLUMES, "root_volumes", "root volumes")                                           \
    X(IMAGES, "images", "images")                                                        \
    X(IPV4, "public_ipv4", "public IPv4")                                                \
    X(TRANSFER, "transfer", "transfer out")                                              \
    X(CROSS_ZONE, "cross_zone", "between zones")                                         \
    X(VPN, "vpn", "VPN")                                                                 \
    X(LICENCE, "licence", "licences")                                                    \
    X(STORAGE, "storage", "object storage")

/* What a month is compared with: enum, spelling in JSON, words for people. */
#define COMPARISONS(X)                                                                   \
    X(SAME_HOURS, "same_hours_on_demand", "the same hours on-demand")                    \
    X(NEVER_STOPPED, "extension_never_stopped", "extension never stopped")               \
    X(ALWAYS_SPOT, "always_spot", "24x7 on spot")                                        \
    X(ALWAYS_ON_DEMAND, "always_on_demand", "24x7 on-demand")                            \
    X(OWNED_HOST, "owned_host", "an owned host")

/* For each list: its spelling ("?" out of range), and the way back (false: no such word).
 */
#define RH_WORDS(type)                                                                   \
    const char *type##_word(enum type v);                                                \
    bool type##_parse(const char *word, enum type *out) NONNULL;

enum place {
#define X(id, w) PLACE_##id,
    PLACES(X)
#undef X
        PLACE_COUNT
};
enum reason {
#define X(id, w) REASON_##id,
    REASONS(X)
#undef X
        REASON_COUNT
};
enum gate {
#define X(id, w) GATE_##id,
    GATES(X)
#undef X
        GATE_COUNT
};
enum direction {
#define X(id, w) DIRECTION_##id,
    DIRECTIONS(X)
#undef X
        DIRECTION_COUNT
};
enum step {
#define X(id, w) STEP_##id,
    STEPS(X)
#undef X
        STEP_COUNT
};
enum power {
#define X(id, w) POWER_##id,
    POWERS(X)
#undef X
        POWER_COUNT
};
enum hold_kind {
#define X(id, w) HOLD_##id,
    HOLD_KINDS(X)
#undef X
        HOLD_COUNT
};
enum mode {
#define X(id, w) MODE_##id,
    MODES(X)
#undef X
        MODE_COUNT
};
enum auto_setting {
#define X(id, w) AUTO_##id,
    AUTO_SETTINGS(X)
#undef X
        AUTO_COUNT
};
enum closed_by {
#define X(id, w) CLOSED_BY_##id,
    CLOSED_BYS(X)
#undef X
        CLOSED_BY_COUNT
};
enum extension_state {
#define X(id, w) EXTENSION_##id,
    EXTENSION_STATES(X)
#undef X
        EXTENSION_COUNT
};
enum spot_state {
#define X(id, w) SPOT_##id,
    SPOT_STATES(X)
#undef X
        SPOT_COUNT
};
enum lifecycle {
#define X(id, w) LIFECYCLE_##id,
    LIFECYCLES(X)
#undef X
        LIFECYCLE_COUNT
};
enum api_state {
#define X(id, w) API_##id,
    API_STATES(X)
#undef X
        API_COUNT
};
enum outcome {
#define X(id, w) OUTCOME_##id,
    OUTCOMES(X)
#undef X
        OUTCOME_COUNT
};
enum level {
#define X(id, w) LEVEL_##id,
    LEVELS(X)
#undef X
        LEVEL_COUNT
};
enum move_status {
#define X(id, w) MOVE_##id,
    MOVE_STATUSES(X)
#undef X
        MOVE_STATUS_COUNT
};
enum price_source {
#define X(id, w) PRICE_##id,
    PRICE_SOURCES(X)
#undef X
        PRICE_SOURCE_COUNT
};
enum build_result {
#define X(id, w) BUILD_##id,
    BUILD_RESULTS(X)
#undef X
        BUILD_RESULT_COUNT
};
enum requeue_state {
#define X(id, w) REQUEUE_##id,
    REQUEUE_STATES(X)
#undef X
        REQUEUE_STATE_COUNT
};
enum requeue_cause {
#define X(id, w) REQUEUE_BY_##id,
    REQUEUE_CAUSES(X)
#undef X
        REQUEUE_CAUSE_COUNT
};
enum cost_item {
#define X(id, w, text) COST_##id,
    COST_ITEMS(X)
#undef X
        COST_ITEM_COUNT
};
enum comparison {
#define X(id, w, text) COMPARE_##id,
    COMPARISONS(X)
#undef X
        COMPARISON_COUNT
};
enum source {
#define X(id, api, what) SOURCE_##id,
    SOURCES(X)
#undef X
        SOURCE_COUNT
};

RH_WORDS(place)
RH_WORDS(reason)
RH_WORDS(gate)
RH_WORDS(direction)
RH_WORDS(step)
RH_WORDS(power)
RH_WORDS(hold_kind)
RH_WORDS(mode)
RH_WORDS(auto_setting)
RH_WORDS(closed_by)
RH_WORDS(extension_state)
RH_WORDS(spot_state)
RH_WORDS(lifecycle)
RH_WORDS(api_state)
RH_WORDS(outcome)
RH_WORDS(level)
RH_WORDS(move_status)
RH_WORDS(price_source)
RH_WORDS(build_result)
RH_WORDS(requeue_state)
RH_WORDS(requeue_cause)

const char *cost_item_word(enum cost_item i); /* "?" out of range, all four */
const char *cost_item_text(enum cost_item i);
const char *comparison_word(enum comparison c);
const char *comparison_text(enum comparison c);
const char *source_api(enum source s);  /* "ec2" */
const char *source_what(enum source s); /* "spot requests" */
/* Whether anything automatic rests on it; what does not is only reported. */
bool source_decides(enum source s);
bool power_is_down(enum power p);       /* off or suspended: it can be powered on */
const char *place_screen(enum place p); /* "on-prem": the screen's spelling */
const char *price_source_screen(enum price_source s); /* "price list" */

#undef RH_WORDS
#endif
