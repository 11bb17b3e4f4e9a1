/*
 * jsonw - writing JSON straight into a buffer.
 * The buffer is the caller's.
 * Threads: any.
 */
#ifndef RH_BASE_JSONW_H
#define RH_BASE_JSONW_H

#include "core/base/clock.h"
#include "core/base/money.h"
#include "core/base/str.h"

/* A string literal, quotes included. A byte that is no UTF-8 (cleaned text that was cut)
 * is U+FFFD. */
void json_put_text(struct strbuf *b, const char *text) NONNULL;

/* "name": and a value; a comma first unless the object was just opened. */
void jsonw_text(struct strbuf *b, const char *name, const char *text) NONNULL;
void jsonw_text_or_null(struct strbuf *b, const char *name,
                        const char *text) NONNULL; /* "" */
void jsonw_i64(struct strbuf *b, const char *name, int64_t v) NONNULL;
void jsonw_bool(struct strbuf *b, const char *name, bool v) NONNULL;
void jsonw_null(struct strbuf *b, const char *name) NONNULL;
void jsonw_utc(struct strbuf *b, const char *name, struct utc t) NONNULL; /* 0 = null */
void jsonw_usd(struct strbuf *b, const char *name, struct usd v, int decimals,
               bool known) NONNULL;
/* A part of a thousand as percent with one decimal; below 0 = null. */
void jsonw_permille(struct strbuf *b, const char *name, int32_t permille) NONNULL;
void jsonw_open(struct strbuf *b, const char *name,
                char bracket); /* name NULL: an element */
void jsonw_close(struct strbuf *b, char bracket) NONNULL;
/* Takes what was written out of it, which is empty then. False: it does not fit, or did
 * not before; *out is "". */
bool jsonw_take(struct strbuf *b, char *out, size_t size) MUST_CHECK NONNULL;
void jsonw_comma(struct strbuf *b) NONNULL; /* where one is due */

#endif
