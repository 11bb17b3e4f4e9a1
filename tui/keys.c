#include <config.h>

#include "tui/keys.h"

#include <string.h>

#include "core/base/text.h"

static const struct action_info infos[] = {
#define ACTION(id, name, keys, class, group, hint, help)                                 \
    {(name), (keys), (class), GROUP_##group, (hint), (help)},
#include "tui/actions.def"
#undef ACTION
};

static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    {"tab", KEYC_TAB},       {"enter", KEYC_ENTER},
    {"esc", KEYC_ESC},       {"backspace", KEYC_BACKSPACE},
    {"space", ' '},          {"up", KEYC_UP},
    {"down", KEYC_DOWN},     {"left", KEYC_LEFT},
    {"right", KEYC_RIGHT},   {"home", KEYC_HOME},
    {"end", KEYC_END},       {"pgup", KEYC_PGUP},
    {"pgdn", KEYC_PGDN},     {"insert", KEYC_INSERT},
    {"delete", KEYC_DELETE}, {"backtab", KEYC_BACKTAB},
};

const struct action_info *action_info(enum action a)
{
    static const struct action_info none = {"", "", 0, GROUP_AROUND, "", ""};

    return (unsigned)a < ACTION_COUNT ? &infos[a] : &none;
}

bool keys_parse(const char *name, uint32_t *out)
{
    size_t len = strlen(name);
    struct err e = {0};
    int64_t n;
    uint32_t cp;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq_nocase(names[i].name, name)) {
            *out = names[i].key;
            return true;
        }
    }
    if (len == 6 && str_starts(name, "ctrl-")) {
        char c = name[5];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c < 'a' || c > 'z')
            return false;
        *out = (uint32_t)(c - 'a' + 1);
        return true;
    }
    if (len > 1 && (name[0] == 'f' || name[0] == 'F') &&
        str_to_i64(name + 1, 1, 12, &n, &e) == ERR_OK) {
        *out = KEYC_F1 + (uint32_t)(n - 1);
        return true;
    }
    if (len == 1 && name[0] > ' ' && name[0] < 0x7f) {
        *out = (uint32_t)name[0];
        return true;
    }
    if (len < 2 || text_decode(name, len, &cp) != len)
        return false;
    *out = cp;
    return true;
}

const char *keys_name(uint32_t key, char buf[KEY_TEXT])
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].key == key) {
            (void)str_copy(buf, KEY_TEXT, names[i].name);
            return buf;
        }
    }
    if (key >= KEYC_F1 && key <= KEYC_F12)
        (void)str_format(buf, KEY_TEXT, "F%u", key - KEYC_F1 + 1);
    else if (key > 0 && key < 27)
        (void)str_format(buf, KEY_TEXT, "ctrl-%c", (char)('a' + key - 1));
    else if (key > ' ' && key < 0x7f)
        (void)str_format(buf, KEY_TEXT, "%c", (char)key);
    else
        (void)str_format(buf, KEY_TEXT, "U+%04X", key);
    return buf;
}

/* The first n blank-separated keys of a default binding. */
static void parse_keys(const char *list, uint32_t out[KEYS_PER_ACTION])
{
    size_t n = 0;

    memset(out, 0, sizeof(out[0]) * KEYS_PER_ACTION);
    while (*list != '\0' && n < KEYS_PER_ACTION) {
        char word[KEY_TEXT];
        size_t len = strcspn(list, " ");

        if (len < sizeof(word)) {
            memcpy(word, list, len);
            word[len] = '\0';
            if (keys_parse(word, &out[n]))
                n++;
        }
        list += len;
        list += strspn(list, " ");
    }
}

void keys_default(struct keymap *out)
{
    for (int i = 0; i < ACTION_COUNT; i++)
        parse_keys(infos[i].keys, out->keys[i]);
}

static bool action_parse(const char *name, enum action *out)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        if (str_eq(infos[i].name, name)) {
            *out = (enum action)i;
            return true;
        }
    }
    return false;
}

/* The line that bound this action, 0 when it has its default keys. */
static void check_duplicates(const struct keymap *m, const int32_t lines[ACTION_COUNT],
                             const char *file, struct strbuf *problems)
{
    for (int a = 0; a < ACTION_COUNT; a++) {
        for (int k = 0; k < KEYS_PER_ACTION && m->keys[a][k] != 0; k++) {
            for (int b = 0; b < ACTION_COUNT; b++) {
                char name[KEY_TEXT];

                if (b == a || (lines[b] != 0 && b < a) || lines[a] == 0)
                    continue;
                for (int j = 0; j < KEYS_PER_ACTION; j++) {
                    if (m->keys[b][j] == m->keys[a][k])
                        strbuf_printf(problems,
                                      "%s:%d: %s: the key \"%s\" already means %s; "
                                      "choose another or rebind that too\n",
                                      file, lines[a], infos[a].name,
                                      keys_name(m->keys[a][k], name), infos[b].name);
                }
            }
        }
    }
}

enum err_code keys_build(const struct key_binding *bindings, size_t n, const char *file,
                         struct keymap *out, struct strbuf *problems, struct err *e)
{
    int32_t lines[ACTION_COUNT] = {0};
    struct keymap m;
    size_t before = problems->len;

    keys_default(&m);
    for (size_t i = 0; i < n; i++) {
        const struct key_binding *b = &bindings[i];
        enum action a;
        uint32_t key;

        if (!action_parse(b->action, &a)) {
            strbuf_printf(
                problems,
                "%s:%d: keys: \"%.40s\" is not an action; rushhour.conf(5) lists "
                "them\n",
                file, b->line, b->action);
        } else if (!keys_parse(b->key, &key)) {
            strbuf_printf(
                problems,
                "%s:%d: %s: \"%.40s\" is not a key; write as in \"m\", \"ctrl-l\" "
                "or \"f1\"\n",
                file, b->line, b->action, b->key);
        } else if (key >= '1' && key <= '9') {
            strbuf_printf(problems, "%s:%d: %s: the digits choose views\n", file, b->line,
                          b->action);
        } else {
            memset(m.keys[a], 0, sizeof(m.keys[a]));
            m.keys[a][0] = key;
            lines[a] = b->line > 0 ? b->line : 1;
        }
    }
    check_duplicates(&m, lines, file, problems);
    if (problems->len != before || problems->failed)
        return err_set(e, ERR_CONFIG, "%s: section keys", file);
    *out = m;
    return ERR_OK;
}

enum action keys_find(const struct keymap *m, uint32_t key)
{
    for (int a = 0; a < ACTION_COUNT; a++) {
        for (int k = 0; k < KEYS_PER_ACTION; k++) {
            if (m->keys[a][k] == key && key != 0)
                return (enum action)a;
        }
    }
    return ACTION_NONE;
}
