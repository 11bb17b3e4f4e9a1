#include <config.h>

#include "tui/layout.h"

#include <string.h>

enum {
    TOKENS_ROWS = 8,  /* fewer rows, or … */
    TOKENS_COLS = 36, /* … fewer columns than this: one token per server */
    TINY_ROWS = 14,
    TINY_COLS = 64,
    WIDE_COLS = 100,
    LEAD = 3 /* margin, state glyph, blank */
};

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

static enum layout_form form_of(int rows, int cols)
{
    if (rows <= 1)
        return FORM_LINE;
    if (rows < TOKENS_ROWS || cols < TOKENS_COLS)
        return FORM_TOKENS;
    if (rows < TINY_ROWS || cols < TINY_COLS)
        return FORM_TINY;
    return cols < WIDE_COLS ? FORM_SMALL : FORM_WIDE;
}

/* The widths of the columns: what each needs, and what it can use. */
struct want {
    enum column_id id;
    int need, use;
    bool shown;
};

static int wanted(const struct want *w, bool use)
{
    int total = 0;

    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (w[i].shown)
            total += (use ? w[i].use : w[i].need) + 1;
    }
    return total;
}

/* tui-conventions F6: what is given up, first to last. */
static void drop_columns(struct want *w, struct layout *l, int room)
{
    enum { FOLD_DESIRED = COLUMN_COUNT, CUT_NUMBER, CUT_JOB };
    static const int order[] = {COLUMN_INSTANCE, COLUMN_AZ,  COLUMN_IP, COLUMN_MONTH,
                                FOLD_DESIRED,    CUT_NUMBER, CUT_JOB,   COLUMN_TODAY,
                                COLUMN_HOUR,     COLUMN_SPOT};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (wanted(w, false) <= room)
            return;
        switch (order[i]) {
        case FOLD_DESIRED:
            w[COLUMN_DESIRED].shown = false;
            w[COLUMN_WHERE].need = 15;
            w[COLUMN_WHERE].use = 17; /* with the letter of a hold */
            l->where_folded = true;
            break;
        case CUT_NUMBER:
            w[COLUMN_JENKINS].need = 12;
            w[COLUMN_TASK].need = 12;
            l->job = JOB_NAME;
            break;
        case CUT_JOB:
            w[COLUMN_JENKINS].need = w[COLUMN_JENKINS].use = 8;
            l->job = JOB_NONE;
            break;
        default:
            w[order[i]].shown = false;
            break;
        }
    }
}

static int widen(struct want *c, int to, int slack)
{
    int more = c->shown ? min(slack, to - c->need) : 0;

    if (more <= 0)
        return slack;
    c->need += more;
    return slack - more;
}

/* Widens the columns until the row is full: first to what they need most of the time. */
static void share_slack(struct want *w, int slack)
{
    static const enum column_id order[] = {COLUMN_SERVER,   COLUMN_TASK, COLUMN_JENKINS,
                                           COLUMN_INSTANCE, COLUMN_AZ,   COLUMN_IP,
                                           COLUMN_SPOT};

    slack = widen(&w[COLUMN_SERVER], w[COLUMN_SERVER].use, slack);
    slack = widen(&w[COLUMN_WHERE], w[COLUMN_WHERE].use, slack);
    slack = widen(&w[COLUMN_JENKINS], 20, slack);
    slack = widen(&w[COLUMN_TASK], 17, slack);
    slack = widen(&w[COLUMN_IP], 11, slack);
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        slack = widen(&w[order[i]], w[order[i]].use, slack);
}

static void make_columns(const struct layout_input *in, struct layout *l)
{
    int name = min(max(in->name_cells, 6), 32);
    struct want w[COLUMN_COUNT] = {
        {COLUMN_SERVER, min(name, 12), name, true},
        {COLUMN_WHERE, 10, 10, true},
        {COLUMN_DESIRED, 9, 9, true},
        {COLUMN_INSTANCE, 8, 19, true},
        {COLUMN_AZ, 2, 10, true},
        {COLUMN_IP, 9, 15, true},
        {COLUMN_SPOT, 9, 11, true},
        {COLUMN_JENKINS, 18, 36, true},
        {COLUMN_TASK, 14, 30, true},
        {COLUMN_HOUR, 5, 5, true},
        {COLUMN_TODAY, 5, 5, true},
        {COLUMN_MONTH, 6, 6, true},
    };
    int room = in->cols - LEAD, x = LEAD, left;

    l->job = JOB_NUMBER;
    drop_columns(w, l, room);
    share_slack(w, room - wanted(w, false));
    for (int i = 0; i < COLUMN_COUNT; i++) {
        left = in->cols - x;
        if (!w[i].shown || left <= 0)
            continue;
        l->columns[l->n_columns++] =
            (struct column){.id = w[i].id, .x = x, .width = min(w[i].need, left)};
        x += w[i].need + 1;
    }
}

