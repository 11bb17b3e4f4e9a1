/*
 * call - a request to change the world, as data, and what came of it.
 * Plain values.
 * Threads: values; copied into the workers' mailbox and back.
 */
#ifndef RH_MODEL_CALL_H
#define RH_MODEL_CALL_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/money.h"
#include "core/model/words.h"

/* enum, word in journal and intents, API it goes to, may it be repeated without looking
 * first? */
#define CALLS(X)                                                                         \
    X(NODE_CLOSE, "node-close", "jenkins", true)                                         \
    X(NODE_OPEN, "node-open", "jenkins", false)                                          \
    X(NODE_DISCONNECT, "node-disconnect", "jenkins", true)                               \
    X(NODE_LAUNCH, "node-launch", "jenkins", true)                                       \
    X(BUILD_STOP, "build-stop", "jenkins", true)                                         \
    X(BUILD_QUEUE, "build-queue", "jenkins", false)                                      \
    X(RUN_IN_CLOUD, "run-in-cloud", "velostrata", false)                                 \
    X(START_IN_CLOUD, "start-in-cloud", "velostrata", false)                             \
    X(RETURN, "return", "velostrata", false)                                             \
    X(EXTENSION_START, "extension-start", "velostrata", false)                           \
    X(EXTENSION_STOP, "extension-stop", "velostrata", false)                             \
    X(LAUNCH, "launch", "ec2", true)                                                     \
    X(TERMINATE, "terminate", "ec2", true)                                               \
    X(INTERFACE_KEEP, "keep-interface", "ec2", true)                                     \
    X(SPOT_CANCEL, "cancel-spot", "ec2", true)                                           \
    X(PORT_CHECK, "port-check", "port", true)                                            \
    X(VM_POWER_ON, "power-on", "vsphere", false)                                         \
    X(VM_POWER_OFF, "power-off", "vsphere", false)                                       \
    X(VM_SHUTDOWN, "shutdown-guest", "vsphere", false)

enum call_kind {
#define X(id, word, api, repeatable) CALL_##id,
    CALLS(X)
#undef X
        CALL_COUNT
};

const char *call_word(enum call_kind k);
bool call_parse(const char *word, enum call_kind *out) NONNULL; /* false: no such word */
/* So many may be on their way to one API at a time (reliability 9). */
int32_t call_most_at_once(const char *api) NONNULL;
const char *call_api(enum call_kind k);
bool call_is_repeatable(enum call_kind k);

enum { MAX_SECURITY_GROUPS = 5 };

/* Run In Cloud (velostrata-api), or the launch of an instance (aws-api 4.1): which one,
 * where, with which fixed address. */
struct run_in_cloud {
    char instance_type[NAME_TEXT];
    char edge_node[8]; /* NodeA, NodeB; these until eni: of Velostrata alone */
    char storage_policy[16];
    char eni[ID_TEXT];              /* "" = none */
    char eni_field[NAME_TEXT];      /* name of the request field that carries it */
    char static_address[NAME_TEXT]; /* "" = none */
    char subnet[ID_TEXT];
    char security_groups[MAX_SECURITY_GROUPS][ID_TEXT];
    size_t n_security_groups;
    bool spot;
    bool has_max_price;
    struct usd max_price; /* per hour */
    /* LAUNCH */
    char deployment[NAME_TEXT]; /* a tag; server and move are those of the call */
    char launch_template[NAME_TEXT], image[ID_TEXT]; /* one of them is "" */
    char key_name[NAME_TEXT], iam_profile[URL_TEXT]; /* "" = none */
    char token[NAME_TEXT];  /* the same request with the same token launches once */
    bool again;             /* the token of the launch before: its outcome is not known */
    int64_t start, attempt; /* that the token is made of; not stored with the call */
};

struct call {
    uint64_t id; /* of its intent; unique in the store */
    enum call_kind kind;
    char server[NAME_TEXT];  /* "" for the extension */
    char move[ID_TEXT];      /* move it belongs to, "" when none */
    char target[URL_TEXT];   /* node name, build path; id of a VM, instance, extension,
                                spot request, or attachment of an interface;
                                PORT_CHECK: "10.0.1.11:8080" */
    char marker[LINE_TEXT];  /* NODE_*: the whole marker text, jenkins-api 4 */
    char nonce[24];          /* NODE_OPEN: fresh for each call */
    bool force;              /* RETURN */
    struct run_in_cloud run; /* RUN_IN_CLOUD, LAUNCH; INTERFACE_KEEP: eni */
    struct utc
        owed; /* its server's way home is owed since then, 0 = is not; not stored */
};

struct call_result {
    uint64_t id;
    enum outcome
        outcome; /* DONE, FAILED (definitely not done), UNKNOWN (resolve by looking) */
    struct err err;
    char detail[ID_TEXT]; /* id of the task or instance that was started, when there is
                             one */
    struct utc at;
    int64_t took_ms;
    int64_t retry_after_s;    /* they asked to be left alone for so long, 0 = did not */
    char request_id[ID_TEXT]; /* what their support finds it by, "" = it has none */
};

#endif
