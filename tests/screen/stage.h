/*
 * stage - the dashboard for tests: a story, a fake clock, keys in, a picture out.
 * Commands are kept. A struct stage is set up with stage_open() and given back with
 * stage_close(), or made with stage_new() and ended with stage_free(). Threads: one.
 */
#ifndef RH_TESTS_STAGE_H
#define RH_TESTS_STAGE_H

#include "tests/screen/story.h"
#include "tui/ui.h"

enum { STAGE_COMMANDS = 16 };

struct stage {
    struct app_config app;
    struct config config; /* a copy, free to change before stage_open() */
    struct app_observed observed;
    struct clock_fake fake;
    struct clock clock;
    struct tz *tz;
    struct ui ui;
    int64_t ms;
    bool refuse; /* send() says no */
    struct command commands[STAGE_COMMANDS];
    size_t n_commands;
};

/* Fills what stage_open() starts from. */
void stage_init(struct stage *s);
/* story STORY_COUNT: before the first snapshot. */
void stage_open(struct stage *s, enum story story, bool ascii);
void stage_close(struct stage *s);

/* Open, in ASCII, with the shipped themes; in memory of its own. Never NULL. */
struct stage *stage_new(enum story story);
void stage_free(struct stage *s);

/* Keys by their names, blank-separated: "j j m". Time stands still. */
void stage_keys(struct stage *s, const char *keys);
void stage_wait(struct stage *s, int64_t ms);
/* A changed picture: the story anew, after `change` was at it. */
void stage_story(struct stage *s, enum story story, void (*change)(struct fleet *f));
void stage_draw(struct stage *s, struct canvas *c);
/* The screen of that size as text; the caller frees. */
char *stage_picture(struct stage *s, int rows, int cols);

#endif
