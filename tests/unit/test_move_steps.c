#include <config.h>

#include "core/move/mover.h"

#include "core/base/str.h"

#include "tests/unit/table.h"

#include <string.h>

/*
 * What test_move.c and test_move_ec2.c tell as stories, here condition by condition: one
 * look of one step, at a scene that differs from "all drained and off the network,
 * nothing asked yet" in the words of the row. Every guard of a step has a row in which it
 * alone decides.
 */

enum { NOW = 1000000, BEGAN = NOW - 300, SEEN = NOW - 2, BOUND = NOW + 900 };

static const struct offering offerings[] = {
    {.type = "c5.2xlarge",
     .zone = "",
     .eni = "eni-1",
     .cloud_node = "",
     .subnet = "",
     .lifecycle = LIFECYCLE_SPOT},
    {.type = "m5.2xlarge",
     .zone = "eu-west-1b",
     .eni = "",
     .cloud_node = "",
     .subnet = "subnet-2",
     .lifecycle = LIFECYCLE_ON_DEMAND},
};
static const struct zone_config zones[] = {{.name = "eu-west-1b"}};

struct scene {
    struct config config;
    struct server_config server;
    struct server_facts facts;
    struct extension_facts extension;
    struct node_facts next; /* the cloud's in the zone that a launch is for */
    struct call_result last;
    enum err_code refusal;
    int64_t ago; /* since the newest call; 0 = there was none */
    struct step_in in;
    struct move move;
};

static void set_scene(struct scene *s, const char *mover, enum direction d)
{
    const struct node_facts node = {.known = true,
                                    .marked = true,
                                    .closed_by = CLOSED_BY_RUSHHOUR,
                                    .connected_known = true,
                                    .idle = true,
                                    .build_progress = -1,
                                    .as_of = {SEEN}};

    *s = (struct scene){
        .config = {.deployment = "haifa",
                   .policy = {.timeout_out = 1200,
                              .timeout_back = 1800,
                              .max_overlap = 1200,
                              .on_drain_deadline = DRAIN_WAIT},
                   .velostrata = {.storage_policy = "WriteIsolation",
                                  .edge_node = "auto",
                                  .eni_field = "networkInterfaceId",
                                  .cloud_extension = "ce-1"},
                   .shutdown_timeout = 180},
        .server = {.name = "cache",
                   .vm = "tests-cache",
                   .mover = mover,
                   .onprem_node = "tests-cache",
                   .cloud_node = "tests-cache-cloud",
                   .eni = "eni-1",
                   .static_address = "10.0.0.1",
                   .subnet = "",
                   .launch_template = "tests:3",
                   .image = "",
                   .key_name = "key",
                   .iam_profile = "",
                   .overlaps = strcmp(mover, "ec2-overlap") == 0,
                   .offerings = offerings,
                   .n_offerings = ARRAY_LEN(offerings)},
        .facts = {.place = d == DIRECTION_OUT ? PLACE_ONPREM : PLACE_CLOUD,
                  .power = d == DIRECTION_OUT ? POWER_ON : POWER_OFF,
                  .vm_id = "12",
                  .managed_id = "vm-12",
                  .place_as_of = {SEEN},
                  .task_progress = -1,
                  .onprem = node,
                  .cloud = node},
        .next = node,
        .extension = {.configured = true, .id = "ce-1", .state = EXTENSION_ACTIVE},
        .move = {.id = "m-1",
                 .server = "cache",
                 .direction = d,
                 .by = "policy",
                 .started = {NOW - 7200},
                 .step_since = {BEGAN},
                 .progress = -1},
        .last = {.outcome = OUTCOME_DONE},
        .in = {.now = {NOW},
               .last_kind = CALL_COUNT,
               .choice = {&offerings[0], "eu-west-1a", "the test's", &s->next},
               .may_commit = true},
    };
    (void)str_copy(s->facts.onprem.name, NAME_TEXT, "tests-cache");
    (void)str_copy(s->facts.cloud.name, NAME_TEXT, "tests-cache-cloud");
    (void)str_copy(s->next.name, NAME_TEXT, "tests-cache-next");
    (void)str_copy(s->move.mover, sizeof(s->move.mover), mover);
}

/* The words of a scene: what they set, by its place in the struct. */
struct edit {
    const char *word;
    size_t at, size;
    int64_t value;
    const char *text; /* of a text, else NULL */
};
#define SET(word, field, value)                                                          \
    {                                                                                    \
        word, offsetof(struct scene, field), sizeof(((struct scene *)0)->field), value,  \
            NULL                                                                         \
    }
#define TEXT(word, field, text)                                                          \
    {                                                                                    \
        word, offsetof(struct scene, field), sizeof(((struct scene *)0)->field), 0, text \
    }

