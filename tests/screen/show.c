#include <config.h>

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/base/tz.h"
#include "tests/screen/story.h"
#include "tui/app.h"

/* The dashboard on a canned picture, to look at: show [STORY
 * [ascii|mono|observe|locked]…]. Commands are answered with what they were. */

struct show {
    struct fleet *fleet;
    int event_fd;
};

static struct fleet *latest(void *ctx)
{
    struct show *s = ctx;

    return fleet_ref(s->fleet);
}

static bool take(void *ctx, const struct command *c, struct err *e)
{
    struct show *s = ctx;
    struct command_reply *r;
    struct fleet *next = fleet_new(s->fleet->n_servers);
    uint64_t one = 1;
    int refs;

    if (next == NULL)
        return err_set(e, ERR_NOMEM, "a picture") == ERR_OK;
    refs = next->refs;
    memcpy(next, s->fleet, sizeof(*next) + next->n_servers * sizeof(next->servers[0]));
    next->refs = refs;
    next->version++;
    next->n_replies = 1;
    r = &next->replies[0];
    r->id = c->id;
    r->accepted = true;
    (void)str_format(r->text, sizeof(r->text), "taken: %s %s%s", command_word(c->kind),
                     c->server, c->force ? " by force" : "");
    fleet_unref(s->fleet);
    s->fleet = next;
    return write(s->event_fd, &one, sizeof(one)) == (ssize_t)sizeof(one);
}

static struct hold_ends hold_ends(void *ctx, enum place place)
{
    (void)ctx;
    struct utc change = {STORY_NOW.s + (place == PLACE_CLOUD ? 80273 : 26273)};
    struct utc cap = {STORY_NOW.s + 43200};

    return (struct hold_ends){place == PLACE_CLOUD ? cap : change, change};
}

int main(int argc, char **argv)
{
    static const char *const words[STORY_COUNT] = {"loading",      "normal", "moving",
                                                   "interruption", "stale",  "dead"};
    static struct app_observed observed = {.holder = "dana@ops1 pid 4242"};
    struct clock_scaled *scaled = clock_scaled_new(STORY_NOW, 1);
    struct clock clock = clock_scaled_clock(scaled);
    struct show show = {.fleet = story_fleet(STORY_MOVING),
                        .event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    struct app_result result = {0};
    struct tz *tz = NULL;
    struct app_config c = {
        .config = story_config(),
        .clock = &clock,
        .source = {.latest = latest,
                   .send = take,
                   .event_fd = show.event_fd,
                   .ctx = &show},
        .hold_ends = hold_ends,
        .term = getenv("TERM"),
        .theme_dirs = {getenv("RUSHHOUR_THEMES"), "themes", "../themes"},
        .log_fd = -1,
        .state_dir = "/tmp",
        .who = "dana",
        .stalled_after_ms = 3600 * 1000,
        .result = &result,
    };
    struct err e = {0};
    enum err_code rc;

    (void)setlocale(LC_CTYPE, "");
    for (int i = 1; i < argc; i++) {
        for (int k = 0; k < STORY_COUNT; k++) {
            if (str_eq(argv[i], words[k])) {
                fleet_unref(show.fleet);
                show.fleet = story_fleet((enum story)k);
            }
        }
        if (str_eq(argv[i], "large")) {
            fleet_unref(show.fleet);
            show.fleet = story_large(1000);
        }
        c.ascii = c.ascii || str_eq(argv[i], "ascii");
        c.no_color = c.no_color || str_eq(argv[i], "mono");
        c.observe = c.observe || str_eq(argv[i], "observe");
        c.locked = c.locked || str_eq(argv[i], "locked");
        if (str_eq(argv[i], "observer"))
            c.observed = &observed;
    }
    if (tz_load("Asia/Jerusalem", &tz, &e) != ERR_OK)
        tz = NULL;
    c.tz = tz;
    err_clear(&e);
    rc = app_run(&c, &e);
    if (rc != ERR_OK)
        fprintf(stderr, "show: %s\n", e.text);
    else
        fprintf(stderr, "show: end %d signal %d\n", (int)result.end, result.signal);
    fleet_unref(show.fleet);
    tz_free(tz);
    clock_scaled_free(scaled);
    (void)close(show.event_fd);
    return rc == ERR_OK ? 0 : rc == ERR_USAGE ? 2 : 1;
}
