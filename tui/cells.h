/*
 * cells - the words of a server's row, as in tui-conventions 1.8: pure functions of the
 * snapshot and now. Texts go to the caller's buffer.
 * Threads: any.
 */
#ifndef RH_TUI_CELLS_H
#define RH_TUI_CELLS_H

#include "core/base/tz.h"
#include "core/model/fleet.h"
#include "tui/glyph.h"
#include "tui/layout.h"
#include "tui/theme.h"

enum { CELL_TEXT = 160 };

struct cell_text {
    char text[CELL_TEXT];
    enum role role;
};

/* What the words depend on beside the server itself. */
struct cell_context {
    const struct fleet *fleet;
    struct utc now;
    bool ascii, folded;
    enum job_form job;
    int64_t undo_s;        /* seconds until its pending action starts, -1 none */
    enum place undo_place; /* where it then goes */
    int32_t width;         /* of the column */
};

enum freshness { FRESH, STALE, NOT_LOADED, NOT_KNOWN };
enum freshness cells_place_freshness(const struct fleet *f, const struct server_view *s,
                                     struct utc now) NONNULL;
enum freshness cells_nodes_freshness(const struct fleet *f, const struct server_view *s,
                                     struct utc now) NONNULL;

void cell_make(enum column_id id, const struct server_view *s,
               const struct cell_context *x, struct cell_text *out) NONNULL;

/* The sign in front of the row. */
enum glyph cell_sign(const struct server_view *s, const struct cell_context *x,
                     enum role *role) NONNULL;

/* The Jenkins node of the side that the server is on (or moves to). */
const struct node_facts *cells_node(const struct server_view *s) NONNULL;

/* An amount in at most `width` cells (0 = any). */
void cells_money(struct usd v, int decimals, int width, char buf[USD_TEXT]) NONNULL;
/* "1:47", "12:03", "1:02:03"; never negative. */
const char *cells_countdown(int64_t seconds, char buf[DUR_TEXT]) NONNULL;
/* An age in at most six cells up to 99 days: "9s", "44m", "1h06m", "2d04h". */
const char *cells_age(int64_t seconds, char buf[DUR_TEXT]) NONNULL;
/* "42% faster", "8% slower", "as fast": the time in the cloud against that on-prem. */
const char *cells_speedup(int32_t percent, char buf[DUR_TEXT]) NONNULL;
/* "7h17m53s": all units down to seconds below a day. */
const char *cells_long(int64_t seconds, char buf[DUR_TEXT]) NONNULL;

/* "AUTO ON", "AUTO OFF", "AUTO SNOOZED 12m", "AUTO DRY-RUN". */
const char *cells_auto(const struct fleet *f, struct utc now, char buf[NAME_TEXT],
                       enum role *role) NONNULL;
/* The extension's words: "ACTIVE 1h36m", "n/a". */
const char *cells_extension(const struct fleet *f, struct utc now, char buf[NAME_TEXT],
                            enum role *role) NONNULL;

/* "ready 8.2%": the part of their time that vCPUs wait; permille -1: not known. Above a
 * tenth it is what makes the tests slow. */
enum { WAITS_TEXT = 32 };
const char *cells_waits(const char *what, int32_t permille, bool stale,
                        char buf[WAITS_TEXT], enum role *role) NONNULL;

#endif
