#include <config.h>

#include "core/store/lease.h"

#include "core/base/probe.h"

enum {
    LOOK_MS = 1000,       /* of who waits for it */
    RETRY_MS = 1000,      /* after a failure … */
    RETRY_MOST_MS = 5000, /* … and after many */
    RETRY_DOUBLINGS = 3
};

void lease_init(struct lease *l, int64_t ttl_ms, int64_t renew_ms, int64_t margin_ms,
                struct mono now)
{
    *l = (struct lease){.ttl_ms = ttl_ms,
                        .renew_ms = renew_ms,
                        .margin_ms = margin_ms,
                        .next = LEASE_LOOK,
                        .due = now};
}

enum lease_ask lease_next(const struct lease *l, struct mono now)
{
    return now.ms >= l->due.ms ? l->next : LEASE_WAIT;
}

static void ask(struct lease *l, enum lease_ask next, struct mono at)
{
    l->next = next;
    l->due = at;
}

void lease_lost(struct lease *l, struct mono now)
{
    l->id = l->epoch = 0;
    l->sent.ms = 0;
    ask(l, LEASE_LOOK, now);
}

/* The key is ours, with the lease that we have. */
static void hold(struct lease *l, int64_t epoch)
{
    l->epoch = epoch;
    l->other = false;
    ask(l, LEASE_KEEPALIVE, (struct mono){l->sent.ms + l->renew_ms});
}

/* The key is another's; ours is left to end by itself. */
static void stand_by(struct lease *l, struct mono now)
{
    l->id = l->epoch = 0;
    l->sent.ms = 0;
    l->other = true;
    ask(l, LEASE_LOOK, (struct mono){now.ms + LOOK_MS});
}

/* The same again, a little later: all of them may be asked twice. A grant or an
 * acquisition is begun anew, because the key may have changed meanwhile. */
static void failed(struct lease *l, enum lease_ask asked, struct mono now)
{
    int64_t wait = RETRY_MS;

    if (l->failures < INT32_MAX)
        l->failures++;
    for (int32_t i = 1; i < l->failures && i <= RETRY_DOUBLINGS; i++)
        wait *= 2;
    if (wait > RETRY_MOST_MS)
        wait = RETRY_MOST_MS;
    if (asked == LEASE_GRANT)
        asked = LEASE_LOOK;
    /* Unheard it may have happened: then the look shows our lease on the key. */
    if (asked == LEASE_ACQUIRE)
        asked = LEASE_LOOK;
    if (asked == LEASE_CONFIRM) /* the renewal that it was for is old by then */
        asked = LEASE_KEEPALIVE;
    ask(l, asked, (struct mono){now.ms + wait});
}

static void take_look(struct lease *l, const struct lease_answer *a, struct mono now)
{
    if (a->create_revision != 0 && l->id != 0 && a->lease == l->id) {
        RH_PROBE("lock-was-ours-unheard");
        hold(l, a->create_revision);
    } else if (a->create_revision != 0) {
        stand_by(l, now);
    } else {
        ask(l, LEASE_GRANT, now);
    }
}

void lease_take(struct lease *l, enum lease_ask asked, const struct lease_answer *a,
                struct mono now)
{
    if (a->code != ERR_OK ||
        (asked == LEASE_KEEPALIVE && RH_BUGGIFY("keepalive-dropped"))) {
        failed(l, asked, now);
        return;
    }
    if (asked != LEASE_KEEPALIVE) /* which is worth nothing before it is confirmed */
        l->failures = 0;
    l->looked = true;
    switch (asked) {
    case LEASE_WAIT:
        break;
    case LEASE_LOOK:
        take_look(l, a, now);
        break;
    case LEASE_GRANT:
        l->id = a->id;
        l->sent = a->sent;
        /* A cluster may grant less, or more; what we reckon with is the shorter. */
        if (a->ttl_s * 1000 < l->ttl_ms)
            l->ttl_ms = a->ttl_s * 1000;
        ask(l, LEASE_ACQUIRE, now);
        break;
    case LEASE_ACQUIRE:
        if (a->succeeded)
            hold(l, a->revision);
        else
            take_look(l, a, now);
        break;
    case LEASE_KEEPALIVE:
        if (a->ttl_s <= 0) {
            RH_PROBE("lease-over-at-its-renewal");
            lease_lost(l, now);
            break;
        }
        l->renewed = a->sent;
        ask(l, LEASE_CONFIRM, now);
        break;
    case LEASE_CONFIRM:
        if (!a->succeeded) {
            lease_lost(l, now);
            break;
        }
        l->sent = l->renewed;
        hold(l, l->epoch);
        break;
    }
}

struct mono lease_safe_until(const struct lease *l)
{
    if (l->epoch == 0)
        return (struct mono){0};
    return (struct mono){l->sent.ms + l->ttl_ms - l->margin_ms};
}

bool lease_is_safe(const struct lease *l, struct mono now, int64_t call_ms)
{
    return l->epoch != 0 && now.ms + call_ms < lease_safe_until(l).ms;
}
