/*
 * parts - what the files of the controller do for each other, file by file, over the data
 * of state.h. Nothing here is for others than core/engine.
 * Memory: the controller's own. Threads: the controller's alone.
 */
#ifndef RH_ENGINE_PARTS_H
#define RH_ENGINE_PARTS_H

#include "core/base/probe.h"
#include "core/base/sure.h"
#include "core/engine/state.h"

/* sound.c: its own memory can be trusted; else the program ends. */
void controller_sound(const struct controller *c) NONNULL;

/*
 * settings.c: what survives beside moves, holds and calls, a server's own under
 * "key:SERVER". Written with the records of this step; an empty value, or no time:
 * deleted.
 */
struct setting_key {
    char text[SETTING_KEY_TEXT];
};
struct setting_key server_key(const struct server_state *s, const char *what) NONNULL;
void setting_store(struct controller *c, const char *key, const char *value) NONNULL;
void setting_store_number(struct controller *c, const char *key, int64_t v) NONNULL;
void setting_store_time(struct controller *c, const char *key, struct utc t) NONNULL;
/* A list of whole numbers; and back (how many there were). */
void setting_store_numbers(struct controller *c, const char *key, const int64_t *v,
                           size_t n) NONNULL;
size_t setting_numbers(const char *value, int64_t *out, size_t max) NONNULL;

/* One that is read back at a start, for who knows what it means. */
struct setting_read {
    struct controller *c;
    struct server_state *s; /* NULL: it is not a server's */
    const char *name;       /* what follows the ':' of its key, "" */
    const char *value;
    void
        *field; /* where it goes, when it is as simple as that; by this rule of its row */
    int rule;
};
void setting_load(struct controller *c, const struct stored_setting *stored) NONNULL;
void store_is_lost(struct controller *c, const char *aside) NONNULL;

/* state.c */
struct server_state *server_find(struct controller *c, const char *name) NONNULL;

/* Does policy move it: the switch of all and its own, neither asleep. */
bool automation_on(const struct controller *c, const struct server_state *s) NONNULL;
/* The later end of its snooze and that of all, 0 = none. */
struct utc snooze_of(const struct controller *c, const struct server_state *s) NONNULL;
void snooze_store(struct controller *c, struct server_state *s, struct utc until) NONNULL;
/* Its own automation begins again: what policy does with it has its causes from now on.
 */
void auto_begins(struct controller *c, struct server_state *s) NONNULL;

/* That of its move, which the configuration may not know any more, else its own. */
const struct mover_ops *server_mover(const struct server_state *s) NONNULL;
/* Is that one of the movers that its configuration has it moved by? */
bool server_has_mover(const struct server_state *s, const char *mover) NONNULL;

/* By time, or until a person or another configuration ends it. */
bool breaker_is_open(const struct controller *c, const struct server_state *s) NONNULL;
void breaker_close(struct controller *c, struct server_state *s) NONNULL;
void breaker_store(struct controller *c, const struct server_state *s) NONNULL;

/* A hold ends now: by its time, or by a person. */
void hold_end(struct controller *c, struct server_state *s) NONNULL;
/* When the schedule would have ended an until-schedule hold that the cap of the cloud
 * ends before; 0 = it does not, or never would. */
struct utc hold_capped_before(const struct controller *c, const struct hold *h) NONNULL;

void lead_store(struct controller *c, const char *key, const struct lead_list *l) NONNULL;

/* foreign.c: who changed a place without an order from here. Watches; was it a person;
 * what is done about it; and the end of its block by a person's key. */
void foreign_watch(struct controller *c, struct server_state *s) NONNULL;
void foreign_forget(struct server_state *s) NONNULL;
/* Another controller has acted on it: what was done to it is no person's doing. */
void foreign_disown(struct server_state *s) NONNULL;
bool foreign_by_person(const struct server_state *s) NONNULL;
void foreign_change(struct controller *c, struct server_state *s,
                    enum place place) NONNULL;
void foreign_release(struct controller *c, struct server_state *s) NONNULL;

