#include <config.h>

#include "core/net/certificate.h"

#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/net/http_internal.h"

#include <string.h>

enum { DER_BYTES = 16 * 1024 };

/* ----- PEM ----- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bytes between the two lines; 0 when there are none, or too many. */
static size_t pem_decode(const char *pem, unsigned char *out, size_t size)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *at = strstr(pem, begin);
    uint32_t bits = 0;
    int n_bits = 0;
    size_t n = 0;

    if (at == NULL)
        return 0;
    for (at += sizeof(begin) - 1; *at != '\0' && *at != '-' && *at != '='; at++) {
        int v = base64_value(*at);

        if (v < 0)
            continue; /* a line's end */
        bits = (bits << 6 | (uint32_t)v) & 0xffffff;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        if (n == size)
            return 0;
        out[n++] = (unsigned char)(bits >> n_bits & 0xff);
    }
    return n;
}

static void base64_put(const unsigned char *bytes, size_t len, char *out)
{
    static const char signs[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)bytes[i] << 16;

        v |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
        v |= i + 2 < len ? bytes[i + 2] : 0;
        *out++ = signs[v >> 18 & 63];
        *out++ = signs[v >> 12 & 63];
        *out++ = i + 1 < len ? signs[v >> 6 & 63] : '=';
        *out++ = i + 2 < len ? signs[v & 63] : '=';
    }
    *out = '\0';
}

/* ----- DER ----- */

struct der {
    const unsigned char *at;
    size_t left;
};

/* The next element; its whole length, head included, in *len, its inside in *inside.
 * False when it is none. */
static bool der_next(const struct der *d, int *tag, size_t *len, struct der *inside)
{
    size_t head = 2, size;

    if (d->left < 2)
        return false;
    *tag = d->at[0];
    size = d->at[1];
    if (size >= 0x80) {
        size_t n = size & 0x7f;

        if (n == 0 || n > 4 || d->left < 2 + n)
            return false;
        size = 0;
        for (size_t i = 0; i < n; i++)
            size = size << 8 | d->at[2 + i];
        head += n;
    }
    if (size > d->left - head)
        return false;
    *len = head + size;
    *inside = (struct der){d->at + head, size};
    return true;
}

static bool der_skip(struct der *d, int want)
{
    struct der inside;
    size_t len;
    int tag;

    if (!der_next(d, &tag, &len, &inside) || tag != want)
        return false;
    d->at += len;
    d->left -= len;
    return true;
}

/* SubjectPublicKeyInfo within Certificate, RFC 5280 4.1: behind version, serial number,
 * signature, issuer, validity and subject. */
static bool find_key(const unsigned char *bytes, size_t n, struct der *key)
{
    enum { SEQUENCE = 0x30, INTEGER = 0x02, VERSION_TAG = 0xa0 };
    struct der d = {bytes, n}, inside;
    size_t len;
    int tag;

    for (int level = 0; level < 2; level++) {
        if (!der_next(&d, &tag, &len, &inside) || tag != SEQUENCE)
            return false;
        d = inside;
    }
    if (d.left > 0 && d.at[0] == VERSION_TAG && !der_skip(&d, VERSION_TAG))
        return false;
    if (!der_skip(&d, INTEGER))
        return false;
    for (int i = 0; i < 4; i++)
        if (!der_skip(&d, SEQUENCE))
            return false;
    if (!der_next(&d, &tag, &len, &inside) || tag != SEQUENCE)
        return false;
    *key = (struct der){d.at, len};
    return true;
}

enum err_code certificate_read(const char *pem, struct certificate *out, struct err *e)
{
    unsigned char der[DER_BYTES], digest[SHA256_BYTES];
    size_t n = pem_decode(pem, der, sizeof(der));
    struct der key;
    char base64[48];

    if (n == 0 || !find_key(der, n, &key))
        return err_set(e, ERR_PROTOCOL, "that is no certificate");
    sha256(der, n, digest);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        (void)str_format(out->fingerprint + 3 * i, 4, "%02X%s", digest[i],
                         i + 1 < SHA256_BYTES ? ":" : ""); /* room for all of them */
    sha256(key.at, key.left, digest);
    base64_put(digest, sizeof(digest), base64);
    (void)str_format(out->pin, sizeof(out->pin), "sha256//%s", base64); /* 52 */
    return ERR_OK;
}

/* ----- the look ----- */

/* "Name:value" of what libcurl lists. */
static void take_line(struct certificate *out, const char *line, const char **pem)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } fields[] = {
        {"Subject:", out->subject, sizeof(out->subject)},
        {"Issuer:", out->issuer, sizeof(out->issuer)},
        {"Start date:", out->from, sizeof(out->from)},
        {"Expire date:", out->until, sizeof(out->until)},
    };

    if (str_starts(line, "Cert:"))
        *pem = line;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *value = line + strlen(fields[i].name);

        if (str_starts(line, fields[i].name))
            (void)text_clean(fields[i].to, fields[i].size, value, strlen(value));
    }
}

static enum err_code read_shown(CURL *easy, struct certificate *out, struct err *e)
{
    const struct curl_certinfo *shown = NULL;
    const char *pem = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &shown) != CURLE_OK || shown == NULL ||
        shown->num_of_certs < 1)
        return err_set(e, ERR_PROTOCOL, "no certificate was shown");
    for (const struct curl_slist *l = shown->certinfo[0]; l != NULL; l = l->next)
        take_line(out, l->data, &pem);
    return pem != NULL ? certificate_read(pem, out, e)
                       : err_set(e, ERR_PROTOCOL, "no certificate was shown");
}

enum err_code certificate_look(const struct http_client_config *config, const char *url,
                               struct certificate *out, struct err *e)
{
    struct http_client_config trusting = *config;
    struct http_client *c = NULL;
    enum err_code rc;

    *out = (struct certificate){0};
    trusting.pin_only = false;
    trusting.pinned_key = NULL;
    if (!str_starts(url, "https://"))
        return err_set(e, ERR_CONFIG, "plain http has no certificate");
    rc = http_client_new(&trusting, &c, e);
    if (rc != ERR_OK)
        return rc;
    rc = http_handshake(c, url, e);
    if (rc == ERR_OK)
        rc = read_shown(c->easy, out, e);
    http_client_free(c);
    return rc;
}
