#include <config.h>

#include "tui/live.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static enum err_code start(struct live *l, struct err *e)
{
    struct session *s = l->session;
    const struct live_options *o = l->options;
    struct runtime_options ro = {.setup = s->setup,
                                 .store = s->store,
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

static enum err_code follow(struct live *l, struct err *e)
{
    struct session *s = l->session;

    if (s->setup == NULL)
        return ERR_OK;
    return reloader_new(l->runtime, s->setup, s->user, &l->reloader, e);
}

int live_follow(struct live *l)
{
    struct err e = {0};

    return l->observer != NULL || follow(l, &e) == ERR_OK ? EXIT_DONE : session_fail(&e);
}

bool live_reload(void *ctx, const char *why, struct err *e)
{
    struct live *l = ctx;

    if (l->observer != NULL)
        (void)err_set(e, ERR_USAGE, "this instance looks on: reload where %.100s acts",
                      observer_holder(l->observer));
    else if (l->reloader == NULL)
        (void)err_set(e, ERR_USAGE, "there is no configuration file to read again");
    else
        return reloader_ask(l->reloader, why, e) == ERR_OK;
    return false;
}

bool live_reloaded(void *ctx, struct reload_answer *out, struct setup **was)
{
    struct live *l = ctx;

    *was = NULL;
    if (l->reloader == NULL || !reloader_answer(l->reloader, out))
        return false;
    if (out->taken)
        *was = session_adopt(l->session, out->setup);
    out->setup = NULL;
    return true;
}

/* The file may be another than when this instance began to look on. */
static enum err_code read_again(struct session *s, struct setup **was, struct err *e)
{
    struct config_problems *problems = NULL;
    struct setup *next = NULL;
    enum err_code rc;

    *was = NULL;
    if (s->setup == NULL)
        return ERR_OK;
    rc = setup_read_again(s->setup, false, &next, &problems, e);
    config_problems_free(problems);
    if (rc == ERR_OK)
        *was = session_adopt(s, next);
    return rc;
}

/* The other way round. */
static void read_back(struct session *s, struct setup **was)
{
    if (*was != NULL)
        setup_unref(session_adopt(s, *was));
    *was = NULL;
}

enum err_code live_take_over(struct live *l, struct setup **was, struct err *e)
{
    struct observer *observer = l->observer;
    enum err_code rc = read_again(l->session, was, e);

    if (rc != ERR_OK)
        return rc;
    rc = session_take_over(l->session, l->args, e);
    if (rc != ERR_OK) {
        read_back(l->session, was);
        return rc;
    }
    l->observer = NULL; /* live_stop() ends what was started, not what goes on */
    rc = start(l, e);
    if (rc == ERR_OK)
        rc = follow(l, e);
    if (rc == ERR_OK) {
        observer_free(observer);
        return ERR_OK;
    }
    live_stop(l);
    l->observer = observer;
    session_stand_back(l->session);
    read_back(l->session, was);
    return rc;
}

void live_stop(struct live *l)
{
    observer_free(l->observer);
    reloader_free(l->reloader);
    runtime_stop(l->runtime);
    l->reloader = NULL;
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