/* No order is taken: observing, dry-run, or no store. */
bool orders_forbidden(const struct controller *c) NONNULL;
bool lease_is_missing(const struct controller *c) NONNULL; /* another one may act */
/* Nothing may act: so, or only orders are taken. */
bool acts_forbidden(const struct controller *c) NONNULL;
/* … or not for this server: what the last run began there is still looked up. */
bool hands_off(const struct controller *c, const struct server_state *s) NONNULL;
/* The disk is full: what costs money and room does not begin, ways home go on. */
bool launch_stops(const struct controller *c, enum call_kind kind) NONNULL;

/* The extension's newest call and a person's order about it survive; read back. */
void extension_store(struct controller *c) NONNULL;
void extension_call_load(const struct setting_read *r) NONNULL;
void extension_order_load(const struct setting_read *r) NONNULL;

/* The way home of a server that lost its place out there is owed, or is not; stored. */
void home_owe(struct controller *c, struct server_state *s, bool owed) NONNULL;
void owed_store(struct controller *c, const struct server_state *s) NONNULL;
/* Since when; 0 = it is not. */
struct utc home_owed(const struct server_state *s) NONNULL;

void hold_store(struct controller *c, const struct server_state *s) NONNULL;
void pressed_store(struct controller *c, const struct server_state *s) NONNULL;
/* What kept it where it is has ended now. */
void hold_ended_store(struct controller *c, struct server_state *s) NONNULL;
void order_store(struct controller *c, const struct server_state *s) NONNULL;

/* The ladder of tries, kept: another start goes on with it. */
void retry_store(struct controller *c, const struct server_state *s) NONNULL;
/* When each was lost, and its next re-run; and since when the extension is idle: `once`
 * counts on over its runs. */
void rerun_store(struct controller *c, const struct server_state *s) NONNULL;
void idle_store(struct controller *c) NONNULL;
/* The server has arrived there; stored, so that the next start knows what changed without
 * us. */
void place_know(struct controller *c, struct server_state *s, enum place place) NONNULL;
/* … at that instant, by the clock as it is now; stored. */
void settled_store(struct controller *c, struct server_state *s,
                   struct utc since) NONNULL;
/* It is where it was no more, and that was told; stored, so that no later start tells it
 * once more. */
void place_forget(struct controller *c, struct server_state *s) NONNULL;

/* clock_watch.c: the wall clock must go as boot time goes, and as those of the APIs;
 * else nothing begins until it is steady. */
void clock_watch(struct controller *c) NONNULL;
/* The clock, which showed `was`, was set by so many seconds: a wait, a dwell, an open
 * move's time limit, and what began or was asked so long ago, are as long as they were
 * before, and nothing was lost in the future (reliability 8: these are durations). */
void waits_follow_clock(struct controller *c, struct utc was, int64_t by_s) NONNULL;
/* … of one time; 0 is none, and stays. */
NONNULL static inline void utc_follow(struct utc *t, int64_t by_s)
{
    t->s += t->s != 0 ? by_s : 0;
}

/* daily.c: the schedule around now, and what is said of it once a day. */
void schedule_refresh(struct controller *c) NONNULL;

/* journal.c: writes an entry (record and ring). fields the caller leaves out stay empty.
 */
struct journal_entry *journal_begin(struct controller *c, enum level level,
                                    const char *actor, const char *server,
                                    const char *action) NONNULL;
/* The reason of what failed: the error, and what the other side's support finds it by;
 * the error is cut, not the id. */
void journal_blame(struct journal_entry *j, const char *error,
                   const char *request_id) NONNULL;
