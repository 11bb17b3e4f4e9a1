/*
 * notices - what a person who does not look should be told: the edges between one
 * snapshot and the next. A pure function of snapshots; plain values.
 * Threads: one.
 */
#ifndef RH_TUI_NOTICES_H
#define RH_TUI_NOTICES_H

#include "core/model/fleet.h"

enum notice_weight { NOTICE_WARN, NOTICE_CRIT };

struct notice {
    enum notice_weight weight;
    /* The journal's line where there is one; text is the sentence. */
    struct journal_entry entry;
};

enum { NOTICES_MAX = 32, NOTICE_MEMORY = 64 };

struct notices {
    bool started; /* the first look only takes note of what is already there */
    struct notice_told {
        char code[32], object[NAME_TEXT];
        struct utc at;
    } told[NOTICE_MEMORY]; /* the latest ones, next_told is overwritten next */
    size_t next_told;
    struct utc drift_since[MAX_SERVERS]; /* 0 = where it is wanted */
    bool drift_told[MAX_SERVERS], api_told[SOURCE_COUNT], empty_told, stalled_told;
};

/*
 * New alerts; a server that is for more than 10 min elsewhere than wanted though nothing
 * holds it; an API without an answer for 5 min; an extension that costs money without a
 * VM for 30 min. Each kind at most once in 10 min for an object. Zeroed before the first
 * call. Returns how many there are.
 */
size_t notices_look(struct notices *n, const struct fleet *f,
                    struct notice out[NOTICES_MAX]) NONNULL;

/* The controller stopped publishing, or goes on: true, and *out, when that is new. */
bool notices_stalled(struct notices *n, bool stalled, struct utc now,
                     struct notice *out) NONNULL;

#endif
