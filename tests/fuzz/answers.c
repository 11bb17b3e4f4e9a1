#include <config.h>

#include "tests/fuzz/answers.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

/* Nobody may ask on and on, whatever the answers say. */
enum { MOST_CALLS = 5000 };

static const char mark[] = "%% ", header_mark[] = "%: ";

/* The line at p, without its end; *next behind it. */
static size_t line_at(const char *p, const char *end, const char **next)
{
    const char *nl = memchr(p, '\n', (size_t)(end - p));

    *next = nl != NULL ? nl + 1 : end;
    return (size_t)((nl != NULL ? nl : end) - p);
}

static bool begins(const char *p, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(p, with, strlen(with)) == 0;
}

/* "%% 200 application/json", its type as the header that it is on a real connection. */
static void take_status(struct http_head *head, struct http_response *rs,
                        const char *line, size_t len)
{
    char type[120];
    size_t i = sizeof(mark) - 1;

    rs->status = 0;
    for (; i < len && line[i] >= '0' && line[i] <= '9' && rs->status < 100; i++)
        rs->status = rs->status * 10 + (line[i] - '0');
    (void)str_format(type, sizeof(type), "Content-Type:%.*s",
                     (int)(len - i < 100 ? len - i : 100), line + i);
    http_take_header(head, rs, type, strlen(type));
}

static enum err_code give(void *ctx, const struct http_request *rq,
                          struct http_response *rs, struct err *e)
{
    struct answers *a = ctx;
    struct http_head head = {0};
    const char *next;
    size_t len = line_at(a->at, a->end, &next);

    FUZZ_CHECK(++a->asked < MOST_CALLS);
    FUZZ_CHECK(rq->url != NULL && strlen(rq->url) < 64 * 1024);
    if (!begins(a->at, len, mark)) {
        rs->maybe_sent = true;
        return err_set(e, ERR_RESET, "connection lost before the answer");
    }
    take_status(&head, rs, a->at, len);
    rs->retry_after_s = -1;
    for (a->at = next; a->at < a->end; a->at = next) {
        len = line_at(a->at, a->end, &next);
        if (!begins(a->at, len, header_mark))
            break;
        http_take_header(&head, rs, a->at + sizeof(header_mark) - 1,
                         len - (sizeof(header_mark) - 1));
    }
    for (; a->at < a->end; a->at = next) {
        len = line_at(a->at, a->end, &next);
        if (begins(a->at, len, mark))
            break;
        strbuf_add(&rs->body, a->at, (size_t)(next - a->at));
    }
    /* The end of the last line was ours. */
    if (rs->body.len > 0 && rs->body.data[rs->body.len - 1] == '\n')
        rs->body.data[--rs->body.len] = '\0';
    rs->received.s = INT64_C(1795329000);
    http_end_head(&head, rs, rs->received);
    rs->maybe_sent = rs->body.failed; /* as libcurl says it */
    if (rs->body.failed)
        return err_set(e, ERR_NOMEM, "no memory for the answer");
    return ERR_OK;
}

struct transport answers_transport(struct answers *a)
{
    return (struct transport){give, a};
}

static enum err_code hear(void *ctx, const struct http_request *rq,
                          struct http_response *rs, struct err *e)
{
    struct answers_record *r = ctx;

    if (transport_perform(&r->via, rq, rs, e) != ERR_OK)
        return e->code;
    strbuf_printf(&r->text, "%s%d %s\n", mark, rs->status, rs->content_type);
    if (rs->set_cookie[0] != '\0')
        strbuf_printf(&r->text, "%sSet-Cookie: %s\n", header_mark, rs->set_cookie);
    if (rs->jenkins[0] != '\0')
        strbuf_printf(&r->text, "%sX-Jenkins: %s\n", header_mark, rs->jenkins);
    strbuf_add(&r->text, strbuf_text(&rs->body), rs->body.len);
    strbuf_puts(&r->text, "\n");
    return ERR_OK;
}

struct transport answers_recorder(struct answers_record *r)
{
    return (struct transport){hear, r};
}
