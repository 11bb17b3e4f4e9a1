#include <config.h>

#include "core/policy/explain.h"

#include "core/policy/plan_work.h"

enum { MAX_LOOKS = 16 };

static struct line add_line(struct explain_out *out, const char *label)
{
    struct line l = line_begin(out->lines[out->n], EXPLAIN_TEXT);

    out->n++;
    line_add(&l, label);
    return l;
}

static void add_place(struct line *l, enum place place)
{
    line_add(l, place == PLACE_CLOUD ? "in the cloud" : place_screen(place));
}

/* The rows of policy-and-cost 3.5. */
static int rule_of(enum reason r)
{
    static const int rules[REASON_COUNT] = {
        [REASON_HOLD] = 1,    [REASON_BUDGET] = 2,   [REASON_LEAD] = 3,
        [REASON_WINDOW] = 3,  [REASON_PRESSURE] = 4, [REASON_HOLIDAY] = 5,
        [REASON_OUTSIDE] = 5,
    };

    return rules[r];
}

static void add_rule(struct line *l, enum reason r)
{
    line_add(l, "rule ");
    line_number(l, rule_of(r));
    line_add(l, " (");
    line_add(l, reason_word(r));
    line_add(l, ")");
}

/* Has policy a say of this server then? */
static bool is_in_charge(const struct explain_in *in, struct utc t)
{
    return in->auto_on && in->setting != AUTO_OFF && in->snooze_until.s <= t.s;
}

static void line_now(const struct explain_in *in, struct explain_out *out)
{
    struct line l = add_line(out, "Is      ");
    bool away = in->place == PLACE_MOVING_OUT || in->place == PLACE_MOVING_BACK;

    if (!in->moving || !away)
        add_place(&l, in->place);
    if (!in->moving)
        return;
    line_add(&l, away ? "moving " : ", moves ");
    line_add(&l, in->direction == DIRECTION_OUT ? "to the cloud" : "on-prem");
    line_add(&l, ", step ");
    line_add(&l, step_word(in->step));
    line_add(&l, in->committed ? ", past its commit point" : ", can be taken back");
}

static void line_wanted_now(const struct explain_in *in, struct explain_out *out)
{
    const struct decision *d = in->decision;
    struct line l = add_line(out, "Should  ");

    if (d->desired != PLACE_ONPREM && d->desired != PLACE_CLOUD) {
        line_add(&l, "stay where it is: ");
        line_add(&l, d->reason_text);
        return;
    }
    line_add(&l, "be ");
    add_place(&l, d->desired);
    line_add(&l, d->reason == REASON_NONE ? "" : " by ");
    if (d->reason != REASON_NONE)
        add_rule(&l, d->reason);
    line_add(&l, ": ");
    line_add(&l, d->reason_text);
}

static void line_gates(const struct explain_in *in, struct explain_out *out)
{
    const struct decision *d = in->decision;
    struct line l = add_line(out, "Gate    ");

    if (in->setting == AUTO_DRY_RUN)
        line_add(&l, "dry-run, nothing acts; else ");
    if (d->gate == GATE_NONE) {
        line_add(&l, "none");
        return;
    }
    line_add(&l, gate_word(d->gate));
    if (d->gate_until.s != 0) {
        line_add(&l, " until ");
        line_time(&l, in->tz, d->gate_until, in->now);
    }
    line_add(&l, ": ");
    line_add(&l, d->gate_text);
    for (int g = GATE_NONE + 1; g < GATE_COUNT; g++) {
        if (g == (int)d->gate || (d->gates & GATE_BIT(g)) == 0)
            continue;
        line_add(&l, "; then ");
        line_add(&l, gate_word((enum gate)g));
    }
}

static void take_earlier(struct utc *best, struct utc t, struct utc after)
{
    if (t.s > after.s && (best->s == 0 || t.s < best->s))
        *best = t;
}

/* The next instant at which policy wants another place, or has a say again. */
static void line_next(const struct explain_in *in, struct explain_out *out)
{
    struct desire first =
        desire_of(in->hold, desire_by_schedule(in->schedule, in->at), in->at);
    bool charge = is_in_charge(in, in->at);
    bool pressed = in->at.s <= in->now.s && in->decision->reason == REASON_PRESSURE;
    struct line l = add_line(out, "Next    ");
    struct utc t = in->at;

    if (pressed) /* until when nobody knows: the next change is one of the others */
        first.place = PLACE_CLOUD;
    for (int i = 0; i < MAX_LOOKS; i++) {
        struct utc best = {0};
        struct desire then;

        take_earlier(&best, schedule_next_change(in->schedule, t, PLACE_CLOUD), t);
        take_earlier(&best, schedule_next_change(in->schedule, t, PLACE_ONPREM), t);
        take_earlier(&best, in->snooze_until, t);
        if (in->hold->kind != HOLD_PIN && in->hold->place != PLACE_UNKNOWN)
            take_earlier(&best, in->hold->until, t);
        if (best.s == 0)
            break;
        t = best;
        then = desire_of(in->hold, desire_by_schedule(in->schedule, t), t);
        if (!is_in_charge(in, t) || (charge && then.place == first.place))
            continue;
        line_time(&l, in->tz, t, in->now);
        line_add(&l, ": should be ");
        add_place(&l, then.place);
        line_add(&l, " by ");
        add_rule(&l, then.reason);
        if (in->hold->place != PLACE_UNKNOWN && in->hold->kind != HOLD_PIN &&
            in->hold->until.s == t.s)
            line_add(&l, ", its hold ends");
        else if (t.s == in->snooze_until.s)
            line_add(&l, ", the snooze ends");
        return;
    }
    line_add(&l, is_in_charge(in, t) ? "nothing as far as the schedule reaches"
                                     : "nothing until automatic moves are on again");
}

static void line_then(const struct explain_in *in, struct explain_out *out)
{
    struct desire d =
        desire_of(in->hold, desire_by_schedule(in->schedule, in->at), in->at);
    struct line l = add_line(out, "");

    line_time(&l, in->tz, in->at, in->now);
    if (!is_in_charge(in, in->at)) {
        line_add(&l, ": stays where it is, automatic moves are off then");
        return;
    }
    line_add(&l, ": should be ");
    add_place(&l, d.place);
    line_add(&l, " by ");
    add_rule(&l, d.reason);
}

void explain(const struct explain_in *in, struct explain_out *out)
{
    out->n = 0;
    if (in->at.s > in->now.s) {
        line_then(in, out);
    } else {
        line_now(in, out);
        line_wanted_now(in, out);
        line_gates(in, out);
    }
    line_next(in, out);
}
