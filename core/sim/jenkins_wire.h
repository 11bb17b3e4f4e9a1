/*
 * jenkins_wire - what the files of the Jenkins wire share: the selection by tree or
 * depth, and the objects as JSON. Owns nothing. Threads: one at a time, as the world.
 */
#ifndef RH_SIM_JENKINS_WIRE_H
#define RH_SIM_JENKINS_WIRE_H

#include "core/sim/wire.h"

/* Every property name that occurs; the tree is looked up by number. */
/* clang-format off */
#define JENKINS_PROPERTIES(X) \
    X(absoluteRemotePath) X(actions) X(allBuilds) X(anonymous) X(assignedLabels) \
    X(authenticated) X(authorities) X(blocked) X(buildable) \
    X(buildableStartMilliseconds) X(building) X(builds) X(builtOn) X(busyExecutors) \
    X(cancelled) X(causes) X(color) X(computer) X(currentExecutable) \
    X(defaultParameterValue) X(description) X(discoverableItems) X(displayName) \
    X(duration) X(estimatedDuration) X(executable) X(executors) X(fullDisplayName) \
    X(fullName) X(icon) X(id) X(idle) X(inQueue) X(inQueueSince) X(items) X(jnlpAgent) \
    X(jobs) X(keepLog) X(lastBuild) X(lastCompletedBuild) X(lastSuccessfulBuild) \
    X(launchSupported) X(likelyStuck) X(manualLaunchAllowed) X(mode) X(monitorData) \
    X(name) X(nextBuildNumber) X(nodeDescription) X(nodeName) X(number) \
    X(numExecutors) X(offline) X(offlineCause) X(offlineCauseReason) \
    X(oneOffExecutors) X(parameterDefinitions) X(parameters) X(params) X(pending) \
    X(primaryView) X(progress) X(property) X(queueId) X(quietingDown) X(result) \
    X(shortDescription) X(slaveAgentPort) X(stuck) X(task) X(temporarilyOffline) \
    X(timestamp) X(totalExecutors) X(type) X(url) X(useCrumbs) X(useSecurity) \
    X(userId) X(userName) X(value) X(views) X(why)
/* clang-format on */

enum jenkins_property {
#define X(name) JP_##name,
    JENKINS_PROPERTIES(X)
#undef X
        JP_OTHER,
    JP_COUNT
};

/* A parsed tree expression; node 0 is its top, so a child 0 means "not selected". */
enum { TREE_NODES = 120, TREE_DEPTH = 16 };
struct jenkins_tree {
    struct {
        int8_t child[JP_COUNT];
        int8_t star;
        int32_t from, to; /* elements of a list; to -1 = all */
    } nodes[TREE_NODES];
    int8_t n;
};

/* False when the expression is malformed (Jenkins answers 500 then). */
bool jenkins_tree_parse(const char *text, struct jenkins_tree *out) NONNULL;

/* What is selected of one object: by tree, or (tree NULL) by depth. */
struct jenkins_pick {
    const struct jenkins_tree *tree;
    int node;
    int level; /* least visibility that is shown; 1 at the top of depth 0 */
};
bool jenkins_wants(const struct jenkins_pick *p, enum jenkins_property property,
                   int visibility, struct jenkins_pick *in) NONNULL;
/* The part of a list of n elements that is wanted: [*from, *to). */
void jenkins_range(const struct jenkins_pick *list, size_t n, size_t *from,
                   size_t *to) NONNULL;

/* Where the objects are written: the buffer and the root URL ("http://…/jenkins/"). */
struct jenkins_out {
    const struct world *w;
    struct strbuf *b;
    const char *root;
};
void jenkins_put_root(const struct jenkins_out *o, const struct jenkins_pick *p) NONNULL;
void jenkins_put_computers(const struct jenkins_out *o,
                           const struct jenkins_pick *p) NONNULL;
void jenkins_put_computer(const struct jenkins_out *o, const struct jenkins_pick *p,
                          int32_t node) NONNULL; /* -1: the built-in one */
void jenkins_put_queue(const struct jenkins_out *o, const struct jenkins_pick *p) NONNULL;
void jenkins_put_item(const struct jenkins_out *o, const struct jenkins_pick *p,
                      const struct sim_item *it) NONNULL;
void jenkins_put_job(const struct jenkins_out *o, const struct jenkins_pick *p,
                     int32_t job) NONNULL;
void jenkins_put_build(const struct jenkins_out *o, const struct jenkins_pick *p,
                       const struct sim_build *b) NONNULL;

/* The member "actions" of a queue item. */
void jenkins_put_item_actions(const struct jenkins_out *o, struct wire_json *j,
                              const struct jenkins_pick *p,
                              const struct sim_item *it) NONNULL;

const char *jenkins_job_class(const struct sim_job *j) NONNULL;

/* Members of the object that is being written, when they are selected. */
void jenkins_text(struct wire_json *j, const struct jenkins_pick *p,
                  enum jenkins_property property, int visibility,
                  const char *value) NONNULL;
void jenkins_int(struct wire_json *j, const struct jenkins_pick *p,
                 enum jenkins_property property, int visibility, int64_t value) NONNULL;
void jenkins_bool(struct wire_json *j, const struct jenkins_pick *p,
                  enum jenkins_property property, int visibility, bool value) NONNULL;
void jenkins_raw(struct wire_json *j, const struct jenkins_pick *p,
                 enum jenkins_property property, int visibility,
                 const char *json) NONNULL;
const char *jenkins_property_name(enum jenkins_property property);

#endif
