#include <config.h>

#include "core/api/jenkins_internal.h"

#include <string.h>

enum { NODE_ARENA_BYTES = 256 * 1024 };

/* One act on one node: what its steps share. */
struct act {
    struct jenkins *j;
    const struct call *call;
    struct call_result *r;
    struct arena *arena;
    struct seen_node node; /* as last read */
};

/* j->url = the node's own resource and what follows it. */
static enum err_code node_url(struct act *a, const char *rest)
{
    enum err_code rc;

    jenkins_path(a->j, "/computer");
    rc = answer_add_segment(&a->j->url, a->call->target, "node", &a->r->err);
    strbuf_puts(&a->j->url, rest);
    return rc;
}

/* Reads the node into a->node. */
static enum err_code look(struct act *a)
{
    struct json_doc *doc = NULL;
    char what[NAME_TEXT + 32];
    enum err_code rc = node_url(a, "/api/json");

    if (rc != ERR_OK)
        return rc;
    (void)str_format(what, sizeof(what), "jenkins: GET node %.60s", a->call->target);
    jenkins_tree(a->j, JENKINS_NODE_TREE);
    rc = jenkins_get(a->j, what, &doc, &a->r->err);
    a->r->took_ms += a->j->rs.took_ms;
    if (rc != ERR_OK)
        return rc;
    if (!jenkins_read_node(a->j, json_doc_root(doc), a->arena, &a->node))
        rc = arena_failed(a->arena)
                 ? err_set(&a->r->err, ERR_NOMEM, "%s: no memory", what)
                 : err_set(&a->r->err, ERR_PROTOCOL,
                           "%s: the answer does not tell its state", what);
    json_doc_free(doc);
    return rc;
}

/* POST of an action of the node with this message; see jenkins_post(). */
static enum err_code act_on_node(struct act *a, const char *action, const char *message,
                                 bool *lost)
{
    char what[NAME_TEXT + 64], path[64];
    enum err_code rc;

    *lost = false;
    (void)str_format(path, sizeof(path), "/%s", action);
    rc = node_url(a, path);
    if (rc != ERR_OK)
        return rc;
    strbuf_reset(&a->j->body);
    if (message != NULL) {
        strbuf_puts(&a->j->body, "offlineMessage=");
        http_escape(&a->j->body, message);
    }
    (void)str_format(what, sizeof(what), "jenkins: %s of %.60s", action, a->call->target);
    rc = jenkins_post(a->j, what, lost, &a->r->err);
    a->r->took_ms += a->j->rs.took_ms;
    return rc;
}

/* Looks again after a POST. The POST's error is kept for the report; when it had none the
 * look's own is. */
static enum err_code look_again(struct act *a)
{
    struct err first = a->r->err;
    enum err_code rc;

    err_clear(&a->r->err);
    rc = look(a);
    if (first.code != ERR_OK)
        a->r->err = first;
    return rc;
}

static void fail(struct act *a, enum err_code code, const char *why)
{
    (void)err_set(&a->r->err, code, "jenkins: node %.60s %s", a->call->target, why);
    answer_result(a->r, OUTCOME_FAILED);
}

static void fail_foreign(struct act *a)
{
    (void)err_set(&a->r->err, ERR_CONFLICT,
                  "jenkins: node %.60s is closed by somebody else: %.80s",
                  a->call->target, a->node.cause);
    answer_result(a->r, OUTCOME_FAILED);
}

/* Closed by a person is closed, too; the caller learns whose it is. */
static void done_closed(struct act *a)
{
    if (!jenkins_is_ours(a->node.cause))
        (void)str_copy(a->r->detail, sizeof(a->r->detail), "person");
    answer_result(a->r, OUTCOME_DONE);
}

