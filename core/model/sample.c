#include <config.h>

#include "core/model/record.h"

#include "core/base/text.h"

#include <string.h>

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    char low = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *at = c != '\0' ? strchr(digits, low) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

void sample_job_name(const char *path, char *out, size_t size)
{
    static const char part[] = "/job/";
    const char *p = strstr(path, part);
    char raw[URL_TEXT];
    size_t n = 0;

    p = p != NULL ? p + strlen(part) : path;
    while (*p != '\0' && n < sizeof(raw)) {
        int high = p[0] == '%' ? hex(p[1]) : -1, low = high >= 0 ? hex(p[2]) : -1;

        if (strncmp(p, part, strlen(part)) == 0) {
            raw[n++] = '/';
            p += strlen(part);
        } else if (low >= 0) {
            raw[n++] = (char)(high * 16 + low);
            p += 3;
        } else {
            raw[n++] = *p++;
        }
    }
    if (n > 0 && raw[n - 1] == '/')
        n--;
    (void)text_clean(out, size, raw, n);
}
