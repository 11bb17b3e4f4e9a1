/*
 * plan_work - what the parts of plan() hand to each other. Of this folder only.
 * A struct plan_work lives on the stack of one plan() and borrows its inputs.
 * Threads: any.
 */
#ifndef RH_POLICY_PLAN_WORK_H
#define RH_POLICY_PLAN_WORK_H

#include "core/policy/plan.h"

#define GATE_BIT(g) (UINT32_C(1) << (g))

/* Where a server should be at some moment, and why (policy-and-cost 3.5). */
struct desire {
    enum place place; /* PLACE_ONPREM or PLACE_CLOUD */
    enum reason reason;
};

struct server_work {
    struct desire wanted; /* whatever the switches say */
    bool auto_on;         /* global and its own, not snoozed; dry-run counts as on */
    bool ordered;         /* a person wants it moved now */
    bool forced;          /* builds are not waited for */
    bool open;            /* a move of ours is under way */
    bool committed;       /* and past its commit point */
    bool late;            /* and past its time limit: it goes on, but keeps no slot */
    bool coming_home;     /* its instance was taken back: this move only brings it home */
    bool due;             /* settled elsewhere than the target, or not settled */
    bool power_on;        /* an order to switch it on at home */
    bool idle;            /* no build runs on the node of the place it leaves */
    bool ready;           /* nothing to wait for but a slot */
    bool start, granted;  /* PLAN_START; may_commit */
    bool unwanted;        /* PLAN_CANCEL */
    bool spaced;          /* gate slots: only the pause between two starts is left */
    enum place target;    /* the order's place, else the wanted one */
    enum direction direction; /* of the open move, or of the one that is due */
    uint32_t gates;
    struct utc deadline; /* of its drain, 0 = none */
    int64_t since;       /* waits since then */
};

struct line;

struct plan_work {
    const struct plan_in *in;
    const struct plan_server *servers;
    size_t n;
    struct utc now;
    struct schedule_at at;
    struct desire by_schedule;
    bool snoozed;
    bool has_last;
    struct interval last;       /* the window that ended last */
    struct utc spacing_until;   /* no move out starts before */
    struct utc commit_until;    /* no return commits before */
    int32_t slots_used;         /* committed and granted ones */
    char slots_text[LINE_TEXT]; /* who has them */
    char schedule_text[LINE_TEXT];
    bool over_budget[MAX_SERVERS];
    bool pressed[MAX_SERVERS]; /* 3.5 row 4 wants it in the cloud */
    struct server_work work[MAX_SERVERS];
    uint16_t order[MAX_SERVERS]; /* of the servers that wait */
};

/* ---- decide.c ---- */

/* These are asked of every server several times a pass. */
static inline bool hold_is_active(const struct hold *h, struct utc now)
{
    if (h->place != PLACE_ONPREM && h->place != PLACE_CLOUD)
        return false;
    return h->kind == HOLD_PIN || h->until.s > now.s;
}

static inline struct desire desire_of(const struct hold *h, struct desire by_schedule,
                                      struct utc now)
{
    if (hold_is_active(h, now)) /* 3.5 row 1 */
        return (struct desire){h->place, REASON_HOLD};
    return by_schedule;
}

/* The same of a server of this plan. How long the host stays short of CPU nobody knows:
 * as far as one can see, it does. */
static inline struct desire desire_at(const struct plan_work *w,
                                      const struct plan_server *s,
                                      struct desire by_schedule, struct utc when)
{
    struct desire d = desire_of(&s->hold, by_schedule, when);

    if (d.place == PLACE_ONPREM && d.reason != REASON_HOLD &&
        w->pressed[s - w->servers]) /* 3.5 row 4 */
        return (struct desire){PLACE_CLOUD, REASON_PRESSURE};
    return d;
}

/* The end of its snooze, or of that of all: the later one; 0 = none. */
static inline struct utc snooze_end(const struct plan_in *in, const struct plan_server *s)
{
    return s->snooze_until.s > in->snooze_until.s ? s->snooze_until : in->snooze_until;
}

