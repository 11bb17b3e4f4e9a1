/*
 * export - what the dashboard writes into new files of the state directory: the month of
 * the ledger, by a thread of its own, because its store may be slow. A struct export is
 * set up with export_init() and given back with export_clear(), which waits for the
 * thread; it borrows its source.
 * Threads: the UI's.
 */
#ifndef RH_TUI_EXPORT_H
#define RH_TUI_EXPORT_H

#include "tui/app.h"

#include <pthread.h>

struct export
{
    const struct app_export *from;
    int event_fd; /* readable: it has ended; -1 = none */
    bool running;
    pthread_t thread;
    void *work; /* of the one that runs */
    char path[1024];
    struct err err;
};

void export_init(struct export *x, const struct app_export *from) NONNULL;
void export_clear(struct export *x) NONNULL;

/* Begins to write cost-MONTH-TIME.csv there. ERR_LOCKED: one is being written. */
enum err_code export_start(struct export *x, const char *dir,
                           struct err *e) MUST_CHECK NONNULL;
/* Has it ended? Then *e says what came of it, and x->path where it is. */
bool export_ended(struct export *x, struct err *e) NONNULL;

/* A file that is new, of this user alone (0600); none is left after an error. */
enum err_code export_write(const char *path, const struct strbuf *text,
                           struct err *e) MUST_CHECK NONNULL;

#endif
