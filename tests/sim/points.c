#include <config.h>

#include "tests/sim/points.h"

#include "core/base/probe.h"
#include "core/base/str.h"

#include <stdio.h>

enum { ARMED_PERCENT = 25, FIRES_PERCENT = 25 };

/* The linker's. */
/* Weak: linked with the core that has none (make coverage), both are NULL. */
extern struct point *const __start_rh_points[] __attribute__((weak));
extern struct point *const __stop_rh_points[] __attribute__((weak));

static size_t count(void)
{
    return (size_t)(__stop_rh_points - __start_rh_points);
}

static bool calm;

void point_reached(struct point *p)
{
    p->hits++;
    p->runs += p->hit ? 0 : 1;
    p->hit = true;
}

bool point_fires(struct point *p)
{
    if (!p->armed || calm || rng_between(&p->rng, 1, 100) > FIRES_PERCENT)
        return false;
    point_reached(p);
    return true;
}

/* What a point does depends on the seed and its name alone. */
static uint64_t mix(uint64_t seed, const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ seed;

    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return h;
}

void points_begin(uint64_t seed, bool buggify)
{
    calm = false;
    for (size_t i = 0; i < count(); i++) {
        struct point *p = __start_rh_points[i];

        p->hit = false;
        rng_seed(&p->rng, mix(seed, p->name));
        p->armed = p->buggify && buggify && rng_between(&p->rng, 1, 100) <= ARMED_PERCENT;
    }
}

void points_calm(void)
{
    calm = true;
}

bool points_are_sound(void)
{
    for (size_t i = 0; i < count(); i++) {
        for (size_t k = 0; k < i; k++) {
            if (!str_eq(__start_rh_points[i]->name, __start_rh_points[k]->name))
                continue;
            (void)fprintf(stderr, "campaign: two points are called \"%s\"\n",
                          __start_rh_points[i]->name);
            return false;
        }
    }
    return true;
}

const char *const points_of_people[POINTS_OF_PEOPLE] = {
    "seen-in-both-places-once",
    "drained-once-more",
    "found-in-the-cloud",
    "taken-back-while-it-started",
    "extension-not-active-in-time",
    "adopted-by-its-interface",
    "home-on-again-before-the-launch",
    "died-of-its-launch",
    "closed-node-opened-by-somebody",
    "cancel-of-a-lost-server",
    "cancel-past-the-commit-point",
    "way-out-canceled-before-commit",
    "another-of-its-instances-lives",
    "home-too-soon",
    "sent-home-to-a-home-that-is-off",
    "off-after-all-at-home",
    "orphan-spared-then-told-anew",
    "launch-of-what-wanted-it-before",
    "replacement-failed",
    "drained-by-the-overlap's-end",
    "home-given-up",
    "cloud-given-up",
    "taken-back-before-its-use",
    "spot-loss-while-moving-out",
    "requeue-order-never-arrived",
};
const char *const points_of_disk[POINTS_OF_DISK] = {
    "launch-stopped-by-a-full-disk",
    "store-full",
};
const char *const points_of_bytes[POINTS_OF_BYTES] = {
    "ec2-next-page",
    "velostrata-next-page",
    "vsphere-next-page",
    "vsphere-login-once-more",
};

const char *const points_of_lock[POINTS_OF_LOCK] = {
    "fence-refuses-a-former-holder",
};

/* With several controllers alone. */
static const char *const of_several[] = {
    "fence-not-safe-any-more",   "lock-taken-over",          "lock-was-ours-unheard",
    "lease-over-at-its-renewal", "move-of-a-former-holder",  "move-taken-over",
    "loss-since-the-last-call",  "way-home-owed-by-another", "owed-home-and-out-again",
};

static bool is_one_of(const char *name, const char *const names[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(names[i], name))
            return true;
    }
    return false;
}

static bool is_of_several(const char *name)
{
    return is_one_of(name, of_several, ARRAY_LEN(of_several));
}

static bool is_elsewhere(const char *name)
{
    return is_one_of(name, points_of_people, POINTS_OF_PEOPLE) ||
           is_one_of(name, points_of_disk, POINTS_OF_DISK) ||
           is_one_of(name, points_of_bytes, POINTS_OF_BYTES) ||
           is_one_of(name, points_of_lock, POINTS_OF_LOCK);
}

size_t points_missed(bool several)
{
    size_t missed = 0;

    for (size_t i = 0; i < count(); i++) {
        const struct point *p = __start_rh_points[i];

        missed += !p->buggify && p->hits == 0 && !is_elsewhere(p->name) &&
                          (several || !is_of_several(p->name))
                      ? 1
                      : 0;
    }
    return missed;
}

static void say_each(bool buggify)
{
    for (size_t i = 0; i < count(); i++) {
        const struct point *p = __start_rh_points[i];

        if (p->buggify == buggify)
            (void)printf("  %-32s %10llu in %llu histories%s\n", p->name,
                         (unsigned long long)p->hits, (unsigned long long)p->runs,
                         p->hits > 0              ? ""
                         : is_elsewhere(p->name)  ? ", in test_probes"
                         : is_of_several(p->name) ? ", with --several"
                                                  : ", NEVER");
    }
}

void points_say(bool each, bool several)
{
    size_t probes = 0, hit = 0, fired = 0;

    for (size_t i = 0; i < count(); i++) {
        const struct point *p = __start_rh_points[i];

        probes += p->buggify ? 0 : 1;
        hit += !p->buggify && p->hits > 0 ? 1 : 0;
        fired += p->buggify && p->hits > 0 ? 1 : 0;
    }
    (void)printf("probes: %zu of %zu hit, %zu missed; buggify: %zu of %zu fired\n", hit,
                 probes, points_missed(several), fired, count() - probes);
    if (!each)
        return;
    say_each(false);
    (void)printf("buggify:\n");
    say_each(true);
}

uint64_t points_hits(const char *name)
{
    for (size_t i = 0; i < count(); i++) {
        if (str_eq(__start_rh_points[i]->name, name))
            return __start_rh_points[i]->hits;
    }
    return 0;
}
