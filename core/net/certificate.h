/*
 * certificate - what a server shows of itself before anything is said to it: its
 * certificate, with the fingerprints that people compare and the pin to configure.
 * Plain values.
 * Threads: any; a call belongs to one thread.
 */
#ifndef RH_NET_CERTIFICATE_H
#define RH_NET_CERTIFICATE_H

#include "core/net/http.h"

enum { CERTIFICATE_TEXT = 128, FINGERPRINT_TEXT = 3 * 32, PIN_TEXT = 64 };

/* Texts are cleaned; "" = not told. */
struct certificate {
    char subject[CERTIFICATE_TEXT], issuer[CERTIFICATE_TEXT];
    char from[48], until[48];           /* as the TLS library writes times */
    char fingerprint[FINGERPRINT_TEXT]; /* SHA-256 of all of it: "AB:CD:…" */
    char pin[PIN_TEXT];                 /* of its public key: "sha256//…" */
};

/*
 * Connects as `config` says, but trusts whatever comes, and sends no request: a handshake
 * and an end. ERR_CONFIG (no https), ERR_CONNECT, ERR_TIMEOUT, ERR_TLS (no handshake),
 * ERR_PROTOCOL (a certificate that is none).
 */
enum err_code certificate_look(const struct http_client_config *config, const char *url,
                               struct certificate *out, struct err *e) MUST_CHECK NONNULL;

/* Fingerprint and pin of a certificate as PEM. ERR_PROTOCOL. */
enum err_code certificate_read(const char *pem, struct certificate *out,
                               struct err *e) MUST_CHECK NONNULL;

#endif
