#include <config.h>

#include "core/sim/charges.h"

#include "tests/unit/controller_scene.h"

/* What AWS bills is meant: one launch into a world of its own, looked at as the campaign
 * does, with a controller that is as the row says. */

enum { MINUTES_MS = 60 * 1000, REST_MS = 60 * 1000, LONG_WINDOW_S = 12 * 3600 };
#define CENT INT64_C(10000000)

enum owner { CLAIMED, NOBODYS };
enum tags { OURS, ANOTHERS, NONE };

static const struct sim_instance *launch(struct world *w, enum tags tags,
                                         const char *deployment)
{
    const struct sim_tag list[] = {{.key = "rushhour:deployment"},
                                   {.key = "rushhour:server"}};
    struct sim_tag own[ARRAY_LEN(list)];
    const struct sim_launch l = {.type = "c5.2xlarge",
                                 .image = "ami-1",
                                 .eni = w->enis[w->servers[0].eni].id,
                                 .client_token = "rh1-0",
                                 .spot = true,
                                 .tags = own,
                                 .n_tags = tags == NONE ? 0 : ARRAY_LEN(list)};
    const struct sim_instance *in = NULL;

    memcpy(own, list, sizeof(own));
    (void)str_copy(own[0].value, sizeof(own[0].value),
                   tags == OURS ? deployment : "elsewhere");
    (void)str_copy(own[1].value, sizeof(own[1].value), w->servers[0].name);
    world_set_capacity(w, 0, 0, true);
    assert_int_equal(world_launch(w, &l, &in), SIM_OK);
    return in;
}

static void test_rows(void **state)
{
    static const struct {
        const char *what;
        enum tags tags;
        enum owner owner;
        int64_t minutes; /* until the last look */
        bool away;       /* nobody could act until shortly before it */
        bool auto_off, lies, quiet;
        int64_t budget; /* in cents, 0 = none */
        bool allowed;   /* by a person, over the budget */
        bool wanted;    /* in the cloud, for a long window */
        const char *says;
    } rows[] = {
        /* clang-format off */
        {"as it should be",                OURS,     CLAIMED, 60, false, false, false, false, 0,   false, true,  NULL},
        {"launched without our tag",       NONE,     CLAIMED, 0,  false, false, false, false, 0,   false, true,  "has no tag of ours"},
        {"with another deployment's",      ANOTHERS, CLAIMED, 0,  false, false, false, false, 0,   false, true,  "has no tag of ours"},
        {"nobody's, for a short time",     OURS,     NOBODYS, 20, false, false, false, false, 0,   false, true,  NULL},
        {"nobody's, for too long",         OURS,     NOBODYS, 23, false, false, false, false, 0,   false, true,  "I4: i-"},
        {"where nothing is launched",      OURS,     NOBODYS, 29, false, false, false, true,  0,   false, true,  NULL},
        {"... for too long",               OURS,     NOBODYS, 32, false, false, false, true,  0,   false, true,  "I4: i-"},
        {"while nobody could act",         OURS,     NOBODYS, 23, true,  false, false, false, 0,   false, true,  NULL},
        {"auto off: nobody may end it",    OURS,     NOBODYS, 23, false, true,  false, false, 0,   false, true,  NULL},
        {"EC2 does not do what it says",   OURS,     NOBODYS, 23, false, false, true,  false, 0,   false, true,  NULL},
        {"within the budget",              OURS,     CLAIMED, 0,  false, false, false, false, 100000, false, true, NULL},
        {"beyond it, to the window's end", OURS,     CLAIMED, 0,  false, false, false, false, 1,   false, true,  "what is out there will cost"},
        {"not wanted out there for long",  OURS,     CLAIMED, 0,  false, false, false, false, 1,   false, false, NULL},
        {"a person has said yes",          OURS,     CLAIMED, 0,  false, false, false, false, 1,   true,  true,  NULL},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const int64_t start_ms = (int64_t)NOW * 1000;
        const struct sim_instance *in;
        struct utc window_end = {0};
        struct world *w = NULL;
        struct server_state *s;
        struct charges v;
        struct config config;
        struct scene scene;
        struct err e = {0};

        scene_make(&scene);
        scene_start(&scene);
        s = &scene.c->servers[0];
        config = *scene.config;
        if (!rows[i].quiet)
            config.servers[0].mover = "ec2";
        config.policy.has_budget = rows[i].budget != 0;
        config.policy.budget_month.nanos = rows[i].budget * CENT;
        scene.c->setting = rows[i].auto_off ? AUTO_OFF : AUTO_ON;
        assert_int_equal(world_new(1, 4, start_ms, &w, &e), ERR_OK);
        charges_begin(&v, w, &config, REST_MS, !rows[i].lies);
        charges_look(&v, scene.c, window_end);

        in = launch(w, rows[i].tags, config.deployment);
        if (rows[i].owner == CLAIMED)
            (void)str_copy(s->facts.instance.id, ID_TEXT, in->id); /* shorter */
        s->decision.desired = rows[i].wanted ? PLACE_CLOUD : PLACE_ONPREM;
        if (rows[i].allowed)
            s->hold = (struct hold){.place = PLACE_CLOUD, .over_budget = true};
        window_end.s = NOW + LONG_WINDOW_S;
        charges_look(&v, scene.c, window_end);
        for (int64_t m = 1; m <= rows[i].minutes; m++) {
            world_advance(w, start_ms + m * MINUTES_MS);
            if (rows[i].away && m + 1 == rows[i].minutes)
                charges_away(&v);
            charges_look(&v, scene.c, window_end);
        }
        if ((rows[i].says == NULL) != (v.why[0] == '\0') ||
            (rows[i].says != NULL && strstr(v.why, rows[i].says) == NULL))
            fail_msg("row \"%s\": %s", rows[i].what, v.why);
        world_free(w);
        scene_end(&scene);
    }
}