static const struct edit edits[] = {
    /* clang-format off */
    SET("stale", facts.place_stale, true),
    SET("at-home", facts.place, PLACE_ONPREM),
    SET("in-cloud", facts.place, PLACE_CLOUD),
    SET("going-out", facts.place, PLACE_MOVING_OUT),
    SET("coming-back", facts.place, PLACE_MOVING_BACK),
    SET("nowhere", facts.place, PLACE_UNKNOWN),
    SET("place-lost", facts.place, PLACE_LOST),
    SET("lost", facts.lost, true),
    SET("on", facts.power, POWER_ON),
    SET("off", facts.power, POWER_OFF),
    SET("power-unknown", facts.power, POWER_UNKNOWN),
    TEXT("no-vm", facts.vm_id, ""),
    SET("tools", facts.tools, true),
    SET("task", facts.task_active, true),
    TEXT("task-error", facts.task_error, "out of capacity"),
    SET("detaching", facts.migration_busy, true),
    SET("paused", facts.instance_stopped, true),
    SET("seen-before", facts.place_as_of.s, NOW - 290),
    SET("seen-long-before", facts.place_as_of.s, BEGAN - 1),
    TEXT("held", facts.eni_holder, "i-9"),
    TEXT("another", facts.other_id, "i-8"),
    TEXT("instance", facts.instance.id, "i-1"),
    SET("runs", facts.instance.running, true),
    SET("pending", facts.instance.pending, true),
    SET("terminated", facts.instance.terminated, true),
    SET("stopped", facts.instance.stopped, true),
    SET("stops", facts.instance.stopped_since.s, NOW - 60),
    SET("ended", facts.instance.ended, true),
    SET("eni-deletes", facts.instance.eni_deletes, true),
    SET("told-to-open", facts.opened.s, NOW),
    SET("told-to-open-300s-ago", facts.opened.s, NOW - 300),
    SET("told-to-open-300s-before", facts.opened.s, SEEN - 300),
    SET("told-to-open-as-read", facts.opened.s, SEEN),
    SET("told-off-10s-ago", facts.told_off.s, NOW - 10),
    SET("told-off-as-read", facts.told_off.s, SEEN),
    SET("told-off-45s-before", facts.told_off.s, SEEN - 45),
    SET("apart-988s-ago", facts.apart.s, NOW - 988),
    SET("apart-990s-ago", facts.apart.s, NOW - 990),
    SET("apart-1169s-ago", facts.apart.s, NOW - 1169),
    SET("switched-on", facts.switched_on.s, SEEN - 299),
    SET("switched-on-300s-before", facts.switched_on.s, SEEN - 300),
    SET("notice", facts.instance.reclaim_at.s, NOW + 60),
    SET("notice-past", facts.instance.reclaim_at.s, NOW - 61),
    TEXT("shut-by-user", facts.instance.state_reason, "Client.UserInitiatedShutdown"),
    TEXT("volume-limit", facts.instance.state_reason, "Client.VolumeLimitExceeded"),
    TEXT("bad-snapshot", facts.instance.state_reason, "Client.InvalidSnapshot.NotFound"),
    SET("home-unseen", facts.onprem.known, false),
    SET("home-unmarked", facts.onprem.marked, false),
    TEXT("home-of-another", facts.onprem.cause, "rushhour/1 drain op=m-11 by=policy why=out"),
    TEXT("home-of-this", facts.onprem.cause, "rushhour/1 drain op=m-1 by=policy why=out"),
    TEXT("home-of-this-cut", facts.onprem.cause, "rushhour/1 drain op=m-1"),
    SET("home-by-person", facts.onprem.closed_by, CLOSED_BY_PERSON),
    SET("home-open", facts.onprem.open, true),
    SET("home-busy", facts.onprem.idle, false),
    SET("home-agent", facts.onprem.connected, true),
    SET("home-read-before", facts.onprem.as_of.s, NOW - 290),
    SET("cloud-unseen", facts.cloud.known, false),
    SET("cloud-unmarked", facts.cloud.marked, false),
    TEXT("cloud-of-another", facts.cloud.cause, "rushhour/1 park op=keep by=policy why=interruption"),
    SET("cloud-open", facts.cloud.open, true),
    SET("cloud-busy", facts.cloud.idle, false),
    SET("cloud-agent", facts.cloud.connected, true),
    SET("cloud-agent-untold", facts.cloud.connected_known, false),
    SET("cloud-by-person", facts.cloud.closed_by, CLOSED_BY_PERSON),
    SET("cloud-launchable", facts.cloud.launchable, true),
    SET("cloud-read-before", facts.cloud.as_of.s, NOW - 290),
    TEXT("cloud-build", facts.cloud.build_path, "/job/ui/412/"),
    SET("next-unseen", next.known, false),
    SET("next-unmarked", next.marked, false),
    TEXT("next-is-that", next.name, "tests-cache-cloud"),
    SET("impaired", extension.state, EXTENSION_IMPAIRED),
    SET("invalid", extension.state, EXTENSION_INVALID),
    SET("extension-stopped", extension.state, EXTENSION_STOPPED),
    SET("extension-stale", extension.stale, true),
    TEXT("extension-problem", extension.problem, "edge B is down"),
    TEXT("edge-a-here", extension.edge_a_zone, "eu-west-1a"),
    TEXT("edge-b-here", extension.edge_b_zone, "eu-west-1a"),
    SET("no-slot", in.may_commit, false),
    SET("call-open", in.call_open, true),
    SET("zones", server.n_zones, 1),
    SET("port", server.ready_port, 8080),
    SET("stop-late-builds", config.policy.on_drain_deadline, DRAIN_ABORT),
    SET("committed", move.committed, true),
    SET("committed-569s", move.committed_at.s, NOW - 569),
    SET("committed-570s", move.committed_at.s, NOW - 570),
    SET("slow-to-shut-down", config.shutdown_timeout, 700),
    SET("committed-989s", move.committed_at.s, NOW - 989),
    SET("committed-990s", move.committed_at.s, NOW - 990),
    SET("committed-1140s", move.committed_at.s, NOW - 1140),
    SET("committed-1169s", move.committed_at.s, NOW - 1169),
    SET("committed-long-ago", move.committed_at.s, NOW - 1200),
    SET("began-after-that", move.started.s, NOW - 60),
    SET("began-then", move.started.s, NOW - 1140),
    SET("interrupted", move.interrupted, true),
    SET("forced", move.force, true),
    SET("overdue", move.deadline.s, NOW),
    SET("in-time", move.deadline.s, BOUND),
    SET("drain-overdue", move.drain_deadline.s, NOW),
    SET("long", move.step_since.s, NOW - 1200),
    SET("step-302s-ago", move.step_since.s, SEEN - 300),
    SET("just-now", move.step_since.s, NOW),
    SET("began-as-read", move.step_since.s, SEEN),
    SET("2-calls", move.calls, 2),
    SET("4-calls", move.calls, 4),
    SET("8-calls", move.calls, 8),
    TEXT("of-c5", move.type, "c5.2xlarge"),
    TEXT("of-m5", move.type, "m5.2xlarge"),
    TEXT("of-old", move.type, "c3.large"),
    SET("of-spot", move.lifecycle, LIFECYCLE_SPOT),
    SET("of-on-demand", move.lifecycle, LIFECYCLE_ON_DEMAND),
    TEXT("in-b", move.zone, "eu-west-1b"),
    SET("asked-run", in.last_kind, CALL_RUN_IN_CLOUD),
    SET("asked-start", in.last_kind, CALL_START_IN_CLOUD),
    SET("asked-return", in.last_kind, CALL_RETURN),
    SET("asked-disconnect", in.last_kind, CALL_NODE_DISCONNECT),
    SET("asked-close", in.last_kind, CALL_NODE_CLOSE),
    SET("asked-open", in.last_kind, CALL_NODE_OPEN),
    SET("asked-stop", in.last_kind, CALL_BUILD_STOP),
    SET("asked-port", in.last_kind, CALL_PORT_CHECK),
    SET("asked-shutdown", in.last_kind, CALL_VM_SHUTDOWN),
    SET("asked-off", in.last_kind, CALL_VM_POWER_OFF),
    SET("asked-on", in.last_kind, CALL_VM_POWER_ON),
    SET("asked-launch", in.last_kind, CALL_LAUNCH),
    SET("asked-terminate", in.last_kind, CALL_TERMINATE),
    SET("failed", last.outcome, OUTCOME_FAILED),
    SET("unheard", last.outcome, OUTCOME_UNKNOWN),
    SET("auth", refusal, ERR_AUTH),
    SET("forbidden", refusal, ERR_FORBIDDEN),
    SET("refused", refusal, ERR_REFUSED),
    SET("conflict", refusal, ERR_CONFLICT),
    SET("timeout", refusal, ERR_TIMEOUT),
    SET("capacity", refusal, ERR_CAPACITY),
    SET("1s", ago, 1),
    SET("20s", ago, 20),
    SET("2s", ago, 2),
    SET("30s", ago, 30),
    SET("31s", ago, 31),
    SET("60s", ago, 60),
    SET("61s", ago, 61),
    SET("74s", ago, 74),
    SET("75s", ago, 75),
    SET("79s", ago, 79),
    SET("90s", ago, 90),
    SET("200s", ago, 200),
    SET("299s", ago, 299),
    SET("301s", ago, 301),
    /* clang-format on */
};

static void change(struct scene *s, const char *word, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        const struct edit *e = &edits[i];
        char *to = (char *)s + e->at;

        if (strlen(e->word) != len || strncmp(e->word, word, len) != 0)
            continue;
        if (e->text != NULL)
            (void)str_copy(to, e->size, e->text);
        else if (e->size == sizeof(bool))
            *to = (char)e->value;
        else if (e->size == sizeof(int32_t))
            memcpy(to, &(int32_t){(int32_t)e->value}, sizeof(int32_t));
        else
            memcpy(to, &e->value, sizeof(e->value));
        return;
    }
    fail_msg("no word %.*s", (int)len, word);
}

static void change_all(struct scene *s, const char *words)
{
    while (*words != '\0') {
        size_t len = strcspn(words, " ");

        change(s, words, len);
        words += len;
        words += strspn(words, " ");
    }
    s->in.config = &s->config;
    s->in.server = &s->server;
    s->in.facts = &s->facts;
    s->in.extension = &s->extension;
    s->server.zones = zones;
    if (s->ago == 0)
        return;
    s->last.at.s = s->move.last_call_at.s = NOW - s->ago;
    if (s->last.outcome == OUTCOME_FAILED)
        (void)err_set(&s->last.err, s->refusal != ERR_OK ? s->refusal : ERR_CONFLICT,
                      "refused by the test");
    s->in.last = &s->last;
    if (s->move.calls == 0)
        s->move.calls = 1;
}

static struct step_out look(struct scene *s, enum step step)
{
    int32_t n;
    const struct mover_step *steps =
        mover_steps(mover_find(s->move.mover), s->move.direction, &n);
    struct step_out out = {.verdict = VERDICT_WAIT};

    for (int32_t i = 0; i < n; i++) {
        if (steps[i].step == step) {
            s->move.step = i;
            steps[i].run(&s->in, &s->move, &out);
            return out;
        }
    }
    fail_msg("no step %s", step_word(step));
    return out;
}

struct row {
    const char *what;
    const char *words;
    enum verdict verdict;
    int detail;       /* of CALL its kind, of FAIL its failure; else -1 */
    const char *note; /* a part of what is said, NULL: whatever */
    bool send_home;   /* of FAIL: what is up out there is not left there */
};

#define WAIT(note)          VERDICT_WAIT, -1, note, false
#define DONE                VERDICT_DONE, -1, NULL, false
#define REDO(note)          VERDICT_REDO, -1, note, false
#define NEXT(note)          VERDICT_NEXT, -1, note, false
#define ASKS(kind)          VERDICT_CALL, CALL_##kind, NULL, false
#define FAILS(f, note)      VERDICT_FAIL, FAILURE_##f, note, false
#define SENDS_HOME(f, note) VERDICT_FAIL, FAILURE_##f, note, true

static bool moves(enum call_kind kind)
{
    return kind == CALL_RUN_IN_CLOUD || kind == CALL_START_IN_CLOUD ||
           kind == CALL_RETURN || kind == CALL_LAUNCH || kind == CALL_TERMINATE ||
           kind == CALL_VM_SHUTDOWN || kind == CALL_VM_POWER_OFF ||
           kind == CALL_VM_POWER_ON;
}

static const char *why_of(const struct move *m)
{
    return m->interrupted                   ? "why=interruption"
           : m->direction == DIRECTION_BACK ? "why=return"
                                            : "why=out";
}

