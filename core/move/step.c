#include <config.h>

#include "core/move/step.h"

#include "core/base/str.h"

#include <stdarg.h>
#include <stdio.h>

PRINTF_LIKE(2, 0)
static void note(struct move *m, const char *fmt, va_list ap)
{
    (void)vsnprintf(m->note, sizeof(m->note), fmt, ap); /* a cut note is still a note */
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

    out->verdict = VERDICT_CALL;
    c->kind = kind;
    (void)str_copy(c->server, sizeof(c->server), in->server->name);
    (void)str_copy(c->move, sizeof(c->move), m->id);
    (void)str_copy(c->target, sizeof(c->target), target);
    node_marker(c->marker, sizeof(c->marker), kind == CALL_NODE_OPEN ? "undo" : "drain",
                m->id, m->by,
                m->interrupted ? "interruption"
                : back         ? "return"
                               : "out");
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
    if (in->call_open)
        return false;
    return in->last == NULL ? as_of.s >= m->step_since.s : as_of.s > in->last->at.s;
}
