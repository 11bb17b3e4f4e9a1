/*
 * tz - a time zone as a value, read from the system's zone files (TZif with its footer
 * rule). A struct tz is owned by who loaded it (tz_free) and read-only from then on.
 * Threads: safe everywhere once loaded. The process's zone is never read or set.
 */
#ifndef RH_BASE_TZ_H
#define RH_BASE_TZ_H

#include "core/base/timefmt.h"

#include <stddef.h>

struct tz;

/* The IANA zone of that name below /usr/share/zoneinfo ("UTC" needs no file).
 * ERR_NOT_FOUND, ERR_SYNTAX (abbreviations, fixed offsets, a broken file), ERR_NOMEM. */
enum err_code tz_load(const char *name, struct tz **out,
                      struct err *e) MUST_CHECK NONNULL;

/* The same from bytes in memory; what tz_load() uses, and the fuzzer. */
enum err_code tz_parse(const char *name, const void *bytes, size_t len, struct tz **out,
                       struct err *e) MUST_CHECK NONNULL;
void tz_free(struct tz *z);

/* The name of the system's zone (from /etc/timezone or /etc/localtime), "UTC" if unknown.
 */
const char *tz_system_name(char *buf, size_t size) NONNULL;

const char *tz_name(const struct tz *z) NONNULL;
int32_t tz_offset_s(const struct tz *z,
                    struct utc t) NONNULL; /* east of UTC is positive */
const char *tz_abbreviation(const struct tz *z, struct utc t) NONNULL; /* "IST" */
struct civil tz_civil(const struct tz *z, struct utc t) NONNULL;

/* The first change of offset strictly after t within the next 400 days; false when none.
 */
bool tz_next_change(const struct tz *z, struct utc t, struct utc *out) NONNULL;

/*
 * From local time to instants, policy-and-cost 3.2. n = 1: *first is it. n = 2 (autumn):
 * both. n = 0 (spring gap): *first and *second are the instant of the transition.
 */
struct tz_local {
    int n;
    struct utc first, second;
};
struct tz_local tz_instants(const struct tz *z, const struct civil *local) NONNULL;

#endif
