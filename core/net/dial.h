/*
 * dial - does a TCP port answer? Connects and closes at once, nothing is said.
 * No memory.
 * Threads: any; blocks for timeout_ms at most.
 */
#ifndef RH_NET_DIAL_H
#define RH_NET_DIAL_H

#include "core/base/err.h"

#include <stdint.h>

/* address: numeric, IPv4 or IPv6, with its port behind: "10.0.1.11:8080",
 * "[fd00::1]:8080". ERR_OK: it answers. ERR_CONNECT: refused, or no way there.
 * ERR_TIMEOUT: nothing came. ERR_USAGE: no such address. */
enum err_code dial_tcp(const char *address, int32_t timeout_ms,
                       struct err *e) MUST_CHECK NONNULL;

#endif
