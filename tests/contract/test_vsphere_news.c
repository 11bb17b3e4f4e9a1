#include <config.h>

#include "tests/unit/table.h"

#include "core/engine/api_set.h"
#include "core/sim/server.h"
#include "core/sim/site_impl.h"
#include "core/sim/vim_server.h"
#include "tests/contract/fake_server.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* ----- beside the polls, over sockets ----- */

struct stage {
    struct site_options options;
    struct site *site;
    struct clock_scaled *scaled;
    struct clock clock;
    struct sim_server *server;
    struct config *config;
    struct api_shared *shared;
    struct api_set *set;
};

static int64_t real_ms(void)
{
    return clock_mono(clock_system()).ms;
}

static void stage_open(struct stage *st)
{
    struct err e = {0};

    *st = (struct stage){
        .options = {.seed = 7, .servers = 4, .start = {INT64_C(1795329000)}}};
    st->scaled = clock_scaled_new(st->options.start, 1);
    assert_non_null(st->scaled);
    st->clock = clock_scaled_clock(st->scaled);
    assert_int_equal(site_new(&st->options, &st->site, &e), ERR_OK);
    assert_int_equal(sim_server_start(st->site, st->scaled, 0, &st->server, &e), ERR_OK);
    assert_int_equal(
        site_config(st->site, sim_server_base(st->server), NULL, &st->config, &e),
        ERR_OK);
    assert_int_equal(api_shared_new(st->config, &st->clock, NULL, &st->shared, &e),
                     ERR_OK);
    assert_int_equal(api_set_new(st->shared, NULL, &st->set, &e), ERR_OK);
}

static void stage_close(struct stage *st)
{
    api_set_free(st->set);
    api_shared_free(st->shared);
    sim_server_stop(st->server);
    config_free(st->config);
    site_free(st->site);
    clock_scaled_free(st->scaled);
}

/* The power of the first VM, as a poll sees it. */
static enum power poll_power(struct stage *st)
{
    const struct poll_hints hints = {0};
    struct observation *o = api_set_poll(st->set, SOURCE_VSPHERE, &hints);
    enum power power;

    assert_non_null(o);
    assert_string_equal(o->err.text, "");
    power = o->as.vsphere.vms[0].power;
    observation_unref(o);
    return power;
}

static void person_powers(struct stage *st, enum sim_power power)
{
    struct site *s = sim_server_lock(st->server);

    world_vm_set_power(s->w, 0, power);
    sim_server_unlock(st->server);
}

/* Real time until there are news; -1 when there are none in five seconds. */
static int64_t news_ms(struct stage *st, int *errors)
{
    int64_t began = real_ms();
    bool news = false;

    while (!news && real_ms() - began < 5000) {
        struct err e = {0};

        if (api_set_watch(st->set, &news, &e) != ERR_OK)
            ++*errors;
    }
    return news ? real_ms() - began : -1;
}

static void test_news(void **state)
{
    struct stage st;
    int errors = 0;
    int64_t took;

    (void)state;
    stage_open(&st);
    assert_false(api_set_can_watch(st.set));
    assert_int_equal(poll_power(&st), POWER_ON);
    assert_true(api_set_can_watch(st.set));
    assert_true(news_ms(&st, &errors) >= 0); /* what may have changed since the poll */

    person_powers(&st, SIM_POWER_OFF);
    took = news_ms(&st, &errors);
    assert_in_range(took, 0, 1000);
    assert_int_equal(poll_power(&st), POWER_OFF);
    person_powers(&st, SIM_POWER_ON);
    took = news_ms(&st, &errors);
    assert_in_range(took, 0, 1000);
    assert_int_equal(poll_power(&st), POWER_ON);
    assert_int_equal(errors, 0);
    stage_close(&st);
}

/* The session ends behind our back: one new login, and nothing that changed is missed. */
static void test_session_ends(void **state)
{
    struct stage st;
    struct vim_server *server;
    int errors = 0;
    int64_t took;

    (void)state;
    stage_open(&st);
    (void)poll_power(&st);
    assert_true(news_ms(&st, &errors) >= 0);
    person_powers(&st, SIM_POWER_OFF);
    server = vim_server_of(sim_server_lock(st.server)->w);
    for (size_t i = 0; i < ARRAY_LEN(server->sessions); i++)
        if (server->sessions[i].used)
            vim_session_end(server, &server->sessions[i]);
    sim_server_unlock(st.server);
    took = news_ms(&st, &errors);
    assert_in_range(took, 0, 2500);
    assert_int_equal(errors, 1);
    assert_int_equal(poll_power(&st), POWER_OFF);
    stage_close(&st);
}

