#include <config.h>

#include "tests/torture/scenario.h"

#include "core/base/tz.h"
#include "core/model/config.h"
#include "core/model/fleet_json.h"
#include "core/store/journal_json.h"
#include "core/store/snapshot_json.h"
#include "core/store/store.h"
#include "tests/screen/story.h"
#include "tests/torture/alloc.h"
#include "tests/unit/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { TEXT_BYTES = 16 * 1024 * 1024, ENTRIES = 40 };

static void take_text(struct result *o, struct strbuf *b)
{
    if (b->failed)
        (void)err_set(&o->err, ERR_NOMEM, "no memory for a text");
    else
        result_text(o, strbuf_text(b));
    strbuf_clear(b);
}

/* ----- files of people ----- */

static void read_config(struct result *o, const char *text)
{
    struct config *c = NULL;
    struct config_problems *problems = NULL;
    struct strbuf out;

    strbuf_init(&out, TEXT_BYTES);
    if (config_load_text(text, "rh.conf", false, &c, &problems, &o->err) == ERR_OK) {
        config_print(c, &out);
        take_text(o, &out);
    } else if (o->err.code == ERR_CONFIG && problems != NULL &&
               config_problems_count(problems) > 0) {
        err_clear(&o->err); /* all that is wrong was said */
        for (size_t i = 0; i < config_problems_count(problems); i++)
            result_text(o, config_problems_get(problems, i));
    }
    config_problems_free(problems);
    config_free(c);
}

static void config_good(struct result *o)
{
    size_t len;

    read_config(o, scenario_file("tests/fuzz/corpus/configuration/story", &len));
}

static void config_wrong(struct result *o)
{
    read_config(o,
                "site = { name = \"lab\"; tz = \"Nowhere/At_All\"; };\n"
                "policy = { window = [\"Sun-Thu 25:00-18:00\"]; lead = 7; odd = 1; };\n"
                "servers = ( { name = \"a\"; }, { name = \"a\"; mover = \"bus\"; } );\n");
}

static void config_torn(struct result *o)
{
    read_config(o, "site = { name = \"lab\"; tz = \"UTC\";\npolicy = { window = [");
}

/* With a calendar beside it. */
static void config_file(struct result *o)
{
    char dir[] = "/dev/shm/rushhour-torture-XXXXXX", path[64], days[64];
    struct config *c = NULL;
    struct config_problems *problems = NULL;
    const struct config_sets sets = {(const char *const[]){"policy.calendar=\"days\""},
                                     1};
    size_t len;
    FILE *f;

    alloc_pause();
    if (mkdtemp(dir) == NULL)
        result_broken(o, dir);
    (void)str_format(path, sizeof(path), "%s/rh.conf", dir);
    (void)str_format(days, sizeof(days), "%s/days", dir);
    f = fopen(path, "w");
    if (f != NULL)
        (void)fputs(scenario_file("tests/fuzz/corpus/configuration/story", &len), f);
    if (f == NULL || fclose(f) != 0 || chmod(path, 0600) != 0)
        result_broken(o, path);
    f = fopen(days, "w");
    if (f == NULL ||
        fputs("2026-12-25 off\n2026-12-27 on\n2027-01-03 10:00-12:00\n", f) < 0 ||
        fclose(f) != 0)
        result_broken(o, days);
    alloc_resume();
    if (config_load_sets(path, false, &sets, &c, &problems, &o->err) == ERR_OK) {
        result_add(o, c->policy.exceptions,
                   c->policy.n_exceptions * sizeof(*c->policy.exceptions));
        result_add(o, &c->policy.n_exceptions, sizeof(c->policy.n_exceptions));
    }
    config_problems_free(problems);
    config_free(c);
    (void)folder_remove(dir);
}

static void zone(struct result *o)
{
    struct tz *z = NULL;

    if (tz_load("Asia/Jerusalem", &z, &o->err) == ERR_OK) {
        int32_t offset = tz_offset_s(z, STORY_NOW);

        result_add(o, &offset, sizeof(offset));
    }
    tz_free(z);
}

/* ----- what other processes read ----- */

