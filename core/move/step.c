#include <config.h>

#include "core/move/step.h"

#include "core/base/str.h"

#include <stdarg.h>

/* Between two tries of a call. */
enum { AGAIN_FIRST_S = 5, AGAIN_MAX_S = 80 };

/* Waiting for the source's channel to close is a courtesy, not a condition
 * (jenkins-api 10.4). */
enum { DISCONNECT_WAIT_S = 60 };
/* Builds that were asked to stop at the overlap's end have so long. */
enum { STOPPING_S = 30 };

PRINTF_LIKE(2, 0)
static void note(struct move *m, const char *fmt, va_list ap)
{
    (void)str_vformat(m->note, sizeof(m->note), fmt, ap); /* a cut note is still a note */
}

void say_wait(struct move *m, struct step_out *out, const char *fmt, ...)
{
    va_list ap;

    out->verdict = VERDICT_WAIT;
    va_start(ap, fmt);
    note(m, fmt, ap);
    va_end(ap);
}

void say_fail(struct move *m, struct step_out *out, enum failure failure, const char *fmt,
              ...)
{
    va_list ap;

    out->verdict = VERDICT_FAIL;
    out->failure = failure;
    va_start(ap, fmt);
    note(m, fmt, ap);
    va_end(ap);
}

void say_done(struct move *m, struct step_out *out)
{
    out->verdict = VERDICT_DONE;
    m->note[0] = '\0';
}

void say_call(const struct step_in *in, struct move *m, struct step_out *out,
              enum call_kind kind, const char *target)
{
    struct call *c = &out->call;
    bool back = m->direction == DIRECTION_BACK;

    /* One call of a server at a time; each says of whom it is and at what it aims. */
    SURE(!in->call_open);
    SURE(kind < CALL_COUNT && target[0] != '\0');
    SURE(in->server->name[0] != '\0');
    out->verdict = VERDICT_CALL;
    *c = (struct call){.kind = kind};
    (void)str_copy(c->server, sizeof(c->server), in->server->name);
    (void)str_copy(c->move, sizeof(c->move), m->id);
    (void)str_copy(c->target, sizeof(c->target), target);
    node_marker(c->marker, sizeof(c->marker), kind == CALL_NODE_OPEN ? "undo" : "drain",
                m->id, m->by,
                m->interrupted ? "interruption"
                : back         ? "return"
                               : "out");
}

bool move_takes(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct offering *o = in->choice.offering;

    if (o == NULL) {
        m->type[0] = m->zone[0] = '\0'; /* nothing was asked for, nothing refused it */
        say_fail(m, out, FAILURE_CAPACITY, "no offering is left: %s", in->choice.why);
        return false;
    }
    SURE(o->type[0] != '\0');
    (void)str_copy(m->type, sizeof(m->type), o->type);
    (void)str_copy(m->zone, sizeof(m->zone), in->choice.zone);
    m->lifecycle = o->lifecycle;
    return true;
}

const struct node_facts *move_source(const struct step_in *in, const struct move *m)
{
    return m->direction == DIRECTION_OUT ? &in->facts->onprem : &in->facts->cloud;
}

const struct node_facts *move_target(const struct step_in *in, const struct move *m)
{
    return m->direction == DIRECTION_OUT ? &in->facts->cloud : &in->facts->onprem;
}

bool seen_since_call(const struct step_in *in, const struct move *m, struct utc as_of)
{
    return in->last == NULL ? as_of.s >= m->step_since.s : as_of.s > in->last->at.s;
}

bool undrained(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *source = move_source(in, m);

    if (m->interrupted || m->committed || !source->known ||
        (source->marked && source->idle))
        return false;
    out->verdict = VERDICT_REDO;
    (void)str_format(m->note, sizeof(m->note), "node %s %s: draining once more",
                     source->name,
                     source->marked ? "got a build" : "was opened by somebody");
    return true;
}

