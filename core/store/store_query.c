#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *const statement_texts[] = {
#define STATEMENT(id, sql) sql,
#include "core/store/statements.def"
#undef STATEMENT
};

enum err_code store_fail(struct store *s, int rc, const char *what, struct err *e)
{
    /* The connection knows more than the result code, if it is about the same thing. */
    bool same = s->db != NULL && (sqlite3_extended_errcode(s->db) & 0xff) == (rc & 0xff);
    const char *said = same ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);
    int sys = same ? sqlite3_system_errno(s->db) : 0;
    const char *words = sys != 0 ? strerrordesc_np(sys) : NULL;
    char cause[96];

    s->damaged = (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
    s->full = (rc & 0xff) == SQLITE_FULL || sys == ENOSPC || sys == EDQUOT;
    (void)str_format(cause, sizeof(cause), "%.60s%s%.30s", said,
                     words != NULL ? ": " : "", words != NULL ? words : "");
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_set(e, ERR_NOMEM, "no memory to %s", what);
    case SQLITE_FULL:
        return err_set(e, ERR_STORE, "cannot %s: the disk of %.70s is full: free space",
                       what, s->file);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return err_set(e, ERR_STORE,
                       "cannot %s: %.70s cannot be written (%s): check its disk and "
                       "permissions",
                       what, s->file, cause);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(e, ERR_STORE,
                       "%.70s is damaged (%.40s): the next start sets it aside and "
                       "adopts what runs",
                       s->file, said);
    case SQLITE_BUSY:
        return err_set(e, ERR_STORE, "cannot %s: another process holds %.70s: try again",
                       what, s->file);
    default:
        return err_set(e, ERR_STORE, "cannot %s: %.70s: %s", what, s->file, cause);
    }
}

struct query query_begin(struct store *s, enum store_statement id)
{
    struct query q = {.s = s, .rc = SQLITE_OK};

    SURE(id < STATEMENT_COUNT && s->db != NULL);
    if (s->statements[id] == NULL)
        q.rc = sqlite3_prepare_v3(s->db, statement_texts[id], -1,
                                  SQLITE_PREPARE_PERSISTENT, &s->statements[id], NULL);
    q.st = s->statements[id];
    return q;
}

static void keep(struct query *q, int rc)
{
    if (q->rc == SQLITE_OK)
        q->rc = rc;
}

void query_int(struct query *q, int64_t v)
{
    SURE(!q->stepped);
    if (q->rc == SQLITE_OK)
        keep(q, sqlite3_bind_int64(q->st, ++q->at, v));
}

void query_none(struct query *q)
{
    if (q->rc == SQLITE_OK)
        keep(q, sqlite3_bind_null(q->st, ++q->at));
}

void query_utc(struct query *q, struct utc t)
{
    if (t.s == 0)
        query_none(q);
    else
        query_int(q, t.s);
}

/* Borrowed until the query ends; all records outlive that. */
void query_text(struct query *q, const char *text)
{
    SURE(!q->stepped);
    if (q->rc == SQLITE_OK)
        keep(q, sqlite3_bind_text(q->st, ++q->at, text, -1, SQLITE_STATIC));
}

bool query_row(struct query *q)
{
    int rc;

    if (q->rc != SQLITE_OK)
        return false;
    /* Written as the statement says, and read as it says: a field too few would shift all
     * that follow it. */
    SURE(q->stepped || q->at == sqlite3_bind_parameter_count(q->st));
    SURE(!q->stepped || q->at == 0 || q->at == sqlite3_column_count(q->st));
    q->stepped = true;
    q->at = 0;
    rc = sqlite3_step(q->st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        keep(q, rc);
    return rc == SQLITE_ROW;
}

int64_t query_get_int(struct query *q)
{
    SURE(q->stepped && q->at < sqlite3_column_count(q->st));
    return sqlite3_column_int64(q->st, q->at++);
}

struct utc query_get_utc(struct query *q)
{
    return (struct utc){query_get_int(q)}; /* NULL reads as 0 */
}

void query_get_text(struct query *q, char *buf, size_t size)
{
    const void *text;

    SURE(q->stepped && q->at < sqlite3_column_count(q->st));
    text = sqlite3_column_text(q->st, q->at++);

    /* Cut only when somebody wrote the file by hand; a cut text is still a text. */
    (void)str_copy(buf, size, text != NULL ? text : "");
}

enum err_code query_end(struct query *q, const char *what, struct err *e)
{
    enum err_code code = ERR_OK;

    if (q->rc != SQLITE_OK)
        code = store_fail(q->s, q->rc, what, e);
    if (q->st != NULL) {
        (void)sqlite3_reset(q->st); /* repeats step's result */
        (void)sqlite3_clear_bindings(q->st);
    }
    return code;
}

enum err_code query_run(struct query *q, const char *what, struct err *e)
{
    while (query_row(q))
        continue;
    return query_end(q, what, e);
}

/* ----- transactions ----- */

static enum err_code run(struct store *s, enum store_statement id, const char *what,
                         struct err *e)
{
    struct query q = query_begin(s, id);

    return query_run(&q, what, e);
}

/* What is written to a file without a name is gone with this process. */
static bool is_in_place(const struct store *s)
{
    struct stat st;

    return s->in_memory ||
           (lstat(s->file, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode);
}

static enum err_code set_lax(struct store *s, bool lax, struct err *e)
{
    int rc;

    if (s->in_memory || s->lax == lax)
        return ERR_OK;
    rc =
        sqlite3_exec(s->db, lax ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL",
                     NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return store_fail(s, rc, "begin to write", e);
    s->lax = lax;
    return ERR_OK;
}

static enum err_code begin(struct store *s, bool lax, struct err *e)
{
    struct query q;
    int64_t epoch = 0;
    enum err_code code;

    if (s->use != STORE_CONTROLLER)
        return err_set(e, ERR_LOCKED, "%.100s: only the running instance writes it",
                       s->file);
    if (!is_in_place(s))
        return err_set(
            e, ERR_STORE,
            "%.80s was removed or replaced while it was in use: start rushhour "
            "again, which then adopts what runs",
            s->file);
    store_rollback(s); /* of one that had no memory, or no disk, even for this */
    code = set_lax(s, lax, e);
    if (code == ERR_OK)
        code = run(s, STATEMENT_BEGIN, "begin to write", e);
    if (code != ERR_OK)
        return code;
    q = query_begin(s, STATEMENT_EPOCH);
    if (query_row(&q))
        epoch = query_get_int(&q);
    code = query_end(&q, "read the epoch", e);
    if (code == ERR_OK && epoch != s->epoch)
        code = err_set(e, ERR_LOCKED,
                       "another rushhour has taken over %.80s (epoch %lld, this one has "
                       "%lld): nothing is written",
                       s->file, (long long)epoch, (long long)s->epoch);
    if (code != ERR_OK)
        store_rollback(s);
    return code;
}

enum err_code store_begin(struct store *s, struct err *e)
{
    return begin(s, false, e);
}

enum err_code store_begin_lax(struct store *s, struct err *e)
{
    return begin(s, true, e);
}

enum err_code store_commit(struct store *s, struct err *e)
{
    return run(s, STATEMENT_COMMIT, "write", e);
}

void store_rollback(struct store *s)
{
    /* SQLite may have rolled back by itself; then there is nothing to do. */
    if (sqlite3_get_autocommit(s->db) == 0)
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}
