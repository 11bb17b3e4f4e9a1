#include <config.h>

#include <string.h>

#include "tui/complete.h"
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

void ui_type_end(struct ui *ui, const char *server, enum place place)
{
    ui_open_field(ui, TYPING_ORDER);
    (void)str_format(ui->order, sizeof(ui->order), "hold %s %s until ", server,
                     place_word(place));
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

/* The configuration is the shell's to read again; what came of it is shown when it is
 * known. False when it is something else. */
static bool reload_order(struct ui *ui)
{
    const char *word = ui->order + strspn(ui->order, " ");
    size_t len = strcspn(word, " ");

    if (strlen("reload") != len || strncmp(word, "reload", len) != 0 ||
        word[len + strspn(word + len, " ")] != '\0')
        return false;
    ui->reload = true;
    ui->typing = TYPING_NOTHING;
    ui->order[0] = '\0';
    return true;
}

/* A view by its name, or by that of the command that shows the same; false when it is
 * something else. */
static bool view_order(struct ui *ui, int64_t now_ms)
{
    static const struct {
        const char *word;
        enum view_id view;
        bool of_server;
    } views[] = {{"fleet", VIEW_fleet, false},   {"status", VIEW_fleet, false},
                 {"events", VIEW_events, false}, {"log", VIEW_events, false},
                 {"cost", VIEW_cost, false},     {"schedule", VIEW_schedule, false},
                 {"apis", VIEW_apis, false},     {"explain", VIEW_detail, true}};
    const char *word = ui->order + strspn(ui->order, " "), *server;
    size_t len = strcspn(word, " "), name;

    server = word + len + strspn(word + len, " ");
    name = strcspn(server, " ");
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        char text[NAME_TEXT] = "";

        if (strlen(views[i].word) != len || strncmp(views[i].word, word, len) != 0 ||
            server[name + strspn(server + name, " ")] != '\0' ||
            (name > 0) != views[i].of_server || name >= sizeof(text))
            continue;
        (void)str_format(text, sizeof(text), "%.*s", (int)name, server); /* it fits */
        if (views[i].of_server && fleet_find(ui->fleet, text) < 0) {
            (void)str_format(ui->order_wrong, sizeof(ui->order_wrong),
                             "there is no server %.60s", text);
            return true;
        }
        if (views[i].of_server)
            (void)str_copy(ui->selected, sizeof(ui->selected), text);
        ui->typing = TYPING_NOTHING;
        ui->order[0] = '\0';
        ui_open_view(ui, views[i].view, now_ms);
        return true;
    }
    return false;
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

    if (theme_order(ui) || reload_order(ui) || view_order(ui, now_ms))
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
    } else if (key == KEYC_TAB) {
        char list[COMPLETE_LIST];

        (void)complete_order(ui->fleet, ui->order, sizeof(ui->order), list);
    } else {
        type(ui->order, sizeof(ui->order), key);
    }
}
