/*
 * sigv4 - canonical request, string to sign, derived key: in the order of the algorithm.
 * No memory beyond one bounded buffer per check.
 * Threads: any.
 */
#include <config.h>

#include "core/sim/sigv4.h"

#include "core/base/sha256.h"
#include "core/base/timefmt.h"
#include "core/sim/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SKEW_S = 15 * 60,
    MAX_SIGNED_HEADERS = 32,
    MAX_QUERY_PAIRS = 64,
    CANONICAL_LIMIT = 64 * 1024
};

/* The Authorization header taken apart; every text is a copy. */
struct parts {
    char key_id[160], date[16], region[64], service[64];
    char headers[512], signature[2 * SHA256_BYTES + 1];
};

struct span {
    const char *at;
    size_t len;
};

static bool copy_span(char *dst, size_t size, struct span s)
{
    if (s.len == 0 || s.len >= size)
        return false;
    memcpy(dst, s.at, s.len);
    dst[s.len] = '\0';
    return true;
}

/* The value behind "Name=" in the header's comma-separated list. */
static bool component(const char *list, const char *name, struct span *out)
{
    size_t n = strlen(name);

    while (*list != '\0') {
        list += strspn(list, " \t,");
        if (strncmp(list, name, n) == 0 && list[n] == '=') {
            out->at = list + n + 1;
            out->len = strcspn(out->at, ", \t");
            return true;
        }
        list += strcspn(list, ",");
    }
    return false;
}

/* KEYID/DATE/REGION/SERVICE/aws4_request; key ids hold no slash. */
static bool parse_credential(struct span s, struct parts *p)
{
    struct span piece[5] = {{0}};
    size_t n = 0;

    for (const char *at = s.at, *end = s.at + s.len; n < ARRAY_LEN(piece); n++) {
        const char *slash = memchr(at, '/', (size_t)(end - at));

        piece[n].at = at;
        piece[n].len = (size_t)((slash != NULL ? slash : end) - at);
        if (slash == NULL) {
            n++;
            break;
        }
        at = slash + 1;
    }
    return n == 5 && piece[4].at + piece[4].len == s.at + s.len && piece[4].len == 12 &&
           memcmp(piece[4].at, "aws4_request", 12) == 0 &&
           copy_span(p->key_id, sizeof(p->key_id), piece[0]) &&
           copy_span(p->date, sizeof(p->date), piece[1]) &&
           copy_span(p->region, sizeof(p->region), piece[2]) &&
           copy_span(p->service, sizeof(p->service), piece[3]);
}

static bool parse_authorization(const char *value, struct parts *p)
{
    static const char algorithm[] = "AWS4-HMAC-SHA256";
    struct span credential, headers, signature;

    if (!str_starts(value, algorithm) || strspn(value + strlen(algorithm), " \t") == 0)
        return false;
    value += strlen(algorithm);
    return component(value, "Credential", &credential) &&
           component(value, "SignedHeaders", &headers) &&
           component(value, "Signature", &signature) && parse_credential(credential, p) &&
           copy_span(p->headers, sizeof(p->headers), headers) &&
           copy_span(p->signature, sizeof(p->signature), signature);
}

/* "20260301T070000Z" */
static bool parse_amz_date(const char *text, struct utc *out)
{
    char rfc[TIME_TEXT];
    struct err e = {0};

    if (strlen(text) != 16 || strspn(text, "0123456789TZ") != 16)
        return false;
    return str_format(rfc, sizeof(rfc), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4,
                      text + 6, text + 9, text + 11, text + 13) &&
           utc_parse(rfc, out, &e) == ERR_OK;
}

static bool is_signed(const char *headers, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = headers; *at != '\0';) {
        size_t len = strcspn(at, ";");

        if (len == n && strncasecmp(at, name, n) == 0)
            return true;
        at += len;
        at += *at == ';';
    }
    return false;
}

