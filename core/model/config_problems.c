#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than this nobody reads at once. */
enum { PROBLEMS_MAX = 200, PROBLEM_TEXT = 640, WRAPPED_MAX = 32 };

struct problem {
    int line;
    char *text;
};

struct config_problems {
    char file[256];
    struct problem list[PROBLEMS_MAX];
    size_t n;
    bool full, failed;
    int wrapped[WRAPPED_MAX]; /* lines */
    size_t n_wrapped;
    struct config_sets sets;
};

struct config_problems *problems_new(const char *file)
{
    struct config_problems *p = calloc(1, sizeof(*p));

    if (p != NULL)
        (void)str_copy(p->file, sizeof(p->file), file); /* a cut name still names */
    return p;
}

void problems_name_sets(struct config_problems *p, const struct config_sets *sets)
{
    p->sets = *sets;
}

static void add_line(struct config_problems *p, int order, const char *file, int line,
                     const char *text)
{
    char whole[PROBLEM_TEXT + sizeof(p->file) + 16];

    if (p->n == PROBLEMS_MAX) {
        p->full = true;
        return;
    }
    if (line >= SET_LINE && (size_t)(line - SET_LINE) < p->sets.n) {
        const char *set = p->sets.list[line - SET_LINE];

        (void)str_format(whole, sizeof(whole), "--set %.*s: %s",
                         (int)(strcspn(set, "=") < 120 ? strcspn(set, "=") : 120), set,
                         text);
    } else if (line > 0)
        (void)str_format(whole, sizeof(whole), "%.255s:%d: %s", file, line, text);
    else
        (void)str_format(whole, sizeof(whole), "%.255s: %s", file, text);
    /* Names of the file are shown too, and they are only checked by the parser. */
    for (char *c = whole; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    p->list[p->n].line = order;
    p->list[p->n].text = strdup(whole);
    if (p->list[p->n].text == NULL)
        p->failed = true;
    else
        p->n++;
}

void problem_add(struct config_problems *p, int line, const char *fmt, ...)
{
    char text[PROBLEM_TEXT];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* a cut text is still a text */
    va_end(ap);
    add_line(p, line, p->file, line, text);
}

void problem_add_other(struct config_problems *p, int line, const char *file,
                       int file_line, const char *fmt, ...)
{
    char text[PROBLEM_TEXT];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* a cut text is still a text */
    va_end(ap);
    add_line(p, line, file, file_line, text);
}

void problem_add_wrapped(struct config_problems *p, int line, const char *digits)
{
    problem_add(p, line, "the number %s is too large", digits);
    if (p->n_wrapped < WRAPPED_MAX)
        p->wrapped[p->n_wrapped++] = line;
}

bool problems_wrapped(const struct config_problems *p, const config_setting_t *s)
{
    int type = config_setting_type(s), line = (int)config_setting_source_line(s);

    for (size_t i = 0; i < p->n_wrapped; i++) {
        if (p->wrapped[i] == line)
            return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
    }
    return false;
}

void problems_fail(struct config_problems *p)
{
    p->failed = true;
}

bool problems_failed(const struct config_problems *p)
{
    return p->failed;
}

/* By line, those of one line as they were found: insertion keeps that order. */
void problems_sort(struct config_problems *p)
{
    for (size_t i = 1; i < p->n; i++) {
        struct problem moved = p->list[i];
        size_t j = i;

        for (; j > 0 && p->list[j - 1].line > moved.line; j--)
            p->list[j] = p->list[j - 1];
        p->list[j] = moved;
    }
    if (p->full) {
        free(p->list[--p->n].text);
        add_line(p, 0, p->file, 0, "there are more errors: mend these first");
    }
}

size_t config_problems_count(const struct config_problems *p)
{
    return p->n;
}

const char *config_problems_get(const struct config_problems *p, size_t i)
{
    return i < p->n ? p->list[i].text : "";
}

void config_problems_free(struct config_problems *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->n; i++)
        free(p->list[i].text);
    free(p);
}
