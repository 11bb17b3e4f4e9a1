/*
 * ui - the dashboard without a terminal: keys in, a picture out.
 * struct ui (view.h) is set up with ui_init() and given back with ui_clear().
 * Threads: one.
 */
#ifndef RH_TUI_UI_H
#define RH_TUI_UI_H

#include "tui/view.h"

/* now_ms is real time in milliseconds everywhere here: only differences mean anything. */

/* The picture before the first snapshot comes from the configuration. ERR_CONFIG (section
 * keys), ERR_NOMEM. */
enum err_code ui_init(struct ui *ui, const struct app_config *app, bool ascii,
                      int64_t now_ms, struct err *e) MUST_CHECK NONNULL;
void ui_clear(struct ui *ui) NONNULL;

/* Takes the reference. */
void ui_take_fleet(struct ui *ui, struct fleet *fleet, int64_t now_ms) NONNULL;
void ui_key(struct ui *ui, uint32_t key, int64_t now_ms) NONNULL;
/* A click or a turn of the wheel; nothing while the mouse is off. */
void ui_mouse(struct ui *ui, const struct mouse_event *e, int64_t now_ms) NONNULL;
/* Starts what is due. true when the picture may have changed by it. */
bool ui_tick(struct ui *ui, int64_t now_ms) NONNULL;
/* When ui_tick() has something to do next, -1 = never. */
int64_t ui_next_ms(const struct ui *ui) NONNULL;
void ui_toast(struct ui *ui, enum role role, int64_t now_ms, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

void ui_draw(struct ui *ui, struct canvas *c, struct utc now, int64_t now_ms) NONNULL;

#endif
