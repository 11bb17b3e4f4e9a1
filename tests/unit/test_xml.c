#include <config.h>

#include "tests/unit/table.h"

#include "core/base/attr.h"
#include "core/base/str.h"
#include "core/net/xml.h"

#include <stdlib.h>
#include <string.h>

#define XSI "http://www.w3.org/2001/XMLSchema-instance"

/* What a reading said, written down: "<a x=1[space]" and ">a:text" for each element. */
struct trace {
    struct strbuf out;
    struct xml_path path;
    struct strbuf paths;
};

static void on_start(void *ctx, const char *name, const struct xml_attribute *attrs,
                     size_t n)
{
    struct trace *t = ctx;

    xml_path_push(&t->path, name);
    strbuf_printf(&t->paths, "%s;", xml_path_below(&t->path, 1));
    strbuf_printf(&t->out, "<%s", name);
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&t->out, " %s=%s[%s]", attrs[i].name, attrs[i].value,
                      str_eq(attrs[i].space, XSI) ? "xsi" : attrs[i].space);
}

static void on_end(void *ctx, const char *name, const char *text, size_t len)
{
    struct trace *t = ctx;

    assert_int_equal(strlen(text), len);
    xml_path_pop(&t->path);
    strbuf_printf(&t->out, ">%s:%s", name, text);
}

static enum err_code read_bytes(struct trace *t, const char *bytes, size_t len,
                                struct err *e)
{
    struct xml_handler h = {on_start, on_end, t};

    memset(t, 0, sizeof(*t));
    memset(e, 0, sizeof(*e));
    strbuf_init(&t->out, 1 << 20);
    strbuf_init(&t->paths, 1 << 20);
    return xml_read(bytes, len, &h, e);
}

static void trace_clear(struct trace *t)
{
    strbuf_clear(&t->out);
    strbuf_clear(&t->paths);
}

static void test_reads(void **state)
{
    static const struct {
        const char *what, *xml, *want;
    } rows[] = {
        /* clang-format off */
        {"text and nesting", "<a>x<b>y</b>z</a>", "<a<b>b:y>a:xz"},
        {"empty element", "<a><b/></a>", "<a<b>b:>a:"},
        {"CDATA joins text", "<a>1<![CDATA[<&]]>2</a>", "<a>a:1<&2"},
        {"the five entities", "<a>&lt;&gt;&amp;&quot;&apos;</a>", "<a>a:<>&\"'"},
        {"character references", "<a>&#65;&#x42;</a>", "<a>a:AB"},
        {"comments and instructions vanish", "<a>1<!-- c --><?p i?>2</a>", "<a>a:12"},
        {"declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>\n", "<a>a:"},
        {"byte order mark", "\xEF\xBB\xBF<a/>", "<a>a:"},
        {"prefix by URI, declared on the element",
         "<v xmlns:q=\"" XSI "\" q:type=\"xsd:int\" type=\"T\"/>",
         "<v type=xsd:int[xsi] type=T[]>v:"},
        {"element prefixes vanish", "<s:E xmlns:s=\"urn:x\"><s:B/></s:E>", "<E<B>B:>E:"},
        {"ampersand in an attribute", "<a x=\"1&amp;2&#38;3&lt;\"/>", "<a x=1&2&3<[]>a:"},
        {"UTF-8 goes through", "<a>\xC3\xA9</a>", "<a>a:\xC3\xA9"},
        {"an unbound prefix is not our business", "<x:a>1</x:a>", "<a>a:1"},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct trace t;
        struct err e;
        enum err_code rc = read_bytes(&t, rows[i].xml, strlen(rows[i].xml), &e);

        if (rc != ERR_OK || !str_eq(strbuf_text(&t.out), rows[i].want))
            print_error("got %s: %s\n", strbuf_text(&t.out), e.text);
        assert_row(rows[i].what, rc == ERR_OK);
        assert_row(rows[i].what, str_eq(strbuf_text(&t.out), rows[i].want));
        trace_clear(&t);
    }
}

#define LOL(n, m) "<!ENTITY l" #n " \"&l" #m ";&l" #m ";&l" #m ";&l" #m ";\">"

