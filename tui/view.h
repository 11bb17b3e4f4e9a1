/*
 * view - what the views share: the state of the dashboard, and a row of operations per
 * view. Drawing is a function of (struct ui, snapshot, now): no allocation, no waiting.
 * Threads: the UI's.
 */
#ifndef RH_TUI_VIEW_H
#define RH_TUI_VIEW_H

#include "tui/act.h"
#include "tui/app.h"
#include "tui/canvas.h"
#include "tui/cells.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/mouse.h"
#include "tui/reasons.h"
#include "tui/theme_file.h"

enum view_id {
#define VIEW(id, key, title, help) VIEW_##id,
#include "tui/views.def"
#undef VIEW
    VIEW_COUNT
};

enum {
    PENDING_MAX = 8,
    SENT_MAX = 16,
    FILTER_TEXT = 64,
    ORDER_TEXT = 160,
    SHORT_TEXT = 12,
    GUARD_MS = 250
};

/* The text field that is open. */
enum typing { TYPING_NOTHING, TYPING_FILTER, TYPING_ORDER };

/* What the servers are sorted by: enum, its name on the screen. */
#define SORTS(X)                                                                         \
    X(CONFIG, "none")                                                                    \
    X(SERVER, "server")                                                                  \
    X(WHERE, "where")                                                                    \
    X(HOUR, "$/h")                                                                       \
    X(TODAY, "today")                                                                    \
    X(MONTH, "month")
enum sort {
#define X(id, text) SORT_##id,
    SORTS(X)
#undef X
        SORT_COUNT
};

/* A class 1 action in its undo window. */
struct pending {
    bool active;
    struct command command;
    enum place to;
    int64_t due_ms;
    char what[LINE_TEXT], rest[LINE_TEXT];
};

struct dialog {
    bool open;
    struct question q;
    enum action action;   /* what asked, to ask again when the server changes … */
    struct command order; /* … or which order, of ACTION_ORDER */
    char server[NAME_TEXT];
    uint64_t state; /* of the server when it was asked */
    bool changed;
    size_t focus;
    int64_t opened_ms;
};

/* The open list of themes. */
struct theme_list {
    bool open;
    size_t at, n;
    char names[THEMES_MAX][NAME_TEXT];
    char before[NAME_TEXT]; /* what Esc gives back */
};

/* What of the picture can be clicked: a key's hint, a server (its place among the shown
 * ones), a choice of the dialog, a line of an open list. */
enum hit_kind { HIT_KEY, HIT_SERVER, HIT_CHOICE, HIT_LINE };
enum { HITS_MAX = 640 };
struct hits {
    struct hit {
        int row, col, width;
        enum hit_kind kind;
        uint32_t arg;
    } at[HITS_MAX]; /* the last one that fits lies on top */
    size_t n;
};

/* Whether the terminal has the keyboard's focus, where it says so. */
enum focus { FOCUS_UNKNOWN, FOCUS_IN, FOCUS_OUT };

/* Beyond the longest page. */
enum { SCROLL_MAX = 4096 };

/* Everything that the picture depends on, beside the size of the canvas and now. */
struct ui {
    const struct app_config *app; /* borrowed */
    struct keymap keys;
    struct fleet *fleet; /* a reference; never NULL */
    bool ascii;
    enum ui_time time_mode;
    char theme[NAME_TEXT];
    struct theme_list themes;
    bool locked;

    enum view_id view, back_to;
    char selected[NAME_TEXT];
    enum sort sort;
    bool reversed;
    int64_t key_ms; /* of the last key: … */
    bool rows_stay; /* … the rows stay where they are for a while after it */
    struct {
        char server[NAME_TEXT]; /* "" = nothing to take back */
        struct hold before;
    } last_hold;              /* that this dashboard changed */
    int top;                  /* first row of the table */
    bool marked[MAX_SERVERS]; /* by index; they follow the names */
    bool focus_events;
    bool paused;                 /* the log does not follow: */
    int64_t event_at, event_top; /* number (event_number()) of its selected row, and of
                                    the first one shown */
    char filter[FILTER_TEXT], search[FILTER_TEXT]; /* now, and the last one, for n */
    enum typing typing;
    char order[ORDER_TEXT];      /* behind the prompt */
    char order_wrong[LINE_TEXT]; /* what is wrong with it, "" */
    bool help;
    int scroll; /* of help, detail, API view */
    bool menu;
    size_t menu_at;
    struct dialog dialog;
    struct pending pending[PENDING_MAX];

    char toast[LINE_TEXT];
    enum role toast_role;
    int64_t toast_until_ms; /* 0 = until a key */
    uint64_t sent[SENT_MAX], next_id;
    size_t n_sent;
    int64_t started_ms, fleet_ms, refresh_ms; /* real time of the last … */
    int64_t acknowledged;                     /* events_total when view 2 was last open */
    bool frozen;
    struct utc frozen_at;
    bool pasting;
    int64_t pasted_ms; /* its last character */
    bool mouse;        /* it is wanted */
    bool copying;      /* copy mode: nothing moves; since … */
    struct utc copy_at;
    enum focus focus;
    struct hits hits; /* of the picture that was drawn last */

