/*
 * crew - the threads that reach the APIs under one configuration: a poller for each API,
 * action workers. Another configuration gets another crew; the old one makes no more
 * polls, carries out the calls that it was handed, and is freed when they have ended.
 * Owns its threads and clients and what is taken in its options; has a reference of its
 * setup; borrows the rest until crew_free(). Threads: poll and call from the
 * controller's; see each of the others.
 */
#ifndef RH_ENGINE_CREW_H
#define RH_ENGINE_CREW_H

#include "core/base/log.h"
#include "core/engine/api_set.h"
#include "core/engine/controller.h"
#include "core/engine/keeper.h"
#include "core/engine/mailbox.h"
#include "core/model/setup.h"

/* What lies in the controller's inbox. */
struct handover;
struct post {
    struct event event;
    uint32_t crew;             /* whose observation it is, 0 = no crew's */
    struct handover *handover; /* with EVENT_CONFIG: the runtime's own */
};

struct crew;

struct crew_options {
    struct setup *setup;       /* NULL: somebody else keeps its configuration */
    struct api_shared *shared; /* taken, also on failure */
    const struct clock *clock;
    struct clock_scaled *scaled; /* when clock is a scaled one; NULL = real time */
    struct log *log;
    struct mailbox *inbox; /* of struct post */
    struct keeper *keeper; /* NULL: there is no shared lock */
    uint32_t number;
};

/* With its threads, which wait for something to do. */
enum err_code crew_new(const struct crew_options *o, struct crew **out,
                       struct err *e) MUST_CHECK NONNULL;

uint32_t crew_number(const struct crew *c) NONNULL;

void crew_poll(struct crew *c, const struct poll_request *p) NONNULL;
bool crew_call(struct crew *c, const struct call *call) NONNULL; /* false: too many */

/* Nothing new is taken; what was begun or handed over ends by itself. Returns at once. */
void crew_retire(struct crew *c) NONNULL;
/* Its reads are broken off. From any thread. */
void crew_break_off(struct crew *c) NONNULL;
/* Both, and of the calls none begins any more. */
void crew_quit(struct crew *c) NONNULL;
/* Calls are under way; all its threads have ended. From any thread. */
bool crew_is_calling(const struct crew *c) NONNULL;
bool crew_has_ended(const struct crew *c) NONNULL;

/* After crew_quit(): breaks off what is under way, and waits for the threads. */
void crew_join(struct crew *c) NONNULL;
/* Joins first, where that was not done. log_out: ends its sessions, for two seconds at
 * most. */
void crew_free(struct crew *c, bool log_out);

#endif
