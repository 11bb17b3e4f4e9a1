#include <config.h>

#include "core/sim/spoil.h"

#include <string.h>

#include "core/base/rng.h"
#include "tests/unit/table.h"

/*
 * Each way to spoil an answer, on one with a single value, so that chance has no choice
 * of where; and on ones that have nothing to spoil.
 */

#define JSON_TEXT   "{\"a\":\"x\"}"
#define JSON_NUMBER "{\"a\":7}"
#define XML_TEXT    "<?xml?><r><a>x</a></r>"
#define XML_NUMBER  "<?xml?><r><a>7</a></r>"

static const struct {
    const char *what;
    enum site_fault fault;
    const char *body, *has; /* NULL: nothing to spoil, it stays as it is */
} rows[] = {
    /* clang-format off */
    {"null, JSON", FAULT_NULL_VALUE, JSON_TEXT, "{\"a\":null}"},
    {"null, XML", FAULT_NULL_VALUE, XML_TEXT, "<r><a></a></r>"},
    {"null, nothing there", FAULT_NULL_VALUE, "{}", NULL},
    {"a text that is a number", FAULT_OTHER_TYPE, JSON_TEXT, "{\"a\":17}"},
    {"a number that is a text", FAULT_OTHER_TYPE, JSON_NUMBER, "{\"a\":\"many\"}"},
    {"a text that is a number, XML", FAULT_OTHER_TYPE, XML_TEXT, "<a>17</a>"},
    {"a number that is a text, XML", FAULT_OTHER_TYPE, XML_NUMBER, "<a>many</a>"},
    {"another type of nothing", FAULT_OTHER_TYPE, "[]", NULL},
    {"another name, JSON", FAULT_MISSING, JSON_TEXT, "{\"_\":\"x\"}"},
    {"another name, XML", FAULT_MISSING, XML_TEXT, "<r><_>x</_></r>"},
    {"another name of nothing", FAULT_MISSING, "<r></r>", NULL},
    {"twice, JSON", FAULT_TWICE, JSON_TEXT, "{\"a\":\"x\",\"a\":\"x\"}"},
    {"twice, XML", FAULT_TWICE, XML_TEXT, "<r><a>x</a><a>x</a></r>"},
    {"twice nothing", FAULT_TWICE, "{}", NULL},
    {"deep, JSON", FAULT_DEEP, JSON_TEXT, "[[[[[[[["},
    {"deep, XML", FAULT_DEEP, XML_TEXT, "<a><a><a><a>"},
    {"a huge number, JSON", FAULT_HUGE_NUMBER, JSON_NUMBER, "99"},
    {"a huge number, XML", FAULT_HUGE_NUMBER, XML_NUMBER, "99"},
    {"no UTF-8", FAULT_BAD_UTF8, JSON_TEXT, "{\"a\":\""},
    {"a mark of the byte order", FAULT_BOM, JSON_TEXT, "\xef\xbb\xbf{\"a\":\"x\"}"},
    {"a mark before nothing", FAULT_BOM, "", NULL},
    {"the next page is none, JSON", FAULT_PAGE_MISSING, "{\"NextToken\":\"t2\"}", "\"\""},
    {"the next page is none, XML", FAULT_PAGE_MISSING, "<?xml?><r><nextToken>t2</nextToken></r>", "<nextToken></nextToken>"},
    {"there is no next page", FAULT_PAGE_MISSING, JSON_TEXT, NULL},
    {"the last page has none", FAULT_PAGE_MISSING, "<?xml?><r><nextToken></nextToken></r>", NULL},
    {"the same page again, JSON", FAULT_PAGE_LOOP, "{\"NextToken\":\"t2\"}", "\"p1\""},
    {"the same page again, XML", FAULT_PAGE_LOOP, "<?xml?><r><nextToken>t2</nextToken></r>", "rh1.0"},
    {"a document type", FAULT_DOCTYPE, XML_TEXT, "<?xml?><!DOCTYPE"},
    {"JSON has none", FAULT_DOCTYPE, JSON_TEXT, NULL},
    {"escapes of a terminal", FAULT_ESCAPES, JSON_TEXT, "\\u001b]0;yours\\u0007"},
    {"escapes of a terminal, XML", FAULT_ESCAPES, XML_TEXT, "&#x9b;31m"},
    /* clang-format on */
};

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response rs;
        struct rng rng;
        const char *now;
        bool done;

        rng_seed(&rng, i + 1);
        http_response_init(&rs);
        strbuf_puts(&rs.body, rows[i].body);
        assert_row(rows[i].what, spoil_knows(rows[i].fault));
        done = spoil(rows[i].fault, &rng, &rs);
        now = strbuf_text(&rs.body);
        if (done != (rows[i].has != NULL))
            fail_msg("%s: %d, \"%s\"", rows[i].what, done, now);
        if (done ? strstr(now, rows[i].has) == NULL || str_eq(now, rows[i].body)
                 : !str_eq(now, rows[i].body))
            fail_msg("%s: \"%s\"", rows[i].what, now);
        http_response_clear(&rs);
    }
}

/* Where there are many values, chance picks; none is beyond the end, whatever it picks.
 */
static void test_anywhere(void **state)
{
    static const char *const bodies[] = {
        "{\"a\":{\"b\":[1,2,{\"c\":\"x\",\"d\":4}],\"e\":true},\"f\":\"\\\"y\"}",
        "<?xml?><r><a>1</a><b><c>x</c><c>y</c></b><d e=\"f\">z</d></r>", "{\"a\":", "<a>",
        "x"};
    struct rng rng;

    (void)state;
    rng_seed(&rng, 4711);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        for (int round = 0; round < 50; round++) {
            for (enum site_fault f = 0; f < N_WIRE_FAULTS; f++) {
                struct http_response rs;
                size_t len = strlen(bodies[i]);

                if (!spoil_knows(f))
                    continue;
                http_response_init(&rs);
                strbuf_puts(&rs.body, bodies[i]);
                if (spoil(f, &rng, &rs) && f != FAULT_WRONG_HEAD)
                    assert_true(rs.body.len != len ||
                                memcmp(rs.body.data, bodies[i], len) != 0);
                else
                    assert_true(rs.body.len == len &&
                                memcmp(rs.body.data, bodies[i], len) == 0);
                assert_false(rs.body.failed);
                http_response_clear(&rs);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
