/*
 * replay - a journal played again: the fleet at any entry of it, as the entries alone
 * tell. What no entry tells (prices, nodes, builds, the host) stays unknown. A replay
 * owns its entries and its picture. Threads: one.
 */
#ifndef RH_ENGINE_REPLAY_H
#define RH_ENGINE_REPLAY_H

#include "core/base/tz.h"
#include "core/model/fleet.h"

/* So many entries are some two years of four servers; 200 MB of memory. */
enum { REPLAY_MAX = 200000 };

struct replay;

struct replay_sums {
    int64_t moves, failed, open; /* that began, of them failed and never ended */
    int64_t losses, orders;
};

/* Takes malloc'ed entries, oldest first as they stood in the file (times may step back
 * once, when a clock was set); borrows the zone. ERR_NOMEM: the entries stay the
 * caller's. Of more than MAX_SERVERS servers the others are left out. */
enum err_code replay_new(struct journal_entry *entries, size_t n, const struct tz *tz,
                         struct replay **out, struct err *e) MUST_CHECK
    __attribute__((nonnull(3, 4, 5)));
void replay_free(struct replay *r);

size_t replay_count(const struct replay *r) NONNULL;
const struct journal_entry *replay_entry(const struct replay *r, size_t i) NONNULL;
void replay_sums(const struct replay *r, struct replay_sums *out) NONNULL;

/* How many entries stand before the first one that is later. */
size_t replay_until(const struct replay *r, struct utc t) NONNULL;

/* The fleet after the first n entries, at `now`: a reference that the caller drops, NULL
 * when memory is out. Forward it costs what lies between; back, all from the start. */
struct fleet *replay_fleet(struct replay *r, size_t n, struct utc now) NONNULL;

#endif
