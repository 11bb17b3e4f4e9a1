/*
 * screen - curses: puts a canvas on a terminal and reads its keys. The only file with
 * curses in it. A screen is owned by who opened it; one at a time in a process.
 * Threads: one.
 */
#ifndef RH_TUI_SCREEN_H
#define RH_TUI_SCREEN_H

#include "tui/canvas.h"
#include "tui/mouse.h"

struct screen;

struct screen_config {
    int in_fd;  /* keys; -1 = none */
    int out_fd; /* the terminal, never waited for when it is non-blocking; -1 = nobody */
    const char *term;
    int rows, cols;
    enum ui_sync sync;
    bool no_color;
    enum ui_color color;
    bool show_cursor; /* reduce_motion: the cursor sits on the selected row */
};

/* ERR_USAGE: no such TERM; ERR_NOMEM, ERR_IO. */
enum err_code screen_open(const struct screen_config *config, struct screen **out,
                          struct err *e) MUST_CHECK NONNULL;
/* Leaves the alternate screen. */
void screen_close(struct screen *s);

int screen_colors(const struct screen *s) NONNULL; /* 0 = none */
void screen_set_theme(struct screen *s, const struct theme *t) NONNULL;

/* ERR_NOMEM. */
enum err_code screen_resize(struct screen *s, int rows, int cols,
                            struct err *e) MUST_CHECK NONNULL;
/* The next frame repaints everything. */
void screen_repaint(struct screen *s) NONNULL;

/* Puts what differs from the last frame on its way; nothing when nothing differs. */
void screen_draw(struct screen *s, const struct canvas *c) NONNULL;
/* Bytes for the terminal itself (bell, title), behind the frame. */
void screen_write(struct screen *s, const char *bytes) NONNULL;

/*
 * Writes what the terminal takes now. ERR_OK: all is out, or *pending when the terminal
 * must be polled for writing; ERR_IO: it is gone.
 */
enum err_code screen_flush(struct screen *s, bool *pending,
                           struct err *e) MUST_CHECK NONNULL;

/* The next key, KEYC_NONE when there is none. */
uint32_t screen_key(struct screen *s) NONNULL;
/* What the mouse did, behind KEYC_MOUSE. */
struct mouse_event screen_mouse(const struct screen *s) NONNULL;
/* Asks the terminal to report clicks and the wheel, or to keep them. */
void screen_set_mouse(struct screen *s, bool on) NONNULL;

/* Bytes and writes since the start, for budgets. */
uint64_t screen_bytes(const struct screen *s) NONNULL;

/* What brings the terminal back after a crash, from its description. */
void screen_restore_text(const struct screen *s, char *out, size_t size) NONNULL;

/* A cell as curses has it, for tests: its text and a word for its looks ("" = plain). */
void screen_cell(struct screen *s, int row, int col, char *text, size_t text_size,
                 char *looks, size_t looks_size) NONNULL;

#endif
