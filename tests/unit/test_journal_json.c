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
        .text = "not printed",
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
        "\"move\":\"m-41\"}");
    strbuf_reset(&b);
    journal_json(&b, &bare);
    assert_string_equal(strbuf_text(&b),
                        "{\"at\":\"2026-11-22T07:00:00Z\",\"server\":null,"
                        "\"actor\":\"rushhour\",\"action\":\"start\",\"from\":null,"
                        "\"to\":null,\"reason\":null,\"outcome\":null,\"move\":null}");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
