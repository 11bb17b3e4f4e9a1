#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"
#include "core/policy/explain.h"

#include <string.h>

/*
 * What policy made of a server, in the journal whenever it becomes something else: so
 * `explain --at` can say of any instant where it was, where it should have been, by which
 * rule, and what held it.
 */

static void explain_now(const struct controller *c, const struct server_state *s,
                        struct explain_out *out)
{
    const struct explain_in in = {.policy = &c->config->policy,
                                  .schedule = &c->schedule,
                                  .tz = c->tz,
                                  .now = c->now,
                                  .at = c->now,
                                  .setting = c->dry_run ? AUTO_DRY_RUN : c->setting,
                                  .snooze_until = snooze_of(c, s),
                                  .name = s->config->name,
                                  .place = s->facts.place,
                                  .decision = &s->decision,
                                  .hold = &s->hold,
                                  .auto_on = s->auto_on}; /* no word of its move */

    explain(&in, out);
}

static void tell(struct controller *c, const struct server_state *s)
{
    const struct decided *now = &s->decided;
    struct explain_out x;
    struct journal_entry *j;

    j = journal_begin(c, LEVEL_DEBUG, "policy", s->config->name, EXPLAIN_ACTION);
    (void)str_copy(j->from, sizeof(j->from), place_word(now->place));
    (void)str_copy(j->to, sizeof(j->to), place_word(now->desired));
    if (c->without_texts) {
        journal_say(c, j, "%s", gate_word(now->gate));
        return;
    }
    explain_now(c, s, &x);
    (void)str_copy(j->reason, sizeof(j->reason), x.lines[EXPLAIN_SHOULD] + EXPLAIN_LABEL);
    journal_say(c, j, "%s%s", now->gate == GATE_NONE ? "no gate" : "gate ",
                now->gate == GATE_NONE ? "" : x.lines[EXPLAIN_GATE] + EXPLAIN_LABEL);
}

/* At every look: what is worked out for the line is not, while there is none. */
void decided_tell(struct controller *c, struct server_state *s)
{
    struct decided now = {.told = true,
                          .place = s->facts.place,
                          .desired = s->decision.desired,
                          .reason = s->decision.reason,
                          .gate = s->decision.gate};
    const struct decided *was = &s->decided;

    if (was->told && was->place == now.place && was->desired == now.desired &&
        was->reason == now.reason && was->gate == now.gate)
        return;
    s->decided = now;
    tell(c, s);
}