/* Marks by changeOfflineCause alone: unlike a toggle it can never open the node. */
static void close_node(struct act *a)
{
    bool lost;
    enum err_code rc = look(a);

    if (rc != ERR_OK) {
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    if (a->node.marked && (!jenkins_is_ours(a->node.cause) ||
                           strstr(a->node.cause, a->call->marker) != NULL)) {
        done_closed(a);
        return;
    }
    rc = act_on_node(a, "changeOfflineCause", a->call->marker, &lost);
    if (rc != ERR_OK && !lost && a->r->err.http < 500) {
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    if (look_again(a) != ERR_OK)
        answer_result(a->r, OUTCOME_UNKNOWN);
    else if (a->node.marked)
        done_closed(a);
    else if (lost)
        answer_result(a->r, OUTCOME_UNKNOWN); /* it may still arrive */
    else
        fail(a, ERR_CONFLICT, "is open although Jenkins took the order to close it");
}

/*
 * Opens by the toggle protocol of jenkins-api 4. A toggle closes a node that somebody
 * opened meanwhile; the nonce in its message tells so, and one more toggle mends it.
 */
static void open_node(struct act *a)
{
    char message[LINE_TEXT + 48], nonce[40];
    enum err_code rc = look(a);
    bool lost = false;

    if (rc != ERR_OK) {
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    if (!a->node.marked) {
        answer_result(a->r, OUTCOME_DONE);
        return;
    }
    if (!jenkins_is_ours(a->node.cause)) {
        fail_foreign(a);
        return;
    }
    (void)str_format(nonce, sizeof(nonce), "undo n=%s", a->call->nonce);
    (void)str_format(message, sizeof(message), "%s %s", a->call->marker, nonce);
    for (int toggles = 0; toggles < 2; toggles++) {
        rc = act_on_node(a, "toggleOffline", message, &lost);
        if (rc != ERR_OK && !lost && a->r->err.http < 500) {
            answer_result(a->r, OUTCOME_FAILED);
            return;
        }
        if (look_again(a) != ERR_OK) {
            answer_result(a->r, OUTCOME_UNKNOWN);
            return;
        }
        if (!a->node.marked) {
            answer_result(a->r, OUTCOME_DONE);
            return;
        }
        if (strstr(a->node.cause, nonce) == NULL)
            break;
        if (toggles == 0)
            err_clear(&a->r->err); /* the toggle was done, whatever its answer */
    }
    if (!jenkins_is_ours(a->node.cause)) {
        err_clear(&a->r->err);
        fail_foreign(a);
    } else if (lost) {
        answer_result(a->r, OUTCOME_UNKNOWN); /* the toggle may still arrive */
    } else {
        fail(a, ERR_CONFLICT, "is still closed although Jenkins took the toggle");
    }
}

/* Closes the channel of a closed node, so that no dead one is believed later. */
static void disconnect_node(struct act *a)
{
    bool lost;
    enum err_code rc = look(a);

    if (rc != ERR_OK) {
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    if (!a->node.marked) {
        fail(a, ERR_CONFLICT, "is open; only a closed node is disconnected");
        return;
    }
    if (a->node.connected_known && !a->node.connected) {
        answer_result(a->r, OUTCOME_DONE);
        return;
    }
    rc = act_on_node(a, "doDisconnect", a->call->marker, &lost);
    if (rc == ERR_OK) { /* it goes on by itself; the next polls show the end */
        answer_result(a->r, OUTCOME_DONE);
        return;
    }
    if (!lost) {
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    answer_result(a->r,
                  look_again(a) == ERR_OK && a->node.connected_known && !a->node.connected
                      ? OUTCOME_DONE
                      : OUTCOME_UNKNOWN);
}

static void launch_node(struct act *a)
{
    bool lost;
    enum err_code rc = look(a);

    if (rc != ERR_OK) {
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    if (a->node.connected_known && a->node.connected) {
        answer_result(a->r, OUTCOME_DONE);
        return;
    }
    if (!a->node.launchable) { /* its agent dials in; there is nothing to start */
        (void)str_copy(a->r->detail, sizeof(a->r->detail), "inbound");
        answer_result(a->r, OUTCOME_DONE);
        return;
    }
    rc = act_on_node(a, "launchSlaveAgent", NULL, &lost);
    answer_result(a->r, rc == ERR_OK ? OUTCOME_DONE
                        : lost       ? OUTCOME_UNKNOWN
                                     : OUTCOME_FAILED);
}

/* Whether the build runs, as Jenkins says now. */
static enum err_code look_at_build(struct act *a, bool *building)
{
    static const char what[] = "jenkins: GET build";
    struct json_doc *doc = NULL;
    enum err_code rc;

    jenkins_job_url(a->j, a->call->target, "api/json");
    jenkins_tree(a->j, "building");
    rc = jenkins_get(a->j, what, &doc, &a->r->err);
    a->r->took_ms += a->j->rs.took_ms;
    if (rc != ERR_OK)
        return rc;
    if (!json_bool(json_doc_root(doc), "building", building))
        rc = err_set(&a->r->err, ERR_PROTOCOL, "%s: it does not say whether it runs",
                     what);
    json_doc_free(doc);
    return rc;
}

/* A Pipeline takes its time to end: taken is done, and the detail says that it runs. */
static void stop_build(struct act *a)
{
    bool building = false, lost;
    enum err_code rc;

    if (!jenkins_is_job_path(a->j, a->call->target)) {
        (void)err_set(&a->r->err, ERR_BUG, "jenkins: not the path of a build");
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    rc = look_at_build(a, &building);
    if (rc != ERR_OK || !building) {
        answer_result(a->r, rc == ERR_OK ? OUTCOME_DONE : OUTCOME_FAILED);
        return;
    }
    jenkins_job_url(a->j, a->call->target, "stop");
    strbuf_reset(&a->j->body);
    rc = jenkins_post(a->j, "jenkins: stop of a build", &lost, &a->r->err);
    a->r->took_ms += a->j->rs.took_ms;
    if (rc != ERR_OK && !lost) {
        answer_result(a->r, OUTCOME_FAILED);
        return;
    }
    if (rc == ERR_OK) {
        struct err ignored = a->r->err; /* taken is taken, whatever the look says */

        if (look_at_build(a, &building) == ERR_OK && building)
            (void)str_copy(a->r->detail, sizeof(a->r->detail), "stopping");
        a->r->err = ignored;
        answer_result(a->r, OUTCOME_DONE);
        return;
    }
    {
        struct err first = a->r->err;

        err_clear(&a->r->err);
        rc = look_at_build(a, &building);
        a->r->err = first;
    }
    answer_result(a->r, rc == ERR_OK && !building ? OUTCOME_DONE : OUTCOME_UNKNOWN);
}

void jenkins_act(struct jenkins *j, const struct call *call, struct call_result *r)
{
    struct act a = {.j = j, .call = call, .r = r};

    *r = (struct call_result){.id = call->id};
    a.arena = arena_new(NODE_ARENA_BYTES);
    if (a.arena == NULL) {
        (void)err_set(&r->err, ERR_NOMEM, "jenkins: no memory for a call");
        answer_result(r, OUTCOME_FAILED);
        return;
    }
    if (call->kind == CALL_NODE_CLOSE)
        close_node(&a);
    else if (call->kind == CALL_NODE_OPEN)
        open_node(&a);
    else if (call->kind == CALL_NODE_DISCONNECT)
        disconnect_node(&a);
    else if (call->kind == CALL_NODE_LAUNCH)
        launch_node(&a);
    else if (call->kind == CALL_BUILD_STOP)
        stop_build(&a);
    else if (call->kind == CALL_BUILD_QUEUE)
        jenkins_queue_build(j, call, a.arena, r);
    else {
        (void)err_set(&r->err, ERR_BUG, "jenkins: not a call of Jenkins");
        answer_result(r, OUTCOME_FAILED);
    }
    r->at = j->rs.received;
    arena_free(a.arena);
}
