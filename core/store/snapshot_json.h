/*
 * snapshot_json - the way back from the text of a published snapshot (model/fleet_json)
 * to a picture, for observers and `status`. The picture is the caller's reference.
 * Threads: any.
 */
#ifndef RH_STORE_SNAPSHOT_JSON_H
#define RH_STORE_SNAPSHOT_JSON_H

#include "core/base/err.h"
#include "core/model/fleet.h"

/*
 * The text may come from another version or from anybody who can write the file: what is
 * missing, of the wrong type, out of range or no word of ours stays unknown, and texts
 * are cleaned. Events, replies and the version of the picture are not part of it and stay
 * 0. ERR_PROTOCOL: no snapshot at all (no time, no list of named servers); ERR_TOO_BIG,
 * ERR_NOMEM.
 */
enum err_code snapshot_parse(const char *json, size_t len, struct fleet **out,
                             struct err *e) MUST_CHECK NONNULL;

#endif
