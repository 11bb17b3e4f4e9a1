#include <config.h>

#include "core/api/again.h"

#include <string.h>

/* Its length before it: what moves from one text into the next is seen. */
static void add(struct siphash *s, const char *bytes, size_t len)
{
    const uint64_t n = len;

    siphash_add(s, &n, sizeof(n));
    siphash_add(s, bytes, len);
}

/* All of an answer that any client reads. */
static struct siphash_sum sum_of(const struct siphash_key *key,
                                 const struct strbuf *question,
                                 const struct http_response *rs, struct again_skip skip)
{
    const char *body = strbuf_text(&rs->body);
    const int64_t status = rs->status;
    struct siphash s;

    siphash_init(&s, key);
    siphash_add(&s, &status, sizeof(status));
    add(&s, strbuf_text(question), question->len);
    add(&s, rs->content_type, strlen(rs->content_type));
    add(&s, rs->jenkins, strlen(rs->jenkins));
    add(&s, body, skip.at);
    add(&s, body + skip.at + skip.len, rs->body.len - skip.at - skip.len);
    return siphash_end(&s);
}

bool again_take(struct again *a, const struct siphash_key *key,
                const struct strbuf *question, const struct http_response *rs,
                struct again_skip skip)
{
    struct siphash_sum sum = sum_of(key, question, rs, skip);
    bool same = a->known && siphash_eq(&sum, &a->sum);

    a->sum = sum;
    a->known = true;
    return same;
}

void again_forget(struct again *a)
{
    a->known = false;
}
