#include <config.h>

#include "core/store/journal_json.h"

#include "core/net/json.h"

#include "tests/unit/table.h"

#include <string.h>

static void test_lines(void **state)
{
    const struct journal_entry full = {
        .seq = 7,
        .at = {1795330800},
        .level = LEVEL_ACT,
        .server = "cache",
        .actor = "policy",
        .action = "move",
        .from = "onprem",
        .to = "moving_out",
        .reason = "window",
        .outcome = OUTCOME_DONE,
        .move = "m-41",
        .text = "moves to cloud",
    };
    const struct journal_entry bare = {
        .at = {1795330800}, .actor = "rushhour", .action = "start"};
    const struct journal_entry odd = {.at = {1795330800},
                                      .actor = "operator:d\"a\\na",
                                      .action = "hold",
                                      .reason = "\xd7\x97\n\x01 end",
                                      .outcome = OUTCOME_UNKNOWN};
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct strbuf b;
    size_t len = 0;

    (void)state;
    strbuf_init(&b, 4096);
    journal_json(&b, &full);
    assert_string_equal(
        strbuf_text(&b),
        "{\"at\":\"2026-11-22T07:00:00Z\",\"server\":\"cache\","
        "\"actor\":\"policy\",\"action\":\"move\",\"from\":\"onprem\","
        "\"to\":\"moving_out\",\"reason\":\"window\",\"outcome\":\"done\","
        "\"move\":\"m-41\",\"level\":\"act\",\"text\":\"moves to cloud\"}");
    strbuf_reset(&b);
    journal_json(&b, &bare);
    assert_string_equal(strbuf_text(&b),
                        "{\"at\":\"2026-11-22T07:00:00Z\",\"server\":null,"
                        "\"actor\":\"rushhour\",\"action\":\"start\",\"from\":null,"
                        "\"to\":null,\"reason\":null,\"outcome\":null,\"move\":null,"
                        "\"level\":\"debug\",\"text\":null}");
    strbuf_reset(&b);
    journal_json(&b, &odd);
    assert_null(strchr(strbuf_text(&b), '\n')); /* one line, whatever is in it */
    assert_int_equal(json_parse(strbuf_text(&b), b.len, &doc, &e), ERR_OK);
    assert_string_equal(json_text(json_doc_root(doc), "actor", &len),
                        "operator:d\"a\\na");
    assert_string_equal(json_text(json_doc_root(doc), "reason", &len),
                        "\xd7\x97\n\x01 end");
    assert_string_equal(json_text(json_doc_root(doc), "outcome", &len), "unknown");
    json_doc_free(doc);
    strbuf_clear(&b);
}

static void test_there_and_back(void **state)
{
    struct err e = {0};

    (void)state;
    for (int level = 0; level < LEVEL_COUNT; level++) {
        for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
            struct journal_entry j = {.at = {1795330800},
                                      .level = (enum level)level,
                                      .server = "cache",
                                      .actor = "operator:dana",
                                      .action = "hold",
                                      .from = "onprem",
                                      .to = "cloud",
                                      .reason = "a \"reason\"",
                                      .outcome = (enum outcome)outcome,
                                      .move = "m-1",
                                      .text = "cache: in the cloud"};
            struct journal_entry back;
            struct strbuf b;

            strbuf_init(&b, 4096);
            journal_json(&b, &j);
            assert_int_equal(journal_parse(strbuf_text(&b), b.len, &back, &e), ERR_OK);
            assert_memory_equal(&back, &j, sizeof(j));
            strbuf_clear(&b);
        }
    }
}

static void test_reading(void **state)
{
    static const struct {
        const char *what, *line, *error; /* NULL: it is one */
        enum level level;
    } rows[] = {
        {"of a version without level and text",
         "{\"at\":\"2026-11-22T07:00:00Z\",\"action\":\"hold\",\"server\":null}", NULL,
         LEVEL_INFO},
        {"with more than we know",
         "{\"at\":\"2026-11-22T07:00:00Z\",\"action\":\"x\",\"level\":\"warn\",\"new\":["
         "1]}",
         NULL, LEVEL_WARN},
        {"no JSON", "07:00 hold", "", LEVEL_DEBUG},
        {"a list", "[]", "no object", LEVEL_DEBUG},
        {"no time", "{\"action\":\"x\"}", "no time in \"at\"", LEVEL_DEBUG},
        {"no such time", "{\"at\":\"noon\",\"action\":\"x\"}", "no time in \"at\"",
         LEVEL_DEBUG},
        {"no action", "{\"at\":\"2026-11-22T07:00:00Z\"}", "no \"action\"", LEVEL_DEBUG},
        {"a number for a text",
         "{\"at\":\"2026-11-22T07:00:00Z\",\"action\":\"x\",\"server\":7}",
         "\"server\" is no text", LEVEL_DEBUG},
        {"an outcome of its own",
         "{\"at\":\"2026-11-22T07:00:00Z\",\"action\":\"x\",\"outcome\":\"maybe\"}",
         "\"outcome\" is none of ours", LEVEL_DEBUG},
        {"a level of its own",
         "{\"at\":\"2026-11-22T07:00:00Z\",\"action\":\"x\",\"level\":\"DBG\"}",
         "\"level\" is none of ours", LEVEL_DEBUG},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct journal_entry j;
        struct err e = {0};
        bool ok = journal_parse(rows[i].line, strlen(rows[i].line), &j, &e) == ERR_OK;

        assert_row(rows[i].what, ok == (rows[i].error == NULL));
        assert_row(rows[i].what, !ok || j.level == rows[i].level);
        assert_row(rows[i].what, ok || strstr(e.text, rows[i].error) != NULL);
    }
}

/* Nothing of a file that somebody sent reaches the terminal as it is. */
static void test_cleaned(void **state)
{
    static const char line[] = "{\"at\":\"2026-11-22T07:00:00Z\",\"action\":\"x\","
                               "\"text\":\"a\\u001b[31mb\\u202ec\"}";
    struct journal_entry j;
    struct err e = {0};

    (void)state;
    assert_int_equal(journal_parse(line, strlen(line), &j, &e), ERR_OK);
    assert_null(strchr(j.text, '\x1b'));
    assert_null(strstr(j.text, "\xe2\x80\xae"));
    assert_non_null(strstr(j.text, "[31mb"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_cleaned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