/* Is policy in charge of the server at that time? */
static inline bool auto_is_on(const struct plan_in *in, const struct plan_server *s,
                              struct utc when)
{
    return s->auto_on && in->setting != AUTO_OFF && snooze_end(in, s).s <= when.s;
}

struct desire desire_by_schedule(const struct schedule *s, struct utc now) NONNULL;
/* The same of who has looked up the phase of that time already. */
struct desire desire_by_phase(const struct schedule *s, enum schedule_phase phase,
                              struct utc now) NONNULL;

/* A server that is wanted in the cloud: until when; INT64_MAX: no end known. */
int64_t cloud_until(const struct plan_work *w, const struct plan_server *s) NONNULL;

/* When the drain of a move of that direction ends at the latest, 0 = never. */
struct utc drain_deadline(const struct plan_work *w, const struct plan_server *s,
                          const struct server_work *sw) NONNULL;

/* Until when it stays where it is after the end of a hold (gate dwell); 0: no need. */
struct utc dwell_until(const struct plan_work *w, const struct plan_server *s,
                       const struct server_work *sw) NONNULL;

/* ---- gates.c ---- */

/* The gates of 3.6 but `slots` and `drain`, which depend on the others' moves. */
uint32_t gates_of(const struct plan_work *w, const struct plan_server *s,
                  const struct server_work *sw) NONNULL;
enum gate first_gate(uint32_t gates);
/* 5.2: it is in the cloud, wanted there, and no gate would stop a way out now. */
bool may_replace(const struct plan_work *w, const struct plan_server *s,
                 const struct server_work *sw) NONNULL;

/* The node whose builds must end before the move. */
const struct node_facts *node_left(const struct server_facts *f,
                                   enum direction d) NONNULL;

/* ---- budget.c ---- */

/* Who may still go out; fills over_budget. */
void budget_begin(struct plan_work *w) NONNULL;

/* 3.5 row 2: is it to come home for that? 3.6: is it to stay there? */
bool budget_evacuates(const struct plan_work *w, const struct plan_server *s) NONNULL;
bool budget_stops(const struct plan_work *w, const struct plan_server *s) NONNULL;

/* ---- pressure.c ---- */

/* 3.5 row 4: who stays out for the host's sake; then, when the budget is known, who is
 * the next to go. Fill pressed. */
void pressure_begin(struct plan_work *w) NONNULL;
void pressure_pick(struct plan_work *w) NONNULL;
void text_pressure(const struct plan_work *w, const struct plan_server *s,
                   struct line *l) NONNULL;

/* ---- slots.c ---- */

/* Who starts, who may commit, and gate `slots` for the rest. */
void share_slots(struct plan_work *w) NONNULL;

/* ---- extension.c, next.c ---- */

void plan_extension(const struct plan_work *w, struct plan_out *out) NONNULL;
void plan_next(const struct plan_work *w, struct plan_out *out) NONNULL;

/* ---- text.c ---- */

/* A sentence that grows within its buffer; what does not fit is left out. */
struct line {
    char *text;
    size_t size, len;
};

struct line line_begin(char *buf, size_t size) NONNULL;
void line_add(struct line *l, const char *s) NONNULL;
void line_number(struct line *l, int64_t v) NONNULL;
void line_duration(struct line *l, int64_t seconds) NONNULL;

/* "Sun 18:00", or the date when that is a week away or more. */
void line_time(struct line *l, const struct tz *tz, struct utc t, struct utc now) NONNULL;

void text_schedule(struct plan_work *w) NONNULL;
void text_slots(struct plan_work *w) NONNULL;
void text_reason(const struct plan_work *w, size_t i, struct decision *d) NONNULL;
void text_gate(const struct plan_work *w, size_t i, struct decision *d) NONNULL;

/* budget.c */
void text_budget(const struct plan_work *w, const struct plan_server *s,
                 struct line *l) NONNULL;

#endif
