#include <config.h>

#include "tui/out.h"

#include <stdarg.h>
#include <stdio.h>

/* A failed write stays in the stream's error flag until out_flush() is asked. */

void out_printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vfprintf(stdout, fmt, ap);
    va_end(ap);
}

void out_line(const char *text)
{
    (void)fprintf(stdout, "%s\n", text);
}

void out_complain(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap); /* lint: allow stderr - this is the place for it */
    va_end(ap);
}

bool out_flush(void)
{
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}
