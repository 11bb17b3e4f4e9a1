#include <config.h>

#include "core/sim/wire.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/timefmt.h"
#include "core/net/json.h"
#include "core/sim/world.h"

const char *wire_path(const struct http_request *rq)
{
    const char *host = strstr(rq->url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : rq->url;

    return path != NULL ? path : "/";
}

const char *wire_header(const struct http_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        if (str_eq_nocase(rq->headers[i].name, name))
            return rq->headers[i].value;
    return NULL;
}

bool wire_base64(const char *text, char *out, size_t size)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int n = 0;
    size_t len = 0;

    for (; *text != '\0' && *text != '='; text++) {
        const char *at = strchr(alphabet, *text);

        if (at == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(at - alphabet);
        n += 6;
        if (n >= 8) {
            n -= 8;
            if (len + 1 >= size)
                return false;
            out[len++] = (char)(unsigned char)(bits >> n & 255);
        }
    }
    out[len] = '\0';
    return true;
}

enum wire_auth wire_basic(const struct http_request *rq, const char *user,
                          const char *password)
{
    const char *header = wire_header(rq, "Authorization");
    char plain[512], want[512];

    if (rq->auth == HTTP_AUTH_BASIC && rq->user != NULL && rq->password != NULL)
        return str_eq(rq->user, user) && str_eq(secret_expose(rq->password), password)
                   ? WIRE_AUTH_OK
                   : WIRE_AUTH_WRONG;
    if (header == NULL)
        return WIRE_AUTH_NONE;
    if (strncasecmp(header, "Basic ", 6) != 0 ||
        !wire_base64(header + 6, plain, sizeof(plain)) ||
        !str_format(want, sizeof(want), "%s:%s", user, password))
        return WIRE_AUTH_WRONG;
    return str_eq(plain, want) ? WIRE_AUTH_OK : WIRE_AUTH_WRONG;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void wire_decode(const char *from, size_t len, bool plus, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < len && n + 1 < size; i++) {
        int high = from[i] == '%' && i + 2 < len ? hex_digit(from[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(from[i + 2]) : -1;

        if (low >= 0 && high * 16 + low != 0) {
            out[n++] = (char)(unsigned char)(high * 16 + low);
            i += 2;
        } else {
            out[n++] = from[i] == '+' && plus ? ' ' : from[i];
        }
    }
    out[n] = '\0';
}

bool wire_form_value(const char *form, size_t len, const char *name, char *out,
                     size_t size)
{
    size_t at = 0, want = strlen(name);

    while (at < len) {
        const char *pair = form + at;
        const char *amp = memchr(pair, '&', len - at);
        size_t n = amp != NULL ? (size_t)(amp - pair) : len - at;
        const char *equals = memchr(pair, '=', n);
        size_t key = equals != NULL ? (size_t)(equals - pair) : n;

        if (key == want && memcmp(pair, name, key) == 0) {
            if (equals != NULL)
                wire_decode(equals + 1, n - key - 1, true, out, size);
            else
                out[0] = '\0';
            return true;
        }
        at += n + 1;
    }
    return false;
}

/* The last digits of a number, as many as `form` has zeros. printf takes longer for the
 * times of an answer than all else in it does. */
static char *put_digits(char *at, const char *form, int64_t value)
{
    size_t len = strspn(form, "0");

    memcpy(at, form, strlen(form));
    for (size_t i = len; i > 0; value /= 10)
        at[--i] = (char)('0' + value % 10);
    return at + strlen(form);
}

const char *wire_time(int64_t ms, char out[WIRE_TIME])
{
    struct civil c = civil_from_seconds(ms / 1000);
    char *at = put_digits(out, "0000-", c.year);

    at = put_digits(at, "00-", c.month);
    at = put_digits(at, "00T", c.day);
    at = put_digits(at, "00:", c.hour);
    at = put_digits(at, "00:", c.minute);
    at = put_digits(at, "00.", c.second);
    at = put_digits(at, "000Z", ms % 1000);
    *at = '\0';
    return out;
}

void wire_put_int(struct strbuf *b, int64_t value)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do
        digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) != 0);
    if (value < 0)
        digits[--at] = '-';
    strbuf_add(b, digits + at, sizeof(digits) - at);
}

void wire_key(struct wire_json *j, const char *name)
{
    if (j->more)
        strbuf_add(j->b, ",\"", 2);
    else
        strbuf_putc(j->b, '"');
    j->more = true;
    strbuf_puts(j->b, name);
    strbuf_add(j->b, "\":", 2);
}

void wire_text(struct wire_json *j, const char *name, const char *value)
{
    wire_key(j, name);
    json_put_text(j->b, value);
}

void wire_int(struct wire_json *j, const char *name, int64_t value)
{
    wire_key(j, name);
    wire_put_int(j->b, value);
}

void wire_bool(struct wire_json *j, const char *name, bool value)
{
    wire_key(j, name);
    strbuf_puts(j->b, value ? "true" : "false");
}

void wire_raw(struct wire_json *j, const char *name, const char *json)
{
    wire_key(j, name);
    strbuf_puts(j->b, json);
}

void wire_answer(struct http_response *rs, int status, const char *type, const char *body)
{
    rs->status = status;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), type); /* short */
    strbuf_reset(&rs->body);
    strbuf_puts(&rs->body, body);
}

/* The last digits of a number, and what follows them. */
static char *put_hex(char *at, uint64_t value, size_t digits, char then)
{
    for (size_t i = digits; i > 0; value >>= 4)
        at[--i] = "0123456789abcdef"[value & 15];
    at[digits] = then;
    return at + digits + 1;
}

/* Without memory they are all the same. */
void wire_request_id(struct world *w, struct http_response *rs)
{
    struct sim_wire_state *slot = &w->wires[WIRE_EC2];
    struct rng *rng = slot->data;
    uint64_t a = 0, b = 0;
    char *at = rs->request_id;

    if (rng == NULL && (rng = calloc(1, sizeof(*rng))) != NULL) {
        rng_seed(rng, w->seed ^ UINT64_C(0x656332));
        slot->data = rng;
        slot->free = free;
    }
    if (rng != NULL) {
        a = rng_next(rng);
        b = rng_next(rng);
    }
    at = put_hex(at, a >> 32, 8, '-');
    at = put_hex(at, a >> 16, 4, '-');
    at = put_hex(at, a, 4, '-');
    at = put_hex(at, b >> 48, 4, '-');
    (void)put_hex(at, b, 12, '\0'); /* 36 in all */
}
