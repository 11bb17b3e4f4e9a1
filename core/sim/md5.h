/*
 * md5 - RFC 1321, which SQS names the bodies of its messages by and some clients check.
 * Not for secrets. Pure. Threads: any.
 */
#ifndef RH_SIM_MD5_H
#define RH_SIM_MD5_H

#include "core/base/attr.h"

#include <stddef.h>

enum { MD5_HEX = 33 };

/* In lower-case hexadecimal. Returns hex. */
const char *md5_hex(const char *bytes, size_t len, char hex[MD5_HEX]) NONNULL;

#endif
