#include <config.h>

#include <string.h>

#include "tui/view.h"

static const char *const groups[GROUP_COUNT] = {"Move around", "Servers", "Policy",
                                                "Views",       "Screen",  "Demo"};

/* "j, down" */
static void key_list(const struct ui *ui, int action, char *out, size_t size)
{
    size_t used = 0;
    char name[KEY_TEXT];

    out[0] = '\0';
    for (int k = 0; k < KEYS_PER_ACTION && ui->keys.keys[action][k] != 0; k++) {
        (void)str_format(out + used, size - used, "%s%s", used > 0 ? " " : "",
                         keys_name(ui->keys.keys[action][k], name));
        used = strlen(out);
    }
}

/* One column of groups, drawn from line `skip` on; returns the number of its lines. */
static int draw_groups(const struct frame *f, int x, int width, enum action_group from,
                       enum action_group to, int skip)
{
    const struct ui *ui = f->ui;
    bool off = ui->locked || ui->app->observe || ui->fleet->observe;
    int line = 0;

    for (int g = (int)from; g <= (int)to; g++) {
        bool acts = (g == GROUP_SERVERS || g == GROUP_POLICY) && off;
        int row = f->top + line - skip;

        if (g == GROUP_DEMO && !ui->app->demo.on)
            continue;
        if (row >= f->top && row < f->bottom) {
            const char *title = g == GROUP_DEMO && ui->app->demo.word != NULL
                                    ? ui->app->demo.word
                                    : groups[g];
            int used = canvas_put(f->c, row, x, width, ROLE_TITLE, title);

            if (acts)
                (void)canvas_put(f->c, row, x + used + 1, width - used - 1, ROLE_WARN,
                                 ui->locked ? "(locked)" : "(observing only)");
        }
        line++;
        if (g == GROUP_VIEWS) {
            for (int v = 0; v < VIEW_COUNT; v++) {
                const struct view_info *info = view_info((enum view_id)v);
                char key[8];

                row = f->top + line - skip;
                if (info->key == 0)
                    continue;
                line++;
                if (row < f->top || row >= f->bottom)
                    continue;
                (void)str_format(key, sizeof(key), "%c", (char)info->key);
                (void)canvas_put(f->c, row, x + 1, 12, ROLE_KEY, key);
                (void)canvas_put(f->c, row, x + 14, width - 14, ROLE_TEXT, info->help);
            }
        }
        for (int a = 0; a < ACTION_COUNT; a++) {
            const struct action_info *info = action_info((enum action)a);
            char keys[48];

            if ((int)info->group != g ||
                (g == GROUP_DEMO && !view_has_time_key(&ui->app->demo, (enum action)a)))
                continue;
            row = f->top + line - skip;
            line++;
            if (row < f->top || row >= f->bottom)
                continue;
            key_list(ui, a, keys, sizeof(keys));
            (void)canvas_put(f->c, row, x + 1, 12, acts ? ROLE_DIM : ROLE_KEY, keys);
            (void)canvas_put(f->c, row, x + 14, width - 14, acts ? ROLE_DIM : ROLE_TEXT,
                             info->help);
        }
        line++; /* a blank line behind each group */
    }
    return line;
}

void help_draw(const struct frame *frame)
{
    struct frame f = *frame;
    bool two = f.c->cols >= 100, bars = f.c->rows >= 5;
    char title[80];
    int lines, max;

    f.top = bars ? 1 : 0;
    f.bottom = bars ? f.c->rows - 1 : f.c->rows;
    (void)str_format(title, sizeof(title), "Help: %s", view_info(f.ui->view)->title);
    if (bars) {
        canvas_rule(f.c, 0, title, "? or Esc closes");
        (void)canvas_put(f.c, f.c->rows - 1, 1, f.c->cols - 1, ROLE_DIM,
                         two ? "rushhour(1) and rushhour.conf(5) have the rest"
                             : "j/k scroll   rushhour(1) has the rest");
    }
    if (two) {
        (void)draw_groups(&f, 2, f.c->cols / 2 - 3, GROUP_AROUND, GROUP_POLICY, 0);
        (void)draw_groups(&f, f.c->cols / 2 + 1, f.c->cols / 2 - 2, GROUP_VIEWS,
                          GROUP_DEMO, 0);
        return;
    }
    /* Count first, so that scrolling stops at the last line. */
    lines = draw_groups(&f, f.c->cols, 0, GROUP_AROUND, GROUP_DEMO, f.c->rows + 1024);
    max = lines - (f.bottom - f.top);
    if (f.ui->scroll > max)
        f.ui->scroll = max > 0 ? max : 0;
    (void)draw_groups(&f, 1, f.c->cols - 2, GROUP_AROUND, GROUP_DEMO, f.ui->scroll);
}
