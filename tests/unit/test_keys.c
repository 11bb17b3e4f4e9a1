#include <config.h>

#include "tui/keys.h"

#include <string.h>

#include "tests/unit/table.h"

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool ok;
        uint32_t key;
    } rows[] = {
        {"m", true, 'm'},          {"M", true, 'M'},      {"ctrl-l", true, 12},
        {"ctrl-L", true, 12},      {"f1", true, KEYC_F1}, {"F12", true, KEYC_F12},
        {"enter", true, 13},       {"Esc", true, 27},     {"space", true, ' '},
        {"pgdn", true, KEYC_PGDN}, {"?", true, '?'},      {"f", true, 'f'},
        {"\xc3\xa9", true, 0xe9},  {"f13", false, 0},     {"ctrl-1", false, 0},
        {"mm", false, 0},          {"", false, 0},        {"\xff", false, 0},
        {"ctrl-", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t key = 0;
        char name[KEY_TEXT];

        assert_row(rows[i].name, keys_parse(rows[i].name, &key) == rows[i].ok);
        assert_row(rows[i].name, key == rows[i].key);
        if (rows[i].ok && key < 0x80) { /* and back */
            uint32_t again = 0;

            assert_row(rows[i].name, keys_parse(keys_name(key, name), &again));
            assert_row(rows[i].name, again == key);
        }
    }
}

static void test_bindings(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct key_binding b[2]; size_t n; const char *problem; } rows[] = {
        {"one moved",        {{"move", "v", 7}}, 1, NULL},
        {"two swapped",      {{"move", "c", 7}, {"to-cloud", "m", 8}}, 2, NULL},
        {"unknown action",   {{"fly", "v", 7}}, 1, "f.conf:7: keys: \"fly\" is not an action"},
        {"unknown key",      {{"move", "hyper-v", 9}}, 1, "f.conf:9: move: \"hyper-v\" is not a key"},
        {"taken by default", {{"move", "q", 7}}, 1, "f.conf:7: move: the key \"q\" already means quit"},
        {"taken by another", {{"move", "v", 7}, {"hold", "v", 8}}, 2, "already means"},
        {"a digit",          {{"move", "3", 7}}, 1, "f.conf:7: move: the digits choose views"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf problems;
        struct keymap m = {.keys = {{0}}};
        struct err e = {0};
        enum err_code rc;

        strbuf_init(&problems, 8192);
        rc = keys_build(rows[i].b, rows[i].n, "f.conf", &m, &problems, &e);
        assert_row(rows[i].what, (rc == ERR_OK) == (rows[i].problem == NULL));
        if (rows[i].problem != NULL)
            assert_row(rows[i].what,
                       strstr(strbuf_text(&problems), rows[i].problem) != NULL);
        else
            assert_row(rows[i].what,
                       keys_find(&m, (uint32_t)rows[i].b[0].key[0]) == ACTION_MOVE);
        strbuf_clear(&problems);
    }
}

/* Rules of the table itself. */
static void test_defaults(void **state)
{
    struct keymap m;
    struct strbuf problems;
    struct err e = {0};

    (void)state;
    keys_default(&m);
    for (int a = 0; a < ACTION_COUNT; a++) {
        const struct action_info *info = action_info((enum action)a);

        assert_row(info->name, m.keys[a][0] != 0);
        assert_row(info->name, info->help[0] != '\0');
        for (int k = 0; k < KEYS_PER_ACTION && m.keys[a][k] != 0; k++) {
            uint32_t key = m.keys[a][k];

            assert_row(info->name, keys_find(&m, key) == (enum action)a); /* unique */
            /* K1: prefixes of multiplexers and flow control stay free. */
            assert_row(info->name, key != 1 && key != 2 && key != 17 && key != 19);
            if (info->group == GROUP_SERVERS || info->group == GROUP_POLICY) {
                assert_row(info->name, key >= ' ');
                assert_row(info->name, strchr("hjkl", (int)key) == NULL);
            }
        }
    }
    strbuf_init(&problems, 1024);
    assert_int_equal(keys_build(NULL, 0, "", &m, &problems, &e), ERR_OK);
    strbuf_clear(&problems);
    assert_int_equal(keys_find(&m, KEYC_DOWN), ACTION_DOWN);
    assert_int_equal(keys_find(&m, 0x1234), ACTION_NONE);
    assert_int_equal(keys_find(&m, KEYC_NONE), ACTION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
