/*
 * jenkins_internal - what the files of the Jenkins client share.
 * The client owns its texts and buffers and holds its last observation; the arena of a
 * node is the caller's.
 * Threads: one.
 */
#ifndef RH_API_JENKINS_INTERNAL_H
#define RH_API_JENKINS_INTERNAL_H

#include "core/api/again.h"
#include "core/api/answer.h"
#include "core/api/jenkins.h"
#include "core/base/probe.h"

/* Whether absoluteRemotePath tells anything: it needs Agent/Connect (jenkins-api 3). */
enum path_seen { PATHS_UNPROVEN, PATHS_VISIBLE, PATHS_HIDDEN };

struct jenkins {
    const struct api_config *config;
    struct transport transport;
    char base[URL_TEXT];     /* no slash at the end */
    size_t origin_len;       /* of scheme://host:port within it */
    struct http_response rs; /* the last answer */
    size_t limit_bytes;      /* of the next answers, 0 = the usual one */
    struct strbuf url, body;
    char version[32]; /* the last X-Jenkins, "" = none yet */
    char session[64]; /* X-Jenkins-Session */
    /* In password mode, and before 2.96. */
    bool crumb_known;     /* asked for; crumb "" = this Jenkins wants none */
    char crumb_field[64]; /* name of the header that carries it */
    char crumb[256], cookie[1024];
    enum path_seen paths;
    struct siphash_key key;
    struct again computers, quieting; /* the answers that `last` was read from */
    struct observation *last;         /* NULL: the last poll failed */
};

/* Begins j->url with the base and a path (already encoded). */
void jenkins_path(struct jenkins *j, const char *path) NONNULL;
/* Appends ?tree= with the characters encoded that proxies refuse. */
void jenkins_tree(struct jenkins *j, const char *tree) NONNULL;

/* GET of j->url: a JSON document (owned) or the error. `what` names the call. */
enum err_code jenkins_get(struct jenkins *j, const char *what, struct json_doc **out,
                          struct err *e) MUST_CHECK NONNULL;

/*
 * POST of j->url with j->body, with the crumb where one is needed, renewed once. ERR_OK:
 * Jenkins took it, which is no proof that it happened. *lost: whether an error leaves
 * open what became of it.
 */
enum err_code jenkins_post(struct jenkins *j, const char *what, bool *lost,
                           struct err *e) MUST_CHECK NONNULL;

/* What is read of a node. Not the progress of its builds, which would make every answer
 * another one: start and estimate say the same. */
#define JENKINS_BUILD_TREE "[number,url,fullDisplayName,timestamp,estimatedDuration]"
#define JENKINS_NODE_TREE                                                                \
    "displayName,offline,temporarilyOffline,offlineCause[description],"                  \
    "offlineCauseReason,idle,launchSupported,absoluteRemotePath,"                        \
    "executors[idle,currentExecutable" JENKINS_BUILD_TREE "],"                           \
    "oneOffExecutors[idle,currentExecutable" JENKINS_BUILD_TREE "]"

/* false: a flag that everything rests on is missing, so nothing is known of the node. */
bool jenkins_read_node(struct jenkins *j, const json_value *computer, struct arena *a,
                       struct seen_node *out) NONNULL;

/* Path of a URL that Jenkins wrote, "" when it is unusable. Never its host. */
const char *jenkins_url_path(const struct jenkins *j, struct arena *a,
                             const json_value *object) NONNULL;

/* Is an answer about the job or build that was asked for, as its own URL has it?
 * Something in between may give the answer to another request. ERR_PROTOCOL: it is not,
 * or does not say; `what` was asked. */
enum err_code jenkins_is_about(const struct jenkins *j, struct arena *a,
                               const json_value *object, const char *path,
                               const char *what, struct err *e) MUST_CHECK NONNULL;

/* Whether a path that Jenkins gave once is one of a job or build of this Jenkins, and
 * nothing else. */
bool jenkins_is_job_path(const struct jenkins *j, const char *path) NONNULL;
/* Begins j->url with such a path. */
void jenkins_job_url(struct jenkins *j, const char *path, const char *rest) NONNULL;

/* ---- jenkins_queue.c ---- */

/* What tells of a build or queue item how and by whom it was started. */
#define JENKINS_ACTIONS_TREE                                                             \
    "actions[parameters[name,value],causes[shortDescription,userId]]"

/* The parameters among its actions. Never fails: what cannot be read or kept is hidden.
 */
struct seen_parameters jenkins_read_parameters(const json_value *object,
                                               struct arena *a) NONNULL;

/* CALL_BUILD_QUEUE. */
void jenkins_queue_build(struct jenkins *j, const struct call *call, struct arena *a,
                         struct call_result *r) NONNULL;

/* Whether an offline reason is a marker of this program. */
bool jenkins_is_ours(const char *cause) NONNULL;

#endif