static struct fleet *story(void)
{
    struct fleet *f;

    alloc_pause();
    f = story_fleet(STORY_INTERRUPTION);
    alloc_resume();
    return f;
}

static void snapshot(struct result *o)
{
    struct fleet *f = story(), *back = NULL;
    struct strbuf b, again;

    strbuf_init(&b, TEXT_BYTES);
    strbuf_init(&again, TEXT_BYTES);
    fleet_json(f, "1", &b);
    if (b.failed)
        (void)err_set(&o->err, ERR_NOMEM, "no memory for the snapshot");
    else if (snapshot_parse(strbuf_text(&b), b.len, &back, &o->err) == ERR_OK) {
        fleet_json(back, "1", &again);
        take_text(o, &again);
    }
    fleet_unref(back);
    strbuf_clear(&b);
    strbuf_clear(&again);
    fleet_unref(f);
}

/* ----- the store ----- */

static void fill(struct record *r, int64_t i)
{
    *r = (struct record){.kind = RECORD_JOURNAL, .at = {1000 + i}};
    r->as.journal.at.s = 1000 + i;
    (void)str_copy(r->as.journal.server, NAME_TEXT, "cache");
    (void)str_format(r->as.journal.text, LINE_TEXT, "entry %lld", (long long)i);
}

static bool add_entry(void *ctx, const struct journal_entry *j)
{
    struct strbuf b;

    strbuf_init(&b, TEXT_BYTES);
    journal_json(&b, j);
    take_text(ctx, &b);
    return ((struct result *)ctx)->err.code == ERR_OK;
}

static void ask_store(struct result *o, struct store *s)
{
    struct store_state state = {0};
    struct utc at;
    char *json = NULL;
    int64_t after, total;

    if (store_load(s, (struct utc){0}, &state, &o->err) == ERR_OK) {
        result_add(o, &state.journal_total, sizeof(state.journal_total));
        for (size_t i = 0; i < state.n_journal; i++)
            result_text(o, state.journal[i].text);
    }
    store_state_free(&state);
    if (o->err.code == ERR_OK && store_snapshot_get(s, &json, &at, &o->err) == ERR_OK)
        result_text(o, json != NULL ? json : "none");
    free(json);
    if (o->err.code == ERR_OK &&
        store_journal_tail(s, ENTRIES / 2, &after, &total, &o->err) == ERR_OK &&
        store_journal_each(s, after, add_entry, o, &o->err) != ERR_OK)
        return;
}

/* A store from its beginning: all is written, or none of it and that is said. */
static void store(struct result *o)
{
    char dir[] = "/dev/shm/rushhour-torture-XXXXXX";
    struct store *s = NULL;
    struct record r[ENTRIES];

    if (mkdtemp(dir) == NULL)
        result_broken(o, dir);
    for (int i = 0; i < ENTRIES; i++)
        fill(&r[i], i);
    if (store_open(dir, STORE_CONTROLLER, "test", &s, &o->err) == ERR_OK &&
        store_apply(s, r, ENTRIES, &o->err) == ERR_OK &&
        store_snapshot_put(s, "{\"a\": 1}", (struct utc){5}, &o->err) == ERR_OK)
        ask_store(o, s);
    store_close(s);
    if (o->err.code == ERR_NOMEM) { /* with memory again it is as it should be */
        struct result again = {.product = UINT64_C(14695981039346656037)};

        alloc_relent();
        s = NULL;
        if (store_open(dir, STORE_CONTROLLER, "test", &s, &again.err) == ERR_OK)
            ask_store(&again, s);
        store_close(s);
        if (again.err.code != ERR_OK)
            result_broken(o, again.err.text);
    }
    if (!folder_remove(dir))
        result_broken(o, dir);
}

const struct scenario scenarios_model[] = {
    {"a configuration, read and printed", config_good},
    {"a configuration with mistakes", config_wrong},
    {"a configuration cut off", config_torn},
    {"a configuration file with a calendar", config_file},
    {"a time zone", zone},
    {"a snapshot, written and read back", snapshot},
    {"a store, from its beginning", store},
    {NULL, NULL},
};
