#include <config.h>

#include "tui/mouse.h"

enum { NUMBER_MAX = 9999, RELEASED = 3, MOTION = 32, WHEEL = 64, MODIFIERS = 4 + 8 + 16 };

void mouse_begin(struct mouse_reader *r, enum mouse_form form)
{
    *r = (struct mouse_reader){.form = form};
}

/* button, column and row as reported, from 1. */
static void make(const uint32_t n[3], bool pressed, struct mouse_event *out)
{
    uint32_t button = n[0] & ~(uint32_t)MODIFIERS;

    *out = (struct mouse_event){.what = MOUSE_OTHER};
    if (n[1] == 0 || n[2] == 0 || !pressed || (button & MOTION) != 0)
        return;
    if (button == 0)
        out->what = MOUSE_CLICK;
    else if (button == WHEEL)
        out->what = MOUSE_WHEEL_UP;
    else if (button == WHEEL + 1)
        out->what = MOUSE_WHEEL_DOWN;
    else
        return;
    out->col = (int)n[1] - 1;
    out->row = (int)n[2] - 1;
}

static bool feed_old(struct mouse_reader *r, uint32_t ch, struct mouse_event *out)
{
    r->numbers[r->n++] = ch > 32 ? ch - 32 : 0;
    if (r->n < 3)
        return false;
    make(r->numbers, (r->numbers[0] & RELEASED) != RELEASED, out);
    r->form = MOUSE_NONE;
    return true;
}

bool mouse_feed(struct mouse_reader *r, uint32_t ch, struct mouse_event *out)
{
    *out = (struct mouse_event){.what = MOUSE_OTHER};
    if (r->form == MOUSE_OLD)
        return feed_old(r, ch, out);
    if (r->form == MOUSE_NONE)
        return true;
    if (ch >= '0' && ch <= '9' && r->numbers[r->n] <= NUMBER_MAX) {
        r->numbers[r->n] = r->numbers[r->n] * 10 + (ch - '0');
        return false;
    }
    if (ch == ';' && r->n < 2) {
        r->n++;
        return false;
    }
    if ((ch == 'M' || ch == 'm') && r->n == 2)
        make(r->numbers, ch == 'M', out);
    r->form = MOUSE_NONE;
    return true;
}
