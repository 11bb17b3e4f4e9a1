#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A client has time; the controller waits only as long as an insert of a client takes. */
enum { BUSY_MS = 3000, CLIENT_BUSY_MS = 10000, ANSWERS_KEPT_S = 24 * 3600 };
enum { MOST_RESULT = 1 << 20 }; /* an extended result is smaller */

/* One value of a pragma or of a check. */
static enum err_code pragma_text(struct store *s, const char *sql, char *buf, size_t size,
                                 struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    const void *text;

    buf[0] = '\0';
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        text = sqlite3_column_text(st, 0);
        if (text == NULL)
            rc = SQLITE_NOMEM;
        else
            (void)str_copy(buf, size, text); /* cut is fine */
    }
    (void)sqlite3_finalize(st); /* repeats step's result */
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : store_fail(s, rc, sql, e);
}

/* Nothing in the file may make SQLite run what we did not write. */
static int harden(sqlite3 *db)
{
    static const struct {
        int what, value;
    } settings[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                    {SQLITE_DBCONFIG_DQS_DML, 0},
                    {SQLITE_DBCONFIG_DQS_DDL, 0},
                    {SQLITE_DBCONFIG_ENABLE_FKEY, 1}};
    int rc = SQLITE_OK;

    for (size_t i = 0; i < ARRAY_LEN(settings) && rc == SQLITE_OK; i++)
        rc = sqlite3_db_config(db, settings[i].what, settings[i].value, NULL);
    return rc;
}

/* What ended the check, as a result of SQLite's: it tells a page that could not be read,
 * for want of memory or by a failure of the disk, in the words in which it tells damage.
 * SQLITE_CORRUPT: it is that. */
static int check_result(const char *said)
{
    static const char words[] = "error code";
    const char *at = strstr(said, words);
    int rc = 0;

    if (at == NULL)
        return SQLITE_CORRUPT;
    at += strlen(words);
    at += strspn(at, " =");
    for (; *at >= '0' && *at <= '9' && rc < MOST_RESULT; at++)
        rc = rc * 10 + (*at - '0');
    return rc != SQLITE_OK ? rc : SQLITE_CORRUPT;
}

/* Only what is damaged for sure is set aside: a start that had no memory, or a disk that
 * did not answer, ends and says so. */
static enum err_code check(struct store *s, struct err *e)
{
    char said[LINE_TEXT];
    enum err_code code = pragma_text(s, "PRAGMA quick_check(1)", said, sizeof(said), e);
    int rc;

    if (code != ERR_OK || str_eq(said, "ok"))
        return code;
    rc = check_result(said);
    if ((rc & 0xff) != SQLITE_CORRUPT && (rc & 0xff) != SQLITE_NOTADB)
        return store_fail(s, rc, "look whether it is whole", e);
    s->damaged = true;
    return err_set(e, ERR_STORE, "%.100s is damaged (%.50s)", s->file, said);
}

static enum err_code set_up(struct store *s, bool in_memory, struct err *e)
{
    const char *pragmas = in_memory ? "PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
                                    : "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
                                      "PRAGMA cell_size_check=ON;"
                                      /* KiB: full after a day, so that memory is flat */
                                      "PRAGMA cache_size=-512;"
                                      "PRAGMA journal_size_limit=4194304;";
    enum err_code code = ERR_OK;
    char said[64];
    int rc = harden(s->db);

    (void)sqlite3_extended_result_codes(s->db, 1); /* cannot fail on an open one */
    (void)sqlite3_busy_timeout(s->db,
                               s->use == STORE_CONTROLLER ? BUSY_MS : CLIENT_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return store_fail(s, rc, "open the store", e);
    if (in_memory || s->use != STORE_CONTROLLER)
        return ERR_OK;
    code = pragma_text(s, "PRAGMA journal_mode=WAL", said, sizeof(said), e);
    if (code == ERR_OK && !str_eq(said, "wal"))
        code = err_set(e, ERR_STORE,
                       "%.100s cannot keep a write-ahead log here (%s): use a local disk",
                       s->file, said);
    return code == ERR_OK ? check(s, e) : code;
}

static enum err_code open_file(struct store *s, const char *dir, struct err *e)
{
    /* The log and the shared memory come and go with SQLite; they must be ours, too. */
    static const char *const others[] = {"-wal", "-shm"};
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                      SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;
    bool create = s->use == STORE_CONTROLLER;
    char real[PATH_MAX], other[PATH_MAX + 8];
    struct stat st;
    enum err_code code = store_dir_prepare(dir, create, real, e);
    int rc;

