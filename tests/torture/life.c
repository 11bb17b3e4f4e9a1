#include <config.h>

#include "tests/torture/life.h"

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "core/store/store_internal.h"
#include "tests/unit/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOUR_S = 3600, DAY_S = 10 * HOUR_S, TAKEN_S = 90 * 60, NOTICE_MS = 120000 };
enum { BUILD_MS = 12 * 60 * 1000 };
/* A Sunday, 08:30 in Haifa; home from 12:00 on. */
static const struct utc morning = {1795329000};
const int64_t life_end_s = 1795329000 + DAY_S;
static const char *const sets[] = {"policy.window=[\"Sun 08:00-12:00\"]",
                                   "policy.dwell_cloud=\"10m\"",
                                   "policy.dwell_onprem=\"10m\""};

/* clang-format off */
const struct life_way life_ways[] = {
    {"velostrata",               DRIVE_TYPED, "velostrata", false, false, false},
    {"ec2 gap",                  DRIVE_TYPED, "ec2",        false, false, false},
    {"ec2 overlap",              DRIVE_TYPED, "ec2",        true,  false, false},
    {"velostrata, interruption", DRIVE_TYPED, "velostrata", false, true,  true},
    {"ec2 gap, interruption",    DRIVE_TYPED, "ec2",        false, true,  true},
    {"ec2 overlap, interruption", DRIVE_TYPED, "ec2",       true,  true,  true},
    {"velostrata as bytes",      DRIVE_WIRE,  "velostrata", false, true,  true},
    {"ec2 overlap as bytes",     DRIVE_WIRE,  "ec2",        true,  true,  true},
    {NULL,                       DRIVE_TYPED, NULL,         false, false, false},
};
/* clang-format on */

/* ----- on the way ----- */

/* Long ones wait all the time, each with a parameter of its own. */
static void keep_busy(struct world *w, int64_t serial)
{
    char number[16];
    const char *const parameters[SIM_MAX_PARAMETERS] = {NULL, number};
    bool merged;

    if (w->servers[0].waiting > 2)
        return;
    (void)str_format(number, sizeof(number), "%lld", (long long)serial);
    (void)world_queue_add(w, w->servers[0].jobs[1], parameters, "Started by user dana",
                          BUILD_MS, &merged);
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct life *l = ctx;
    struct world *w = l->site->w;
    const struct sim_instance *i = world_server_instance(w, 0);
    int64_t past_s = f->at.s - morning.s;

    for (size_t n = 0; n < f->n_degraded; n++) {
        l->minutes_store += str_eq(f->degraded[n], "store") ? 1 : 0;
        l->minutes_disk += str_eq(f->degraded[n], "disk") ? 1 : 0;
    }
    if (l->way->busy && past_s < 2 * HOUR_S)
        keep_busy(w, f->at.s);
    if (l->way->taken && !l->interrupted && past_s >= TAKEN_S && i != NULL)
        l->interrupted = world_interrupt(w, i->id, NOTICE_MS, false) == SIM_OK;
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct life *l = ctx;

    l->entries++;
    if (getenv("RH_TEST_JOURNAL") != NULL) {
        char when[TIME_TEXT];

        (void)printf("%s %s %s %s: %s\n", utc_text(j->at, when), level_word(j->level),
                     j->actor, j->server, j->text);
    }
}

static bool dies(void *ctx)
{
    struct life *l = ctx;

    return l->dies != NULL && l->dies(l->ctx);
}

static enum drive_fate fate(void *ctx, const struct call *call)
{
    struct life *l = ctx;
    enum drive_fate f = l->fate != NULL ? l->fate(l->ctx, call) : FATE_DONE;

    for (size_t i = 0; i < l->n_calls; i++)
        l->forgot = l->forgot || l->calls[i] == call->id;
    if (f != FATE_CRASH_BEFORE && f != FATE_LOST_BEFORE && l->n_calls < LIFE_CALLS)
        l->calls[l->n_calls++] = call->id;
    return f;
}

/* ----- its beginning and its end ----- */

bool life_begin(struct life *l, const struct life_way *way, uint64_t seed, struct err *e)
{
    const struct site_options so = {.seed = seed,
                                    .servers = 1,
                                    .start = morning,
                                    .mover = way->mover,
                                    .typed = way->level == DRIVE_TYPED};
    const struct config_sets s = {sets, ARRAY_LEN(sets)};

    *l = (struct life){.way = way};
    (void)str_copy(l->dir, sizeof(l->dir), "/dev/shm/rushhour-torture-XXXXXX");
    if (mkdtemp(l->dir) == NULL) {
        l->dir[0] = '\0';
        return err_set_errno(e, ERR_IO, errno, "/dev/shm") == ERR_OK;
    }
    if (site_new(&so, &l->site, e) != ERR_OK ||
        site_config(l->site, "http://127.0.0.1:1", &s, &l->config, e) != ERR_OK ||
        tz_load(l->config->tz_name, &l->tz, e) != ERR_OK)
        return false;
    l->config->servers[0].overlaps = way->overlaps;
    l->options = (struct drive_options){.level = way->level,
                                        .config = l->config,
                                        .tz = l->tz,
                                        .site = l->site,
                                        .seed = seed,
                                        .state_dir = l->dir,
                                        .each_minute = each_minute,
                                        .each_entry = each_entry,
                                        .fate = fate,
                                        .dies = dies,
                                        .calm = true,
                                        .ctx = l};
    return true;
}

