#include <config.h>

#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "tests/sim/points.h"
#include "tests/sim/weeks.h"

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <stdlib.h>

/*
 * Rare paths that hardly a seed of the campaign reaches (core/base/probe.h): what people
 * do in the same consoles all the time, a full disk, what only clients meet that read
 * bytes, and a shared lock that somebody ends. Nobody asks here whether that was wise;
 * each probe that points.h names for it must be hit, and nothing may end the program.
 */

enum { HOUR_S = 3600, PERCENT = 100 };

enum deed { DEED_INTERRUPT = 6, DEEDS = 13 };

/* A site, what goes wrong there besides, and who meddles. */
struct setting {
    const char *mover;
    bool overlaps; /* each server that is launched */
    const char *faults;
    /* Instances are taken back, and nothing else is done; whoever has come home is
     * ordered out again. */
    bool takes_back;
    bool on_files; /* the state is, and the disk may be full */
    bool several;  /* controllers share a lock, and their leases are ended by hand */
};

struct people {
    struct run *r;
    struct rng rng;
    int32_t reclose; /* a node that was opened a moment ago, -1 */
    int32_t percent; /* so likely somebody does something in a step */
    bool takes_back; /* always that */
};

static bool chance(struct people *p, int32_t percent)
{
    return rng_between(&p->rng, 1, PERCENT) <= percent;
}

/* With our tags; on the server's interface, on none, or nobody's. */
static void launch_by_hand(struct people *p, int32_t server)
{
    struct world *w = p->r->site->w;
    struct sim_tag tags[2] = {{.key = "rushhour:deployment"}, {.key = "rushhour:server"}};
    struct sim_launch l = {.type = "c5.2xlarge",
                           .image = "ami-1",
                           .client_token = "",
                           .tags = tags,
                           .n_tags = 2};
    const char *name = w->servers[server].name;
    const struct sim_instance *in;

    if (chance(p, 50))
        l.eni = w->enis[w->servers[server].eni].id;
    else if (chance(p, 20))
        name = "former";
    (void)str_copy(tags[0].value, sizeof(tags[0].value), p->r->config->deployment);
    (void)str_copy(tags[1].value, sizeof(tags[1].value), name);
    (void)world_launch(w, &l, &in);
}

/* What a console refuses is nobody's concern. */
static void meddle(struct people *p)
{
    struct world *w = p->r->site->w;
    int32_t i = (int32_t)rng_between(&p->rng, 0, (int64_t)w->n_servers - 1), key;
    const struct sim_tested *s = &w->servers[i];
    const struct sim_instance *in = world_server_instance(w, i);
    int32_t node = s->node[rng_between(&p->rng, SIM_HOME, SIM_CLOUD)];
    struct sim_move move = {.type = "c5.2xlarge", .edge_node = "NodeA", .spot = true};

    switch (p->takes_back ? DEED_INTERRUPT : rng_between(&p->rng, 0, DEEDS - 1)) {
    case 0:
        world_vm_set_power(w, s->vm, chance(p, 50) ? SIM_POWER_ON : SIM_POWER_OFF);
        break;
    case 1:
        /* Also where home has just gone down for a launch, or both are up. */
        world_vm_set_power(w, s->vm, in == NULL ? SIM_POWER_ON : SIM_POWER_OFF);
        break;
    case 2:
    case 3:
        world_node_unmark(w, node);
        p->reclose = chance(p, 50) ? node : -1;
        break;
    case 4:
        world_node_mark(w, node, "eli", "mine");
        break;
    case 5:
        if (in != NULL)
            (void)world_terminate(w, in->id);
        break;
    case DEED_INTERRUPT:
        if (in != NULL)
            (void)world_interrupt(w, in->id, chance(p, 50) ? 120000 : 0, false);
        break;
    case 7:
        (void)world_manager_act(w, i, chance(p, 50) ? SIM_STOP_VM : SIM_RUN_ONPREM, "eli",
                                &key);
        break;
    case 8:
        (void)world_run_in_cloud(w, i, &move, "eli", &key);
        break;
    case 9:
        if (in == NULL && w->vms[s->vm].power == SIM_POWER_OFF)
            launch_by_hand(p, i);
        break;
    case 10:
        if (s->managed.task >= 0)
            (void)world_manager_cancel(w, s->managed.task);
        break;
    case 11:
        if (chance(p, 5))
            world_extension_set(w, SIM_EXT_STARTING); /* and it stays so */
        break;
    default:
        world_builds_lengthen(w, i, INT64_C(3600000));
        break;
    }
}

/* Steps are close together where something moves: there somebody meddles most. */
static void each_step(void *ctx, struct utc now)
{
    struct people *p = ctx;

    (void)now;
    if (p->reclose >= 0) {
        world_node_mark(p->r->site->w, p->reclose, "eli", "mine");
        p->reclose = -1;
    }
    if (chance(p, p->percent))
        meddle(p);
}

static bool order(void *ctx, struct utc now, struct command *out)
{
    struct people *p = ctx;
    const struct config *k = p->r->config;

    if (p->percent == 0 || !chance(p, 30))
        return false;
    *out = (struct command){
        .id = 1,
        .kind = p->takes_back || chance(p, 80) ? COMMAND_MOVE : COMMAND_CANCEL,
        .by = "dana",
        .at = now,
        .confirmed = true,
        .force = p->takes_back || chance(p, 30),
        .place = p->takes_back || chance(p, 50) ? PLACE_CLOUD : PLACE_ONPREM};
    if (!p->takes_back && chance(p, 10)) {
        out->kind = COMMAND_AUTO;
        out->setting = chance(p, 30) ? AUTO_OFF : AUTO_ON;
    } else {
        (void)str_copy(
            out->server, sizeof(out->server),
            k->servers[rng_between(&p->rng, 0, (int64_t)k->n_servers - 1)].name);
    }
    return true;
}