static void *wake_later(void *arg)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000000};

    (void)nanosleep(&pause, NULL);
    api_set_wake(arg);
    return NULL;
}

static void *abort_later(void *arg)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000000};

    (void)nanosleep(&pause, NULL);
    api_set_abort(arg);
    return NULL;
}

/* A poll that is asked for does not wait for the long poll, nor does the end. */
static void test_wake_and_abort(void **state)
{
    struct stage st;
    struct err e = {0};
    pthread_t thread;
    int errors = 0;
    bool news = true;
    int64_t began;

    (void)state;
    stage_open(&st);
    (void)poll_power(&st);
    assert_true(news_ms(&st, &errors) >= 0);
    began = real_ms();
    assert_int_equal(pthread_create(&thread, NULL, wake_later, st.set), 0);
    do /* the wait may begin only now */
        assert_int_equal(api_set_watch(st.set, &news, &e), ERR_OK);
    while (real_ms() - began < 100);
    assert_false(news);
    (void)pthread_join(thread, NULL);
    assert_int_equal(poll_power(&st), POWER_ON); /* beside the long poll */
    assert_in_range(real_ms() - began, 0, 2000);

    began = real_ms();
    assert_int_equal(pthread_create(&thread, NULL, abort_later, st.set), 0);
    while (api_set_watch(st.set, &news, &e) == ERR_OK)
        assert_in_range(real_ms() - began, 0, 2000);
    assert_int_equal(e.code, ERR_CANCELED);
    assert_in_range(real_ms() - began, 0, 2000);
    (void)pthread_join(thread, NULL);
    stage_close(&st);
}

/* ----- a long poll that hangs ----- */

static void test_hung(void **state)
{
    static const struct fake_rule answers_of[] = {
        {.path = "vimServiceVersions", .answers = {{.body = "x"}}},
        {.path = "=/slow", .answers = {{.fault = FAKE_HANG}}},
        {.path = "=/fast", .answers = {{.body = "here"}}},
    };
    struct fake_server *server = fake_server_start();
    const struct http_client_config config = {.timeout_ms = 5000};
    struct http_client *client = NULL;
    struct transport t;
    struct http_response rs;
    struct err e = {0};
    char slow[128], fast[128];
    struct http_request rq = {.method = "POST", .body = "wait", .body_len = 4};
    int64_t began = real_ms();

    (void)state;
    assert_non_null(server);
    for (size_t i = 0; i < ARRAY_LEN(answers_of); i++)
        fake_server_add(server, &answers_of[i]);
    assert_true(str_format(slow, sizeof(slow), "%s/slow", fake_server_url(server)));
    assert_true(str_format(fast, sizeof(fast), "%s/fast", fake_server_url(server)));
    assert_int_equal(http_client_new(&config, &client, &e), ERR_OK);
    rq.url = slow;
    rq.timeout_ms = 300;
    assert_int_equal(http_client_hold(client, &rq, &e), ERR_OK);
    t = http_client_transport(client);
    for (int i = 0; i < 5; i++) {
        struct http_request quick = {.method = "GET", .url = fast};

        http_response_init(&rs);
        assert_int_equal(transport_perform(&t, &quick, &rs, &e), ERR_OK);
        assert_string_equal(strbuf_text(&rs.body), "here");
        http_response_clear(&rs);
    }
    assert_true(http_client_holds(client));
    assert_in_range(real_ms() - began, 0, 290);
    assert_int_equal(http_client_idle(client, 5000, &e), ERR_OK);
    http_response_init(&rs);
    assert_true(http_client_take(client, &rs, &e));
    assert_int_equal(e.code, ERR_TIMEOUT);
    assert_false(http_client_holds(client) || http_client_take(client, &rs, &e));
    http_response_clear(&rs);
    assert_in_range(real_ms() - began, 290, 3000);
    assert_string_equal(fake_server_request_of(server, "POST", "slow", 0)->body, "wait");
    http_client_free(client);
    fake_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_session_ends),
        cmocka_unit_test(test_wake_and_abort),
        cmocka_unit_test(test_hung),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
