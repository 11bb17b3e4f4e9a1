/*
 * tls_get - one GET with given trust; prints "ok" or the code of the error and its text.
 * For tls.sh, which knows what must come out. "-" stands for "not set".
 * usage: tls_get URL CA_FILE PIN ca|ca+pin|pin-only CONNECT_TO CERT KEY
 */
#include <config.h>

#include "core/net/http.h"

#include <stdio.h>

static const char *arg(const char *s)
{
    return str_eq(s, "-") ? NULL : s;
}

int main(int argc, char **argv)
{
    struct http_client_config config = {.timeout_ms = 5000};
    struct http_request rq = {.method = "GET"};
    struct http_client *client = NULL;
    struct http_response rs;
    struct err e = {0};

    if (argc != 8)
        return 2;
    rq.url = argv[1];
    config.ca_file = arg(argv[2]);
    config.pinned_key = arg(argv[3]);
    config.pin_only = str_eq(argv[4], "pin-only");
    config.connect_to = arg(argv[5]);
    config.client_cert = arg(argv[6]);
    config.client_key_file = arg(argv[7]);
    http_response_init(&rs);
    if (http_global_init(&e) == ERR_OK &&
        http_client_new(&config, &client, &e) == ERR_OK) {
        struct transport t = http_client_transport(client);

        if (transport_perform(&t, &rq, &rs, &e) == ERR_OK && rs.status != 200)
            (void)err_set(&e, ERR_PROTOCOL, "HTTP %d", rs.status);
    }
    (void)printf("%s %s%s\n", err_code_name(e.code), e.text,
                 e.code != ERR_OK && rs.maybe_sent ? " (maybe sent)" : "");
    http_response_clear(&rs);
    http_client_free(client);
    http_global_cleanup();
    return 0;
}