    if (code != ERR_OK)
        return code;
    if (!str_format(s->file, sizeof(s->file), "%s/%s", real, STORE_FILE))
        return err_set(e, ERR_STORE, "the path of the state directory is too long");
    if (create && lstat(s->file, &st) != 0 && errno == ENOENT)
        code = store_log_aside(s->file, e); /* of another one, that somebody removed */
    if (code == ERR_OK)
        code = store_file_prepare(s->file, create, e);
    for (size_t i = 0; i < ARRAY_LEN(others) && code == ERR_OK; i++) {
        (void)str_format(other, sizeof(other), "%s%s", s->file, others[i]);
        code = store_file_prepare(other, false, e);
        if (code == ERR_NOT_FOUND) {
            err_clear(e);
            code = ERR_OK;
        }
    }
    if (code != ERR_OK)
        return code;
    rc = sqlite3_open_v2(s->file, &s->db, flags, NULL);
    if (rc == SQLITE_OK && lstat(s->file, &st) == 0) {
        s->device = st.st_dev;
        s->inode = st.st_ino;
    }
    return rc == SQLITE_OK ? ERR_OK : store_fail(s, rc, "open the store", e);
}

static enum err_code open_memory(struct store *s, struct err *e)
{
    int rc = sqlite3_open_v2(
        ":memory:", &s->db,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    (void)str_copy(s->file, sizeof(s->file), "the store in memory");
    return rc == SQLITE_OK ? ERR_OK : store_fail(s, rc, "open the store", e);
}

/* Whose store it is; fills epoch. none: the row is not there yet. */
static enum err_code read_meta(struct store *s, const char *deployment, bool *none,
                               struct err *e)
{
    struct query q = query_begin(s, STATEMENT_META_GET);
    char found[LINE_TEXT] = "";

    *none = !query_row(&q);
    if (!*none) {
        query_get_text(&q, found, sizeof(found));
        s->epoch = query_get_int(&q);
    }
    if (query_end(&q, "read whose store it is", e) != ERR_OK)
        return e->code;
    if (!*none && deployment != NULL && !str_eq(found, deployment))
        return err_set(e, ERR_STORE,
                       "%.70s belongs to deployment \"%.30s\", not to \"%.30s\": name "
                       "another directory with --state",
                       s->file, found, deployment);
    return ERR_OK;
}

/* One more epoch: from now on whoever had the last one can write nothing. */
static enum err_code take_over(struct store *s, const char *deployment, struct err *e)
{
    struct utc now = clock_utc(clock_system());
    struct query q = query_begin(s, STATEMENT_BEGIN);
    enum err_code code = query_run(&q, "begin to write", e);
    bool none = false;

    if (code == ERR_OK)
        code = read_meta(s, deployment, &none, e);
    if (code == ERR_OK && none) {
        q = query_begin(s, STATEMENT_META_PUT);
        query_text(&q, deployment != NULL ? deployment : "");
        query_utc(&q, now);
        code = query_run(&q, "write whose store it is", e);
    }
    if (code == ERR_OK) {
        q = query_begin(s, STATEMENT_EPOCH_RAISE);
        code = query_run(&q, "raise the epoch", e);
    }
    if (code == ERR_OK) {
        q = query_begin(s, STATEMENT_COMMAND_CLEAN);
        query_int(&q, now.s - ANSWERS_KEPT_S);
        code = query_run(&q, "remove old answers", e);
    }
    if (code == ERR_OK)
        code = store_commit(s, e);
    if (code == ERR_OK) {
        s->first_start = none;
        s->lost = none && !s->in_memory && store_ballast_seen(s);
        s->epoch++;
    }
    store_rollback(s);
    return code;
}

static void disconnect(struct store *s)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(s->statements[i]); /* repeats an error already told */
        s->statements[i] = NULL;
    }
    (void)sqlite3_close(s->db); /* nothing is left open that could keep it */
    s->db = NULL;
}

static enum err_code connect(struct store *s, const char *dir, const char *deployment,
                             struct err *e)
{
    enum err_code code;
    bool none;

    code = dir != NULL ? open_file(s, dir, e) : open_memory(s, e);
    if (code == ERR_OK)
        code = set_up(s, dir == NULL, e);
    if (code == ERR_OK)
        code = schema_migrate(s, schema_steps, schema_version, e);
    if (code == ERR_OK)
        code = s->use == STORE_CONTROLLER ? take_over(s, deployment, e)
                                          : read_meta(s, deployment, &none, e);
    if (code != ERR_OK && s->db != NULL && s->full && store_room_free(s)) {
        err_clear(e); /* a start on a full disk: ways home go on */
        code = take_over(s, deployment, e);
    }
    return code;
}

enum err_code store_open(const char *dir, enum store_use use, const char *deployment,
                         struct store **out, struct err *e)
{
    struct store *s = calloc(1, sizeof(*s));
    enum err_code code;

    if (s == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the store");
    s->use = use;
    s->in_memory = dir == NULL;
    code = connect(s, dir, deployment, e);
    if (code != ERR_OK && s->damaged && use == STORE_CONTROLLER && dir != NULL) {
        disconnect(s);
        err_clear(e);
        code = store_set_aside(s->file, s->aside, e);
        if (code == ERR_OK)
            code = connect(s, dir, deployment, e);
        s->lost = true;
    }
    if (code == ERR_OK) {
        store_room_look(s);
        *out = s;
    } else {
        store_close(s);
    }
    return code;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    disconnect(s);
    free(s);
}

int64_t store_epoch(const struct store *s)
{
    return s->epoch;
}

int64_t store_data_version(struct store *s)
{
    struct query q = query_begin(s, STATEMENT_DATA_VERSION);
    struct err ignored = {0};
    int64_t version = -1;

    if (query_row(&q))
        version = query_get_int(&q);
    /* Unreadable reads as -1: the caller then looks for itself, and is told why. */
    (void)query_end(&q, "read its version", &ignored);
    return version;
}
