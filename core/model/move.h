/*
 * move - a durable workflow that brings one server to the other place, as stored.
 * Plain values.
 * Threads: values; the controller's own copies are the truth, the store has the same.
 */
#ifndef RH_MODEL_MOVE_H
#define RH_MODEL_MOVE_H

#include "core/base/clock.h"
#include "core/model/words.h"

enum { MAX_STEPS = 8 };

struct move {
    char id[ID_TEXT]; /* "m-41", unique in the store */
    char server[NAME_TEXT];
    char mover[16];
    enum direction direction;
    enum move_status status;
    int32_t step;       /* index into the mover's table for this direction */
    bool committed;     /* past the first call that cannot be taken back */
    bool force;         /* do not wait for builds */
    bool manual;        /* started by a person */
    bool interrupted;   /* caused by a spot loss: the VM comes back by itself first */
    char by[NAME_TEXT]; /* "policy" or a person */
    enum reason reason;
    struct utc started;
    struct utc step_since;
    struct utc committed_at;
    struct utc drain_deadline; /* 0 = wait for ever */
    struct utc deadline;       /* of the whole move, set at the commit point; 0 before */
    struct utc step_done[MAX_STEPS]; /* end of each step, 0 = not yet */
    struct utc idle_since;  /* drain: time of the first reading that showed it idle */
    struct utc marked_seen; /* drain: time of the first reading that showed it closed */
    int32_t calls;          /* acts started in this step: bounds repeats */
    struct utc last_call_at;
    char task[ID_TEXT];   /* the remote task that is followed */
    int32_t progress;     /* 0..100 of that task, -1 unknown */
    char note[LINE_TEXT]; /* what it waits for or why it failed, for people */
    uint32_t attempt;
    /* Out: what was launched, "" before; words, because the configured list may change
     * under an open move. */
    char type[NAME_TEXT];
    char zone[NAME_TEXT]; /* as AWS calls it, "" not known: that of its own interface */
    enum lifecycle lifecycle;
    struct utc owed; /* as that of a call, when the move was handed to the store */
};

#endif
