#include <config.h>

#include "tui/demo.h"
#include "tui/words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sunday 2026-11-22 08:30 in Haifa: the first moves come within seconds. */
static const char story_start[] = "2026-11-22T06:30:00Z";
static const char story_zone[] = "Asia/Jerusalem";
/* A month costs some $27 a server: the budget is seen, and stops nobody. */
enum { BUDGET_EACH = 35 };
enum { STORY_SPEED = 60, STORY_DAYS = 7, MAX_SPEED = 100000, DAY_S = 86400 };

static enum err_code number(const struct args *a, enum flag f, int64_t min, int64_t max,
                            int64_t *out, struct err *e)
{
    if (!a->set[f] || str_to_i64(a->value[f], min, max, out, e) == ERR_OK)
        return ERR_OK;
    e->code = ERR_USAGE;
    return ERR_USAGE;
}

static enum err_code read_options(struct demo *d, const struct args *a, struct err *e)
{
    int64_t speed = STORY_SPEED, seed = 1, servers = 4;
    struct tz *tz = NULL;

    d->speed_given = a->set[FLAG_SPEED];
    d->json = a->set[FLAG_JSON];
    if (a->set[FLAG_SPEED] && str_eq(a->value[FLAG_SPEED], "max"))
        speed = 0;
    else if (number(a, FLAG_SPEED, 1, MAX_SPEED, &speed, e) != ERR_OK)
        goto bad;
    if (number(a, FLAG_SEED, 0, INT64_MAX, &seed, e) != ERR_OK ||
        number(a, FLAG_SERVERS, 1, 1000, &servers, e) != ERR_OK ||
        utc_parse(story_start, &d->from, e) != ERR_OK)
        goto bad;
    if (a->set[FLAG_FROM]) {
        struct utc from = d->from;

        if (tz_load(story_zone, &tz, e) != ERR_OK ||
            time_parse(a->value[FLAG_FROM], tz, from, &d->from, e) != ERR_OK)
            goto bad;
    }
    if (a->set[FLAG_FOR] &&
        duration_parse(a->value[FLAG_FOR], &d->duration_s, e) != ERR_OK)
        goto bad;
    if (a->set[FLAG_FOR] && d->duration_s <= 0) {
        (void)err_set(e, ERR_USAGE, "--for wants a duration above zero");
        goto bad;
    }
    if (d->json && d->speed_given && speed != 0) {
        (void)err_set(e, ERR_USAGE,
                      "--json sums up a run at full speed: write --speed max, or none");
        goto bad;
    }
    d->speed = (int32_t)speed;
    d->seed = (uint64_t)seed;
    d->servers = (int32_t)servers;
    d->mover = a->set[FLAG_MOVER] ? a->value[FLAG_MOVER] : NULL;
    /* Off a terminal: one simulated week, as fast as it goes, unless a speed was asked
     * for. */
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0 || d->json) {
        if (!d->speed_given)
            d->speed = 0;
    }
    if (d->speed == 0 && d->duration_s == 0)
        d->duration_s = STORY_DAYS * DAY_S;
bad:
    tz_free(tz);
    return e->code;
}

int demo_options(struct demo *d, const struct args *a)
{
    struct err e = {0};

    *d = (struct demo){0};
    if (read_options(d, a, &e) == ERR_OK)
        return EXIT_DONE;
    (void)session_fail(&e);
    return EXIT_USAGE;
}

int demo_site(struct demo *d, const char *faults)
{
    struct site_options o = {.seed = d->seed,
                             .servers = d->servers,
                             .start = d->from,
                             .mover = d->mover,
                             .faults = faults};
    struct err e = {0};

    return site_new(&o, &d->site, &e) == ERR_OK ? EXIT_DONE : session_fail(&e);
}

int demo_config(const struct demo *d, const char *base, struct session *s)
{
    char budget[64];
    const char *const list[] = {budget, "cost.compare_host_month=350.00"};
    const struct config_sets sets = {list, ARRAY_LEN(list)};
    struct err e = {0};

    (void)str_format(budget, sizeof(budget), "policy.budget_month=%d.00",
                     BUDGET_EACH * d->servers); /* it fits */
    if (site_config(d->site, base, &sets, &s->config, &e) != ERR_OK ||
        tz_load(s->config->tz_name, &s->tz, &e) != ERR_OK)
        return session_fail(&e);
    return EXIT_DONE;
}

struct aws_credentials *demo_credentials(const struct clock *clock)
{
    struct aws_credentials *c = NULL;
    struct err e = {0};

    if (aws_credentials_new_static(site_aws_key_id, site_aws_secret_key, NULL, clock, &c,
                                   &e) != ERR_OK)
        (void)session_fail(&e);
    return c;
}