static void test_refuses(void **state)
{
    static const struct {
        const char *what, *xml;
    } rows[] = {
        /* clang-format off */
        {"nothing", ""},
        {"blanks only", "  \n"},
        {"no XML at all", "Service Unavailable"},
        {"a web page", "<html><body><p>503<br></body></html>"},
        {"cut in the text", "<a><b>12"},
        {"cut in a tag", "<a><b"},
        {"cut after the last child", "<a><b/>"},
        {"something behind the root", "<a/><b/>"},
        {"wrong end", "<a></b>"},
        {"document type without anything", "<!DOCTYPE a><a/>"},
        {"internal subset", "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>"},
        {"external subset", "<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/x.dtd\"><a/>"},
        {"external entity",
         "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><a>&x;</a>"},
        {"billion laughs", "<!DOCTYPE a [<!ENTITY l0 \"ha\">" LOL(1, 0) LOL(2, 1) LOL(3, 2)
         LOL(4, 3) LOL(5, 4) LOL(6, 5) "]><a>&l6;</a>"},
        {"a version that is none, then entities", "<?xml version=\"1[.0\"?><!DOCTYPE a [<!ENTITY b \"bb\">"
         "<!ENTITY c \"&b;&b>\";]><a]]>;</a>"},
        {"unknown entity", "<a>&nbsp;</a>"},
        {"unknown entity in an attribute", "<a x=\"&nbsp;\"/>"},
        {"invalid UTF-8", "<a>\xFF\xFE</a>"},
        {"a control character", "<a>\x01</a>"},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct trace t;
        struct err e;
        enum err_code rc = read_bytes(&t, rows[i].xml, strlen(rows[i].xml), &e);

        assert_row(rows[i].what, rc == ERR_PROTOCOL);
        assert_row(rows[i].what, e.code == ERR_PROTOCOL && e.text[0] != '\0');
        trace_clear(&t);
    }
}

static void test_every_cut_is_refused(void **state)
{
    static const char xml[] =
        "<?xml version=\"1.0\"?><a x='1'><b>t&amp;</b><![CDATA[z]]></a>";

    (void)state;
    for (size_t len = 0; len < sizeof(xml) - 1; len++) {
        struct trace t;
        struct err e;

        assert_int_equal(read_bytes(&t, xml, len, &e), ERR_PROTOCOL);
        trace_clear(&t);
    }
}

static void test_document_type_in_utf16(void **state)
{
    static const char ascii[] = "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>";
    char wide[2 * sizeof(ascii)] = "\xFF\xFE";
    size_t len = 2;
    struct trace t;
    struct err e;

    (void)state;
    for (size_t i = 0; ascii[i] != '\0'; i++) {
        wide[len++] = ascii[i];
        wide[len++] = '\0';
    }
    assert_int_equal(read_bytes(&t, wide, len, &e), ERR_PROTOCOL);
    assert_non_null(strstr(e.text, "document type"));
    trace_clear(&t);
}

static void test_quadratic_entities(void **state)
{
    struct strbuf b;
    struct trace t;
    struct err e;

    (void)state;
    strbuf_init(&b, 1 << 20);
    strbuf_puts(&b, "<!DOCTYPE a [<!ENTITY x \"");
    for (int i = 0; i < 50000; i++)
        strbuf_putc(&b, 'x');
    strbuf_puts(&b, "\">]><a>");
    for (int i = 0; i < 50000; i++)
        strbuf_puts(&b, "&x;");
    strbuf_puts(&b, "</a>");
    assert_false(b.failed);
    assert_int_equal(read_bytes(&t, b.data, b.len, &e), ERR_PROTOCOL);
    assert_string_equal(strbuf_text(&t.out), "");
    trace_clear(&t);
    strbuf_clear(&b);
}

static void repeat(struct strbuf *b, const char *s, int n)
{
    for (int i = 0; i < n; i++)
        strbuf_puts(b, s);
}

