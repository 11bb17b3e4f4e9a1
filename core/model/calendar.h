/*
 * calendar - exception days of the schedule, a line each: "2026-12-25 off"
 * (policy-and-cost 3.3). Plain values; buffers are the caller's. Threads: any.
 */
#ifndef RH_MODEL_CALENDAR_H
#define RH_MODEL_CALENDAR_H

#include "core/model/config.h"

/* What a line says; false when it is empty or only a comment. ERR_SYNTAX tells what to
 * write instead; *out and *found only on success. */
enum err_code calendar_line(const char *line, struct calendar_day *out, bool *found,
                            struct err *e) MUST_CHECK NONNULL;

/* The entry of that day (since 1970) among sorted ones, NULL when there is none. */
const struct calendar_day *calendar_find(const struct calendar_day *days, size_t n,
                                         int64_t day);

#endif
