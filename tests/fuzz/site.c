#include <config.h>

#include "tests/fuzz/site.h"

#include "core/engine/api_set.h"
#include "core/sim/site.h"
#include "tests/fuzz/fuzz.h"

static struct clock_fake fake = {.utc = {INT64_C(1795329000)}, .mono = {1000}};

struct site *fuzz_site(void)
{
    static struct site *site;
    const struct site_options o = {
        .seed = 7, .servers = 4, .start = fake.utc, .mover = "mixed"};
    struct err e = {0};

    if (site == NULL)
        FUZZ_CHECK(site_new(&o, &site, &e) == ERR_OK);
    return site;
}

const struct config *fuzz_config(void)
{
    static struct config *config;
    struct err e = {0};

    if (config == NULL)
        FUZZ_CHECK(site_config(fuzz_site(), "http://127.0.0.1:1", NULL, &config, &e) ==
                   ERR_OK);
    return config;
}

/* Nobody waits for real: the site lives on meanwhile. */
static bool wait_not(void *ctx, int64_t ms)
{
    (void)ctx;
    clock_fake_advance_ms(&fake, ms);
    site_advance(fuzz_site(), site_now_ms(fuzz_site()) + ms);
    return true;
}

struct fuzz_clients fuzz_clients_new(const struct transport *via)
{
    static struct clock clock;
    struct fuzz_clients c = {NULL, NULL};
    struct aws_credentials *keys = NULL;
    struct err e = {0};

    clock = clock_fake_clock(&fake);
    FUZZ_CHECK(aws_credentials_new_static(site_aws_key_id, site_aws_secret_key, NULL,
                                          &clock, &keys, &e) == ERR_OK);
    FUZZ_CHECK(api_shared_new(fuzz_config(), &clock, keys, &c.shared, &e) == ERR_OK);
    FUZZ_CHECK(api_set_new(c.shared, via, &c.set, &e) == ERR_OK);
    api_set_wait(c.set, wait_not, NULL);
    return c;
}

void fuzz_clients_end(struct fuzz_clients *c)
{
    api_set_free(c->set);
    api_shared_free(c->shared);
}
