#include <config.h>

#include <string.h>

#include "tui/ui.h"
#include "tui/ui_parts.h"

/* Copying: a row to the terminal's clipboard, or a picture that is easy to select from.
 */

static void ends(struct ui *ui)
{
    ui->copying = false;
    ui->redraw = true; /* whatever was selected is drawn over */
}

void ui_copy_begin(struct ui *ui)
{
    ui->copying = true;
    ui->copy_at = clock_utc(ui->app->clock);
}

void ui_copy_key(struct ui *ui, uint32_t key)
{
    enum action a = keys_find(&ui->keys, key);

    if (key == KEYC_ESC || key == KEYC_ENTER || key == 3 || a == ACTION_QUIT ||
        a == ACTION_BACK || a == ACTION_COPY_MODE)
        ends(ui);
    else if (a == ACTION_REDRAW)
        ui->redraw = true;
}

/* Lines and boxes go, and the margin that all rows have; nothing is reversed. */
static void strip(struct canvas *c)
{
    int margin = c->cols;

    for (int row = 0; row < c->rows; row++) {
        struct cell *line = &c->cells[(size_t)row * (size_t)c->cols];
        int first = 0;

        for (int i = 0; i < c->cols; i++) {
            line[i].selected = 0;
            if (line[i].role == ROLE_RULE)
                line[i].cp = ' ';
        }
        while (first < c->cols && line[first].cp == ' ' && line[first].cells == 1)
            first++;
        if (first < margin)
            margin = first;
    }
    for (int row = 0; row < c->rows && margin > 0 && margin < c->cols; row++) {
        struct cell *line = &c->cells[(size_t)row * (size_t)c->cols];
        size_t kept = (size_t)(c->cols - margin);

        memmove(line, line + margin, kept * sizeof(line[0]));
        for (size_t i = kept; i < (size_t)c->cols; i++)
            line[i] = (struct cell){.cp = ' ', .cells = 1, .role = ROLE_TEXT};
    }
}

void copy_draw(const struct frame *f)
{
    int row = f->c->rows - 1;

    strip(f->c);
    if (row < 1)
        return;
    canvas_blank(f->c, row, 0, 1, f->c->cols, ROLE_TEXT);
    (void)canvas_put(f->c, row, 0, f->c->cols, ROLE_BADGE,
                     "COPY: nothing moves here; Y or Esc goes on");
}
