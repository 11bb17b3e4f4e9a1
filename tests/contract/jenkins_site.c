#include <config.h>

#include "tests/contract/jenkins_site.h"

#include "tests/unit/table.h"

#include <stdlib.h>

int site_open(void **state, enum source source)
{
    struct http_client_config config = {.timeout_ms = 1000};
    struct site *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->server = fake_server_start();
    assert_non_null(s->server);
    assert_int_equal(http_client_new(&config, &s->client, &s->e), ERR_OK);
    s->transport = http_client_transport(s->client);
    assert_true(str_format(s->url, sizeof(s->url), "%s/ci/", fake_server_url(s->server)));
    s->config.url = s->url;
    s->config.user = "rushhour";
    assert_int_equal(secret_new("11tokenvalue", 12, &s->config.secret, &s->e), ERR_OK);
    site_renew_client(s, true);
    s->o = observation_new(source);
    assert_non_null(s->o);
    s->call = (struct call){.id = 7,
                            .target = "np-1",
                            .marker = "rushhour/1 drain op=7f3a2c by=policy",
                            .nonce = "n0nce77"};
    *state = s;
    return 0;
}

int site_close(void **state)
{
    struct site *s = *state;

    observation_unref(s->o);
    jenkins_free(s->jenkins);
    http_client_free(s->client);
    fake_server_stop(s->server);
    secret_free(s->config.secret);
    free(s);
    return 0;
}

void site_renew_client(struct site *s, bool token)
{
    s->config.secret_is_token = token;
    jenkins_free(s->jenkins);
    s->jenkins = NULL;
    assert_int_equal(jenkins_new(&s->config, &s->transport, &s->jenkins, &s->e), ERR_OK);
}