void journal_say(struct controller *c, struct journal_entry *j, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NONNULL;
/* An alert counts on the screen until it is acknowledged; raised, it has its journal
 * line, too. */
void alert_add(struct controller *c, const char *server, const char *code,
               const char *text) NONNULL;
void alert_raise(struct controller *c, const char *server, const char *code,
                 const char *text) NONNULL;

/* AWS's two minutes, from a notice to the end of its instance. */
enum { NOTICE_S = 120 };

/* merge.c: observations to facts; edges (losses, notices) are left to react.c. */
void merge_all(struct controller *c) NONNULL;
/* Which of the VMs of a new reading is whose. */
void merge_owners(struct controller *c, const struct obs_vsphere *v) NONNULL;
/* Its VM and power; NULL: not found. */
const struct seen_vm *merge_vm(struct controller *c, struct server_state *s) NONNULL;
/* It is there, and down: an order to bring it home powers it on. In the cloud a server is
 * down at home, too. */
bool off_at_home(const struct server_facts *f) NONNULL;
void merge_instance(struct instance_facts *f, const struct seen_instance *in) NONNULL;
/* As read then; it is believed when a later reading says so, too. */
void merge_stopped(struct instance_facts *f, bool stopped, struct utc at) NONNULL;
void merge_spot(const struct controller *c, struct server_facts *f) NONNULL;
/* Is its way out past the step that launches? */
bool launch_is_over(const struct server_state *s) NONNULL;
/* What a listing says of one instance; absent_since: kept for that alone. */
void merge_listed(const struct controller *c, struct instance_facts *f,
                  struct utc *absent_since, const struct observation *o) NONNULL;
/* Seen on at home while its instance runs, by readings that must be believed. */
bool merge_both_places(struct controller *c, struct server_state *s) NONNULL;

/* instances.c: what EC2 shows of the servers that are launched there: which instance is
 * whose, where that puts a server, and what is nobody's. */
void merge_ec2(struct controller *c, struct server_state *s) NONNULL;
/* Its instance from now on, "" = none; stored. */
void instance_claim(struct controller *c, struct server_state *s, const char *id) NONNULL;
/* Neither at its end nor on the way there; with the tags of this server. */
bool instance_lives(const struct seen_instance *in) NONNULL;
bool instance_is_of(const struct controller *c, const struct server_state *s,
                    const struct seen_instance *in) NONNULL;
/* Which of a new listing are whose. */
void instances_owners(struct controller *c, const struct obs_instances *o) NONNULL;
/* It in a listing; NULL: not there. */
const struct seen_instance *instance_listed(const struct obs_instances *o,
                                            struct instance_facts *f) NONNULL;
/* I6: an interface outlives its instances; told, and put right when that is allowed. */
void interface_watch(struct controller *c, struct server_state *s) NONNULL;
void interface_answer(struct controller *c, struct server_state *s,
                      const struct call_result *r) NONNULL;

/* unclaimed.c: what has our tag and is nobody's. */
void unclaimed_watch(struct controller *c) NONNULL;
/* Something is marked. */
bool unclaimed_any(const struct controller *c) NONNULL;
void unclaimed_follow_clock(struct controller *c, int64_t by_s) NONNULL;
/* Before the very first listing is believed: is this the first start? */
void unclaimed_first(struct controller *c) NONNULL;
void unclaimed_load(const struct setting_read *r) NONNULL;

/* sources.c: when to poll what; errors, back-off, breaker. */
void sources_take(struct controller *c, struct observation *o) NONNULL;
void sources_schedule(struct controller *c) NONNULL;
/* Looks at the facts once for all that asks below: is anything on its way, and does a
 * spot instance live? After merge_all(), and again when moves were begun or ended. */
void sources_watch(struct controller *c) NONNULL;
void sources_ask(struct controller *c, bool all) NONNULL;
/* Works out anew how often each is asked. */
void sources_pace(struct controller *c) NONNULL;
/* A price list changes now and then; it is free, and asked once a day (aws-api 7). */
enum { PRICELIST_EVERY_S = 86400 };
/* sources_config.c: which there are; at a start. */
void sources_init(struct controller *c) NONNULL;
/* Another configuration than `was`: everything is asked again now, by new clients; what
 * an API at another address has said counts no more. */
void sources_reconfigure(struct controller *c, const struct config *was) NONNULL;
/* The option by which somebody else than before tells of it ("aws.region"); NULL: it is
 * the same one. */
const char *source_other_by(const struct config *was, const struct config *is,
                            enum source s) NONNULL;
/* Nothing that was read counts any more: all of it is to be read again. */
void sources_restart(struct controller *c) NONNULL;
void sources_hurry(struct controller *c, enum source s) NONNULL;
void sources_hurry_all(struct controller *c) NONNULL;
bool source_is_needed(const struct controller *c, enum source s) NONNULL;
/* The API asked to be left alone for so long, in answer to a call. */
void sources_hold(struct controller *c, const char *api, int64_t retry_after_s) NONNULL;
/* Why no call may go to this API now: it is down, refuses us, wants to be left alone.
 * NULL: one may. */
const char *sources_bar(const struct controller *c, const char *api) NONNULL;
bool source_is_stale(const struct controller *c, enum source s) NONNULL;
int64_t source_every_s(const struct controller *c, enum source s) NONNULL;
int64_t source_stale_after_s(const struct controller *c, enum source s) NONNULL;

/* calls.c: every act goes through here: an id, an intent, the one open call of a server.
 */
bool call_is_open(const struct controller *c, const char *server) NONNULL;
bool call_send(struct controller *c, const struct call *call, const char *actor,
               const char *why) NONNULL;
/* What a call to this API waits for; NULL: nothing. */
const char *call_waits(const struct controller *c, const char *api) NONNULL;
/* The call that this is the answer to (closed, valid until the next one is sent); NULL:
 * none. */
const struct call *call_result(struct controller *c, const struct call_result *r) NONNULL;

void calls_expire(struct controller *c) NONNULL;

/* recover.c: calls of the last run without an outcome. While a server has one nothing is
 * decided for it; "" is the extension. */
void recover_add(struct controller *c, const struct call *call) NONNULL;
void recover_all(struct controller *c) NONNULL;
void recover_follow_clock(struct controller *c, int64_t by_s) NONNULL;
bool recover_waits(const struct controller *c, const char *server) NONNULL;
/* Asked of every server several times a step; mostly there is none. */
NONNULL static inline bool recovering(const struct controller *c, const char *server)
{
    return c->n_unresolved > 0 && recover_waits(c, server);
}

/* takeover.c: what another controller did for a server since, and left (EVENT_ACTED). */
void takeover_take(struct controller *c, const struct event *ev) NONNULL;
/* … and what people wanted there (EVENT_WISH). */
void takeover_wish(struct controller *c, const struct event *ev) NONNULL;
/* What is told of it there is written with the name of its state directory. */
void state_id_keep(struct controller *c) NONNULL;

/* moves.c: begins, advances and ends moves. */
const char *move_where_to(enum direction d); /* as the screen says it */
void move_begin(struct controller *c, struct server_state *s, enum direction d,
                struct utc drain_deadline, bool interrupted) NONNULL;
/* False, told and put off, when no offering is left for a way out. */
bool move_is_possible(struct controller *c, struct server_state *s) NONNULL;
void moves_advance(struct controller *c) NONNULL;
void move_end(struct controller *c, struct server_state *s, enum move_status status,
              enum failure failure, const char *why) NONNULL;
void move_store(struct controller *c, const struct server_state *s) NONNULL;
/* Ends a way home that is late for a way out; its rest is owed, should nothing come of
 * that. */
void move_gives_way(struct controller *c, struct server_state *s) NONNULL;

/* replace.c: with overlap, an instance in another zone in place of one that AWS takes
 * back (policy-and-cost 5.2). Begins it; follows the one that leaves; the move that
 * replaces has ended without one in use: back to what there was before; the node that the
 * leaving one had, while it is another than that in use, NULL: none. */
void replace_begin(struct controller *c, struct server_state *s) NONNULL;
void replace_watch(struct controller *c, struct server_state *s) NONNULL;
void replace_failed(struct controller *c, struct server_state *s) NONNULL;
const struct node_facts *replace_node(const struct server_state *s) NONNULL;
void replace_load(const struct setting_read *r) NONNULL;

/* warnings.c: the queue of events. Takes what came; the newest batch that is handled and
 * on disk (asked once a step); what it says of a server's instance. */
void warnings_take(struct controller *c, const struct obs_queue *q) NONNULL;
uint64_t warnings_handled(struct controller *c) NONNULL;
void warnings_merge(const struct controller *c, struct server_state *s) NONNULL;

/* react.c: what changed by itself: losses, notices, a VM switched by a person, arrival.
 */
void react_all(struct controller *c) NONNULL;
/* An interruption counts: for the re-run ladder, the market, its offering. */
void loss_note(struct controller *c, struct server_state *s) NONNULL;

/* offerings.c: what a server may run as, and in which order now. */
void offerings_order(struct controller *c, const struct server_state *s,
                     struct server_offers *out) NONNULL;
/* Is there one to try? An order of a person is tried, and told by its failure: then, and
 * only then, `out` is not filled. */
bool offerings_left(struct controller *c, const struct server_state *s,
                    struct server_offers *out) NONNULL;
/* Why the first is the first; `why` holds the text and is returned. n > 0. */
const char *offerings_why_first(const struct server_offers *offers,
                                char why[LINE_TEXT]) NONNULL;
/* The first, or why there is none; `why` holds that text. */
struct choice offerings_choose(const struct server_state *s,
                               const struct server_offers *offers,
                               char why[LINE_TEXT]) NONNULL;
void offerings_view(struct controller *c, struct server_state *s,
                    struct server_view *v) NONNULL;
bool offerings_untried(const struct server_offers *offers) NONNULL; /* in this round */
/* What the move launched had no capacity; AWS took back an instance of that pool. */
void offerings_refused(struct controller *c, const struct move *m) NONNULL;
void offerings_lost(struct controller *c, const char *type, const char *zone) NONNULL;
void offerings_follow(struct controller *c) NONNULL; /* what is long ago is forgotten */
void offerings_follow_clock(struct controller *c, int64_t by_s) NONNULL;
void offerings_load(const struct setting_read *r) NONNULL;
/* The zone of a server's own interface, learned from AWS; the zone it was launched in
 * ("": its own); the place of the one in use, 0 its own, 1 the first of its zones. */
void offerings_zone(struct controller *c, struct server_state *s) NONNULL;
void offerings_used(struct controller *c, struct server_state *s,
                    const char *zone) NONNULL;
size_t offerings_zone_in_use(const struct server_state *s) NONNULL;
/* … of that instance, by its interface or zone; n_zones + 1: none of them. */
size_t offerings_zone_of(const struct server_config *k,
                         const struct instance_facts *in) NONNULL;
/* pressure.c: how long the host is short of CPU already, from the newest facts; what the
 * plan made of it for a server. */
void pressure_follow(struct controller *c) NONNULL;
void pressure_keep(struct controller *c, struct server_state *s, bool pressed) NONNULL;

/* decided.c: a decision that is another than before has its line in the journal. */
void decided_tell(struct controller *c, struct server_state *s) NONNULL;

/* decide.c: runs the plan and begins or cancels what it says; the extension; the nodes at
 * rest. */
void decide_all(struct controller *c) NONNULL;

/* reconfigure.c: another configuration, or the word that it is not to be had. */
void config_take(struct controller *c, struct config_order *o) NONNULL;
/* Notes since when the configuration is what it is, over restarts, too. */
void config_note(struct controller *c) NONNULL;

/* commands.c */
void command_take(struct controller *c, const struct command *cmd, bool stored) NONNULL;
/* Its hold is over, by a person's word or by its time: with it the order that it came
 * with, which may wait still. */
void hold_over(struct controller *c, struct server_state *s) NONNULL;
/* The store works, or what the step before decided is not on disk: what is accepted and
 * not written may be lost with this process, so nobody is told yet (I13). The replies
 * that may be told, for a snapshot. */
void replies_written(struct controller *c, bool ok) NONNULL;
void replies_view(const struct controller *c, struct fleet *f) NONNULL;

/* "/ci/job/team/job/net-pipe/88/": the path of its job, and 88. */
bool build_split(const char *path, char job[URL_TEXT], int32_t *number) NONNULL;

/* builds.c: what runs on the nodes, how long it took, and what that says of the cloud. */
enum err_code builds_load(struct controller *c, const struct store_state *state,
                          struct err *e) NONNULL;
void builds_free(struct controller *c) NONNULL;
/* Open runs are those of the servers of another configuration now; of a server that is
 * gone their rows end as they are. */
void builds_reconfigure(struct controller *c, const struct config *next) NONNULL;
void builds_seen(struct controller *c, const struct observation *o) NONNULL;
void builds_history(struct controller *c, const struct observation *o) NONNULL;
void builds_hints(struct controller *c, struct poll_hints *h) NONNULL;
void builds_view(struct controller *c, struct fleet *f) NONNULL;

/* requeue_lost.c: builds that lost their machine; requeue.c: their way back into the
 * queue (policy-and-cost 5.3). Who ran where is told by builds.c. */
enum err_code requeue_load(struct controller *c, const struct store_state *state,
                           struct err *e) NONNULL;
void requeue_free(struct controller *c) NONNULL;
/* The clock was set by so many seconds: what was lost so long ago still is. */
void requeue_follow_clock(struct controller *c, int64_t by_s) NONNULL;
void requeue_saw(struct server_state *s, const struct ran *build) NONNULL;
/* What happens to the machine: it is well, the notice, the loss. Then, each step. */
void requeue_alive(struct controller *c, struct server_state *s) NONNULL;
void requeue_doom(struct controller *c, struct server_state *s, bool lost) NONNULL;
void requeue_watch(struct controller *c, struct server_state *s) NONNULL;
/* A move stops this build; leaves builds behind that nobody can see; takes the machine
 * away from them. */
void requeue_stopped(struct controller *c, struct server_state *s,
                     const char *path) NONNULL;
void requeue_left(struct controller *c, struct server_state *s) NONNULL;
void requeue_committed(struct controller *c, struct server_state *s) NONNULL;
void requeue_hints(struct controller *c, struct poll_hints *h) NONNULL;
bool requeue_is_open(const struct controller *c) NONNULL;
/* Decides by what was read of the jobs; takes what became of an order. */
void requeue_history(struct controller *c, const struct observation *o) NONNULL;
void requeue_result(struct controller *c, const struct call *call,
                    const struct call_result *r) NONNULL;

/* costs.c: segments, prices, sums. */
void costs_load(struct controller *c, const struct store_state *state) NONNULL;
void costs_prices(struct controller *c, const struct observation *o) NONNULL;
void costs_follow(struct controller *c) NONNULL;
/* AWS took its instance back: so its newest segment ends, or has ended, and the pool that
 * took it back is asked last for a while. */
void costs_lost(struct controller *c, struct server_state *s) NONNULL;
/* What it has leaves, and another one comes; the other way round. */
void costs_leave(struct server_state *s) NONNULL;
void costs_return(struct controller *c, struct server_state *s) NONNULL;
struct price_book costs_book(const struct controller *c) NONNULL;
void costs_pricelist(struct controller *c, const struct observation *o) NONNULL;
/* When the price list was read whose prices all types have; 0 = one has none. */
struct utc costs_listed_at(const struct controller *c) NONNULL;
/* Spot, now. */
struct price_quote price_find(const struct controller *c, const char *type,
                              const char *zone) NONNULL;
/* 0 is the id of none. */
struct segment *segment_find(struct controller *c, int64_t id) NONNULL;
/* Adds the part of a segment within [from, to) to a bill; that part alone. False when no
 * price is known for it. */
bool part_bill(const struct controller *c, const struct segment *g, struct utc from,
               struct utc to, struct bill *b) NONNULL;
bool part_cost(const struct controller *c, const struct segment *g, struct utc from,
               struct utc to, struct usd *out) NONNULL;

/* The sums of the closed segments, counted again if something changed. */
void costs_sums(struct controller *c) NONNULL;

/* costs_view.c */
void costs_view(struct controller *c, struct fleet *f) NONNULL;

/* days.c: what each day of the month cost; today as costs_view() has counted it. */
void days_view(struct controller *c, struct fleet *f) NONNULL;

/* traces.c: where it is now, for the picture of the day; spot prices of the last day. */
void quarters_note(struct controller *c, struct server_state *s) NONNULL;
/* What AWS says of its spot request, when that is news. */
void spot_note(struct controller *c, struct server_state *s) NONNULL;
void prices_view(const struct controller *c, struct fleet *f) NONNULL;

/* month.c: the forecast, what it is compared with, the budget and its alerts. */
void month_follow(struct controller *c) NONNULL;
void month_view(struct controller *c, struct fleet *f) NONNULL;
/* Says that servers are left in the cloud while nothing brings them home. */
void month_remind(struct controller *c) NONNULL;
/* What the plan has to know of the budget. */
void month_plan(struct controller *c, struct plan_in *in) NONNULL;
/* A new hold: was it made over the budget? Stored beside it. */
void month_hold(struct controller *c, struct server_state *s) NONNULL;
/* A hold there made now would be over the budget (policy-and-cost 7). */
bool month_is_over(const struct controller *c, const struct server_state *s,
                   enum place place) NONNULL;

const char *clock_text(const struct controller *c, struct utc t,
                       char buf[TIME_TEXT]) NONNULL;

#endif