static void test_limits(void **state)
{
    static const struct {
        const char *what;
        const char *head, *piece, *tail;
        int n;
        enum err_code want;
    } rows[] = {
        /* clang-format off */
        {"64 levels", "<r>", "<a>", "</a>", 63, ERR_OK},
        {"65 levels", "<r>", "<a>", "</a>", 64, ERR_PROTOCOL},
        {"100,000 levels", "<r>", "<a>", "</a>", 100000, ERR_PROTOCOL},
        {"64 KiB of text", "<r>", "12345678", "", 8192, ERR_OK},
        {"text over 64 KiB", "<r>", "12345678", "", 8193, ERR_TOO_BIG},
        {"text over 64 KiB in pieces", "<r>", "12345678<x/>", "", 8193, ERR_TOO_BIG},
        {"CDATA over 64 KiB", "<r>", "<![CDATA[12345678]]>", "", 8193, ERR_TOO_BIG},
        {"many small elements", "<r>", "<x>1</x>", "", 50000, ERR_OK},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf b;
        struct trace t;
        struct err e;

        strbuf_init(&b, 4 << 20);
        strbuf_puts(&b, rows[i].head);
        repeat(&b, rows[i].piece, rows[i].n);
        repeat(&b, rows[i].tail, rows[i].n);
        strbuf_puts(&b, "</r>");
        assert_row(rows[i].what, !b.failed);
        assert_row(rows[i].what, read_bytes(&t, b.data, b.len, &e) == rows[i].want);
        trace_clear(&t);
        strbuf_clear(&b);
    }
}

static void test_attribute_limits(void **state)
{
    struct strbuf b;
    struct trace t;
    struct err e;

    (void)state;
    strbuf_init(&b, 1 << 20);
    strbuf_puts(&b, "<a");
    for (int i = 0; i <= XML_MAX_ATTRIBUTES; i++)
        strbuf_printf(&b, " a%d='1'", i);
    strbuf_puts(&b, "/>");
    assert_int_equal(read_bytes(&t, b.data, b.len, &e), ERR_PROTOCOL);
    trace_clear(&t);
    strbuf_reset(&b);
    strbuf_puts(&b, "<a x='");
    repeat(&b, "0123456789", 500);
    strbuf_puts(&b, "'/>");
    assert_int_equal(read_bytes(&t, b.data, b.len, &e), ERR_TOO_BIG);
    trace_clear(&t);
    strbuf_clear(&b);
}

static void test_path(void **state)
{
    static const char xml[] = "<a><b><c/></b><d><e/></d></a>";
    struct xml_path p = {0};
    char name[200];
    struct trace t;
    struct err e;

    (void)state;
    assert_int_equal(read_bytes(&t, xml, sizeof(xml) - 1, &e), ERR_OK);
    assert_string_equal(strbuf_text(&t.paths), ";b;b/c;d;d/e;");
    assert_int_equal(t.path.depth, 0);
    trace_clear(&t);

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (int i = 0; i < XML_MAX_DEPTH; i++)
        xml_path_push(&p, i == 0 ? "root" : name);
    assert_int_equal(p.text[p.len - 1], '!');
    for (int i = 1; i < XML_MAX_DEPTH; i++)
        xml_path_pop(&p);
    assert_string_equal(xml_path_below(&p, 0), "root");
    assert_string_equal(xml_path_below(&p, 1), "");
}

static void test_escape_round_trip(void **state)
{
    static const char hostile[] = "p&<>\"'\xC3\xA9]]>\r\n\t\x01";
    struct strbuf b;
    struct trace t;
    struct err e;

    (void)state;
    strbuf_init(&b, 4096);
    strbuf_puts(&b, "<a>");
    xml_escape(&b, hostile);
    strbuf_puts(&b, "</a>");
    assert_int_equal(read_bytes(&t, b.data, b.len, &e), ERR_OK);
    assert_string_equal(strbuf_text(&t.out), "<a>a:p&<>\"'\xC3\xA9]]>\r\n\t?");
    trace_clear(&t);
    strbuf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_document_type_in_utf16),
        cmocka_unit_test(test_quadratic_entities),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_attribute_limits),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_escape_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
