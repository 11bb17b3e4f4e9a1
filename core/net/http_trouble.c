/*
 * http_trouble - what libcurl says of an exchange that failed, as a sentence for people:
 * what happened, to whom, and what to do. Borrows everything. Threads: the client's.
 */
#include <config.h>

#include "core/base/text.h"
#include "core/net/http_internal.h"

#include <string.h>

static enum err_code timeout_error(CURL *easy, const struct exchange *x, struct err *e)
{
    double total = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &total);
    return err_set(e, ERR_TIMEOUT, "%s: %s within %.0f s", x->host,
                   !x->sent     ? "no connection"
                   : x->in_body ? "no complete answer"
                                : "no answer",
                   total);
}

static enum err_code connect_error(CURL *easy, const struct exchange *x, struct err *e)
{
    long sys = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &sys);
    if (sys > 0)
        return err_set_errno(e, ERR_CONNECT, (int)sys, "%s: cannot connect", x->host);
    return err_set(e, ERR_CONNECT, "%s: cannot connect", x->host);
}

/* What OpenSSL's verification found (CURLINFO_SSL_VERIFYRESULT). */
enum {
    NOT_YET_VALID = 9,
    EXPIRED = 10,
    SELF_SIGNED = 18,
    SELF_SIGNED_IN_CHAIN = 19,
    NO_ISSUER = 20,
    NO_LEAF_ISSUER = 21,
    WEAK_KEY = 66
};

#define UNKNOWN_CERTIFICATE                                                              \
    "unknown certificate: compare its fingerprint (`rushhour doctor`), then set "        \
    "ca_file or pinned_key"

static const struct {
    long verify;
    const char *text;
} certificate_rows[] = {
    {NOT_YET_VALID, "its certificate is not valid yet: check both clocks"},
    {EXPIRED, "its certificate has expired: renew it, or set pinned_key and trust = "
              "\"pin-only\""},
    {SELF_SIGNED, UNKNOWN_CERTIFICATE},
    {SELF_SIGNED_IN_CHAIN, UNKNOWN_CERTIFICATE},
    {NO_ISSUER, UNKNOWN_CERTIFICATE},
    {NO_LEAF_ISSUER, UNKNOWN_CERTIFICATE},
    {WEAK_KEY, "the key of its certificate is too weak: it needs 2048 bits"},
};

static const struct {
    CURLcode result;
    const char *text;
} result_rows[] = {
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, "its public key is not the pinned one: compare it "
                                     "(`rushhour doctor`), then correct pinned_key"},
    {CURLE_SSL_CACERT_BADFILE, "ca_file cannot be read: it must hold certificates (PEM)"},
    {CURLE_SSL_CERTPROBLEM, "client_cert and client_key_file cannot be used: they must "
                            "be PEM and belong together"},
};

/* Words of the TLS library that say more than curl's code. */
static const struct {
    const char *needle, *text;
} word_rows[] = {
    {"subject name",
     "its certificate is for another name: put that name into the URL, and "
     "the address into connect_to"},
    {"unsupported protocol", "it speaks no TLS 1.2 or newer: update it"},
    {"alert protocol version", "it speaks no TLS 1.2 or newer: update it"},
    {"wrong version number", "no TLS there: is the port right?"},
    {"certificate required", "it wants a client certificate: set client_cert and "
                             "client_key_file"},
    {"alert handshake failure", "it refuses the handshake: it may want a client "
                                "certificate (client_cert, client_key_file)"},
    {"alert unknown ca", "it does not know the client certificate's CA: is client_cert "
                         "the right one?"},
    {"alert bad certificate", "it refuses the client certificate: is client_cert the "
                              "right one?"},
};

