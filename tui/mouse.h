/*
 * mouse - what a terminal says of its mouse, read character by character: SGR reports and
 * the old ones of three bytes. Plain values.
 * Threads: any.
 */
#ifndef RH_TUI_MOUSE_H
#define RH_TUI_MOUSE_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

enum mouse_what { MOUSE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN, MOUSE_OTHER };

struct mouse_event {
    enum mouse_what what;
    int row, col; /* from 0 */
};

/* Behind "ESC [ <" or "ESC [ M". */
enum mouse_form { MOUSE_NONE, MOUSE_SGR, MOUSE_OLD };
struct mouse_reader {
    enum mouse_form form;
    int n; /* numbers or bytes so far */
    uint32_t numbers[3];
};

void mouse_begin(struct mouse_reader *r, enum mouse_form form) NONNULL;
/* Takes the next character. true: the report is complete and in *out, or broken
 * (MOUSE_OTHER); the reader is then done. */
bool mouse_feed(struct mouse_reader *r, uint32_t ch, struct mouse_event *out) NONNULL;

#endif