static void store_path(const struct life *l, char out[LIFE_DIR + 16])
{
    (void)str_format(out, LIFE_DIR + 16, "%s/" STORE_FILE, l->dir); /* fits */
}

/* Made once, and copied. */
bool life_has_store(const struct life *l, struct err *e)
{
    static char bytes[1 << 20];
    static size_t n;
    char path[LIFE_DIR + 16];
    struct store *s = NULL;
    FILE *f;
    bool ok;

    store_path(l, path);
    if (n == 0) {
        if (store_open(l->dir, STORE_CONTROLLER, l->config->deployment, &s, e) != ERR_OK)
            return false;
        store_close(s);
        f = fopen(path, "rb");
        n = f != NULL ? fread(bytes, 1, sizeof(bytes), f) : 0;
        ok = n > 0 && n < sizeof(bytes);
    } else {
        f = fopen(path, "wb");
        ok = f != NULL && fchmod(fileno(f), 0600) == 0 && fwrite(bytes, 1, n, f) == n;
    }
    if (f != NULL)
        ok = fclose(f) == 0 && ok;
    return ok || err_set_errno(e, ERR_IO, errno, "%s", path) == ERR_OK;
}

enum err_code life_live(struct life *l, struct err *e)
{
    int64_t past_s = site_now_ms(l->site) / 1000 - morning.s;

    l->options.from.s = morning.s + past_s;
    l->options.duration_s = DAY_S - past_s;
    return drive_run(&l->options, &l->report, e);
}

void life_clear(struct life *l)
{
    if (l->dir[0] != '\0')
        (void)folder_remove(l->dir); /* nothing is told by what stays */
    tz_free(l->tz);
    config_free(l->config);
    site_free(l->site);
    *l = (struct life){0};
}

/* ----- the promises ----- */

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t n = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    return n;
}

static bool has_intent(sqlite3 *db, uint64_t id)
{
    char sql[80];

    (void)str_format(sql, sizeof(sql), "SELECT count(*) FROM intents WHERE seq = %lld",
                     (long long)id);
    return number(db, sql) == 1;
}

static void check_store(const struct life *l, sqlite3 *db, char broken[LINE_TEXT])
{
    int64_t open = number(db, "SELECT count(*) FROM intents WHERE outcome = 'none'");
    int64_t moves = number(db, "SELECT count(*) FROM moves WHERE status = 'open'");
    int64_t lines = number(db, "SELECT count(*) FROM journal");

    if (number(db, "SELECT count(*) FROM pragma_integrity_check"
                   " WHERE integrity_check = 'ok'") != 1)
        (void)str_copy(broken, LINE_TEXT, "the store is damaged");
    else if ((open != 0 || moves != 0) && l->options.calm)
        (void)str_format(broken, LINE_TEXT, "I9: %lld intents and %lld moves are open",
                         (long long)open, (long long)moves);
    else if (lines != l->entries && l->report.crashes == 0 && l->options.calm)
        (void)str_format(broken, LINE_TEXT, "%lld lines of the journal of %lld",
                         (long long)lines, (long long)l->entries);
    for (size_t i = 0; i < l->n_calls && broken[0] == '\0'; i++) {
        if (!has_intent(db, l->calls[i]))
            (void)str_format(broken, LINE_TEXT, "I9: the intent of call %llu is lost",
                             (unsigned long long)l->calls[i]);
    }
}

void life_check(const struct life *l, char broken[LINE_TEXT])
{
    char path[LIFE_DIR + 16];
    sqlite3 *db = NULL;

    broken[0] = '\0';
    if (l->report.violations > 0 && !(l->hindered && l->way->overlaps &&
                                      strstr(l->report.violation, " I1: ") != NULL)) {
        (void)str_copy(broken, LINE_TEXT, l->report.violation);
    } else if (l->forgot) { /* numbers count on from the last one of the store */
        (void)str_copy(broken, LINE_TEXT,
                       "I9: two calls of one number, an intent was lost");
    } else if (l->n_calls < 4) {
        (void)str_copy(broken, LINE_TEXT, "next to nothing was done");
    } else {
        store_path(l, path);
        if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
            (void)str_copy(broken, LINE_TEXT, "the store cannot be opened");
        else
            check_store(l, db, broken);
        (void)sqlite3_close(db);
    }
}
