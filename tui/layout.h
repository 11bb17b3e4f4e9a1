/*
 * layout - where everything of the fleet view goes: a pure function of the screen's size
 * and what there is to show. Plain values.
 * Threads: any.
 */
#ifndef RH_TUI_LAYOUT_H
#define RH_TUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

enum layout_form {
    FORM_LINE,   /* one row */
    FORM_TOKENS, /* a few short rows: one token per server */
    FORM_TINY,   /* 40x10: no rules, short names */
    FORM_SMALL,  /* 80x24 */
    FORM_WIDE    /* 120x35 */
};

enum column_id {
    COLUMN_SERVER,
    COLUMN_WHERE,
    COLUMN_DESIRED,
    COLUMN_INSTANCE,
    COLUMN_AZ,
    COLUMN_IP,
    COLUMN_SPOT,
    COLUMN_JENKINS,
    COLUMN_TASK,
    COLUMN_HOUR,
    COLUMN_TODAY,
    COLUMN_MONTH,
    COLUMN_COUNT
};

struct column {
    enum column_id id;
    int x, width;
};

/* How much of a build's name the JENKINS column shows. */
enum job_form { JOB_NONE, JOB_NAME, JOB_NUMBER };

struct layout_input {
    int rows, cols;
    int n_servers;               /* rows that the table wants */
    int n_moves;                 /* rows that the moves panel wants; 0: no panel */
    int name_cells, short_cells; /* longest server name, longest short name */
};

/* Row numbers; -1 = not shown. A block is (first row, number of rows). */
struct layout {
    enum layout_form form;
    int rows, cols;
    int title, next, esx, cost; /* header lines */
    int table_rule, table_head, table, table_rows, total;
    int moves_rule, moves, moves_rows;
    int events_rule, events, events_rows;
    int message, hints;
    struct column columns[COLUMN_COUNT];
    size_t n_columns;
    bool where_folded; /* WHERE shows "on-prem > cloud" itself */
    enum job_form job;
};

void layout_make(const struct layout_input *in, struct layout *out);

/* The column of that id, NULL when it is not shown. */
const struct column *layout_column(const struct layout *l, enum column_id id);

#endif