static void expect(const char *mover, enum direction d, enum step step,
                   const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        struct scene s;
        struct step_out out;
        int detail;

        set_scene(&s, mover, d);
        change_all(&s, r->words);
        (void)str_copy(s.move.note, sizeof(s.move.note), "of the step before");
        out = look(&s, step);
        detail = out.verdict == VERDICT_CALL   ? (int)out.call.kind
                 : out.verdict == VERDICT_FAIL ? (int)out.failure
                                               : -1;
        if (out.verdict != r->verdict || detail != r->detail ||
            (r->note != NULL && strstr(s.move.note, r->note) == NULL))
            fail_msg("%s, %s, \"%s\": verdict %d, detail %d, \"%s\"", mover,
                     step_word(step), r->what, (int)out.verdict, detail, s.move.note);
        assert_row(r->what, out.send_home == r->send_home);
        /* No way back behind what moves the server; switching home off once more is one.
         */
        assert_row(r->what,
                   out.commits ==
                       (out.verdict == VERDICT_CALL && moves(out.call.kind) &&
                        !(d == DIRECTION_BACK && out.call.kind == CALL_VM_POWER_OFF)));
        /* from what moves the server itself no person can call it back */
        /* what is done waits for nothing, and each call says whose it is */
        assert_row(r->what, out.verdict != VERDICT_DONE || r->note != NULL ||
                                s.move.note[0] == '\0');
        assert_row(r->what, out.verdict != VERDICT_CALL ||
                                (strcmp(out.call.server, "cache") == 0 &&
                                 strcmp(out.call.move, "m-1") == 0 &&
                                 strstr(out.call.marker, "op=m-1 by=policy") != NULL &&
                                 strstr(out.call.marker, why_of(&s.move)) != NULL));
    }
}
#define EXPECT(mover, direction, step, rows)                                             \
    expect(mover, DIRECTION_##direction, STEP_##step, rows, ARRAY_LEN(rows))

/* clang-format off */
static void test_drain(void **state)
{
    static const struct row out[] = {
        {"a call of it is under way", "home-unmarked call-open", WAIT("closing node tests-cache")},
        {"opened behind our back for the fourth time", "home-unmarked 4-calls", FAILS(TRANSIENT, "again and again")},
        {"opened, and read before the order to close", "home-unmarked asked-close 1s", WAIT("closing node")},
        {"opened, and the order to close has failed just now", "home-unmarked asked-close failed 20s", WAIT("refused by the test")},
        {"... a while ago", "home-unmarked asked-close failed 31s", ASKS(NODE_CLOSE)},
        {"... half a minute ago", "home-unmarked asked-close failed 30s", ASKS(NODE_CLOSE)},
        {"opened, and read in the second of the order", "home-unmarked asked-close 2s", WAIT("closing node tests-cache")},
        {"opened, and read as the step began", "home-unmarked began-as-read", ASKS(NODE_CLOSE)},
        {"the target is not seen: the source is closed all the same", "home-unmarked cloud-unseen", ASKS(NODE_CLOSE)},
        {"the target is open, and read before the order to close", "cloud-unmarked cloud-read-before asked-close 200s", WAIT("closed and idle")},
        {"closed by another move, and not opened since", "home-of-another told-to-open-300s-before", WAIT("closed and idle")},
        {"... but opened less than that before it was read", "home-of-another told-to-open-300s-ago", ASKS(NODE_CLOSE)},
        {"... but opened since: it reads as it was before", "home-of-another told-to-open", ASKS(NODE_CLOSE)},
        {"... for us, and closed by a person", "home-of-another told-to-open home-by-person", WAIT("closed and idle")},
        {"... and closed by this one", "home-of-another told-to-open asked-close 200s", ASKS(NODE_CLOSE)},
        {"... as it was read before that", "home-of-another told-to-open asked-close 1s", WAIT("closing node")},
        {"... nobody opens it again and again", "home-of-another told-to-open 4-calls", ASKS(NODE_CLOSE)},
        {"closed by this one", "home-of-this told-to-open asked-close 200s", WAIT("closed and idle")},
        {"... as far as it says", "home-of-this-cut told-to-open asked-close 200s", WAIT("closed and idle")},
        {"Jenkins does not tell: never on the way out", "home-unseen drain-overdue interrupted", WAIT("waiting for Jenkins")},
    };
    static const struct row back[] = {
        {"an open node at home is somebody's to open again: no end of closing", "cloud-unmarked 4-calls", ASKS(NODE_CLOSE)},
        {"Jenkins does not tell: not overdue", "cloud-unseen", WAIT("waiting for Jenkins")},
        {"Jenkins does not tell: the machine is taken back", "cloud-unseen interrupted", DONE},
        {"the machine is taken back: no build is worth the wait", "cloud-busy interrupted", DONE},
        {"... and idle once is enough", "interrupted", DONE},
        {"... whoever closed it", "interrupted cloud-of-another told-to-open", DONE},
        {"closed before it was opened", "cloud-of-another told-to-open", ASKS(NODE_CLOSE)},
        {"... which was long ago, and nobody has read it since", "cloud-of-another told-to-open-300s-ago cloud-read-before just-now", WAIT("closing node")},
        {"busy past the deadline, which only waits", "cloud-busy cloud-build drain-overdue", WAIT("past the drain deadline")},
        {"busy past the deadline, builds are to stop", "cloud-busy cloud-build drain-overdue stop-late-builds", ASKS(BUILD_STOP)},
        {"... but which it is nobody tells", "cloud-busy drain-overdue stop-late-builds", WAIT("stopping a build")},
        {"forced, and stopping was asked for just now", "cloud-busy cloud-build forced asked-stop 20s", WAIT("stopping")},
        {"... half a minute ago", "cloud-busy cloud-build forced asked-stop 30s", ASKS(BUILD_STOP)},
        {"forced, and another order was the newest", "cloud-busy cloud-build forced asked-close 20s", ASKS(BUILD_STOP)},
        {"forced, and that was refused just now", "cloud-busy cloud-build forced asked-close failed 20s", WAIT("refused by the test")},
    };
    static const struct row overlap[] = {
        {"the target works already and stays open", "in-cloud cloud-unmarked cloud-open instance runs", WAIT("closed and idle")},
        {"both up for too long: builds are stopped", "home-busy instance runs stop-late-builds committed-989s", WAIT("past the drain deadline")},
        {"... for so long, and then home goes", "home-busy instance runs stop-late-builds committed-990s", DONE},
        {"... since the instance was not there", "home-busy instance runs stop-late-builds committed-long-ago apart-990s-ago", DONE},
        {"... not before", "home-busy instance runs stop-late-builds committed-long-ago apart-988s-ago", WAIT("past the drain deadline")},
        {"... nor before it is committed to", "home-busy instance runs stop-late-builds committed-989s apart-990s-ago", WAIT("past the drain deadline")},
        {"... whatever Jenkins does not tell", "home-unseen instance runs stop-late-builds committed-990s", DONE},
        {"... or does not do", "home-unmarked home-open instance runs stop-late-builds committed-990s asked-close failed 20s", DONE},
        {"... not before", "home-unseen instance runs stop-late-builds committed-989s", WAIT("waiting for Jenkins")},
        {"builds are never to be stopped", "home-busy instance runs committed-long-ago", WAIT("draining")},
        {"half of that is for the drain, however long home takes to shut down", "home-busy instance runs stop-late-builds slow-to-shut-down committed-569s", WAIT("draining")},
        {"... not more", "home-busy instance runs stop-late-builds slow-to-shut-down committed-570s", WAIT("past the drain deadline")},
        {"the cloud side was taken back", "instance terminated", SENDS_HOME(CAPACITY, "taken back")},
        {"... or was stopped", "instance stopped", SENDS_HOME(CAPACITY, "taken back")},
        {"... or has notice", "instance runs notice", SENDS_HOME(CAPACITY, "taken back")},
        {"... as old facts say: nothing follows from them", "stale", WAIT("closed and idle")},
        {"opened behind our back for the fourth time", "instance runs home-unmarked 4-calls", SENDS_HOME(TRANSIENT, "again and again")},
    };
    static const struct row home[] = {
        {"Jenkins does not tell", "instance runs stop-late-builds cloud-unseen committed-989s", WAIT("waiting for Jenkins")},
        {"... and both were up for too long", "instance runs stop-late-builds cloud-unseen committed-1140s", DONE},
        {"... but no build may be stopped", "instance runs cloud-unseen committed-long-ago", WAIT("waiting for Jenkins")},
        {"... and it was never used", "instance runs cloud-unseen committed-long-ago began-after-that", DONE},
        {"... or was told to open since it was read", "instance runs cloud-unseen told-to-open committed-long-ago began-after-that", WAIT("waiting for Jenkins")},
        {"... or in the second in which it was", "instance runs cloud-unseen told-to-open-as-read committed-long-ago began-after-that", WAIT("waiting for Jenkins")},
        {"... or may have been", "instance runs cloud-unseen cloud-unmarked committed-long-ago began-after-that", WAIT("waiting for Jenkins")},
        {"... and had a build", "instance runs cloud-unseen cloud-busy committed-long-ago began-after-that", WAIT("waiting for Jenkins")},
        {"sent home from an instance that lives: its node may be open", "instance runs interrupted cloud-unseen", WAIT("waiting for Jenkins")},
        {"... and had a build", "instance runs interrupted cloud-busy", WAIT("draining")},
        {"... AWS takes it back", "instance runs interrupted notice cloud-busy", DONE},
        {"... it is gone", "instance terminated interrupted cloud-unseen", DONE},
        {"... it is stopped", "instance stopped interrupted cloud-busy", DONE},
        {"a build does not stop", "instance runs stop-late-builds cloud-busy cloud-build committed-1169s asked-stop 20s", WAIT("stopping")},
        {"... and both were up for too long", "instance runs stop-late-builds cloud-busy cloud-build committed-long-ago asked-stop 20s", DONE},
        {"... which they were not: home was off", "instance runs stop-late-builds cloud-busy cloud-build committed-long-ago apart-1169s-ago asked-stop 20s", WAIT("stopping")},
    };

    static const struct row stopped[] = {
        {"somebody stopped it", "place-lost instance stopped interrupted cloud-busy", DONE},
        {"... and started it again", "in-cloud instance runs interrupted cloud-busy", WAIT("draining")},
        {"... and AWS takes it back", "in-cloud instance runs interrupted notice cloud-busy", DONE},
        {"... and nobody knows yet where it is", "nowhere instance runs interrupted cloud-busy", DONE},
    };

    (void)state;
    EXPECT("ec2", BACK, DRAIN, stopped);
    EXPECT("velostrata", OUT, DRAIN, out);
    EXPECT("velostrata", BACK, DRAIN, back);
    EXPECT("ec2-overlap", OUT, DRAIN, overlap);
    EXPECT("ec2-overlap", BACK, DRAIN, home);
}

static void test_extension(void **state)
{
    static const struct row rows[] = {
        {"active", "", DONE},
        {"active, as old facts say", "extension-stale", WAIT("not known now")},
        {"impaired, and why", "impaired extension-problem", FAILS(TRANSIENT, "impaired: edge B is down")},
        {"invalid, and nobody says why", "invalid", FAILS(TRANSIENT, "the cloud extension is")},
        {"impaired, as old facts say", "impaired extension-stale", WAIT("not known now")},
        {"stopped for a while", "extension-stopped", WAIT("cloud extension is")},
        {"stopped for too long", "extension-stopped long", FAILS(TRANSIENT, "in time")},
    };

    (void)state;
    EXPECT("velostrata", OUT, EXTENSION, rows);
}

static void test_run(void **state)
{
    static const struct row rows[] = {
        {"all is ready", "", ASKS(RUN_IN_CLOUD)},
        {"a limit that is not reached", "in-time", ASKS(RUN_IN_CLOUD)},
        {"there already", "in-cloud", DONE},
        {"there, as old facts say", "in-cloud stale", WAIT("waiting for fresh data")},
        {"vSphere does not show it", "no-vm", WAIT("waiting for fresh data")},
        {"too late, and it is at home", "overdue", FAILS(TRANSIENT, "in time")},
        {"too late, and it was taken back", "nowhere lost overdue", FAILS(TRANSIENT, "in time")},
        {"too late, and there, but stopped", "in-cloud paused overdue", SENDS_HOME(TRANSIENT, "in time")},
        {"too late, and half moved", "going-out overdue", VERDICT_BLOCK, -1, "clean it up in the manager", false},
        {"too late, but a task still runs", "overdue task", WAIT("another task")},
        {"too late, as old facts say", "overdue stale", WAIT("waiting for fresh data")},
        {"its instance is stopped: started, not run", "in-cloud paused", ASKS(START_IN_CLOUD)},
        {"on its way", "going-out", WAIT("running in the cloud")},
        {"at home, and a stopped instance is told of: what counts is its place", "paused", ASKS(RUN_IN_CLOUD)},
        {"its place is not known", "nowhere", WAIT("its place is not known")},
        {"the source got a build", "home-busy", REDO("got a build")},
        {"the source was opened", "home-unmarked", REDO("was opened by somebody")},
        {"the source is not seen: what the drain has proven holds", "home-unseen", ASKS(RUN_IN_CLOUD)},
        {"begun: no way back for a build", "committed home-busy", ASKS(RUN_IN_CLOUD)},
        {"... nor is its channel closed under it", "committed home-busy home-agent", ASKS(RUN_IN_CLOUD)},
        {"... or under what a person opened", "committed home-unmarked home-agent", ASKS(RUN_IN_CLOUD)},
        {"its channel is still open", "home-agent", ASKS(NODE_DISCONNECT)},
        {"... and closing was asked for", "home-agent asked-disconnect 20s", WAIT("closing the channel")},
        {"... for a minute", "home-agent asked-disconnect 60s", WAIT("closing the channel")},
        {"... not longer", "home-agent asked-disconnect 61s", ASKS(RUN_IN_CLOUD)},
        {"... and refused", "home-agent asked-disconnect failed 20s", ASKS(RUN_IN_CLOUD)},
        {"... and does not help", "home-agent asked-disconnect 90s", ASKS(RUN_IN_CLOUD)},
        {"... and another order was the newest", "home-agent asked-close 20s", ASKS(RUN_IN_CLOUD)},
        {"refused for want of capacity", "asked-run failed capacity 20s", FAILS(CAPACITY, "refused by the test")},
        {"refused, and a repeat may help", "asked-run failed timeout 20s", FAILS(TRANSIENT, "refused by the test")},
        {"refused for good", "asked-run failed forbidden 20s", FAILS(PERMANENT, "refused by the test")},
        {"refused, as a task runs on it: it may be of this call", "asked-run failed conflict 74s", WAIT("running in the cloud")},
        {"... it was not", "asked-run failed conflict 75s", FAILS(TRANSIENT, "run in cloud failed: refused by the test")},
        {"... it was, and has failed", "asked-run failed conflict task-error 75s", FAILS(CAPACITY, "run in cloud failed: out of capacity")},
        {"its start was refused", "in-cloud paused asked-start failed timeout 20s", FAILS(TRANSIENT, "refused by the test")},
        {"... as a task runs on it: it may be of this call", "in-cloud paused asked-start failed conflict 74s", WAIT("running in the cloud")},
        {"its start did not help: once more", "in-cloud paused asked-start 90s", ASKS(START_IN_CLOUD)},
        {"asked, and its task runs", "asked-run task 90s", WAIT("running in the cloud")},
        {"asked, and nothing came of it yet", "asked-run 74s", WAIT("running in the cloud")},
        {"... for two polls and more", "asked-run 75s", FAILS(TRANSIENT, "run in cloud failed: the VM is still at home")},
        {"... and its task has said why", "asked-run task-error 75s", FAILS(CAPACITY, "run in cloud failed: out of capacity")},
        {"asked, and nobody heard an answer", "asked-run unheard 74s", WAIT("running in the cloud, its answer was lost")},
        {"no slot, and nothing is begun", "no-slot", WAIT("waiting for a slot")},
        {"asked, and read before the answer", "asked-run seen-before 90s", WAIT("running in the cloud")},
    };

    (void)state;
    EXPECT("velostrata", OUT, RUN, rows);
}

static void test_return(void **state)
{
    static const struct row rows[] = {
        {"all is ready", "", ASKS(RETURN)},
        {"home, as old facts say", "at-home stale", WAIT("waiting for fresh data")},
        {"home, and its task still runs", "at-home task", WAIT("returning on-prem")},
        {"a call of it is under way", "call-open", WAIT("returning on-prem")},
        {"on its way", "coming-back", WAIT("returning on-prem")},
        {"no slot, and nothing is begun", "no-slot", WAIT("waiting for a slot")},
        {"no slot, but it is begun", "no-slot committed", ASKS(RETURN)},
        {"vSphere does not show it", "no-vm", WAIT("vSphere does not show the VM tests-cache")},
        {"the source got a build", "cloud-busy", REDO("got a build")},
        {"its channel is still open", "cloud-agent", ASKS(NODE_DISCONNECT)},
        {"lost: its node is nobody's", "place-lost cloud-busy", ASKS(RETURN)},
        {"asked, and read before the answer", "asked-return seen-before 200s", WAIT("returning on-prem")},
        {"asked, and nothing came of it", "asked-return unheard 90s", ASKS(RETURN)},
        {"... yet", "asked-return unheard 74s", WAIT("returning on-prem")},
        {"... for two polls and more", "asked-return unheard 75s", ASKS(RETURN)},
        {"refused", "asked-return failed 31s", WAIT("return was refused: refused by the test")},
        {"... a minute ago", "asked-return failed 60s", ASKS(RETURN)},
        {"a migration of it is being detached", "detaching", WAIT("is being detached")},
        {"it left the cloud: the manager brings it home", "interrupted", WAIT("by itself")},
        {"... but not from an instance that was stopped", "interrupted paused", ASKS(RETURN)},
        {"... and has not done so", "interrupted long", ASKS(RETURN)},
    };

    (void)state;
    EXPECT("velostrata", BACK, RETURN, rows);
}

static void test_shutdown(void **state)
{
    static const struct row gap[] = {
        {"all is ready", "", ASKS(VM_SHUTDOWN)},
        {"off", "off", DONE},
        {"off, as before it was switched on", "off switched-on", WAIT("was switched on a moment ago")},
        {"... it was not an old reading", "off switched-on-300s-before", DONE},
        {"switched on a moment ago, and on", "switched-on", ASKS(VM_SHUTDOWN)},
        {"off, as old facts say", "off stale", WAIT("waiting for fresh data")},
        {"nobody knows whether it is on", "power-unknown", WAIT("waiting for fresh data")},
        {"vSphere does not show it", "no-vm", WAIT("waiting for fresh data")},
        {"a call of it is under way", "call-open", WAIT("shutting down")},
        {"past its time", "overdue", FAILS(TRANSIENT, "could not be switched off in time")},
        {"within its time", "in-time", ASKS(VM_SHUTDOWN)},
        {"its interface is held", "held", FAILS(TRANSIENT, "is held by i-9")},
        {"... and another zone may do", "held zones", ASKS(VM_SHUTDOWN)},
        {"the source is not seen: what the drain has proven holds", "home-unseen", ASKS(VM_SHUTDOWN)},
        {"we are not let in", "asked-shutdown failed auth 20s", FAILS(PERMANENT, "refused by the test")},
        {"we may not", "asked-shutdown failed forbidden 20s", FAILS(PERMANENT, "refused by the test")},
        {"its guest has no tools: its power is cut", "asked-shutdown failed refused 20s", ASKS(VM_POWER_OFF)},
        {"asked a guest, who has its time", "asked-shutdown 90s", WAIT("shutting down tests-cache")},
        {"... and does not go by itself", "asked-shutdown 200s", ASKS(VM_POWER_OFF)},
        {"its power cannot be cut", "asked-off failed refused 20s", FAILS(PERMANENT, "refused by the test")},
        {"... just now", "asked-off failed timeout 20s", WAIT("powering off tests-cache: refused by the test")},
        {"... so it is tried again", "asked-off failed timeout 31s", ASKS(VM_POWER_OFF)},
    };
    static const struct row overlap[] = {
        {"the cloud serves", "instance runs", ASKS(VM_SHUTDOWN)},
        {"past its time: both up is worse", "instance runs overdue", ASKS(VM_SHUTDOWN)},
        {"its interface is held, by the other one", "instance runs held", ASKS(VM_SHUTDOWN)},
        {"the cloud does not serve", "", SENDS_HOME(CAPACITY, "taken back")},
        {"it was stopped", "instance stopped", SENDS_HOME(CAPACITY, "taken back")},
        {"... just now", "instance stops", WAIT("i-1 was stopped by somebody")},
        {"the source got a build", "instance runs committed home-busy", REDO("got a build")},
        {"the source was opened", "instance runs committed home-unmarked", REDO("was opened by somebody")},
        {"... and both were up for too long", "instance runs committed home-unmarked stop-late-builds committed-990s", ASKS(VM_SHUTDOWN)},
        {"... no channel is closed any more", "instance runs committed home-agent stop-late-builds committed-990s", ASKS(VM_SHUTDOWN)},
        {"interrupted: no build is worth the wait", "instance runs interrupted home-busy", ASKS(VM_SHUTDOWN)},
    };

    (void)state;
    EXPECT("ec2", OUT, SHUTDOWN, gap);
    EXPECT("ec2-overlap", OUT, SHUTDOWN, overlap);
}

static void test_launch(void **state)
{
    static const struct row rows[] = {
        {"all is ready", "off", ASKS(LAUNCH)},
        {"no slot, and nothing is begun", "off no-slot", WAIT("waiting for a slot")},
        {"no slot, but it is begun", "off no-slot committed", ASKS(LAUNCH)},
        {"a call of it is under way", "off call-open", WAIT("launching")},
        {"none came in time", "off overdue", FAILS(TRANSIENT, "no instance came in time")},
        {"it runs", "off instance runs", DONE},
        {"it runs, and is not there yet", "off instance runs pending", WAIT("instance i-1 starts")},
        {"it runs, as old facts say", "off instance runs stale", WAIT("instance i-1 starts")},
        {"it does not run yet", "off instance in-time", WAIT("instance i-1 starts")},
        {"it died and nobody says of what", "off instance terminated", NEXT("i-1 died of its launch")},
        {"it died of a wrong configuration", "off instance terminated bad-snapshot", FAILS(PERMANENT, "Client.InvalidSnapshot")},
        {"somebody ended it", "off instance terminated shut-by-user", NEXT("Client.UserInitiatedShutdown")},
        {"no more volumes", "off instance terminated volume-limit", NEXT("Client.VolumeLimitExceeded")},
        {"refused for want of capacity", "off asked-launch failed capacity 1s", NEXT("refused by the test")},
        {"its interface is in use, for the eighth time", "off asked-launch failed conflict 8-calls 79s", WAIT("launching: refused by the test")},
        {"... which is looked at every 80 s", "off asked-launch failed conflict 8-calls 90s", ASKS(LAUNCH)},
        {"... for ten minutes", "off asked-launch failed conflict 8-calls 90s long", FAILS(TRANSIENT, "refused by the test")},
        {"no answer for the fourth time", "off asked-launch failed timeout 4-calls 90s", FAILS(TRANSIENT, "refused by the test")},
        {"refused for good", "off asked-launch failed refused 90s", FAILS(PERMANENT, "refused by the test")},
        {"another order was the newest", "off asked-close failed 1s", ASKS(LAUNCH)},
        {"launched, and not listed", "off asked-launch 20s", ASKS(LAUNCH)},
        {"unheard: what was asked for is asked again", "off asked-launch unheard of-c5 of-spot 20s", ASKS(LAUNCH)},
        {"unheard, in another zone", "off zones asked-launch unheard of-m5 of-on-demand in-b 20s", ASKS(LAUNCH)},
        {"unheard, past its time, not to be found yet", "off overdue asked-launch unheard of-c5 of-spot 299s", WAIT("its answer was lost")},
        {"... nor to be found at all", "off overdue asked-launch unheard of-c5 of-spot 301s", FAILS(TRANSIENT, "no instance came in time")},
        {"unheard, of a type that is configured no more", "off asked-launch unheard of-old of-spot 20s", WAIT("not configured any more")},
        {"unheard, of a way to pay that is", "off asked-launch unheard of-c5 of-on-demand 20s", WAIT("not configured any more")},
        {"unheard, of a zone that is", "off asked-launch unheard of-m5 of-on-demand in-b 20s", WAIT("not configured any more")},
        {"... and not to be found", "off asked-launch unheard of-old of-spot 301s", FAILS(TRANSIENT, "answer of a launch was lost")},
    };
    static const struct row anew[] = {
        {"home is on: with overlap it may be", "", ASKS(LAUNCH)},
        {"the node of what is gone is open", "cloud-unmarked", ASKS(NODE_CLOSE)},
        {"... and Jenkins does not tell of it", "cloud-unmarked cloud-unseen", ASKS(LAUNCH)},
        {"... and was asked to be closed", "cloud-unmarked asked-close 1s", ASKS(LAUNCH)},
        {"... and a call is under way", "cloud-unmarked call-open", WAIT("launching")},
        {"the node of the zone that comes next is open", "next-unmarked", ASKS(NODE_CLOSE)},
        {"... and that of what is gone was asked for", "cloud-unmarked next-unmarked asked-close 1s", ASKS(NODE_CLOSE)},
        {"... and is that of what is gone", "cloud-unmarked next-unmarked next-is-that asked-close 1s", ASKS(LAUNCH)},
        {"... and Jenkins does not tell of it", "next-unmarked next-unseen", ASKS(LAUNCH)},
        {"... and was asked to be closed", "next-unmarked asked-close 1s", ASKS(LAUNCH)},
        {"... and is open all the same", "next-unmarked asked-close 20s", ASKS(NODE_CLOSE)},
        {"... for the second time", "next-unmarked asked-close 2-calls 20s", ASKS(LAUNCH)},
        {"... and home takes builds", "next-unmarked home-unmarked", ASKS(NODE_CLOSE)},
        {"... and was asked to be closed just now", "next-unmarked home-unmarked asked-close 1s", WAIT("closing node tests-cache-next")},
        {"... a while ago", "next-unmarked home-unmarked asked-close 20s", WAIT("closing node tests-cache-next")},
        {"... half a minute ago", "next-unmarked home-unmarked asked-close 30s", ASKS(NODE_CLOSE)},
        {"... for ten minutes", "next-unmarked home-unmarked asked-close 30s long", FAILS(TRANSIENT, "node tests-cache-next stays open")},
        {"... and a call is under way", "next-unmarked home-unmarked call-open", WAIT("launching")},
        {"... but what was asked for is looked for", "next-unmarked home-unmarked asked-launch 2-calls unheard of-c5 of-spot 20s", ASKS(LAUNCH)},
        {"... but Jenkins does not tell of it", "next-unmarked next-unseen home-unmarked", ASKS(LAUNCH)},
        {"... but it does not of home's", "next-unmarked home-unmarked home-unseen asked-close 1s", ASKS(LAUNCH)},
        {"it is launched", "cloud-unmarked next-unmarked instance runs", DONE},
        {"... while home takes builds", "next-unmarked home-unmarked instance runs", DONE},
        {"another one has its tag and lives", "another zones", WAIT("i-8 has its tag and lives")},
        {"... for ten minutes", "another zones long", FAILS(TRANSIENT, "i-8 has its tag and lives")},
        {"... beside the one that is launched", "another instance runs", DONE},
    };

    (void)state;
    EXPECT("ec2", OUT, LAUNCH, rows);
    EXPECT("ec2-overlap", OUT, LAUNCH, anew);
}

static void test_terminate(void **state)
{
    static const struct row rows[] = {
        {"all is ready", "instance runs", ASKS(TERMINATE)},
        {"there is none", "", DONE},
        {"at its end", "instance ended", DONE},
        {"coming to its end", "instance terminated", WAIT("comes to its end")},
        {"a call of it is under way", "instance runs call-open", WAIT("comes to its end")},
        {"as old facts say", "instance runs stale", WAIT("waiting for fresh data")},
        {"AWS takes it back by itself", "instance runs interrupted notice", WAIT("AWS takes i-1 back")},
        {"... and does not", "instance runs interrupted notice-past", ASKS(TERMINATE)},
        {"... and it is none of an interruption", "instance runs notice", ASKS(TERMINATE)},
        {"... and when nobody says", "instance runs interrupted", ASKS(TERMINATE)},
        {"its end would be that of its interface (I6)", "instance runs eni-deletes", WAIT("not terminated: DeleteOnTermination")},
        {"the source got a build", "instance runs cloud-busy", REDO("got a build")},
        {"interrupted: no build is worth the wait", "instance runs interrupted cloud-busy", ASKS(TERMINATE)},
        {"the source is not seen: what the drain has proven holds", "instance runs cloud-unseen cloud-busy", ASKS(TERMINATE)},
        {"asked for just now", "instance runs asked-terminate 20s", WAIT("terminating i-1")},
        {"... and refused", "instance runs asked-terminate failed 20s", WAIT("terminating i-1: refused by the test")},
        {"... a while ago: once more, whatever the node has", "instance runs cloud-busy asked-terminate 31s", ASKS(TERMINATE)},
        {"no slot, and nothing is begun", "instance runs no-slot", WAIT("waiting for a slot")},
        {"no slot, but it is begun", "instance runs no-slot committed", ASKS(TERMINATE)},
    };

    static const struct row beside[] = {
        {"all is ready", "instance runs", ASKS(TERMINATE)},
        {"AWS takes it back by itself", "instance runs interrupted notice stop-late-builds committed-989s", WAIT("AWS takes i-1 back")},
        {"... and both are up for too long", "instance runs interrupted notice stop-late-builds committed-long-ago", ASKS(TERMINATE)},
        {"coming to its end", "instance terminated", WAIT("comes to its end")},
        {"it is gone, and home takes builds", "instance ended home-agent home-unmarked home-open", DONE},
        {"... there is none", "home-agent home-unmarked home-open", DONE},
        {"... the cloud's node was never closed", "instance ended home-agent cloud-unmarked", ASKS(NODE_CLOSE)},
        {"... nor read since the order", "instance ended home-agent cloud-unmarked cloud-read-before asked-close 200s", WAIT("closing node tests-cache-cloud")},
        {"... nor is home's closed", "instance ended home-agent home-unmarked home-open cloud-unmarked", ASKS(NODE_CLOSE)},
        {"... home's agent is not there", "instance ended home-unmarked", WAIT("waiting for the agent of node tests-cache")},
        {"it was never used, and home is off: from the beginning", "off instance runs committed-1140s began-after-that told-off-10s-ago", SENDS_HOME(TRANSIENT, "tests-cache is off")},
        {"... home is on", "on instance runs committed-1140s began-after-that told-off-10s-ago", ASKS(TERMINATE)},
        {"... home's node is closed by us", "instance ended home-agent", ASKS(NODE_OPEN)},
        {"... Jenkins does not tell", "instance ended home-unseen", WAIT("waiting for Jenkins")},
    };

    (void)state;
    EXPECT("ec2", BACK, TERMINATE, rows);
    EXPECT("ec2-overlap", BACK, TERMINATE, beside);
}

static void test_come_up(void **state)
{
    static const struct row up[] = {
        {"all is ready", "", ASKS(VM_POWER_ON)},
        {"no slot, and nothing is begun", "no-slot", WAIT("waiting for a slot")},
        {"no slot, but it is begun", "no-slot committed", ASKS(VM_POWER_ON)},
        {"no slot, but it is on", "no-slot on tools", DONE},
        {"taken back: its node gives no more builds", "interrupted cloud-unmarked", ASKS(NODE_CLOSE)},
        {"... and Jenkins does not tell of it", "interrupted cloud-unmarked cloud-unseen", ASKS(VM_POWER_ON)},
        {"... and a call is under way", "interrupted cloud-unmarked call-open", WAIT("powering on")},
        {"... and read before the order", "interrupted cloud-unmarked cloud-read-before asked-close 200s", ASKS(VM_POWER_ON)},
        {"not taken back: its node stays", "cloud-unmarked", ASKS(VM_POWER_ON)},
        {"on, and its agent answers", "on home-agent", DONE},
        {"on, and nothing answers, for five minutes", "on", DONE},
        {"on, and nothing answers, for too long", "on just-now committed-1140s", DONE},
        {"on, and its guest was told to shut down", "on home-agent told-off-10s-ago", WAIT("tests-cache was told to shut down")},
        {"... by a move whose overlap is over", "on committed-long-ago told-off-10s-ago", WAIT("tests-cache was told to shut down")},
        {"... and it stays", "on home-agent told-off-45s-before", DONE},
        {"... and it is off", "told-off-10s-ago", ASKS(VM_POWER_ON)},
        {"as old facts say", "stale", WAIT("waiting for fresh data of tests-cache")},
        {"vSphere does not show it", "no-vm", WAIT("vSphere does not show the VM tests-cache")},
        {"nobody knows whether it is on", "power-unknown", WAIT("vSphere does not show the VM tests-cache")},
        {"refused just now", "asked-on failed 20s", WAIT("powering on tests-cache: refused by the test")},
        {"... half a minute ago", "asked-on failed 30s", ASKS(VM_POWER_ON)},
        {"... a while ago", "asked-on failed 31s", ASKS(VM_POWER_ON)},
        {"asked, and read before the answer", "asked-on seen-before 200s", WAIT("powering on tests-cache")},
        {"... which nobody heard", "asked-on unheard seen-before 200s", ASKS(VM_POWER_ON)},
        {"on, and its guest has its time", "on just-now", WAIT("waiting for the guest of tests-cache")},
    };
    static const struct row back[] = {
        {"home does not come up", "on instance runs committed-long-ago", ASKS(VM_POWER_OFF)},
        {"... as old facts say", "on instance runs committed-long-ago stale", WAIT("switching it off again")},
        {"... and whether it is on nobody knows", "power-unknown instance runs committed-long-ago", WAIT("switching it off again")},
        {"... and a call is under way", "on instance runs committed-long-ago call-open", WAIT("switching it off again")},
        {"... and read before the order", "on instance runs committed-long-ago seen-before asked-off 200s", WAIT("switching it off again")},
        {"... and another order was the newest", "on instance runs committed-long-ago asked-on 4-calls 20s", ASKS(VM_POWER_OFF)},
        {"... and it was switched off just now", "on instance runs committed-long-ago asked-off 4-calls 20s", WAIT("switching it off again")},
        {"... a while ago", "on instance runs committed-long-ago asked-off 4-calls 90s", ASKS(VM_POWER_OFF)},
        {"... and is off again", "off instance runs committed-long-ago", FAILS(TRANSIENT, "is off again")},
        {"its agent is there: the node opens", "on instance runs committed-1169s home-agent", ASKS(NODE_OPEN)},
        {"Jenkins does not tell", "on instance runs committed-1140s home-unseen", ASKS(VM_POWER_OFF)},
        {"... and both have their time", "on instance runs committed-989s home-unseen", WAIT("waiting for Jenkins")},
        {"... past the drain deadline: the cloud side goes", "on instance runs committed-1140s home-unseen drain-overdue", DONE},
        {"... by force: the same", "on instance runs committed-1140s home-unseen forced", DONE},
        {"... the cloud node was closed for home's: the same", "on instance runs committed-1140s home-unseen home-agent", DONE},
        {"... or it was never used", "on instance runs committed-1140s home-unseen cloud-unmarked began-after-that", DONE},
        {"... or it came up as this began: in use", "on instance runs committed-1140s home-unseen cloud-unmarked began-then", ASKS(VM_POWER_OFF)},
        {"never used, and home's agent is not there", "on instance runs committed-1140s began-after-that", DONE},
        {"never used, and home's node opens", "on instance runs committed-1169s home-agent began-after-that", ASKS(NODE_OPEN)},
        {"Jenkins does not tell of the cloud's: it may be open under another name", "on instance runs committed-989s home-agent cloud-unseen", WAIT("opens when Jenkins shows node tests-cache-cloud closed")},
        {"... until one of the two goes", "on instance runs stop-late-builds committed-long-ago home-agent cloud-unseen cloud-unmarked", ASKS(VM_POWER_OFF)},
        {"... the cloud, past the drain deadline", "on instance runs stop-late-builds committed-long-ago home-agent cloud-unseen cloud-unmarked drain-overdue", DONE},
        {"... and it is gone", "on instance terminated committed-989s home-agent cloud-unseen", ASKS(NODE_OPEN)},
        {"the cloud's was closed before it was told to open", "on instance runs committed-989s home-agent told-to-open", WAIT("opens when Jenkins shows node tests-cache-cloud closed")},
        {"Jenkins tells, and does not open it", "on instance runs stop-late-builds committed-long-ago home-agent asked-open failed 20s", DONE},
        {"... and the cloud's is open: it serves on", "on instance runs stop-late-builds committed-long-ago home-agent cloud-unmarked asked-close failed 20s", ASKS(VM_POWER_OFF)},
        {"never used, and home is off: from the beginning", "off instance runs committed-1140s began-after-that long", SENDS_HOME(TRANSIENT, "tests-cache is off")},
        {"... as it was read five minutes after it had come up", "off instance runs committed-1140s began-after-that step-302s-ago", SENDS_HOME(TRANSIENT, "tests-cache is off")},
        {"... or since it was told to shut down", "off instance runs committed-1140s began-after-that told-off-10s-ago", SENDS_HOME(TRANSIENT, "tests-cache is off")},
        {"... as it was read before it heard that", "off instance runs committed-989s began-after-that told-off-as-read", WAIT("waiting for the agent")},
        {"... before that: the reading may be old", "off instance runs committed-989s began-after-that", WAIT("waiting for the agent")},
        {"... as old facts say", "off instance runs committed-989s began-after-that long stale", WAIT("waiting for the agent")},
        {"... or nobody knows", "power-unknown instance runs committed-989s began-after-that long", WAIT("waiting for the agent")},
        {"... and a call is under way", "off instance runs committed-989s began-after-that long call-open", WAIT("waiting for the agent")},
        {"... and the cloud is gone", "off committed-989s began-after-that long", WAIT("waiting for the agent")},
        {"... or taken back", "off instance runs interrupted committed-989s began-after-that long", WAIT("waiting for the agent")},
        {"... and it was in use: it serves on", "off instance runs committed-989s long", WAIT("waiting for the agent")},
        {"the cloud side is gone: home is all there is", "on committed-long-ago", WAIT("waiting for the agent")},
        {"taken back: the same", "on instance runs interrupted committed-long-ago", WAIT("waiting for the agent")},
        {"... in two minutes, and both are up for too long", "on instance runs interrupted notice stop-late-builds committed-long-ago", DONE},
        {"... and they are not", "on instance runs interrupted notice stop-late-builds committed-989s", WAIT("waiting for the agent")},
        {"... and it is at its end", "on instance terminated interrupted notice stop-late-builds committed-long-ago", WAIT("waiting for the agent")},
        {"it has its time", "on instance runs", WAIT("waiting for the agent")},
    };

    (void)state;
    EXPECT("ec2-overlap", BACK, POWER_ON, up);
    EXPECT("ec2-overlap", BACK, NODE, back);
}

static void test_boot(void **state)
{
    static const struct row rows[] = {
        {"its agent is there", "cloud-agent", DONE},
        {"whether it is nobody says, but the node is open", "cloud-agent-untold cloud-open", DONE},
        {"... nor is it", "cloud-agent-untold", WAIT("waiting for the agent")},
        {"the node is open, but its agent is not there", "cloud-open", WAIT("waiting for the agent")},
        {"it can be started", "cloud-launchable", ASKS(NODE_LAUNCH)},
        {"Jenkins does not tell", "cloud-unseen", WAIT("waiting for Jenkins")},
        {"its port is being asked", "cloud-agent port call-open", WAIT("asking port 10.0.0.1:8080")},
        {"taken back", "lost", FAILS(CAPACITY, "taken back while it started")},
        {"taken back, as its place says", "place-lost", FAILS(CAPACITY, "taken back while it started")},
        {"terminated", "instance terminated", FAILS(CAPACITY, "taken back while it started")},
        {"stopped", "instance stopped", FAILS(CAPACITY, "taken back while it started")},
        {"past its time", "overdue", SENDS_HOME(TRANSIENT, "the agent of node tests-cache-cloud")},
        {"past its time, the agent there, the port not", "overdue cloud-agent port asked-port failed 20s", SENDS_HOME(TRANSIENT, "ready_port 8080 did not answer")},
        {"past its time, neither there", "overdue port asked-port failed 20s", SENDS_HOME(TRANSIENT, "the agent of node tests-cache-cloud")},
    };

    (void)state;
    EXPECT("ec2", OUT, BOOT, rows);
}

static void test_node(void **state)
{
    static const struct row rows[] = {
        {"closed by us", "cloud-agent", ASKS(NODE_OPEN)},
        {"open", "cloud-agent cloud-unmarked cloud-open", DONE},
        {"closed by a person", "cloud-agent cloud-by-person", VERDICT_DONE, -1, "was closed by a person", false},
        {"not closed, not open", "cloud-agent cloud-unmarked cloud-by-person", WAIT("opening node")},
        {"a call of it is under way", "cloud-agent call-open", WAIT("opening node")},
        {"refused just now", "cloud-agent asked-open failed 20s", WAIT("opening node")},
        {"asked, and read before that", "cloud-agent asked-open cloud-read-before 200s", WAIT("opening node")},
        {"asked, and another order was the newest", "cloud-agent asked-close 1s", ASKS(NODE_OPEN)},
        {"past its time", "cloud-agent overdue", SENDS_HOME(TRANSIENT, "could not be opened in time")},
        {"past its time, and it is open", "cloud-agent cloud-unmarked cloud-open overdue", DONE},
        {"past its time, and it was open once", "cloud-agent cloud-unmarked cloud-open cloud-unseen overdue", SENDS_HOME(TRANSIENT, "could not be opened in time")},
        {"within its time", "cloud-agent in-time", ASKS(NODE_OPEN)},
        {"home's was opened meanwhile", "off cloud-agent home-unmarked", ASKS(NODE_CLOSE)},
        {"taken back", "cloud-agent lost", FAILS(CAPACITY, "the instance was taken back")},
        {"has notice", "cloud-agent instance runs notice", FAILS(CAPACITY, "the instance was taken back")},
    };
    static const struct row gone[] = {
        {"the cloud's is closed", "on home-agent", ASKS(NODE_OPEN)},
        {"it is open still, its agent may come any day", "on home-agent cloud-unmarked", ASKS(NODE_CLOSE)},
        {"... but home's agent is not there yet", "on cloud-unmarked", WAIT("waiting for the agent of node tests-cache")},
        {"Jenkins does not list it", "on home-agent cloud-unmarked cloud-unseen", ASKS(NODE_OPEN)},
        {"... and its instance is at its end", "on home-agent cloud-unseen instance terminated", ASKS(NODE_OPEN)},
        {"... and its instance is stopped", "on home-agent cloud-unseen instance stopped", ASKS(NODE_OPEN)},
        {"... and its instance runs", "on home-agent cloud-unseen instance runs", WAIT("opens when Jenkins shows node tests-cache-cloud closed")},
    };
    static const struct row over[] = {
        {"home is open: closed first", "cloud-agent home-unmarked home-open instance runs", ASKS(NODE_CLOSE)},
        {"whether the agent is there nobody says, but the node is open", "cloud-agent-untold cloud-open home-unmarked instance runs", ASKS(NODE_CLOSE)},
        {"... nor is it", "cloud-agent-untold home-unmarked instance runs", WAIT("waiting for the agent")},
        {"the node is open, but its agent is not there", "cloud-open home-unmarked instance runs", WAIT("waiting for the agent")},
        {"Jenkins does not tell of the target", "cloud-unseen home-unmarked instance runs", WAIT("waiting for Jenkins")},
        {"Jenkins does not tell of home: it may be open under another name", "cloud-agent home-unseen instance runs", WAIT("opens when Jenkins shows node tests-cache closed")},
        {"... or read as closed before", "cloud-agent home-unseen home-unmarked instance runs", WAIT("opens when Jenkins shows node tests-cache closed")},
        {"... and nobody knows whether it is on", "power-unknown cloud-agent home-unseen instance runs", WAIT("opens when Jenkins shows node tests-cache closed")},
        {"... and it is off", "off cloud-agent home-unseen instance runs", ASKS(NODE_OPEN)},
        {"... and the cloud's is open already", "cloud-agent cloud-unmarked cloud-open home-unseen instance runs", DONE},
        {"... past its time", "cloud-agent home-unseen instance runs overdue", SENDS_HOME(TRANSIENT, "in time")},
        {"home is closed", "cloud-agent instance runs", ASKS(NODE_OPEN)},
        {"... as it was before one of them was told to open", "cloud-agent instance runs told-to-open", WAIT("opens when Jenkins shows node tests-cache closed")},
        {"... in the second in which it was", "cloud-agent instance runs told-to-open-as-read", WAIT("opens when Jenkins shows node tests-cache closed")},
        {"... and home is off", "off cloud-agent instance runs told-to-open", ASKS(NODE_OPEN)},
        {"... or the cloud's is open", "cloud-agent cloud-unmarked cloud-open instance runs told-to-open", DONE},
        {"a call of it is under way", "cloud-agent home-unmarked instance runs call-open", WAIT("closing node tests-cache")},
        {"refused just now", "cloud-agent home-unmarked instance runs asked-close failed 20s", WAIT("closing node tests-cache")},
        {"home was read before the order", "cloud-agent home-unmarked home-read-before instance runs asked-close 200s", WAIT("closing node tests-cache")},
        {"taken back", "cloud-agent home-unmarked lost", SENDS_HOME(CAPACITY, "taken back")},
        {"has notice", "cloud-agent home-unmarked instance runs notice", SENDS_HOME(CAPACITY, "taken back")},
        {"past its time", "cloud-agent home-unmarked instance runs overdue", SENDS_HOME(TRANSIENT, "in time")},
        {"within its time", "cloud-agent home-unmarked instance runs in-time", ASKS(NODE_CLOSE)},
    };

    (void)state;
    EXPECT("ec2", OUT, NODE, rows);
    EXPECT("velostrata", OUT, NODE, rows);
    EXPECT("ec2", BACK, NODE, gone);
    EXPECT("velostrata", BACK, NODE, gone);
    EXPECT("ec2-overlap", OUT, NODE, over);
}
/* clang-format on */

/* What a launch in another zone asks for: its subnet, for there is no interface. */
static void test_groups(void **state)
{
    static const struct {
        const char *mover;
        enum step step;
        const char *words;
    } rows[] = {{"velostrata", STEP_RUN, ""}, {"ec2", STEP_LAUNCH, "off"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct step_out out;

        set_scene(&s, rows[i].mover, DIRECTION_OUT);
        s.server.security_groups[0] = "sg-1";
        s.server.security_groups[1] = "sg-2";
        s.server.n_security_groups = 2;
        change_all(&s, rows[i].words);
        out = look(&s, rows[i].step);
        assert_int_equal(out.call.run.n_security_groups, 2);
        assert_string_equal(out.call.run.security_groups[0], "sg-1");
        assert_string_equal(out.call.run.security_groups[1], "sg-2");
    }
}

static void test_without_interface(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, "ec2", DIRECTION_OUT);
    change_all(&s, "off zones");
    s.server.launch_template = "";
    s.server.image = "ami-1";
    s.server.iam_profile = "tests";
    s.in.choice = (struct choice){&offerings[1], "eu-west-1b", "the test's", &s.next};
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.call.kind, CALL_LAUNCH);
    assert_string_equal(out.call.target, "m5.2xlarge");
    assert_string_equal(out.call.run.subnet, "subnet-2");
    assert_string_equal(out.call.run.eni, "");
    assert_string_equal(out.call.run.launch_template, "");
    assert_string_equal(out.call.run.image, "ami-1");
    assert_string_equal(out.call.run.key_name, "key");
    assert_string_equal(out.call.run.iam_profile, "tests");
    assert_string_equal(out.call.run.deployment, "haifa");
    assert_string_equal(s.move.zone, "eu-west-1b");
}

