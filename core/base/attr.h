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

/* Of a large local table that is filled before it is read: the compiler is told to zero
 * locals, and to zero this one at each call would cost more than what is done with it. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef UNINITIALIZED
#define UNINITIALIZED
#endif

#endif
