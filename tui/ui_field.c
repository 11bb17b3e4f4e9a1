#include <config.h>

#include <string.h>

#include "tui/ui.h"
#include "tui/ui_parts.h"
#include "tui/words.h"

/* The two text fields of the bottom line: the filter, and an order in words. */

void ui_open_field(struct ui *ui, enum typing field)
{
    ui->typing = field;
    ui->order_wrong[0] = '\0';
    if (field == TYPING_FILTER) {
        ui->filter[0] = '\0';
        ui_refilter(ui);
    }
}

/* A code point behind the text. */
static void type(char *text, size_t size, uint32_t key)
{
    size_t len = strlen(text);

    if (key == KEYC_BACKSPACE || key == 8) {
        while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
            len--; /* the rest of one character */
        text[len > 0 ? len - 1 : 0] = '\0';
    } else if (key == 21) { /* Ctrl-U: all of it */
        text[0] = '\0';
    } else if (key >= ' ' && key < 0x7f && len + 1 < size) {
        text[len] = (char)key;
        text[len + 1] = '\0';
    } else if (key >= 0xa0 && key < 0x800 && len + 2 < size) {
        text[len] = (char)(0xc0 | key >> 6);
        text[len + 1] = (char)(0x80 | (key & 0x3f));
        text[len + 2] = '\0';
    }
}

/* "theme" opens the list, "theme NAME" takes one; false when it is something else. */
static bool theme_order(struct ui *ui)
{
    const char *name = ui->order + strspn(ui->order, " ");

    if (!str_starts(name, "theme") || (name[5] != '\0' && name[5] != ' '))
        return false;
    name += 5 + strspn(name + 5, " ");
    if (name[0] != '\0' && !ui_choose_theme(ui, name)) {
        (void)str_format(ui->order_wrong, sizeof(ui->order_wrong),
                         "there is no theme %.40s: \"theme\" alone lists them", name);
        return true;
    }
    if (name[0] == '\0')
        ui_open_themes(ui, false);
    ui->typing = TYPING_NOTHING;
    ui->order[0] = '\0';
    return true;
}

/* What was typed is asked about like a key; what is no order stays, with what is wrong.
 */
static void order(struct ui *ui, int64_t now_ms)
{
    struct act_context x;
    struct act_plan p;
    struct command c;
    struct err e = {0};
    bool quit = false;

    if (theme_order(ui))
        return;
    ui_context(ui, &x);
    if (words_parse(ui->order, ui->fleet, x.tz, x.now, &c, &quit, &e) != ERR_OK) {
        (void)str_copy(ui->order_wrong, sizeof(ui->order_wrong), e.text);
        return;
    }
    ui->typing = TYPING_NOTHING;
    ui->order[0] = '\0';
    if (quit) {
        act_plan(&x, ACTION_QUIT, "", &p);
        ui_act(ui, ACTION_QUIT, &p, now_ms);
    } else if (c.kind == COMMAND_COUNT) { /* "status", or nothing at all */
        ui_open_view(ui, VIEW_fleet, now_ms);
    } else {
        act_order(&x, &c, &p);
        ui_act(ui, ACTION_ORDER, &p, now_ms);
    }
}

void ui_type(struct ui *ui, uint32_t key, int64_t now_ms)
{
    bool leaves = key == KEYC_ESC || key == 3;

    if (ui->typing == TYPING_FILTER) {
        if (leaves)
            ui->filter[0] = '\0';
        if (leaves || key == KEYC_ENTER)
            ui->typing = TYPING_NOTHING;
        else
            type(ui->filter, sizeof(ui->filter), key);
        if (key == KEYC_ENTER)
            (void)str_copy(ui->search, sizeof(ui->search), ui->filter);
        ui_refilter(ui);
        return;
    }
    ui->order_wrong[0] = '\0';
    if (leaves) {
        ui->typing = TYPING_NOTHING;
        ui->order[0] = '\0';
    } else if (key == KEYC_ENTER) {
        order(ui, now_ms);
    } else {
        type(ui->order, sizeof(ui->order), key);
    }
}
