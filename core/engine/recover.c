#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"
#include "core/move/step.h"

/*
 * Calls of the last run whose outcome is not on disk (reliability 6, rule 7). Until the
 * API that was asked has been read again nothing is decided for their server, and their
 * intents stay open: a death in between finds them once more.
 */

/* Of a call that must not be made blindly twice, two readings: the first may have been on
 * its way before the server acted. */
static int32_t looks_needed(enum call_kind kind)
{
    return call_is_repeatable(kind) ? 1 : 2;
}

void recover_add(struct controller *c, const struct call *call)
{
    struct unresolved *u;

    if (c->n_unresolved == MAX_CALLS_OPEN) { /* as many moves are taken over at once */
        c->more_unresolved = true;
        return; /* the next start takes the rest of the calls */
    }
    u = &c->unresolved[c->n_unresolved++];
    *u = (struct unresolved){.id = call->id, .kind = call->kind, .as_of = c->now};
    (void)str_copy(u->server, sizeof(u->server), call->server);
}

void recover_follow_clock(struct controller *c, int64_t by_s)
{
    for (size_t i = 0; i < c->n_unresolved; i++)
        utc_follow(&c->unresolved[i].as_of, by_s);
}

/* An overlap ends without Jenkins (I1): what became of a node's call is seen later. */
static bool waits_no_more(const struct controller *c, const struct unresolved *u)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];
        const struct step_in in = {
            .config = c->config, .server = s->config, .facts = &s->facts, .now = c->now};

        if (str_eq(s->config->name, u->server))
            return u->id != 0 && str_eq(call_api(u->kind), "jenkins") && s->has_move &&
                   overlap_is_over(&in, &s->move);
    }
    return false;
}

/* Of whom there are more than have room is not known: each waits until the APIs that tell
 * of machines were read for all that have. */
bool recover_waits(const struct controller *c, const char *server)
{
    for (size_t i = 0; i < c->n_unresolved; i++) {
        const struct unresolved *u = &c->unresolved[i];

        if (str_eq(u->server, server) ||
            (c->more_unresolved && !str_eq(call_api(u->kind), "jenkins")))
            return true;
    }
    return false;
}

static void say_resume(struct controller *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_unresolved; i++)
        n += c->unresolved[i].id != 0 ? 1 : 0;
    if (c->resume_told || n == 0)
        return;
    c->resume_told = true;
    journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", "", "resume"),
                "%zu call%s of the last run without an answer: looking what became of it",
                n, n == 1 ? "" : "s");
}

/* The newest reading of any source of the API that was made after the last one counted.
 */
static bool read_again(struct controller *c, struct unresolved *u)
{
    bool asked = false;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct observation *o = c->sources[i].good;

        if (!source_decides((enum source)i) || i == SOURCE_SPOT ||
            i == SOURCE_INTERFACES || /* of ec2 the listing of instances counts */
            !str_eq(source_api((enum source)i), call_api(u->kind)))
            continue;
        asked |= c->sources[i].configured;
        /* One of the future was made before the clock was set back. */
        if (o != NULL && o->at.s > u->as_of.s && o->at.s <= c->now.s) {
            if (u->looks > 0)
                RH_PROBE("lost-call-looked-at-twice");
            u->as_of = o->at;
            u->looks++;
            sources_hurry(c, (enum source)i);
        }
    }
    if (RH_BUGGIFY("recovery-looks-once-more"))
        return false;
    /* An API that is configured no more tells nothing. */
    return !asked || u->looks >= looks_needed(u->kind);
}

static void resolve(struct controller *c, const struct unresolved *u)
{
    struct record *r;
    struct journal_entry *j;

    if (u->id == 0)
        return; /* there was no call: the API was to be read again */
    r = effects_record(c->fx, RECORD_OUTCOME);
    SURE(c->store_ok && u->id > 0);

    if (r == NULL)
        return;
    r->at = c->now;
    r->as.outcome =
        (struct call_result){.id = u->id, .outcome = OUTCOME_UNKNOWN, .at = c->now};
    (void)err_set(&r->as.outcome.err, ERR_CANCELED,
                  "the program ended before the answer came");
    j = journal_begin(c, LEVEL_INFO, "rushhour", u->server, "resolve");
    j->outcome = OUTCOME_UNKNOWN;
    journal_say(c, j,
                waits_no_more(c, u)
                    ? "%s of the last run: the overlap has to end, whatever became of it"
                    : "%s of the last run: looked again, going on from what is seen",
                call_word(u->kind));
}

void recover_all(struct controller *c)
{
    size_t kept = 0;

    if (c->orders_only)
        return; /* the next one to act looks what became of them */
    say_resume(c);
    if (!c->store_ok)
        return; /* their outcome could not be kept */
    for (size_t i = 0; i < c->n_unresolved; i++) {
        if (waits_no_more(c, &c->unresolved[i]) || read_again(c, &c->unresolved[i]))
            resolve(c, &c->unresolved[i]);
        else
            c->unresolved[kept++] = c->unresolved[i];
    }
    c->n_unresolved = kept;
    c->more_unresolved = c->more_unresolved && kept > 0;
}
