/*
 * journal_json - one entry of the journal as the line that `log --json` prints (design
 * 8). Appends to the caller's buffer. Threads: any.
 */
#ifndef RH_STORE_JOURNAL_JSON_H
#define RH_STORE_JOURNAL_JSON_H

#include "core/base/str.h"
#include "core/model/record.h"

/* Without the newline; what is not known is null. */
void journal_json(struct strbuf *b, const struct journal_entry *j) NONNULL;

#endif
