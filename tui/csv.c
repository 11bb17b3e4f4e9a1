#include <config.h>

#include "tui/csv.h"

#include <string.h>

void csv_put(struct strbuf *b, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        strbuf_puts(b, text);
        return;
    }
    strbuf_putc(b, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            strbuf_putc(b, '"');
        strbuf_putc(b, *text);
    }
    strbuf_putc(b, '"');
}
