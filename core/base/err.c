#include <config.h>

#include "core/base/err.h"

#include "core/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What was said of bytes from outside may hold some of them, and a text is cut anywhere:
 * cleaned here, once, for every screen, log and terminal. */
static void clean(struct err *e)
{
    char raw[sizeof(e->text)];

    memcpy(raw, e->text, sizeof(raw));
    (void)text_clean(e->text, sizeof(e->text), raw, strlen(raw));
}

enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;

    if (e->code != ERR_OK)
        return code;
    e->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof(e->text), fmt, ap); /* a cut text is still a text */
    va_end(ap);
    clean(e);
    return code;
}

enum err_code err_set_errno(struct err *e, enum err_code code, int sys, const char *fmt,
                            ...)
{
    va_list ap;
    size_t used;
    const char *words = strerrordesc_np(sys);

    if (e->code != ERR_OK)
        return code;
    e->code = code;
    e->sys = sys;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof(e->text), fmt, ap); /* a cut text is still a text */
    va_end(ap);
    used = strlen(e->text);
    (void)snprintf(e->text + used, sizeof(e->text) - used, ": %s",
                   words != NULL ? words : "unknown error");
    clean(e);
    return code;
}

void err_wrap(struct err *e, const char *fmt, ...)
{
    enum { CONTEXT_BYTES = 120 }; /* the cause matters more than the way to it */
    char context[CONTEXT_BYTES];
    char cause[sizeof(e->text)];
    size_t used;
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(context, sizeof(context), fmt, ap); /* a cut text is still a text */
    va_end(ap);
    memcpy(cause, e->text, sizeof(cause));
    used = strlen(context);
    memcpy(e->text, context, used);
    e->text[used++] = ':';
    e->text[used++] = ' ';
    memcpy(e->text + used, cause, sizeof(e->text) - used);
    e->text[sizeof(e->text) - 1] = '\0';
    clean(e);
}

void err_clear(struct err *e)
{
    *e = (struct err){0};
}

const char *err_code_name(enum err_code code)
{
    static const char *const names[] = {
#define X(id, name, retry) [ERR_##id] = (name),
        ERR_CODES(X)
#undef X
    };

    return (unsigned)code < ARRAY_LEN(names) ? names[code] : "unknown error";
}

bool err_is_retryable(enum err_code code)
{
    static const bool retry_helps[] = {
#define X(id, name, retry) [ERR_##id] = (retry),
        ERR_CODES(X)
#undef X
    };

    return (unsigned)code < ARRAY_LEN(retry_helps) && retry_helps[code];
}