/* policy-and-cost: `auto` is the edge in the zone of the interface, else A. */
static void test_edge(void **state)
{
    static const struct {
        const char *what, *words, *edge, *want;
    } rows[] = {
        {"as configured", "edge-b-here", "NodeA", "NodeA"},
        {"auto, nothing is known of the edges", "", "auto", "NodeA"},
        {"auto, only B is in the zone", "edge-b-here", "auto", "NodeB"},
        {"auto, both are", "edge-a-here edge-b-here", "auto", "NodeA"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct step_out out;

        set_scene(&s, "velostrata", DIRECTION_OUT);
        change_all(&s, rows[i].words);
        s.config.velostrata.edge_node = rows[i].edge;
        out = look(&s, STEP_RUN);
        assert_row(rows[i].what, strcmp(out.call.run.edge_node, rows[i].want) == 0);
    }
}

static void test_keep_and_park(void **state)
{
    static const struct {
        const char *what, *words;
        bool may_close;
        int want; /* -1: nothing is to be done */
    } rows[] = {
        {"Jenkins does not tell of home", "home-unseen cloud-unmarked", true, -1},
        {"Jenkins does not tell of the cloud", "cloud-unseen home-unmarked", true, -1},
        {"as old facts say", "stale cloud-unmarked", true, -1},
        {"nobody closed it, and closing is not ours: the other is about to be opened",
         "on cloud-unmarked", false, CALL_NODE_CLOSE},
        {"... and it is closed", "on", false, CALL_NODE_OPEN},
        {"... but not while it may work on builds", "on cloud-unmarked cloud-open", false,
         -1},
        {"home is closed by us", "on", true, CALL_NODE_OPEN},
    };
    struct scene s;
    struct call call;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool need;

        set_scene(&s, "ec2", DIRECTION_OUT);
        change_all(&s, rows[i].words);
        need = nodes_keep(&s.facts, rows[i].may_close, "policy", "window", &call);
        assert_row(rows[i].what, need == (rows[i].want >= 0));
        assert_row(rows[i].what, !need || (int)call.kind == rows[i].want);
        assert_row(rows[i].what,
                   !need || str_starts(call.marker, call.kind == CALL_NODE_OPEN
                                                        ? "rushhour/1 undo op=keep "
                                                        : "rushhour/1 park op=keep "));
    }
    /* AWS would rather have it back: no more builds */
    set_scene(&s, "ec2", DIRECTION_BACK);
    change_all(&s, "instance runs cloud-unmarked");
    s.facts.instance.spot = SPOT_REBALANCE;
    assert_true(nodes_keep(&s.facts, true, "policy", "window", &call));
    assert_int_equal(call.kind, CALL_NODE_CLOSE);

    /* without an agent, too: it would take builds once that comes */
    assert_false(s.facts.cloud.open);
    call = (struct call){0};
    assert_true(nodes_park(&s.facts.cloud, "policy", "zone", &call));
    assert_int_equal(call.kind, CALL_NODE_CLOSE);
    assert_string_equal(call.marker, "rushhour/1 park op=keep by=policy why=zone");
    assert_string_equal(call.target, "tests-cache-cloud");
    s.facts.cloud.marked = true;
    assert_false(nodes_park(&s.facts.cloud, "policy", "zone", &call));
    s.facts.cloud.marked = false;
    s.facts.cloud.known = false;
    assert_false(nodes_park(&s.facts.cloud, "policy", "zone", &call));
}

