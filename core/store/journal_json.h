/*
 * journal_json - one entry of the journal as the line that `log --json` prints (design
 * 8), and read from it. Threads: any.
 */
#ifndef RH_STORE_JOURNAL_JSON_H
#define RH_STORE_JOURNAL_JSON_H

#include "core/base/str.h"
#include "core/model/record.h"

/* Appended without the newline; what is not known is null. */
void journal_json(struct strbuf *b, const struct journal_entry *j) NONNULL;

/* The way back; texts are cleaned, what is too long is cut. A line of an older version
 * has no level (INFO then) and no text. ERR_PROTOCOL says what is wrong with it; seq is
 * 0. */
enum err_code journal_parse(const char *line, size_t len, struct journal_entry *out,
                            struct err *e) MUST_CHECK NONNULL;

#endif
