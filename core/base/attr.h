/*
 * attr - compiler attributes under short names.
 * No memory.
 * Threads: any.
 */
#ifndef RH_BASE_ATTR_H
#define RH_BASE_ATTR_H

#define MUST_CHECK        __attribute__((warn_unused_result))
#define NONNULL           __attribute__((nonnull))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))

#endif
