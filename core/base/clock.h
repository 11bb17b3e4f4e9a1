/*
 * clock - instants and where they come from.
 * Plain values; a clock_fake is owned by its user and must outlive the struct clock made
 * of it. Threads: values anywhere; clock_system() and clock_scaled() from any thread,
 * clock_fake one.
 */
#ifndef RH_BASE_CLOCK_H
#define RH_BASE_CLOCK_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* Wall clock: seconds since 1970-01-01T00:00:00Z. Zero means "never" or "not set". */
struct utc {
    int64_t s;
};

/* A stretch of time, [start, end). */
struct stretch {
    struct utc start, end;
};

/* CLOCK_BOOTTIME in milliseconds: only differences mean anything; runs on in suspend. */
struct mono {
    int64_t ms;
};

struct clock {
    struct utc (*utc_now)(void *ctx);
    struct mono (*mono_now)(void *ctx);
    void *ctx;
};

const struct clock *clock_system(void);

struct utc clock_utc(const struct clock *c) NONNULL;
struct mono clock_mono(const struct clock *c) NONNULL;

/* A clock that stands still until it is told; for tests and for simulation at full speed.
 */
struct clock_fake {
    struct utc utc;
    int64_t sub_ms; /* 0..999 beyond utc */
    struct mono mono;
};
struct clock clock_fake_clock(struct clock_fake *f) NONNULL;
void clock_fake_advance_ms(struct clock_fake *f, int64_t ms) NONNULL;

/*
 * A clock that starts at `start` and runs `speed` times as fast as boot time; changing
 * the speed never makes it jump. Both its faces run scaled, so every interval of a
 * controller that lives on it shrinks alike. Thread-safe.
 */
struct clock_scaled;
struct clock_scaled *clock_scaled_new(struct utc start, int32_t speed);
void clock_scaled_free(struct clock_scaled *s);
struct clock clock_scaled_clock(struct clock_scaled *s) NONNULL;
void clock_scaled_set_speed(struct clock_scaled *s, int32_t speed) NONNULL;
int32_t clock_scaled_speed(struct clock_scaled *s) NONNULL;

#endif
