#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <string.h>

/*
 * Version 1 and what came later. Times are seconds since 1970 UTC, NULL when there is
 * none; money is in whole nano-dollars; words are spelled as everywhere else. People read
 * these tables with sqlite3, so a move or a call is columns, not a blob.
 */
static const char step_1[] =
    "CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), deployment TEXT NOT NULL,"
    " epoch INTEGER NOT NULL, made_at INTEGER) STRICT;"
    "CREATE TABLE journal(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " level TEXT NOT NULL, server TEXT NOT NULL, actor TEXT NOT NULL,"
    " action TEXT NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL,"
    " reason TEXT NOT NULL, outcome TEXT NOT NULL, move TEXT NOT NULL,"
    " text TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal"
    " BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;"
    "CREATE TABLE moves(id TEXT PRIMARY KEY, server TEXT NOT NULL, mover TEXT NOT NULL,"
    " direction TEXT NOT NULL, status TEXT NOT NULL, step INTEGER NOT NULL,"
    " committed INTEGER NOT NULL, force INTEGER NOT NULL, manual INTEGER NOT NULL,"
    " interrupted INTEGER NOT NULL, made_by TEXT NOT NULL, reason TEXT NOT NULL,"
    " started INTEGER, step_since INTEGER, committed_at INTEGER,"
    " drain_deadline INTEGER, deadline INTEGER, step_done TEXT NOT NULL,"
    " idle_since INTEGER, marked_seen INTEGER, calls INTEGER NOT NULL,"
    " last_call_at INTEGER, task TEXT NOT NULL, progress INTEGER NOT NULL,"
    " note TEXT NOT NULL, attempt INTEGER NOT NULL, offering INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    /* One open move per server (reliability 6, rule 3), whatever the program believes. */
    "CREATE UNIQUE INDEX moves_open ON moves(server) WHERE status = 'open';"
    "CREATE TABLE intents(seq INTEGER PRIMARY KEY, move TEXT NOT NULL,"
    " action TEXT NOT NULL, server TEXT NOT NULL, target TEXT NOT NULL,"
    " marker TEXT NOT NULL, nonce TEXT NOT NULL, force INTEGER NOT NULL,"
    " instance_type TEXT NOT NULL, edge_node TEXT NOT NULL,"
    " storage_policy TEXT NOT NULL, eni TEXT NOT NULL, eni_field TEXT NOT NULL,"
    " static_address TEXT NOT NULL, subnet TEXT NOT NULL,"
    " security_groups TEXT NOT NULL, spot INTEGER NOT NULL, max_price_nanos INTEGER,"
    " started_at INTEGER NOT NULL, outcome TEXT NOT NULL DEFAULT 'none',"
    " outcome_at INTEGER, error TEXT, http INTEGER, text TEXT, detail TEXT,"
    " took_ms INTEGER, epoch INTEGER NOT NULL) STRICT;"
    "CREATE INDEX intents_open ON intents(seq) WHERE outcome = 'none';"
    "CREATE TABLE holds(server TEXT PRIMARY KEY, place TEXT NOT NULL,"
    " kind TEXT NOT NULL, until_at INTEGER, made_by TEXT NOT NULL, made_at INTEGER,"
    " why TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE commands(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
    " server TEXT NOT NULL, place TEXT NOT NULL, force INTEGER NOT NULL,"
    " setting TEXT NOT NULL, hold_kind TEXT NOT NULL, until_at INTEGER,"
    " start INTEGER NOT NULL, made_by TEXT NOT NULL, made_at INTEGER,"
    " answered INTEGER NOT NULL DEFAULT 0, accepted INTEGER, text TEXT,"
    " answered_at INTEGER) STRICT;"
    "CREATE INDEX commands_open ON commands(id) WHERE answered = 0;"
    "CREATE TABLE samples(id INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " server TEXT NOT NULL, place TEXT NOT NULL, node TEXT NOT NULL,"
    " job TEXT NOT NULL, build TEXT NOT NULL, took_ms INTEGER,"
    " outcome TEXT NOT NULL) STRICT;"
    "CREATE TABLE ledger(id INTEGER PRIMARY KEY, resource TEXT NOT NULL,"
    " kind TEXT NOT NULL, server TEXT NOT NULL, type TEXT NOT NULL, zone TEXT NOT NULL,"
    " start_at INTEGER NOT NULL, end_at INTEGER, rate_nanos INTEGER,"
    " source TEXT NOT NULL, cost_nanos INTEGER NOT NULL) STRICT;"
    "CREATE INDEX ledger_open ON ledger(id) WHERE end_at IS NULL;"
    "CREATE INDEX ledger_end ON ledger(end_at);"
    "CREATE TABLE prices(type TEXT NOT NULL, zone TEXT NOT NULL, at INTEGER NOT NULL,"
    " price_nanos INTEGER NOT NULL, PRIMARY KEY(type, zone, at)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE snapshot(id INTEGER PRIMARY KEY CHECK(id = 1), at INTEGER NOT NULL,"
    " json TEXT NOT NULL) STRICT;";