    bool cost_sum; /* the cost view adds its days up */

    struct reasons reasons; /* of the detail view */

    /* Set by keys, done and reset by the shell. */
    bool quit, redraw, dump, suspend, load_theme, keep_theme, copy, export, take_over,
        reload;

    /* Derived when a snapshot or the filter changes. */
    uint16_t shown[MAX_SERVERS];
    size_t n_shown;
    char shorts[MAX_SERVERS][SHORT_TEXT];
    int name_cells, short_cells; /* the longest */
};

/* What a view draws with. */
struct frame {
    struct ui *ui;
    struct canvas *c;
    const struct fleet *fleet;
    struct utc now;
    int64_t real_ms;
    int top, bottom; /* rows of the content: [top, bottom) */
};

struct view_ops {
    void (*draw)(const struct frame *f);
    /* true when the view knew what to do with it. */
    bool (*act)(struct ui *ui, enum action a);
};

#define VIEW(id, key, title, help) extern const struct view_ops view_##id;
#include "tui/views.def"
#undef VIEW

struct view_info {
    uint32_t key;
    const char *title, *help;
    const struct view_ops *ops;
};
const struct view_info *view_info(enum view_id v);
/* Whether a key of the group DEMO does anything where time is such. */
bool view_has_time_key(const struct app_demo *d, enum action a) NONNULL;
/* Whether it shows which server a key would act on. */
bool view_shows_selected(enum view_id v);
/* "$/h", and an arrow; "none" */
const char *view_sort_text(const struct ui *ui, char buf[SHORT_TEXT]);

/* view_header.c: the title line and what stands below it in the fleet view; the forms for
 * tiny screens. */
void header_title(const struct frame *f, int row);
void header_next(const struct frame *f, int row, enum layout_form form);
void header_esx(const struct frame *f, int row);
void header_cost(const struct frame *f, int row, enum layout_form form);
void header_tokens(const struct frame *f);
void header_line(const struct frame *f);
/* How the budget stands, in a word that no color has to say; "" = well, or none. */
const char *header_budget_word(const struct frame *f, enum role *role);
/* view_footer.c: the bottom lines. */
void footer_message(const struct frame *f, int row);
void footer_hints(const struct frame *f, int row);

/* view_help.c, widget.c: drawn over the view. */
void help_draw(const struct frame *f);
int help_lines(const struct ui *ui, int cols);
void dialog_draw(const struct frame *f);
void menu_draw(const struct frame *f);
void themes_draw(const struct frame *f);

/* ui_mouse.c: notes what can be clicked. */
void hits_add(const struct frame *f, int row, int col, int width, enum hit_kind kind,
              uint32_t arg);
/* ui_copy.c: the picture of copy mode. */
void copy_draw(const struct frame *f);

/* How many bytes of a text go into a line of that many cells: to a blank, where there is
 * one. 0 at its end. */
size_t widget_break(const char *text, int width, bool ascii) NONNULL;

/* A sparkline of per mille values, -1 = none; and a bar that fills `part` of `whole`. */
void widget_spark(struct pen *p, const int16_t *values, size_t n, int cells);
void widget_bar(struct pen *p, enum role role, int cells, int part, int whole);

/* One event: "10:39:25 ACT  test-02 run in cloud started". */
void event_draw(const struct frame *f, int row, const struct journal_entry *e);
/* Draws the events that match into rows [row, row + rows): the newest, or where the log
 * is paused. */
void events_draw(const struct frame *f, int row, int rows);

/* A point in time as the tables show it (site, UTC or age): at most 8 cells. */
const char *view_clock(const struct ui *ui, struct utc now, struct utc t,
                       char buf[TIME_TEXT]);
/* view_events.c: moves the log's selection by so many rows that match; to the newest: it
 * follows again. To the next hit of the last filter. To what began the selected one's
 * move, else false. */
void events_move(struct ui *ui, int by);
void events_pause(struct ui *ui);
bool events_hit(struct ui *ui, int by);
bool events_cause(struct ui *ui);
/* The selected event, NULL while the log follows. */
const struct journal_entry *events_selected(const struct ui *ui);

void view_context(const struct frame *f, const struct server_view *s,
                  struct cell_context *x);
/* How many are marked. */
size_t view_marked(const struct ui *ui);
const struct server_view *view_selected(const struct ui *ui);
/* The first row of a table of so many rows, so that the selection is visible and a resize
 * keeps its place. */
int view_first_row(const struct frame *f, int rows);
/* What a row has to be filtered by. */
struct filter_text {
    const char *field, *text;
};
/* Case-insensitive terms between blanks, all of which must match: a text of any field,
 * "field:text" of that one; "!" in front keeps what does not have it. */
bool view_filter_matches(const char *filter, const struct filter_text *texts, size_t n);

#endif
