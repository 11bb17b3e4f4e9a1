/*
 * tty - the terminal's own modes: taken over, and given back whatever happens. Holds the
 * process's only copy of the saved modes, since a signal handler needs them.
 * Threads: the UI's; the crash handler runs in any.
 */
#ifndef RH_TUI_TTY_H
#define RH_TUI_TTY_H

#include "core/base/err.h"

#include <stdbool.h>

/* Saves the modes of fd and switches to single keys without signals. ERR_IO. */
enum err_code tty_enter(int fd, struct err *e) MUST_CHECK NONNULL;
/* Gives the saved modes back; may be called again. */
void tty_leave(void);

/* The size of the terminal, 24 x 80 when it does not know. */
void tty_size(int fd, int *rows, int *cols) NONNULL;

/*
 * On SEGV, ABRT, BUS, FPE, ILL and the other signals that end a process, and on an exit()
 * before tty_leave(): writes `restore` and a line that names the log, gives
 * the modes back, and ends as the signal wants. Texts are copied.
 */
enum err_code tty_catch_crashes(int fd, const char *restore, const char *log_path,
                                struct err *e) MUST_CHECK;
void tty_forget_crashes(void);

/* An own open file of the terminal behind fd, so that not waiting for it does not change
 * what the shell has; -1 when there is none. */
int tty_reopen(int fd);

#endif
