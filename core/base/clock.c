#include <config.h>

#include "core/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static struct utc system_utc(void *ctx)
{
    struct timespec ts;

    (void)ctx;
    (void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail with this clock */
    return (struct utc){ts.tv_sec};
}

static struct mono system_mono(void *ctx)
{
    struct timespec ts;

    (void)ctx;
    (void)clock_gettime(CLOCK_BOOTTIME, &ts); /* cannot fail with this clock */
    return (struct mono){(int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

const struct clock *clock_system(void)
{
    static const struct clock c = {system_utc, system_mono, NULL};

    return &c;
}

struct utc clock_utc(const struct clock *c)
{
    return c->utc_now(c->ctx);
}

struct mono clock_mono(const struct clock *c)
{
    return c->mono_now(c->ctx);
}

static struct utc fake_utc(void *ctx)
{
    const struct clock_fake *f = ctx;

    return f->utc;
}

static struct mono fake_mono(void *ctx)
{
    const struct clock_fake *f = ctx;

    return f->mono;
}

struct clock clock_fake_clock(struct clock_fake *f)
{
    return (struct clock){fake_utc, fake_mono, f};
}

void clock_fake_advance_ms(struct clock_fake *f, int64_t ms)
{
    f->mono.ms += ms;
    f->sub_ms += ms;
    f->utc.s += f->sub_ms / 1000;
    f->sub_ms %= 1000;
}

struct clock_scaled {
    pthread_mutex_t lock; /* guards all below */
    int64_t base_ms;      /* scaled ms since 1970 at anchor_ms */
    int64_t anchor_ms;    /* boot time of the last change of speed */
    int32_t speed;
};

struct clock_scaled *clock_scaled_new(struct utc start, int32_t speed)
{
    struct clock_scaled *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        return NULL;
    }
    s->base_ms = start.s * 1000;
    s->anchor_ms = system_mono(NULL).ms;
    s->speed = speed;
    return s;
}

void clock_scaled_free(struct clock_scaled *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_destroy(&s->lock); /* nobody holds it any more */
    free(s);
}

static int64_t scaled_ms(struct clock_scaled *s)
{
    int64_t ms;

    (void)pthread_mutex_lock(&s->lock); /* a plain mutex of ours: cannot fail */
    ms = s->base_ms + (system_mono(NULL).ms - s->anchor_ms) * s->speed;
    (void)pthread_mutex_unlock(&s->lock);
    return ms;
}

static struct utc scaled_utc(void *ctx)
{
    return (struct utc){scaled_ms(ctx) / 1000};
}

static struct mono scaled_mono(void *ctx)
{
    return (struct mono){scaled_ms(ctx)};
}

struct clock clock_scaled_clock(struct clock_scaled *s)
{
    return (struct clock){scaled_utc, scaled_mono, s};
}

void clock_scaled_set_speed(struct clock_scaled *s, int32_t speed)
{
    int64_t now;

    (void)pthread_mutex_lock(&s->lock); /* a plain mutex of ours: cannot fail */
    now = system_mono(NULL).ms;
    s->base_ms += (now - s->anchor_ms) * s->speed;
    s->anchor_ms = now;
    s->speed = speed;
    (void)pthread_mutex_unlock(&s->lock);
}

int32_t clock_scaled_speed(struct clock_scaled *s)
{
    int32_t speed;

    (void)pthread_mutex_lock(&s->lock); /* a plain mutex of ours: cannot fail */
    speed = s->speed;
    (void)pthread_mutex_unlock(&s->lock);
    return speed;
}
