#include <config.h>

#include "tui/live.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static enum err_code start(struct live *l, struct err *e)
{
    struct session *s = l->session;
    const struct live_options *o = l->options;
    struct runtime_options ro = {.store = s->store,
                                 .clock = o->clock,
                                 .scaled = o->scaled,
                                 .log = s->log,
                                 .auto_on = o->auto_on,
                                 .render = session_render};

    if (api_shared_new(s->config, o->clock, o->credentials, &ro.shared, e) != ERR_OK)
        return e->code;
    ro.controller = (struct controller_options){.config = s->config,
                                                .tz = s->tz,
                                                .seed = o->seed,
                                                .dry_run = o->dry_run,
                                                .observe = o->observe,
                                                .host = s->host,
                                                .user = s->user,
                                                .pid = (int32_t)getpid()};
    return runtime_start(&ro, &l->runtime, e);
}

int live_start(struct live *l, struct session *s, const struct live_options *o)
{
    struct err e = {0};

    *l = (struct live){
        .session = s, .options = o, .clock = o->clock, .next_id = LIVE_FIRST_ID};
    if (start(l, &e) == ERR_OK)
        return EXIT_DONE;
    live_stop(l);
    return session_fail(&e);
}

int live_observe(struct live *l, struct session *s, const struct args *a,
                 const struct live_options *o, bool silent)
{
    struct observer_options oo = {.state_dir = s->state_dir,
                                  .deployment = s->config->deployment,
                                  .clock = o->clock,
                                  .user = s->user,
                                  .silent = silent};
    struct err e = {0};

    *l = (struct live){.session = s,
                       .options = o,
                       .args = a,
                       .clock = o->clock,
                       .next_id = LIVE_FIRST_ID};
    return observer_new(&oo, &l->observer, &e) == ERR_OK ? EXIT_DONE : session_fail(&e);
}

enum err_code live_take_over(struct live *l, struct err *e)
{
    struct observer *observer = l->observer;
    enum err_code rc = session_take_over(l->session, l->args, e);

    if (rc != ERR_OK)
        return rc;
    rc = start(l, e);
    if (rc == ERR_OK) {
        observer_free(observer);
        l->observer = NULL;
        return ERR_OK;
    }
    l->observer = NULL; /* live_stop() ends what was started, not what goes on */
    live_stop(l);
    l->observer = observer;
    session_stand_back(l->session);
    return rc;
}

void live_stop(struct live *l)
{
    observer_free(l->observer);
    runtime_stop(l->runtime);
    l->observer = NULL;
    l->runtime = NULL;
}

bool live_send(void *ctx, const struct command *c, struct err *e)
{
    struct live *l = ctx;
    struct command mine = *c;

    if (mine.by[0] == '\0')
        (void)str_copy(mine.by, sizeof(mine.by), l->session->user);
    if (mine.at.s == 0)
        mine.at = clock_utc(l->clock);
    if (mine.id == 0)
        mine.id = l->next_id++;
    if (l->observer != NULL)
        return observer_send(l->observer, &mine, e);
    return runtime_send(l->runtime, &mine, e) == ERR_OK;
}

struct fleet *live_latest(void *ctx)
{
    struct live *l = ctx;

    return l->observer != NULL ? observer_latest(l->observer)
                               : runtime_latest(l->runtime);
}

int live_event_fd(const struct live *l)
{
    return l->observer != NULL ? observer_event_fd(l->observer)
                               : runtime_event_fd(l->runtime);
}

bool live_wait(struct live *l, int64_t timeout_s,
               bool (*done)(void *ctx, const struct fleet *f), void *ctx)
{
    int64_t until = clock_mono(clock_system()).ms + timeout_s * 1000;
    struct pollfd p = {.fd = runtime_event_fd(l->runtime), .events = POLLIN};

    for (;;) {
        struct fleet *f = runtime_latest(l->runtime);
        bool is_done = f != NULL && done(ctx, f);
        int64_t left = until - clock_mono(clock_system()).ms;
        uint64_t count;

        fleet_unref(f);
        if (is_done || left <= 0)
            return is_done;
        if (poll(&p, 1, (int)(left < 500 ? left : 500)) < 0)
            return false;
        if ((p.revents & POLLIN) != 0 && read(p.fd, &count, sizeof(count)) < 0)
            continue; /* somebody was faster */
    }
}
