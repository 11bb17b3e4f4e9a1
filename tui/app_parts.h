/*
 * app_parts - what the files of the shell share: its state, and what leaves the dashboard
 * beside its picture (app_out.c). Works on the caller's struct app.
 * Threads: the UI's.
 */
#ifndef RH_TUI_APP_PARTS_H
#define RH_TUI_APP_PARTS_H

#include <signal.h>

#include "tui/app.h"
#include "tui/export.h"
#include "tui/notify.h"
#include "tui/screen.h"
#include "tui/ui.h"

struct app {
    const struct app_config *config;
    struct ui ui;
    struct canvas canvas;
    struct screen *screen;
    int out_fd; /* an own, non-blocking one where that is possible */
    int signal_fd, timer_fd, saved_stderr;
    sigset_t old_mask;
    bool masked, dirty, key_pressed, write_pending, ended;
    int64_t last_frame_ms, resize_ms, title_ms;
    char title[128];
    bool titled; /* the terminal's title was saved, and is to be given back */
    struct theme_stamp theme_stamp; /* of the file that the theme came from */
    struct notify notify;
    struct export export;
    struct app_result result;
};

int64_t app_real_ms(void);

/* Whether the terminal has a title that is ours to change: it is saved and given back. */
#define TITLE_SAVE "\033[22;2t"
#define TITLE_BACK "\033[23;2t"
bool app_is_titled(const struct app *a) NONNULL;
/* The window's title, on change, at most every 10 s. */
void app_update_title(struct app *a, int64_t now_ms) NONNULL;
/* The screen as text, into a new file of the state folder. */
void app_dump(struct app *a) NONNULL;
/* The month of the ledger, into one: begins it, and says what came of it. */
void app_export(struct app *a) NONNULL;
void app_exported(struct app *a) NONNULL;
/* The selected row, or else the screen, to the terminal's clipboard. */
void app_copy(struct app *a) NONNULL;
/* app.c, for app_again.c: the second's timer by the configuration; a theme by its name;
 * the terminal given back and taken again. */
enum err_code app_start_timer(struct app *a, struct err *e) MUST_CHECK NONNULL;
void app_load_theme(struct app *a, const char *name) NONNULL;
bool app_is_ascii(const struct app_config *c) NONNULL;
void app_reopen(struct app *a) NONNULL;

/* app_again.c: asks for the configuration to be read again; shows what came of it; takes
 * up what of it is the screen's, `was` being what was in force. */
void app_reload(struct app *a) NONNULL;
void app_reloaded(struct app *a) NONNULL;
void app_adopt(struct app *a, const struct config *was) NONNULL;
/* Bell and notifications for the next snapshot; NULL: is the controller silent? */
void app_ring(struct app *a, const struct fleet *next) __attribute__((nonnull(1)));

#endif
