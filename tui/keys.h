/*
 * keys - keys and what they do: names of keys, the table of actions, bindings. Plain
 * values.
 * Threads: any.
 */
#ifndef RH_TUI_KEYS_H
#define RH_TUI_KEYS_H

#include "core/base/str.h"
#include "core/model/config.h"

#include <stdint.h>

/* A character is its code point; other keys start behind the last code point. */
enum key_code {
    KEYC_NONE = 0,
    KEYC_TAB = 9,
    KEYC_ENTER = 13,
    KEYC_ESC = 27,
    KEYC_BACKSPACE = 127,
    KEYC_UP = 0x200000,
    KEYC_DOWN,
    KEYC_LEFT,
    KEYC_RIGHT,
    KEYC_HOME,
    KEYC_END,
    KEYC_PGUP,
    KEYC_PGDN,
    KEYC_INSERT,
    KEYC_DELETE,
    KEYC_BACKTAB,
    KEYC_F1,
    KEYC_F12 = KEYC_F1 + 11,
    KEYC_PASTE_BEGIN,
    KEYC_PASTE_END,
    KEYC_FOCUS_IN,
    KEYC_FOCUS_OUT,
    KEYC_MOUSE,  /* screen_mouse() has what happened */
    KEYC_RESIZE, /* of curses; ignored */
    KEYC_OTHER
};

enum action {
#define ACTION(id, name, keys, class, group, hint, help) ACTION_##id,
#include "tui/actions.def"
#undef ACTION
    ACTION_COUNT
};
#define ACTION_NONE ACTION_COUNT

enum action_group {
    GROUP_AROUND,
    GROUP_SERVERS,
    GROUP_POLICY,
    GROUP_VIEWS,
    GROUP_SCREEN,
    GROUP_DEMO,
    GROUP_COUNT
};

struct action_info {
    const char *name, *keys;
    int class;
    enum action_group group;
    const char *hint, *help;
};
const struct action_info *action_info(enum action a);

enum { KEYS_PER_ACTION = 4, KEY_TEXT = 16 };
struct keymap {
    uint32_t keys[ACTION_COUNT][KEYS_PER_ACTION]; /* 0 = none */
};

/* "m", "ctrl-l", "f1", "enter", "pgdn", … ; false: no such key. */
bool keys_parse(const char *name, uint32_t *out) NONNULL;
const char *keys_name(uint32_t key, char buf[KEY_TEXT]) NONNULL;

void keys_default(struct keymap *out) NONNULL;

/*
 * The default keys, with those of the configuration in place. Each error (unknown action,
 * unknown key, a key used twice) is one "file:line: what" line in `problems` and the call
 * ends with ERR_CONFIG; *out is written only on success.
 */
enum err_code keys_build(const struct key_binding *bindings, size_t n, const char *file,
                         struct keymap *out, struct strbuf *problems,
                         struct err *e) MUST_CHECK;

enum action keys_find(const struct keymap *m, uint32_t key) NONNULL;

#endif
