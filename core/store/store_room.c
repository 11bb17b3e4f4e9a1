#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/*
 * Room on the disk (reliability 6): a file of 1 MiB that is let go when the disk is full,
 * so that what goes on anyway is still journaled; and the journal's age and size.
 */

enum { BALLAST_BYTES = 1024 * 1024, ROOM_TIMES = 4 };
enum { PART = 500, SAMPLE = 200 };
/* Pages of the log after which it is begun anew: SQLite's own number, and that of a full
 * disk, where it must live on the ballast's room. */
enum { USUAL_LOG = 1000, SMALL_LOG = 64 };

/* Enough for the ballast and for some time of work besides. */
static bool has_room(const char *dir)
{
    struct statvfs fs;

    return !RH_BUGGIFY("disk-looks-full") && statvfs(dir, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize >= (uint64_t)ROOM_TIMES * BALLAST_BYTES;
}

static void ballast_path(const struct store *s, char path[PATH_MAX + 16])
{
    size_t len = strlen(s->file) - strlen(STORE_FILE);

    (void)str_format(path, PATH_MAX + 16, "%.*s%s", (int)len, s->file, STORE_BALLAST);
}

/* Real blocks, not a hole; all of it or nothing. */
static bool ballast_write(const char *path)
{
    char part[PATH_MAX + 24];
    bool ok;
    int fd;

    (void)str_format(part, sizeof(part), "%s.part", path);
    (void)unlink(part); /* of a run that died here */
    fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    ok = posix_fallocate(fd, 0, BALLAST_BYTES) == 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && rename(part, path) == 0;
    if (!ok)
        (void)unlink(part); /* it may not be there */
    return ok;
}

bool store_ballast_seen(const struct store *s)
{
    char path[PATH_MAX + 16];
    struct stat st;

    ballast_path(s, path);
    return lstat(path, &st) == 0;
}

void store_room_look(struct store *s)
{
    char path[PATH_MAX + 16], dir[PATH_MAX + 16];

    if (s->in_memory || s->use != STORE_CONTROLLER)
        return;
    ballast_path(s, path);
    if (store_ballast_seen(s)) {
        s->tight = false;
        return;
    }
    (void)str_copy(dir, sizeof(dir), path);
    *strrchr(dir, '/') = '\0';
    s->tight = !has_room(dir) || !ballast_write(path);
    /* It only sets a number. */
    (void)sqlite3_wal_autocheckpoint(s->db, s->tight ? SMALL_LOG : USUAL_LOG);
}

bool store_room_free(struct store *s)
{
    char path[PATH_MAX + 16];

    if (s->in_memory || s->use != STORE_CONTROLLER)
        return false;
    ballast_path(s, path);
    if (unlink(path) != 0)
        return false;
    s->tight = true;
    /* What is in the log goes where it belongs, and the log begins anew. A reader may
     * hinder that; then the next commits do it. */
    (void)sqlite3_wal_autocheckpoint(s->db, SMALL_LOG);
    (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    return true;
}

bool store_is_tight(const struct store *s)
{
    return s->tight;
}

/* ----- the journal's age and size ----- */

/* How many of the oldest entries are too many for max_bytes, by the size of the newest.
 */
static enum err_code beyond_size(struct store *s, int64_t max_bytes, int64_t *n,
                                 struct err *e)
{
    struct query q = query_begin(s, STATEMENT_JOURNAL_SIZE);
    int64_t rows = 0, each = 0;

    query_int(&q, SAMPLE);
    if (query_row(&q)) {
        rows = query_get_int(&q);
        each = query_get_int(&q);
    }
    *n = each > 0 && rows > max_bytes / each ? rows - max_bytes / each : 0;
    return query_end(&q, "measure the journal", e);
}

static enum err_code prune(struct store *s, struct utc before, int64_t beyond,
                           int64_t *removed, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_JOURNAL_TRIM);
    enum err_code code;

    query_int(&q, beyond < PART ? beyond : PART);
    query_int(&q, PART);
    query_int(&q, before.s);
    code = query_run(&q, "trim the journal", e);
    if (code != ERR_OK)
        return code;
    *removed = sqlite3_changes64(s->db);
    if (*removed > 0)
        RH_PROBE("journal-trimmed");
    q = query_begin(s, STATEMENT_INTENT_TRIM);
    query_int(&q, before.s);
    query_int(&q, PART);
    return query_run(&q, "remove old intents", e);
}

enum err_code store_prune(struct store *s, struct utc before, int64_t max_bytes,
                          bool *more, struct err *e)
{
    int64_t beyond = 0, removed = 0;
    enum err_code code = store_begin(s, e);

    *more = false;
    if (code == ERR_OK)
        code = beyond_size(s, max_bytes, &beyond, e);
    if (code == ERR_OK)
        code = prune(s, before, beyond, &removed, e);
    if (code == ERR_OK)
        code = store_commit(s, e);
    store_rollback(s); /* what was not committed */
    *more = code == ERR_OK && removed >= PART;
    return code;
}