/* NULL: nothing that we know a remedy for. */
static const char *tls_remedy(CURL *easy, const struct exchange *x)
{
    long verify = 0;

    for (size_t i = 0; i < ARRAY_LEN(result_rows); i++) {
        if (result_rows[i].result == x->result)
            return result_rows[i].text;
    }
    for (size_t i = 0; i < ARRAY_LEN(word_rows); i++) {
        if (strstr(x->curl_text, word_rows[i].needle) != NULL)
            return word_rows[i].text;
    }
    (void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    for (size_t i = 0;
         x->result == CURLE_PEER_FAILED_VERIFICATION && i < ARRAY_LEN(certificate_rows);
         i++) {
        if (certificate_rows[i].verify == verify)
            return certificate_rows[i].text;
    }
    return NULL;
}

static enum err_code tls_error(CURL *easy, const struct exchange *x, struct err *e)
{
    const char *remedy = tls_remedy(easy, x);
    char why[128];

    if (remedy != NULL)
        return err_set(e, ERR_TLS, "%s: TLS: %s", x->host, remedy);
    (void)text_clean(why, sizeof(why), x->curl_text, strlen(x->curl_text));
    return err_set(e, ERR_TLS, "%s: TLS: %s", x->host,
                   why[0] != '\0' ? why : curl_easy_strerror(x->result));
}

/* With TLS 1.3 a server refuses after the handshake, where curl sees a failed read. */
static bool is_tls_alert(const struct exchange *x)
{
    return (x->result == CURLE_RECV_ERROR || x->result == CURLE_SEND_ERROR) &&
           strstr(x->curl_text, " alert ") != NULL;
}

static bool is_tls_result(CURLcode r)
{
    return r == CURLE_SSL_CONNECT_ERROR || r == CURLE_SSL_CERTPROBLEM ||
           r == CURLE_SSL_CIPHER || r == CURLE_PEER_FAILED_VERIFICATION ||
           r == CURLE_SSL_CACERT_BADFILE || r == CURLE_SSL_ISSUER_ERROR ||
           r == CURLE_SSL_PINNEDPUBKEYNOTMATCH || r == CURLE_SSL_INVALIDCERTSTATUS ||
           r == CURLE_SSL_CLIENTCERT || r == CURLE_SSL_ENGINE_NOTFOUND ||
           r == CURLE_SSL_ENGINE_SETFAILED || r == CURLE_SSL_CRL_BADFILE;
}

enum err_code http_trouble(CURL *easy, const struct exchange *x, struct err *e)
{
    CURLcode r = x->result;

    if (is_tls_result(r) || is_tls_alert(x))
        return tls_error(easy, x, e);
    if (r == CURLE_COULDNT_RESOLVE_HOST || r == CURLE_COULDNT_RESOLVE_PROXY)
        return err_set(e, ERR_CONNECT, "%s: the name has no address", x->host);
    if (r == CURLE_COULDNT_CONNECT)
        return connect_error(easy, x, e);
    if (r == CURLE_OPERATION_TIMEDOUT)
        return timeout_error(easy, x, e);
    if (r == CURLE_WRITE_ERROR && x->too_big)
        return err_set(e, ERR_TOO_BIG, "%s: the answer is larger than %zu bytes", x->host,
                       x->rs->body.limit);
    if (r == CURLE_OUT_OF_MEMORY || (r == CURLE_WRITE_ERROR && x->rs->body.failed))
        return err_set(e, ERR_NOMEM, "%s: no memory for the answer", x->host);
    if (r == CURLE_GOT_NOTHING)
        return err_set(e, ERR_RESET, "%s: the connection ended without an answer",
                       x->host);
    if (r == CURLE_PARTIAL_FILE)
        return err_set(e, ERR_RESET, "%s: the connection ended within the answer",
                       x->host);
    if (r == CURLE_SEND_ERROR || r == CURLE_RECV_ERROR)
        return err_set(e, ERR_RESET, "%s: the connection broke", x->host);
    return err_set(e, ERR_PROTOCOL, "%s: no HTTP answer (libcurl %d)", x->host, (int)r);
}
