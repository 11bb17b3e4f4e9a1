/*
 * snapshot_traces - the places of the day and the prices of the last day, read from the
 * text of a snapshot: what is not what it should be is unknown. All is the caller's.
 * Threads: any.
 */
#ifndef RH_STORE_SNAPSHOT_TRACES_H
#define RH_STORE_SNAPSHOT_TRACES_H

#include "core/store/snapshot_values.h"

/* Of the object of a server. */
void snap_quarters(const json_value *o, struct server_view *s) NONNULL;
void snap_spot_steps(const json_value *o, struct server_view *s) NONNULL;
/* Of the whole text. */
void snap_prices(const json_value *root, struct fleet *f) NONNULL;

#endif
