/*
 * record - writes answers of the simulated site, as its clients get them, into the
 * corpora of the API targets: record FOLDER. Run by hand when a protocol changes.
 * Threads: one.
 */
#include <config.h>

#include "core/engine/api_set.h"
#include "core/sim/site.h"
#include "core/sim/site_impl.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/site.h"

#include <stdio.h>
#include <sys/stat.h>

static const char *folder;

static void keep(struct answers_record *r, const char *target, const char *name)
{
    char path[4096];
    FILE *f;

    FUZZ_CHECK(str_format(path, sizeof(path), "%s/%s", folder, target));
    (void)mkdir(path, 0755);
    FUZZ_CHECK(str_format(path, sizeof(path), "%s/%s/%s", folder, target, name));
    f = fopen(path, "wb");
    FUZZ_CHECK(f != NULL);
    FUZZ_CHECK(fwrite(strbuf_text(&r->text), 1, r->text.len, f) == r->text.len);
    FUZZ_CHECK(fclose(f) == 0);
    strbuf_reset(&r->text);
}

static struct poll_hints hints(void)
{
    struct poll_hints h = {.moving = true, .since = {INT64_C(1795300000)}};

    for (size_t i = 0; i < fuzz_site()->w->n_instances && h.n < HINT_IDS; i++)
        (void)str_copy(h.ids[h.n++], sizeof(h.ids[0]), fuzz_site()->w->instances[i]->id);
    (void)str_copy(h.jobs[h.n_jobs++], sizeof(h.jobs[0]), "/jenkins/job/cache-smoke/");
    h.n_detailed = 1;
    return h;
}

static void polls(struct answers_record *r, const char *when)
{
    static const struct {
        enum source source;
        const char *target;
    } rows[] = {
        {SOURCE_VELOSTRATA, "velostrata"}, {SOURCE_JENKINS, "jenkins"},
        {SOURCE_BUILDS, "builds"},         {SOURCE_VSPHERE, "vsphere"},
        {SOURCE_INSTANCES, "instances"},   {SOURCE_SPOT, "spot"},
        {SOURCE_INTERFACES, "interfaces"}, {SOURCE_PRICES, "prices"},
        {SOURCE_PRICELIST, "pricelist"},   {SOURCE_QUEUE, "queue"},
    };
    const struct transport t = answers_recorder(r);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct poll_hints h = hints();
        struct fuzz_clients c = fuzz_clients_new(&t);
        struct observation *o = api_set_poll(c.set, rows[i].source, &h);

        FUZZ_CHECK(o != NULL);
        if (o->err.code != ERR_OK)
            (void)fprintf(stderr, "%s: %s\n", rows[i].target, o->err.text);
        observation_unref(o);
        keep(r, rows[i].target, when);
        fuzz_clients_end(&c);
    }
}

static void act(struct answers_record *r, enum call_kind kind, const char *target)
{
    const struct transport t = answers_recorder(r);
    struct fuzz_clients c = fuzz_clients_new(&t);
    struct world *w = fuzz_site()->w;
    struct call call = {.id = 1,
                        .kind = kind,
                        .server = "cache",
                        .move = "m-1",
                        .marker = "rushhour/1 recorded",
                        .nonce = "1",
                        .run = {.instance_type = "c5.2xlarge",
                                .eni_field = "networkInterfaceId",
                                .edge_node = "NodeA",
                                .storage_policy = "WriteIsolation",
                                .deployment = "demo",
                                .image = "ami-0123456789abcdef0",
                                .token = "recorded",
                                .spot = true}};
    struct call_result res = {0};

    (void)str_copy(call.target, sizeof(call.target), target);
    (void)str_copy(call.run.eni, sizeof(call.run.eni),
                   w->enis[kind == CALL_LAUNCH ? 1 : 0].id);
    strbuf_putc(&r->text, (char)('a' + (int)kind));
    api_set_act(c.set, &call, &res);
    (void)fprintf(stderr, "%s: %s %s\n", call_word(kind), outcome_word(res.outcome),
                  res.err.text);
    keep(r, "act", call_word(kind));
    fuzz_clients_end(&c);
}

static void later(int64_t minutes)
{
    site_advance(fuzz_site(), site_now_ms(fuzz_site()) + minutes * 60000);
}

/* The newest build of the first job that has one. */
static void running(const struct world *w, char out[URL_TEXT])
{
    for (size_t i = 0; i < w->n_jobs; i++) {
        const struct sim_job *j = &w->jobs[i];

        if (j->next_number > 1 && world_build_find(w, (int32_t)i, j->next_number - 1)) {
            FUZZ_CHECK(str_format(out, URL_TEXT, "/jenkins/job/%s/%d/", j->name,
                                  (int)j->next_number - 1));
            return;
        }
    }
    FUZZ_CHECK(false);
}

static void story(struct answers_record *r)
{
    site_config_text(fuzz_site(), "http://127.0.0.1:8080", &r->text);
    keep(r, "configuration", "story");
}

int main(int argc, char **argv)
{
    struct answers_record r = {.via = site_transport(fuzz_site())};
    const struct world *w = fuzz_site()->w;
    char build[URL_TEXT];

    if (argc != 2)
        return 2;
    folder = argv[1];
    strbuf_init(&r.text, 4 * 1024 * 1024);
    story(&r);
    polls(&r, "home");
    act(&r, CALL_NODE_CLOSE, "tests-cache");
    act(&r, CALL_EXTENSION_START, "ce-1");
    later(6);
    act(&r, CALL_RUN_IN_CLOUD, "vm-11");
    act(&r, CALL_VM_SHUTDOWN, "vm-12");
    act(&r, CALL_LAUNCH, "");
    later(15);
    act(&r, CALL_NODE_LAUNCH, "tests-cache-cloud");
    act(&r, CALL_NODE_OPEN, "tests-cache");
    later(5);
    polls(&r, "cloud");
    running(w, build);
    act(&r, CALL_BUILD_STOP, build);
    act(&r, CALL_BUILD_QUEUE, build);
    act(&r, CALL_RETURN, "vm-11");
    act(&r, CALL_VM_POWER_ON, "vm-12");
    act(&r, CALL_TERMINATE, w->instances[w->n_instances - 1]->id);
    later(3);
    polls(&r, "back");
    strbuf_clear(&r.text);
    return 0;
}
