/*
 * board - where the latest snapshot hangs: the controller puts it up, everybody may take
 * a reference. An eventfd tells that there is a new one. Owns one reference of the latest
 * snapshot and the eventfd. Threads: any.
 */
#ifndef RH_ENGINE_BOARD_H
#define RH_ENGINE_BOARD_H

#include "core/base/err.h"
#include "core/model/fleet.h"

struct board;

enum err_code board_new(struct board **out, struct err *e) MUST_CHECK NONNULL;
void board_free(struct board *b);

void board_publish(struct board *b, struct fleet *taken) NONNULL;
struct fleet *
board_latest(struct board *b) NONNULL;    /* a reference of the caller's, or NULL */
void board_wake(struct board *b) NONNULL; /* who waits, although nothing is new */
int board_event_fd(
    const struct board *b) NONNULL; /* readable when something was published */

#endif
