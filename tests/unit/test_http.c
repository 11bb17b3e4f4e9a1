#include <config.h>

#include "core/net/http.h"

#include "tests/unit/table.h"

#include <string.h>

static void take(struct http_head *h, struct http_response *rs, const char *line)
{
    http_take_header(h, rs, line, strlen(line));
}

static void test_headers(void **state)
{
    struct http_response rs;
    struct http_head h = {0};
    char longer[3000];

    (void)state;
    http_response_init(&rs);
    take(&h, &rs, "content-TYPE:  application/json;charset=utf-8 \r\n");
    take(&h, &rs, "X-Jenkins: 2.541.3\r\n");
    take(&h, &rs, "X-Jenkins-Session: 7f\x1b[2J\r\n");
    take(&h, &rs, "X-Required-Permission: hudson.model.Computer.Connect\r\n");
    take(&h, &rs, "Location: https://ci.example.test/computer/np-1/\r\n");
    take(&h, &rs, "Date: Sun, 22 Nov 2026 07:00:00 GMT\r\n");
    take(&h, &rs, "x-amzn-requestid: 4b9c81ac-2f2e\x1b[2J\r\n");
    take(&h, &rs, "no colon at all\r\n");
    take(&h, &rs, ":\r\n");
    take(&h, &rs, "");
    http_end_head(&h, &rs, (struct utc){0});
    assert_string_equal(rs.content_type, "application/json;charset=utf-8");
    assert_string_equal(rs.jenkins, "2.541.3");
    assert_string_equal(rs.jenkins_session, "7f\xEF\xBF\xBD[2J");
    assert_string_equal(rs.required_permission, "hudson.model.Computer.Connect");
    assert_string_equal(rs.location, "https://ci.example.test/computer/np-1/");
    assert_int_equal(rs.date.s, 1795330800);
    assert_string_equal(rs.request_id, "4b9c81ac-2f2e\xEF\xBF\xBD[2J");
    take(&h, &rs, "X-Request-ID: other\r\n");
    assert_string_equal(rs.request_id, "other");
    assert_int_equal(rs.retry_after_s, -1);

    memset(longer, 'x', sizeof(longer));
    memcpy(longer, "Location: ", 10);
    http_take_header(&h, &rs, longer, sizeof(longer));
    assert_int_equal(strlen(rs.location), sizeof(rs.location) - 1);
    http_response_clear(&rs);
    assert_string_equal(rs.location, "");
}

struct header {
    const char *name, *value; /* NULL: it does not come */
};

/* What a head of these says, read at that time. */
static int64_t retry_after(const struct header headers[2], int64_t now)
{
    struct http_response rs;
    struct http_head h = {0};
    char line[128];
    int64_t s;

    http_response_init(&rs);
    for (size_t i = 0; i < 2; i++) {
        if (headers[i].value == NULL)
            continue;
        assert_true(str_format(line, sizeof(line), "%s: %s\r\n", headers[i].name,
                               headers[i].value));
        take(&h, &rs, line);
    }
    http_end_head(&h, &rs, (struct utc){now});
    s = rs.retry_after_s;
    http_response_clear(&rs);
    return s;
}

static void test_retry_after(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *value, *date; int64_t now, s; } rows[] = {
        {"seconds",                "120",  NULL, 0, 120},
        {"zero",                   "0",    NULL, 0, 0},
        {"capped",                 "86400", NULL, 0, 900},
        {"absurd",                 "99999999999999999999999", NULL, 0, 900},
        {"a date by their clock",  "Sun, 22 Nov 2026 07:01:00 GMT", "Sun, 22 Nov 2026 07:00:00 GMT", 5, 60},
        {"a date by our clock",    "Sun, 22 Nov 2026 07:01:00 GMT", NULL, 1795330830, 30},
        {"a date in the past",     "Sun, 22 Nov 2026 07:01:00 GMT", NULL, 1795340830, 0},
        {"a far date",             "Sun, 22 Nov 2036 07:01:00 GMT", NULL, 1795330830, 900},
        {"nonsense",               "soon", NULL, 0, -1},
        {"negative",               "-5", NULL, 1795330830, -1},
        {"empty",                  "", NULL, 0, -1},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct header headers[] = {{"Retry-After", rows[i].value},
                                         {"Date", rows[i].date}}; /* may come after it */

        assert_row(rows[i].what, retry_after(headers, rows[i].now) == rows[i].s);
    }
}

