#include <config.h>

#include "core/api/ec2_again.h"

#include "core/api/ec2.h"
#include "core/base/text.h"

#include <string.h>

/* Where an answer begins with it; the rest of the envelope is short. */
enum { HEAD_BYTES = 512 };

void ec2_known_clear(struct ec2_known *k)
{
    observation_unref(k->last);
    *k = (struct ec2_known){0};
}

void ec2_known_begin(struct ec2_known *k)
{
    k->at = 0;
    k->differs = k->last == NULL;
}

/* The text of <requestId>, another one in each answer. */
static struct again_skip request_id(const struct strbuf *body)
{
    static const char before[] = "<requestId>", after[] = "</requestId>";
    const char *text = strbuf_text(body), *at = strstr(text, before);
    size_t len;

    if (at == NULL || at - text > HEAD_BYTES)
        return (struct again_skip){0};
    at += sizeof(before) - 1;
    len = strspn(at, "0123456789abcdefABCDEF-");
    if (strncmp(at + len, after, sizeof(after) - 1) != 0)
        return (struct again_skip){0}; /* it says something */
    return (struct again_skip){(size_t)(at - text), len};
}

void ec2_take_request_id(struct http_response *rs)
{
    static const char *const names[] = {"<requestId>", "<RequestID>", "<RequestId>"};

    for (size_t i = 0; rs->request_id[0] == '\0' && i < ARRAY_LEN(names); i++) {
        const char *at = strstr(strbuf_text(&rs->body), names[i]);

        if (at == NULL)
            continue;
        at += strlen(names[i]);
        (void)text_clean(rs->request_id, sizeof(rs->request_id), at, strcspn(at, "<"));
    }
}

bool ec2_known_take(struct ec2_known *k, const struct siphash_key *key,
                    const struct strbuf *question, const struct http_response *rs,
                    const struct ec2_shape *s, struct ec2_list *list)
{
    size_t i = k->at++, first = list->n;

    if (i >= EC2_KNOWN ||
        !again_take(&k->of[i].answer, key, question, rs, request_id(&rs->body)) ||
        k->last == NULL) {
        k->differs = true;
        return false;
    }
    ec2_list_copy(s, list, (const char *)k->items + k->of[i].first * list->size,
                  k->of[i].n);
    k->of[i].first = first;
    return true;
}

void ec2_known_read(struct ec2_known *k, const struct ec2_list *list, size_t first,
                    bool is_page)
{
    size_t i = k->at - 1;

    if (i >= EC2_KNOWN)
        return;
    k->of[i].first = first;
    k->of[i].n = list->n - first;
    if (is_page) /* the next one is asked for with what is in this one */
        again_forget(&k->of[i].answer);
}

void ec2_known_end(struct ec2_known *k, const struct ec2_list *list,
                   struct observation *o)
{
    bool same = list != NULL && !k->differs && k->at == k->n;

    if (same)
        observation_again(o, k->last);
    observation_unref(k->last);
    k->last = list != NULL ? observation_ref(o) : NULL;
    if (!same)
        k->items = list != NULL ? list->items : NULL;
    k->n = k->at;
    for (size_t i = k->n; i < EC2_KNOWN; i++)
        again_forget(&k->of[i].answer); /* its items are in an older observation */
}