static void share_lock(struct run *r)
{
    enum { CONTROLLERS = 2, RENEW_S = 30, TTL_S = 120 };
    static const struct lock_odds odds = {.revoked_mean_s = 600};
    struct lock_config *l = &r->config->lock;

    l->etcd[l->n_etcd++] = "http://127.0.0.1:2379";
    l->renew = RENEW_S;
    l->ttl = TTL_S;
    r->options.controllers = CONTROLLERS;
    r->options.lock_odds = &odds;
}

/* percent: so likely somebody meddles in a step. */
static void live(uint64_t seed, enum drive_level level, const struct setting *set,
                 int32_t percent, int64_t hours)
{
    const struct site_options so = {.seed = seed,
                                    .servers = 4,
                                    .mover = set->mover,
                                    .more_zones = set->overlaps ? 1 : (int32_t)(seed % 3),
                                    .faults = set->faults,
                                    .typed = level == DRIVE_TYPED};
    struct people p = {.r = run_prepare_site(&so),
                       .reclose = -1,
                       .percent = percent,
                       .takes_back = set->takes_back};
    char dir[] = "/dev/shm/rushhour-probes-XXXXXX";

    for (size_t i = 0; set->overlaps && i < p.r->config->n_servers; i++)
        p.r->config->servers[i].overlaps = true;
    if (set->on_files) {
        assert_non_null(mkdtemp(dir));
        p.r->options.state_dir = dir;
    }
    if (set->several)
        share_lock(p.r);
    rng_seed(&p.rng, seed);
    points_begin(seed, set->on_files || seed % 2 == 0);
    p.r->options.level = level;
    p.r->options.duration_s = hours * HOUR_S;
    p.r->options.each_minute = NULL;
    p.r->options.each_step = each_step;
    p.r->options.order = order;
    p.r->options.without_texts = true;
    p.r->options.each_entry = NULL;
    p.r->options.ctx = &p;
    run_go(p.r);
    run_free(p.r);
    if (set->on_files)
        assert_true(folder_remove(dir));
}

static size_t missing(const char *const names[], size_t n, bool say)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++) {
        if (points_hits(names[i]) > 0)
            continue;
        left++;
        if (say)
            print_message("never hit: %s\n", names[i]);
    }
    return left;
}

/* One of them is out of order: the region, the host, or the manager, which hardly ever
 * answers, and then with what was so before. */
#define REGION  "no-capacity=0.05,task-fails=0.05,ec2.status-503=0.4"
#define HOST    "vsphere.status-403=0.2,vsphere.reset-after=0.3,no-boot=0.2"
#define MANAGER "velostrata.status-503=0.7,velostrata.stale=0.3"

static void test_people(void **state)
{
    static const struct setting settings[] = {
        {.mover = "velostrata", .faults = REGION},
        {.mover = "velostrata", .faults = MANAGER, .takes_back = true},
        {.mover = "ec2", .overlaps = true, .faults = HOST},
        {.mover = "ec2",
         .overlaps = true,
         .faults = "no-capacity=0.5,jenkins.reset-before=0.2",
         .takes_back = true},
        {.mover = "mixed", .faults = REGION},
    };
    enum { SEEDS = 300 }; /* about 20 are enough */
    const uint64_t n = ARRAY_LEN(settings);

    (void)state;
    for (uint64_t seed = 1;
         seed <= SEEDS && missing(points_of_people, POINTS_OF_PEOPLE, false) > 0; seed++)
        live(seed, DRIVE_TYPED, &settings[seed % n],
             (int32_t)((seed / n + 2) % 5) * 5 + 1, 48);
    assert_int_equal(missing(points_of_people, POINTS_OF_PEOPLE, true), 0);
}

static void test_full_disk(void **state)
{
    static const struct setting set = {.mover = "ec2", .on_files = true};
    enum { SEEDS = 100 }; /* in every fourth it is */

    (void)state;
    for (uint64_t seed = 1;
         seed <= SEEDS && missing(points_of_disk, POINTS_OF_DISK, false) > 0; seed++)
        live(seed, DRIVE_TYPED, &set, 1, 24);
    assert_int_equal(missing(points_of_disk, POINTS_OF_DISK, true), 0);
}

static void test_bytes(void **state)
{
    static const struct setting set = {.mover = "mixed"};
    enum { SEEDS = 100 }; /* a few are enough */

    (void)state;
    for (uint64_t seed = 2;
         seed <= SEEDS && missing(points_of_bytes, POINTS_OF_BYTES, false) > 0; seed += 2)
        live(seed, DRIVE_WIRE, &set, 0, 6);
    assert_int_equal(missing(points_of_bytes, POINTS_OF_BYTES, true), 0);
}

/* By its own clock the holder has it still, and etcd knows better. */
static void test_lock(void **state)
{
    static const struct setting set = {.mover = "mixed", .several = true};
    enum { SEEDS = 100, MEDDLE = 10 }; /* one is enough */

    (void)state;
    for (uint64_t seed = 1;
         seed <= SEEDS && missing(points_of_lock, POINTS_OF_LOCK, false) > 0; seed++)
        live(seed, DRIVE_TYPED, &set, MEDDLE, 24);
    assert_int_equal(missing(points_of_lock, POINTS_OF_LOCK, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_people), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_bytes), cmocka_unit_test(test_lock)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