/* Version 2: on-demand prices as the price list said them; the newest of each. */
static const char step_2[] =
    "CREATE TABLE listed(region TEXT NOT NULL, type TEXT NOT NULL,"
    " price_nanos INTEGER NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY(region, type)) STRICT, WITHOUT ROWID;";

/* Version 3: what a move launched, in words: an index into a list of the configuration
 * says something else as soon as that changes. */
static const char step_3[] = "ALTER TABLE moves DROP COLUMN offering;"
                             "ALTER TABLE moves ADD COLUMN type TEXT NOT NULL DEFAULT '';"
                             "ALTER TABLE moves ADD COLUMN zone TEXT NOT NULL DEFAULT '';"
                             "ALTER TABLE moves ADD COLUMN lifecycle TEXT NOT NULL"
                             " DEFAULT 'unknown';";

/* Version 4: what ran on which node, a row a build; nothing was in the table before. */
static const char step_4[] =
    "DROP TABLE samples;"
    "CREATE TABLE samples(job TEXT NOT NULL, number INTEGER NOT NULL,"
    " server TEXT NOT NULL, node TEXT NOT NULL, place TEXT NOT NULL,"
    " started_at INTEGER, took_ms INTEGER NOT NULL, result TEXT NOT NULL,"
    " at INTEGER NOT NULL, PRIMARY KEY(job, number)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX samples_at ON samples(at);"
    "CREATE INDEX samples_running ON samples(job) WHERE result = 'RUNNING';";

/* Version 5: what a person was asked was answered with yes. */
static const char step_5[] =
    "ALTER TABLE commands ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;";

/* Version 6: what a launch needs to be sent again as it was. */
static const char step_6[] =
    "ALTER TABLE intents ADD COLUMN launch_template TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE intents ADD COLUMN image TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE intents ADD COLUMN key_name TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE intents ADD COLUMN iam_profile TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE intents ADD COLUMN token TEXT NOT NULL DEFAULT '';";

/* Version 7: builds that lost their machine. */
static const char step_7[] =
    "CREATE TABLE requeues(job TEXT NOT NULL, number INTEGER NOT NULL,"
    " server TEXT NOT NULL, node TEXT NOT NULL, cause TEXT NOT NULL,"
    " spread INTEGER NOT NULL, original INTEGER NOT NULL, count INTEGER NOT NULL,"
    " noted_at INTEGER, lost_at INTEGER, stopped_at INTEGER, state TEXT NOT NULL,"
    " sent_at INTEGER, orders INTEGER NOT NULL, queue_id INTEGER NOT NULL,"
    " why TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(job, number))"
    " STRICT, WITHOUT ROWID;";

const char *const schema_steps[] = {step_1, step_2, step_3, step_4,
                                    step_5, step_6, step_7};
const int schema_version = ARRAY_LEN(schema_steps);

static enum err_code read_version(struct store *s, int *version, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *version = sqlite3_column_int(st, 0);
    (void)sqlite3_finalize(st); /* repeats step's result */
    return rc == SQLITE_ROW ? ERR_OK : store_fail(s, rc, "read its version", e);
}

/* A whole copy through SQLite itself: the file must not be read by hand while it is open.
 */
static enum err_code back_up(struct store *s, int version, struct err *e)
{
    char path[PATH_MAX + 16];
    sqlite3_stmt *st = NULL;
    int rc;

    if (!str_format(path, sizeof(path), "%s.v%d", s->file, version))
        return err_set(e, ERR_STORE, "%.100s: the path is too long for a copy", s->file);
    rc = sqlite3_prepare_v2(s->db, "VACUUM INTO ?", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    (void)sqlite3_finalize(st); /* repeats step's result */
    return rc == SQLITE_DONE ? ERR_OK
                             : store_fail(s, rc, "copy it before its schema changes", e);
}

enum err_code schema_migrate(struct store *s, const char *const steps[], int n,
                             struct err *e)
{
    char pragma[48];
    int version = 0;
    enum err_code code = read_version(s, &version, e);
    int rc;

    if (code != ERR_OK)
        return code;
    if (version > n)
        return err_set(e, ERR_STORE,
                       "%.100s has schema %d, this rushhour knows %d: use the newer one",
                       s->file, version, n);
    if (version == n)
        return ERR_OK;
    if (s->use != STORE_CONTROLLER)
        return err_set(e, version == 0 ? ERR_NOT_FOUND : ERR_STORE,
                       "%.100s has an older schema: start rushhour itself once", s->file);
    if (version > 0)
        code = back_up(s, version, e);
    if (code != ERR_OK)
        return code;
    rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int v = version; rc == SQLITE_OK && v < n; v++)
        rc = sqlite3_exec(s->db, steps[v], NULL, NULL, NULL);
    (void)str_format(pragma, sizeof(pragma), "PRAGMA user_version = %d", n);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, pragma, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return ERR_OK;
    code = store_fail(s, rc, "bring its schema up to date", e);
    store_rollback(s);
    return code;
}