/* Host and every x-amz-* header must be covered, else anyone could change them. */
static bool covers_enough(const struct http_request *rq, const char *headers)
{
    if (!is_signed(headers, "host"))
        return false;
    for (size_t i = 0; i < rq->n_headers; i++)
        if (strncasecmp(rq->headers[i].name, "x-amz-", 6) == 0 &&
            !is_signed(headers, rq->headers[i].name))
            return false;
    return true;
}

static struct span url_authority(const char *url)
{
    const char *at = strstr(url, "://");

    at = at != NULL ? at + 3 : url;
    return (struct span){at, strcspn(at, "/?#")};
}

/* A header value with its blanks trimmed and squeezed. */
static void put_value(struct strbuf *b, struct span value)
{
    bool blank = false, started = false;

    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];

        if (c == ' ' || c == '\t') {
            blank = started;
            continue;
        }
        if (blank)
            strbuf_putc(b, ' ');
        strbuf_putc(b, c);
        blank = false;
        started = true;
    }
}

static bool header_value(const struct http_request *rq, const char *name,
                         struct span *out)
{
    const char *value = wire_header(rq, name);

    if (value == NULL && str_eq(name, "content-type"))
        value = rq->content_type;
    if (value != NULL)
        *out = (struct span){value, strlen(value)};
    else if (str_eq(name, "host"))
        *out = url_authority(rq->url);
    else
        return false;
    return true;
}

/* "name:value\n" for each signed header, as listed; the list must be sorted, without
 * repetition, and name nothing that did not come. */
static bool put_headers(struct strbuf *b, const struct http_request *rq,
                        const char *headers)
{
    char name[80], last[80] = "";
    size_t n = 0;

    for (const char *at = headers; *at != '\0'; n++) {
        struct span s = {at, strcspn(at, ";")}, value;

        if (n == MAX_SIGNED_HEADERS || !copy_span(name, sizeof(name), s) ||
            strcmp(last, name) >= 0 || !header_value(rq, name, &value))
            return false;
        strbuf_puts(b, name);
        strbuf_putc(b, ':');
        put_value(b, value);
        strbuf_putc(b, '\n');
        (void)str_copy(last, sizeof(last), name); /* same size */
        at += s.len;
        at += *at == ';';
    }
    return n > 0;
}

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);

    if (order != 0)
        return order;
    return x->len < y->len ? -1 : x->len > y->len;
}

/* name=value pairs sorted as they came encoded; a name alone gets its "=". */
static bool put_query(struct strbuf *b, const char *query)
{
    struct span pairs[MAX_QUERY_PAIRS];
    size_t n = 0;

    for (const char *at = query; *at != '\0' && *at != '#'; n++) {
        if (n == MAX_QUERY_PAIRS)
            return false;
        pairs[n] = (struct span){at, strcspn(at, "&#")};
        at += pairs[n].len;
        at += *at == '&';
    }
    qsort(pairs, n, sizeof(pairs[0]), compare_spans);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_putc(b, '&');
        strbuf_add(b, pairs[i].at, pairs[i].len);
        if (memchr(pairs[i].at, '=', pairs[i].len) == NULL)
            strbuf_putc(b, '=');
    }
    return true;
}

/* The path percent-encoded once more, as every service but S3 wants it. */
static void put_path(struct strbuf *b, struct span path)
{
    static const char hex[] = "0123456789ABCDEF";

    if (path.len == 0)
        strbuf_putc(b, '/');
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-._~/", c) != NULL)) {
            strbuf_putc(b, (char)c);
        } else {
            strbuf_putc(b, '%');
            strbuf_putc(b, hex[c >> 4]);
            strbuf_putc(b, hex[c & 15]);
        }
    }
}

static bool put_canonical(struct strbuf *b, const struct http_request *rq,
                          const struct parts *p)
{
    struct span host = url_authority(rq->url);
    const char *path = host.at + host.len;
    size_t path_len = strcspn(path, "?#");
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX];

    strbuf_puts(b, rq->method);
    strbuf_putc(b, '\n');
    put_path(b, (struct span){path, path_len});
    strbuf_putc(b, '\n');
    if (path[path_len] == '?' && !put_query(b, path + path_len + 1))
        return false;
    strbuf_putc(b, '\n');
    if (!put_headers(b, rq, p->headers))
        return false;
    strbuf_putc(b, '\n');
    strbuf_puts(b, p->headers);
    strbuf_putc(b, '\n');
    sha256(rq->body != NULL ? rq->body : "", rq->body != NULL ? rq->body_len : 0, digest);
    strbuf_puts(b, sha256_hex(digest, hex));
    return !b->failed;
}