/* AWS's own one, in milliseconds; the usual one goes before it. */
static void test_retry_after_ms(void **state)
{
    static const struct {
        const char *what, *ms, *usual;
        int64_t s;
    } rows[] = {
        {"a second", "1000", NULL, 1},
        {"rounded up", "1001", NULL, 2},
        {"a moment", "1", NULL, 1},
        {"zero", "0", NULL, 0},
        {"capped", "900001", NULL, 900},
        {"absurd", "99999999999999999999999", NULL, 900},
        {"longer than a number", "999999999999999999999999999999", NULL, 900},
        {"beside the usual one", "5000", "7", 7},
        {"beside a usual one that says nothing", "5000", "soon", -1},
        {"beside an empty one", "5000", "", 5},
        {"nonsense", "5s", NULL, -1},
        {"negative", "-5000", NULL, -1},
        {"empty", "", NULL, -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct header headers[] = {{"x-amz-retry-after", rows[i].ms},
                                         {"Retry-After", rows[i].usual}};

        assert_row(rows[i].what, retry_after(headers, 0) == rows[i].s);
    }
}

static void test_cookies(void **state)
{
    struct http_response rs;
    struct http_head h = {0};
    char longer[2000] = "Set-Cookie: a=";

    (void)state;
    http_response_init(&rs);
    take(&h, &rs, "Set-Cookie: remember-me=; Max-Age=0; Path=/\r\n");
    assert_string_equal(rs.set_cookie, "");
    take(&h, &rs, "Set-Cookie: JSESSIONID.1a2b=node01; Path=/; HttpOnly\r\n");
    assert_string_equal(rs.set_cookie, "JSESSIONID.1a2b=node01");
    take(&h, &rs, "Set-Cookie: lb=\"x7\"\r\n");
    take(&h, &rs, "Set-Cookie: no equals sign\r\n");
    take(&h, &rs, "Set-Cookie: =anonymous\r\n");
    take(&h, &rs, "Set-Cookie: x=a b\r\n");
    take(&h, &rs, "Set-Cookie: x=a\x01\r\n");
    memset(longer + strlen(longer), 'y', 1500);
    http_take_header(&h, &rs, longer, strlen(longer));
    assert_string_equal(rs.set_cookie, "JSESSIONID.1a2b=node01; lb=\"x7\"");
    http_response_clear(&rs);
}

static void test_escape(void **state)
{
    struct strbuf b;

    (void)state;
    strbuf_init(&b, 256);
    http_escape(&b, "a b/\xC3\xA4[x]{y}%~-._'");
    assert_string_equal(strbuf_text(&b), "a%20b%2F%C3%A4%5Bx%5D%7By%7D%25~-._%27");
    strbuf_clear(&b);
}

static void test_status_error(void **state)
{
    /* clang-format off */
    static const struct { int status; enum err_code code; bool retry; } rows[] = {
        {301, ERR_REFUSED, false},  {302, ERR_REFUSED, false},  {400, ERR_REFUSED, false},
        {401, ERR_AUTH, false},     {403, ERR_FORBIDDEN, false}, {404, ERR_NOT_FOUND, false},
        {405, ERR_REFUSED, false},  {409, ERR_CONFLICT, true},  {422, ERR_REFUSED, false},
        {429, ERR_THROTTLED, true}, {500, ERR_SERVER, true},    {503, ERR_SERVER, true},
        {599, ERR_SERVER, true},    {200, ERR_REFUSED, false},
    };
    /* clang-format on */
    struct http_response rs;
    struct err e = {0};

    (void)state;
    http_response_init(&rs);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        err_clear(&e);
        rs.status = rows[i].status;
        assert_int_equal(http_status_error(&rs, "GET /x", &e), rows[i].code);
        assert_int_equal(e.code, rows[i].code);
        assert_int_equal(e.http, rows[i].status);
        assert_int_equal(err_is_retryable(e.code), rows[i].retry);
        assert_non_null(strstr(e.text, "GET /x"));
    }
    err_clear(&e);
    rs.status = 302;
    assert_true(str_copy(rs.location, sizeof(rs.location),
                         "https://sso.example/login?ticket=very-secret"));
    assert_int_equal(http_status_error(&rs, "GET /x", &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "https://sso.example,"));
    assert_null(strstr(e.text, "secret"));
    err_clear(&e);
    rs.status = 503;
    rs.retry_after_s = 30;
    assert_int_equal(http_status_error(&rs, "GET /x", &e), ERR_SERVER);
    assert_non_null(strstr(e.text, "30 s"));
    http_response_clear(&rs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_after_ms), cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_escape),         cmocka_unit_test(test_status_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
