#include <config.h>

#include "core/sim/ready.h"

#include "core/base/str.h"

#include <stdlib.h>

enum { SPANS_A_DAY = 8, DAY_S = 86400, FIRST_LATE = 64 };
/* As long as the controller may look at something else, and what little its clock may be
 * wrong without being told so. */
enum { SLACK_S = 15 * 60 };

enum err_code readiness_init(struct readiness *r, const struct policy_config *p,
                             const struct tz *tz, size_t n_servers, struct utc from,
                             struct utc to, struct err *e)
{
    size_t max = (size_t)((to.s - from.s) / DAY_S + 3) * SPANS_A_DAY;

    *r = (struct readiness){.n_servers = n_servers, .from = from, .last = from};
    r->spans = calloc(max, sizeof(*r->spans));
    r->servers = calloc(n_servers + 1, sizeof(*r->servers));
    if (r->spans == NULL || r->servers == NULL) {
        readiness_clear(r);
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    }
    r->cap_spans = max;
    r->n_spans = schedule_planned(p, tz, from, to, r->spans, max);
    return ERR_OK;
}

void readiness_rezone(struct readiness *r, const struct policy_config *p,
                      const struct tz *tz, struct utc to)
{
    r->n_spans = schedule_planned(p, tz, r->last, to, r->spans, r->cap_spans);
    r->span = 0;
}

void readiness_clear(struct readiness *r)
{
    free(r->spans);
    free(r->servers);
    free(r->late_s);
    *r = (struct readiness){0};
}

static void add_late(struct readiness *r, int64_t s)
{
    if (r->n_late == r->cap_late) {
        size_t cap = r->cap_late == 0 ? FIRST_LATE : r->cap_late * 2;
        int64_t *p = reallocarray(r->late_s, cap, sizeof(*p));

        if (p == NULL) {
            r->out_of_memory = true;
            return;
        }
        r->late_s = p;
        r->cap_late = cap;
    }
    r->late_s[r->n_late++] = s;
}

/* Of a span that was on before we looked nobody can tell how late it was. */
static bool tells_late(const struct readiness *r, const struct stretch *span)
{
    return span->start.s >= r->from.s;
}

/* The part [a, b) of a span. */
static void count(struct readiness *r, const struct stretch *span, int64_t a, int64_t b)
{
    for (size_t i = 0; i < r->n_servers; i++) {
        struct ready_server *s = &r->servers[i];

        s->was_excused = s->was_excused || s->excused;
        if (s->excused)
            continue;
        r->planned_s += b - a;
        if (!s->ready)
            continue;
        r->ready_s += b - a;
        if (!s->was_ready && tells_late(r, span))
            add_late(r, a - span->start.s);
        s->was_ready = true;
    }
}

static void close_span(struct readiness *r, const struct stretch *span)
{
    for (size_t i = 0; i < r->n_servers; i++) {
        struct ready_server *s = &r->servers[i];

        if (!s->was_ready && !s->was_excused && tells_late(r, span))
            add_late(r, span->end.s - span->start.s);
        s->was_ready = s->was_excused = false;
    }
}

void readiness_advance(struct readiness *r, struct utc now)
{
    while (r->span < r->n_spans && r->last.s < now.s) {
        const struct stretch *span = &r->spans[r->span];
        int64_t a = r->last.s > span->start.s ? r->last.s : span->start.s;
        int64_t b = now.s < span->end.s ? now.s : span->end.s;

        if (a < b)
            count(r, span, a, b);
        if (now.s < span->end.s)
            break;
        close_span(r, span);
        r->last = span->end;
        r->span++;
    }
    if (r->last.s < now.s)
        r->last = now;
}

void readiness_note(struct readiness *r, size_t server, bool ready, bool excused)
{
    r->servers[server].ready = ready;
    r->servers[server].excused = excused;
}

bool readiness_agrees(const struct readiness *r, const struct decision *d, struct utc now,
                      char why[LINE_TEXT])
{
    const struct stretch *next = r->span < r->n_spans ? &r->spans[r->span] : NULL;
    bool inside =
        next != NULL && now.s >= next->start.s + SLACK_S && now.s < next->end.s - SLACK_S;
    bool outside = (next == NULL || now.s < next->start.s - SLACK_S) &&
                   (r->span == 0 || now.s >= r->spans[r->span - 1].end.s + SLACK_S);

    if (!(inside && d->reason == REASON_OUTSIDE) &&
        !(outside && d->reason == REASON_WINDOW))
        return true;
    (void)str_format(why, LINE_TEXT, "I15: wanted %s for %s, %s the rush hours",
                     place_word(d->desired), reason_word(d->reason),
                     inside ? "inside" : "outside");
    return false;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

void readiness_sort(struct readiness *r)
{
    if (r->n_late > 0)
        qsort(r->late_s, r->n_late, sizeof(r->late_s[0]), by_value);
}

int64_t readiness_late_s(const struct readiness *r, int p)
{
    return r->n_late == 0 ? 0 : r->late_s[(r->n_late - 1) * (size_t)p / 100];
}