bool disconnect_first(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *source = move_source(in, m);

    if (!source->known || !source->connected || !source->marked || !source->idle ||
        overlap_is_over(in, m))
        return false;
    if (m->calls == 0) {
        say_call(in, m, out, CALL_NODE_DISCONNECT, source->name);
        return true;
    }
    if (in->last_kind != CALL_NODE_DISCONNECT ||
        in->now.s - m->last_call_at.s > DISCONNECT_WAIT_S)
        return false;
    if (in->last != NULL && in->last->outcome == OUTCOME_FAILED)
        return false;
    say_wait(m, out, "closing the channel of node %s", source->name);
    return true;
}

/* 5, 10, 20, … s after the newest call. */
bool too_early(const struct step_in *in, const struct move *m)
{
    int64_t wait = AGAIN_FIRST_S;

    for (int32_t i = 1; i < m->calls && wait < AGAIN_MAX_S; i++)
        wait *= 2;
    return in->now.s - in->last->at.s < wait;
}

bool is_overdue(const struct step_in *in, const struct move *m)
{
    return m->deadline.s != 0 && in->now.s >= m->deadline.s;
}

/* Home takes its time to shut down. */
static int64_t overlap_left_s(const struct config *c, const struct move *m)
{
    int64_t most = mover_overlap_s(&c->policy);
    int64_t left = most - c->shutdown_timeout;

    return m->direction == DIRECTION_BACK ? most : left > most / 2 ? left : most / 2;
}

/* An overlap begins with the order that commits, and not before one side was last down:
 * that order may have been lost, or refused for long. */
static int64_t overlap_since_s(const struct server_facts *f, const struct move *m)
{
    return f->apart.s > m->committed_at.s ? f->apart.s : m->committed_at.s;
}

static int64_t overlap_limit_s(const struct config *c, const struct server_facts *f,
                               const struct move *m)
{
    return overlap_since_s(f, m) + overlap_left_s(c, m);
}

bool overlap_ends(const struct step_in *in, const struct move *m)
{
    return in->server->overlaps && m->committed_at.s != 0 &&
           in->now.s >= overlap_limit_s(in->config, in->facts, m);
}

bool overlap_is_over(const struct step_in *in, const struct move *m)
{
    return in->config->policy.on_drain_deadline != DRAIN_WAIT && overlap_ends(in, m) &&
           in->now.s >= overlap_limit_s(in->config, in->facts, m) + STOPPING_S;
}

struct utc mover_next_limit(const struct config *c, const struct server_config *s,
                            const struct server_facts *f, const struct move *m,
                            struct utc now)
{
    bool overlaps = s->overlaps && m->committed_at.s != 0;
    int64_t ends = overlaps ? overlap_limit_s(c, f, m) : 0;
    const int64_t limits[] = {m->deadline.s, m->drain_deadline.s, ends,
                              overlaps ? ends + STOPPING_S : 0};
    struct utc next = {0};

    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (limits[i] > now.s && (next.s == 0 || limits[i] < next.s))
            next.s = limits[i];
    }
    return next;
}

bool is_sent_home(const struct move *m)
{
    return m->direction == DIRECTION_BACK && m->committed_at.s != 0 &&
           m->committed_at.s < m->started.s;
}

enum failure failure_of(const struct call_result *r)
{
    if (r->err.code == ERR_CAPACITY)
        return FAILURE_CAPACITY;
    return err_is_retryable(r->err.code) ? FAILURE_TRANSIENT : FAILURE_PERMANENT;
}

void node_marker(char *buf, size_t size, const char *verb, const char *op, const char *by,
                 const char *why)
{
    char text[120];
    size_t n = 0;

    (void)str_format(text, sizeof(text), "rushhour/1 %s op=%s by=%.32s why=%.32s", verb,
                     op, by, why);
    /* Names of people may hold anything; Jenkins cuts the reason at " : " and escapes the
     * rest. */
    for (const char *p = text; *p != '\0' && n + 1 < size; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || *p == '.' || *p == '/' || *p == '=' ||
                     *p == '_' || *p == '-' || *p == ' ';

        buf[n++] = plain ? *p : '_';
    }
    buf[n] = '\0';
}
