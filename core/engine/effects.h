/*
 * effects - what one step of the controller wants from the world, in order: records to be
 * stored first, then calls, then polls. An effects value owns its arrays (effects_clear).
 * Threads: one at a time.
 */
#ifndef RH_ENGINE_EFFECTS_H
#define RH_ENGINE_EFFECTS_H

#include "core/model/observe.h"
#include "core/model/record.h"

struct poll_request {
    enum source source;
    struct poll_hints hints;
};

struct effects {
    struct record *records;
    size_t n_records, cap_records, kept_records; /* kept: of effects_reserve() */
    struct call *calls; /* each has its RECORD_INTENT among the records */
    size_t n_calls, cap_calls;
    struct poll_request polls[SOURCE_COUNT];
    size_t n_polls;
    bool changed;          /* something that a snapshot shows is different */
    struct mono next_wake; /* a tick is wanted by then */
    struct mono next_due; /* … and nothing is to be done before, unless something new is
                             heard; may be far ahead */
    bool failed; /* memory was out: something is missing, beyond what was reserved */
};

/* Room for so many of each, kept until effects_clear(): what is decided with no memory
 * left is not lost. False when memory is out now. Once, before its first use. */
bool effects_reserve(struct effects *fx, size_t records, size_t calls) MUST_CHECK NONNULL;
void effects_reset(struct effects *fx) NONNULL; /* empties, keeps the memory */
void effects_clear(struct effects *fx) NONNULL;

/* A zeroed record or call at the end, NULL when memory is out (fx->failed is then set).
 * Valid until the next one is added. */
struct record *effects_record(struct effects *fx, enum record_kind kind) NONNULL;
struct call *effects_call(struct effects *fx) NONNULL;

#endif
