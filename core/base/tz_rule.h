/*
 * tz_rule - the footer of a zone file: the rule for the years that its table leaves out
 * (POSIX TZ text with the wider hours of TZif version 3). Plain values. Threads: any.
 */
#ifndef RH_BASE_TZ_RULE_H
#define RH_BASE_TZ_RULE_H

#include "core/base/timefmt.h"

#include <stddef.h>

enum { TZ_ABBREVIATION = 16 };

/* One of the two changes of a year. */
struct tz_change {
    enum { TZ_DAY_JULIAN, TZ_DAY_OF_YEAR, TZ_DAY_OF_MONTH } kind;
    int32_t day;   /* JULIAN: 1..365, 29 February never counts; OF_YEAR: 0..365 */
    int32_t month; /* OF_MONTH: 1..12 */
    int32_t week;  /* 1..5, 5 = the last */
    int32_t weekday;
    int32_t time_s; /* after local midnight, -167h..167h */
};

struct tz_rule {
    char std_name[TZ_ABBREVIATION], dst_name[TZ_ABBREVIATION];
    int32_t std_offset_s, dst_offset_s; /* east of UTC is positive */
    bool has_dst;
    struct tz_change start, end; /* of DST: start on the standard clock, end on DST's */
};

/* text is not NUL-terminated. ERR_SYNTAX. */
enum err_code tz_rule_parse(const char *text, size_t len, struct tz_rule *out,
                            struct err *e) MUST_CHECK NONNULL;

/* The instants of a year's changes, in that zone's own rule; has_dst only. */
int64_t tz_rule_start(const struct tz_rule *r, int32_t year) NONNULL;
int64_t tz_rule_end(const struct tz_rule *r, int32_t year) NONNULL;

#endif