/* Committed to at the end of the month before, by that month's budget. */
static void test_turn_of_month(void **state)
{
    enum { DECEMBER = 1796083200 };
    static const struct {
        const char *what;
        int64_t before_s; /* the month's turn; 0: no move */
        bool says;
    } rows[] = {
        {"committed right before", 1, false},
        {"in the new month", -1, true},
        {"too long ago to launch only now", 1200, true},
        {"by nobody's move", 0, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct sim_instance *in;
        struct world *w = NULL;
        struct server_state *s;
        struct charges v;
        struct config config;
        struct scene scene;
        struct err e = {0};

        scene_make(&scene);
        scene_start(&scene);
        s = &scene.c->servers[0];
        config = *scene.config;
        config.servers[0].mover = "ec2";
        config.policy.has_budget = true;
        config.policy.budget_month.nanos = CENT;
        config.policy.timeout_out = 1200;
        assert_int_equal(world_new(1, 4, (int64_t)DECEMBER * 1000, &w, &e), ERR_OK);
        charges_begin(&v, w, &config, REST_MS, true);
        charges_look(&v, scene.c, (struct utc){0});
        in = launch(w, OURS, config.deployment);
        (void)str_copy(s->facts.instance.id, ID_TEXT, in->id);
        s->decision.desired = PLACE_CLOUD;
        s->has_move = rows[i].before_s != 0;
        s->move.committed_at.s = DECEMBER - rows[i].before_s;
        charges_look(&v, scene.c, (struct utc){DECEMBER + LONG_WINDOW_S});
        assert_row(rows[i].what, (v.why[0] != '\0') == rows[i].says);
        world_free(w);
        scene_end(&scene);
    }
}

/* What AWS has billed since the month began counts, and a new month begins at nothing. */
static void test_billed(void **state)
{
    static const struct {
        const char *what;
        bool next_month;
    } rows[] = {{"a launch after the budget is spent", false}, {"in a new month", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum { HOURS = 40, MONTH_H = 240 };
        const int64_t start_ms = (int64_t)NOW * 1000;
        struct world *w = NULL;
        struct charges v;
        struct config config;
        struct scene scene;
        struct err e = {0};

        scene_make(&scene);
        scene_start(&scene);
        config = *scene.config;
        assert_int_equal(world_new(1, 4, start_ms, &w, &e), ERR_OK);
        charges_begin(&v, w, &config, REST_MS, false);
        charges_look(&v, scene.c, (struct utc){0});
        /* So long it runs, then it is ended, and another one is begun. */
        const struct sim_instance *in = launch(w, OURS, config.deployment);
        char id[SIM_ID];

        (void)str_copy(id, sizeof(id), in->id); /* as long */
        charges_look(&v, scene.c, (struct utc){0});
        world_advance(w, start_ms + HOURS * INT64_C(3600000));
        assert_int_equal(world_terminate(w, id), SIM_OK);
        world_advance(w, start_ms + (HOURS + 1 + (rows[i].next_month ? MONTH_H : 0)) *
                                        INT64_C(3600000));
        charges_look(&v, scene.c, (struct utc){0});
        config.policy.has_budget = true;
        config.policy.budget_month.nanos = CENT;
        (void)launch(w, OURS, config.deployment);
        charges_look(&v, scene.c, (struct utc){0});
        assert_row(rows[i].what,
                   (strstr(v.why, "after AWS has billed") == NULL) == rows[i].next_month);
        world_free(w);
        scene_end(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_turn_of_month),
        cmocka_unit_test(test_billed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
