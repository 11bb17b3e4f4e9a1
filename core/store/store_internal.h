/*
 * store_internal - what the files of the store share: the connection, its prepared
 * statements, binding and reading in order. Only for core/store and its tests.
 * Threads: as the store that they belong to.
 */
#ifndef RH_STORE_STORE_INTERNAL_H
#define RH_STORE_STORE_INTERNAL_H

#include "core/base/probe.h"
#include "core/base/sure.h"
#include "core/store/store.h"

#include <limits.h>
#include <sqlite3.h>
#include <sys/types.h>

#define STORE_FILE    "state.db"
#define STORE_BALLAST "ballast"

enum store_statement {
#define STATEMENT(id, sql) STATEMENT_##id,
#include "core/store/statements.def"
#undef STATEMENT
    STATEMENT_COUNT
};

struct store {
    sqlite3 *db;
    enum store_use use;
    bool first_start;
    bool lost;      /* the file is new, but there was one before */
    bool in_memory; /* it has no file, and no ballast */
    bool tight;     /* the ballast is gone: the disk is full or nearly so */
    bool full;      /* the newest failure was for want of room */
    bool damaged;   /* … is in the file itself */
    bool lax;     /* commits do not wait for the disk: PRAGMA synchronous as it is now */
    dev_t device; /* the file that is open, for who removes it meanwhile */
    ino_t inode;
    int64_t epoch;
    uint32_t samples_put;   /* since they were cleaned */
    uint64_t last_command;  /* the newest that store_commands() handed out */
    char file[PATH_MAX];    /* as shown in messages */
    char aside[ASIDE_TEXT]; /* the damaged one before it is called so now, "" = none */
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* A statement that is being used: parameters and columns are taken in their order. The
 * first failure is kept, so that only the end needs a check. */
struct query {
    struct store *s;
    sqlite3_stmt *st;
    int at; /* the next parameter, the next column */
    int rc;
    bool stepped; /* its parameters are complete */
};

struct query query_begin(struct store *s, enum store_statement id) NONNULL;
void query_int(struct query *q, int64_t v) NONNULL;
void query_utc(struct query *q, struct utc t) NONNULL; /* 0 is stored as NULL */
void query_text(struct query *q, const char *text) NONNULL;
void query_none(struct query *q) NONNULL;
bool query_row(struct query *q) NONNULL; /* true: there is one; columns begin anew */
int64_t query_get_int(struct query *q) NONNULL;
struct utc query_get_utc(struct query *q) NONNULL;
void query_get_text(struct query *q, char *buf, size_t size) NONNULL;
/* Resets the statement. ERR_STORE when anything in between failed. */
enum err_code query_end(struct query *q, const char *what, struct err *e) NONNULL;
enum err_code query_run(struct query *q, const char *what, struct err *e) NONNULL;

/* For SQLite's last result: text with the file, the cause and what to do. */
enum err_code store_fail(struct store *s, int rc, const char *what,
                         struct err *e) NONNULL;

/* Transactions; begin checks that this is still the store's controller (ERR_LOCKED). A
 * lax one is on disk with the next that is not, or later: for what may be lost. */
enum err_code store_begin(struct store *s, struct err *e) MUST_CHECK NONNULL;
enum err_code store_begin_lax(struct store *s, struct err *e) MUST_CHECK NONNULL;
enum err_code store_commit(struct store *s, struct err *e) MUST_CHECK NONNULL;
void store_rollback(struct store *s) NONNULL;

/* Brings the schema of the file up to n steps; steps[i] leads from version i to i + 1.
 * Before it changes an older file it leaves a copy beside it. */
enum err_code schema_migrate(struct store *s, const char *const steps[], int n,
                             struct err *e) MUST_CHECK NONNULL;
extern const char *const schema_steps[];
extern const int schema_version;

/* store_samples.c: what ran on which node. The list is the caller's, on error, too. */
enum err_code store_sample_put(struct store *s, const struct sample *b, struct utc at,
                               struct err *e) MUST_CHECK NONNULL;
enum err_code store_job_forget(struct store *s, const char *job,
                               struct err *e) MUST_CHECK NONNULL;
enum err_code store_running_load(struct store *s, struct sample **running, size_t *n,
                                 struct err *e) MUST_CHECK NONNULL;

/* store_requeues.c: builds that lost their machine. The list is the caller's, on error,
 * too. */
enum err_code store_requeue_put(struct store *s, const struct requeue *q, struct utc at,
                                struct err *e) MUST_CHECK NONNULL;
enum err_code store_requeues_load(struct store *s, struct requeue **list, size_t *n,
                                  struct err *e) MUST_CHECK NONNULL;

/* Makes the directory (0700, with its parents) or checks that it is ours alone; real
 * gets its path without links. */
enum err_code store_dir_prepare(const char *dir, bool create, char real[PATH_MAX],
                                struct err *e) MUST_CHECK NONNULL;
/* A file in it: regular, ours, 0600; made empty when create is set. ERR_NOT_FOUND. */
enum err_code store_file_prepare(const char *path, bool create,
                                 struct err *e) MUST_CHECK NONNULL;
bool store_fs_is_network(unsigned long type);

/* store_aside.c: gives a damaged file and its log another name beside it, which name
 * gets; the log alone, when the file is gone. ERR_STORE: it stays where it is. */
enum err_code store_set_aside(const char *file, char name[ASIDE_TEXT],
                              struct err *e) MUST_CHECK NONNULL;
enum err_code store_log_aside(const char *file, struct err *e) MUST_CHECK NONNULL;

/* store_room.c: is the ballast there; lets it go (false: there was none). */
bool store_ballast_seen(const struct store *s) NONNULL;
bool store_room_free(struct store *s) NONNULL;

#endif