/* The signature that the account's secret gives for this request. */
static bool expected_signature(const struct http_request *rq, const struct parts *p,
                               const char *secret, const char *amz_date,
                               char hex[SHA256_HEX])
{
    unsigned char key[SHA256_BYTES], digest[SHA256_BYTES];
    struct strbuf b;
    char first[256], canonical_hex[SHA256_HEX];
    const char *const chain[] = {p->date, p->region, p->service, "aws4_request"};
    bool ok;

    strbuf_init(&b, CANONICAL_LIMIT);
    ok = put_canonical(&b, rq, p) && str_format(first, sizeof(first), "AWS4%s", secret);
    if (!ok)
        goto out;
    sha256(b.data, b.len, digest);
    strbuf_reset(&b);
    strbuf_printf(&b, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", amz_date,
                  p->date, p->region, p->service, sha256_hex(digest, canonical_hex));
    hmac_sha256(first, strlen(first), chain[0], strlen(chain[0]), key);
    for (size_t i = 1; i < ARRAY_LEN(chain); i++)
        hmac_sha256(key, sizeof(key), chain[i], strlen(chain[i]), key);
    hmac_sha256(key, sizeof(key), strbuf_text(&b), b.len, digest);
    (void)sha256_hex(digest, hex);
    ok = !b.failed;
out:
    strbuf_clear(&b);
    return ok;
}

static bool dated_well(const struct sigv4_account *account, struct utc at)
{
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(account->now); i++) {
        if (account->now[i].s == 0)
            continue;
        any = true;
        if (llabs((long long)(at.s - account->now[i].s)) <= MAX_SKEW_S)
            return true;
    }
    return !any;
}

static enum sigv4_verdict check_direct(const struct http_request *rq,
                                       const struct sigv4_account *account)
{
    char scope[160];

    if (rq->user == NULL || rq->password == NULL)
        return SIGV4_MISSING;
    if (!str_eq(rq->user, account->key_id))
        return SIGV4_KEY;
    if (!str_eq(secret_expose(rq->password), account->secret_key))
        return SIGV4_MISMATCH;
    if (rq->sigv4 == NULL ||
        !str_format(scope, sizeof(scope), "aws:amz:%s:%s", account->region,
                    account->service) ||
        !str_eq(rq->sigv4, scope))
        return SIGV4_SCOPE;
    return SIGV4_OK;
}

enum sigv4_verdict sigv4_check(const struct http_request *rq,
                               const struct sigv4_account *account)
{
    const char *authorization = wire_header(rq, "Authorization");
    const char *date = wire_header(rq, "X-Amz-Date");
    struct parts p = {0};
    struct utc at = {0};
    char want[SHA256_HEX];

    if (rq->auth == HTTP_AUTH_SIGV4)
        return check_direct(rq, account);
    if (authorization == NULL)
        return SIGV4_MISSING;
    if (!parse_authorization(authorization, &p) || date == NULL ||
        !parse_amz_date(date, &at) || strncmp(date, p.date, 8) != 0 ||
        strlen(p.date) != 8 || !covers_enough(rq, p.headers))
        return SIGV4_INCOMPLETE;
    if (!str_eq(p.key_id, account->key_id))
        return SIGV4_KEY;
    if (!str_eq(p.region, account->region) || !str_eq(p.service, account->service))
        return SIGV4_SCOPE;
    if (!dated_well(account, at))
        return SIGV4_EXPIRED;
    if (strlen(p.signature) != 2 * SHA256_BYTES ||
        !expected_signature(rq, &p, account->secret_key, date, want) ||
        !sha256_equal(p.signature, want, 2 * SHA256_BYTES))
        return SIGV4_MISMATCH;
    return SIGV4_OK;
}