static void make_tiny_columns(const struct layout_input *in, struct layout *l)
{
    int name = min(max(in->short_cells, 2), in->cols / 4);
    const struct {
        enum column_id id;
        int width;
    } rows[] = {{COLUMN_SERVER, name}, {COLUMN_WHERE, 8}, {COLUMN_JENKINS, 5}};
    int x = 2;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        l->columns[l->n_columns++] = (struct column){rows[i].id, x, rows[i].width};
        x += rows[i].width + 1;
    }
    l->job = JOB_NONE;
    l->where_folded = true;
    /* The task (or the spot state) takes what is left before the price. */
    if (in->cols - x >= 14) {
        l->columns[l->n_columns++] = (struct column){COLUMN_TASK, x, in->cols - x - 6};
        l->columns[l->n_columns++] = (struct column){COLUMN_HOUR, in->cols - 5, 5};
    } else if (in->cols - x > 0) {
        l->columns[l->n_columns++] = (struct column){COLUMN_TASK, x, in->cols - x};
    }
}

/* What each block gets; the order of giving up is tui-conventions F6. */
struct heights {
    int title, next, esx, cost, rule, head, servers, total, moves, events, message, hints;
};

static int height_of(const struct heights *h, int rule)
{
    return h->title + h->next + h->esx + h->cost + h->rule + h->head + h->servers +
           h->total + (h->moves > 0 ? h->moves + rule : 0) +
           (h->events > 0 ? h->events + rule : 0) + h->message + h->hints;
}

static void fit_heights(struct heights *h, int rows, int rule)
{
    int *const order[] = {&h->moves, &h->total,   &h->events, &h->cost,
                          &h->esx,   &h->message, &h->hints,  &h->next,
                          &h->head,  &h->rule,    &h->title};
    int least = min(h->servers, 3), over;

    /* A long table gives up rows before anything else goes. */
    over = height_of(h, rule) - rows;
    if (over > 0)
        h->servers = max(least, h->servers - over);
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        over = height_of(h, rule) - rows;
        if (over <= 0)
            break;
        if (*order[i] > 1) /* a panel shrinks to one line before it goes */
            *order[i] = max(1, *order[i] - over);
        if (height_of(h, rule) > rows)
            *order[i] = 0;
    }
    over = height_of(h, rule) - rows;
    if (over > 0)
        h->servers = max(0, h->servers - over);
}

static int take(int *row, int height)
{
    int at = *row;

    *row += height;
    return height > 0 ? at : -1;
}

static void place_blocks(const struct heights *h, int rule, struct layout *l)
{
    int row = 0, bottom;
    bool moves_ruled = h->moves > 0 && rule > 0;

    l->title = take(&row, h->title);
    l->next = take(&row, h->next);
    l->esx = take(&row, h->esx);
    if (l->form != FORM_TINY)
        l->cost = take(&row, h->cost);
    l->table_rule = take(&row, h->rule);
    l->table_head = take(&row, h->head);
    l->table_rows = h->servers;
    l->table = take(&row, h->servers);
    l->total = take(&row, h->total);
    if (l->form == FORM_TINY)
        l->cost = take(&row, h->cost);
    l->moves_rule = moves_ruled ? take(&row, 1) : -1;
    l->moves_rows = h->moves;
    l->moves = take(&row, h->moves);
    bottom = l->rows - h->message - h->hints;
    l->events_rule = h->events > 0 && rule > 0 ? take(&row, 1) : -1;
    l->events_rows = h->events > 0 ? bottom - row : 0;
    l->events = l->events_rows > 0 ? row : -1;
    row = bottom;
    l->message = take(&row, h->message);
    l->hints = take(&row, h->hints);
}

void layout_make(const struct layout_input *in, struct layout *out)
{
    struct heights h = {.title = 1, .next = 1, .cost = 1, .message = 1, .hints = 1};
    int servers = max(in->n_servers, 1), rule = 1;

    memset(out, 0, sizeof(*out));
    out->rows = max(in->rows, 1);
    out->cols = max(in->cols, 1);
    out->form = form_of(out->rows, out->cols);
    out->title = out->next = out->esx = out->cost = -1;
    out->table_rule = out->table_head = out->table = out->total = -1;
    out->moves_rule = out->moves = out->events_rule = out->events = -1;
    out->message = out->hints = -1;
    switch (out->form) {
    case FORM_LINE:
    case FORM_TOKENS:
        return; /* these forms flow: view_fleet packs them */
    case FORM_TINY:
        h.servers = servers;
        h.events = 1;
        rule = 0;
        make_tiny_columns(in, out);
        break;
    case FORM_SMALL:
    case FORM_WIDE:
        h.rule = h.head = 1;
        h.servers = servers;
        h.events = 4;
        h.moves = in->n_moves;
        h.esx = h.total = out->form == FORM_WIDE ? 1 : 0;
        make_columns(in, out);
        break;
    }
    if (out->form == FORM_SMALL) /* the TASK column says it; rows are dear here */
        h.moves = in->rows >= 30 ? in->n_moves : 0;
    fit_heights(&h, out->rows, rule);
    place_blocks(&h, rule, out);
}

const struct column *layout_column(const struct layout *l, enum column_id id)
{
    for (size_t i = 0; i < l->n_columns; i++) {
        if (l->columns[i].id == id)
            return &l->columns[i];
    }
    return NULL;
}