static void test_names(void **state)
{
    const struct mover_step *steps;
    char buf[LINE_TEXT], little[24];
    int32_t n;

    (void)state;
    /* it ends where the node of the new instance is open: home stays off */
    steps = mover_steps(mover_replacing(), DIRECTION_OUT, &n);
    assert_int_equal(n, 3);
    assert_int_equal(steps[n - 1].step, STEP_NODE);
    (void)mover_steps(mover_find("velostrata"), DIRECTION_OUT, &n);
    assert_int_equal(n, 5);
    (void)mover_steps(mover_find("velostrata"), DIRECTION_BACK, &n);
    assert_int_equal(n, 4);
    assert_null(mover_find("ferry"));
    assert_string_equal(mover_replacing()->name, "ec2-replace");
    /* a place that is too small cuts; what is no plain letter becomes one */
    memset(little, 'x', sizeof(little));
    memset(buf, 'x', sizeof(buf));
    node_marker(little, sizeof(little), "drain", "m-1", "policy", "window");
    assert_string_equal(little, "rushhour/1 drain op=m-1");
    node_marker(buf, sizeof(buf), "drain", "m-1", "Zoe@9 [ops]", "a~b`c:d");
    assert_string_equal(buf, "rushhour/1 drain op=m-1 by=Zoe_9 _ops_ why=a_b_c_d");
    node_marker(buf, sizeof(buf), "undo", "az09", "AZ@[`{/:", "._-");
    assert_string_equal(buf, "rushhour/1 undo op=az09 by=AZ____/_ why=._-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drain),     cmocka_unit_test(test_extension),
        cmocka_unit_test(test_run),       cmocka_unit_test(test_return),
        cmocka_unit_test(test_shutdown),  cmocka_unit_test(test_launch),
        cmocka_unit_test(test_terminate), cmocka_unit_test(test_come_up),
        cmocka_unit_test(test_boot),      cmocka_unit_test(test_node),
        cmocka_unit_test(test_groups),    cmocka_unit_test(test_without_interface),
        cmocka_unit_test(test_edge),      cmocka_unit_test(test_keep_and_park),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
