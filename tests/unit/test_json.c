#include <config.h>

#include "core/base/str.h"
#include "core/net/json.h"

#include "tests/unit/table.h"

#include <string.h>

static struct json_doc *parsed(const char *text)
{
    struct json_doc *d = NULL;
    struct err e = {0};

    assert_int_equal(json_parse(text, strlen(text), &d, &e), ERR_OK);
    return d;
}

static void test_refused(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text; } rows[] = {
        {"nothing",                ""},
        {"half an object",         "{\"a\":1"},
        {"something behind it",    "{} x"},
        {"a name twice",           "{\"state\":\"InCloud\",\"state\":\"Unmanaged\"}"},
        {"a web page",             "<html><title>Sign in</title></html>"},
        {"invalid UTF-8",          "{\"a\":\"\xff\"}"},
        {"a number too large",     "{\"a\":99999999999999999999}"},
        {"a comma too many",       "[1,]"},
        {"single quotes",          "{'a':1}"},
        {"raw control character",  "{\"a\":\"\x01\"}"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_doc *d = NULL;
        struct err e = {0};

        assert_row(rows[i].what, json_parse(rows[i].text, strlen(rows[i].text), &d, &e) ==
                                     ERR_PROTOCOL);
        assert_row(rows[i].what, d == NULL && strstr(e.text, "Sign in") == NULL);
    }
}

static void test_deep(void **state)
{
    char text[10000];
    struct json_doc *d = NULL;
    struct err e = {0};

    (void)state;
    memset(text, '[', sizeof(text));
    assert_int_equal(json_parse(text, sizeof(text), &d, &e), ERR_PROTOCOL);
}

static void test_typed(void **state)
{
    struct json_doc *d = parsed("{\"t\":\"x\\u001b[m\",\"n\":5,\"b\":true,\"z\":null,"
                                "\"l\":[1,\"two\"],\"o\":{\"k\":\"v\"},\"r\":1.5,"
                                "\"nul\":\"a\\u0000b\",\"e\":\"\"}");
    const json_value *root = json_doc_root(d);
    struct arena *a = arena_new(4096);
    int64_t n = -7;
    bool b = false;
    size_t len;

    (void)state;
    assert_true(json_is_object(root) && !json_is_list(root) && !json_is_object(NULL));
    assert_true(json_is_null(json_get(root, "z")) && !json_is_null(json_get(root, "no")));
    assert_string_equal(json_text_dup(a, root, "t", 64), "x\xEF\xBF\xBD[m");
    assert_string_equal(json_text_dup(a, root, "nul", 64), "a\xEF\xBF\xBD"
                                                           "b");
    assert_string_equal(json_text_dup(a, root, "n", 64), "");
    assert_string_equal(json_text_dup(a, root, "no", 64), "");
    assert_string_equal(json_text_dup(a, NULL, "t", 64), "");
    assert_null(json_text(root, "b", &len));
    assert_non_null(json_text(root, "e", &len));
    assert_false(json_i64(root, "t", 0, 9, &n));
    assert_false(json_i64(root, "r", 0, 9, &n));
    assert_false(json_i64(root, "n", 6, 9, &n));
    assert_int_equal(n, -7);
    assert_true(json_i64(root, "n", 0, 9, &n));
    assert_int_equal(n, 5);
    assert_false(json_bool(root, "n", &b));
    assert_true(json_bool(root, "b", &b) && b);
    assert_int_equal(json_list_len(json_get(root, "l")), 2);
    assert_int_equal(json_list_len(json_get(root, "o")), 0);
    assert_null(json_list_at(json_get(root, "l"), 2));
    assert_string_equal(json_text_of(json_list_at(json_get(root, "l"), 1), &len), "two");
    assert_null(json_get(json_get(root, "t"), "k"));
    assert_string_equal(json_text(json_get(root, "o"), "k", &len), "v");
    arena_free(a);
    json_doc_free(d);
}

static void test_time(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *value; bool ok; int64_t s; } rows[] = {
        {"RFC 3339",             "\"2026-11-22T07:00:00Z\"",          true,  1795330800},
        {"an offset",            "\"2026-11-22T09:00:00+02:00\"",     true,  1795330800},
        {"no colon in it",       "\"2026-11-22T09:00:00.123+0200\"",  true,  1795330800},
        {"hours alone",          "\"2026-11-22T04:00:00-03\"",        true,  1795330800},
        {"no zone is UTC",       "\"2026-11-22T07:00:00\"",           true,  1795330800},
        {"fraction, no zone",    "\"2026-11-22T07:00:00.5\"",         true,  1795330800},
        {"no seconds",           "\"2026-11-22T07:00Z\"",             true,  1795330800},
        {"no seconds, no zone",  "\"2026-11-22 07:00\"",              true,  1795330800},
        {"a date",               "\"2026-11-22\"",                    true,  1795305600},
        {"milliseconds",         "1795330800123",                     true,  1795330800},
        {"milliseconds as text", "\"1795330800123\"",                 true,  1795330800},
        {"negative",             "-5",                                false, 0},
        {"too far",              "9223372036854775807",               false, 0},
        {"a word",               "\"yesterday morning\"",             false, 0},
        {"no such month",        "\"2026-13-01\"",                    false, 0},
        {"no such day",          "\"2026-02-30T00:00:00Z\"",          false, 0},
        {"signs alone",          "\"2026-11-22+-+-+-\"",              false, 0},
        {"nothing",              "\"\"",                              false, 0},
        {"null",                 "null",                              false, 0},
        {"a real number",        "1795330800.5",                      false, 0},
        {"forty characters",     "\"2026-11-22T07:00:00.00000000000000000000\"", true, 1795330800},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct utc t = {.s = 0};
        char text[128];
        struct json_doc *d;

        assert_true(str_format(text, sizeof(text), "{\"t\":%s}", rows[i].value));
        d = parsed(text);
        assert_row(rows[i].what, json_time(json_doc_root(d), "t", &t) == rows[i].ok);
        assert_row(rows[i].what, t.s == rows[i].s);
        json_doc_free(d);
    }
}

static void test_put(void **state)
{
    struct strbuf b;
    struct json_doc *d;
    size_t len;
    const char *nasty = "a\"b\\c\n\x01\xC3\xA4/";

    (void)state;
    strbuf_init(&b, 256);
    json_put_text(&b, nasty);
    assert_string_equal(strbuf_text(&b), "\"a\\\"b\\\\c\\u000a\\u0001\xC3\xA4/\"");
    d = parsed(strbuf_text(&b));
    assert_string_equal(json_text_of(json_doc_root(d), &len), nasty);
    json_doc_free(d);
    strbuf_clear(&b);
}

/* What we write is JSON, whatever was cut inside of a character. */
static void test_put_cut(void **state)
{
    /* clang-format off */
    static const struct { const char *text, *literal; } rows[] = {
        {"caf\xC3",          "\"caf\xEF\xBF\xBD\""},
        {"\xC3; \xE2\x80",   "\"\xEF\xBF\xBD; \xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xA4\xF0\x9F\x98\x80", "\"\xEF\xBF\xBD\xF0\x9F\x98\x80\""},
    };
    /* clang-format on */
    struct strbuf b;

    (void)state;
    strbuf_init(&b, 256);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_put_text(&b, rows[i].text);
        assert_string_equal(strbuf_text(&b), rows[i].literal);
        json_doc_free(parsed(strbuf_text(&b)));
        strbuf_clear(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_deep),
        cmocka_unit_test(test_typed),   cmocka_unit_test(test_time),
        cmocka_unit_test(test_put),     cmocka_unit_test(test_put_cut),
    };

    json_global_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
