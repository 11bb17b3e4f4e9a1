#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The parser keeps line numbers in 16 bits, and its stack ends somewhere. */
enum { LINES_MAX = 65000, NESTING_MAX = 32 };

struct scan {
    const char *at, *end;
    int line;
    int depth;
    struct config_problems *problems;
    bool ok;
};

static void bad(struct scan *s, int line, const char *what)
{
    problem_add(s->problems, line, "%s", what);
    s->ok = false;
}

static void newline(struct scan *s)
{
    s->line++;
    if (s->line == LINES_MAX) {
        bad(s, s->line, "the file has too many lines: is it a configuration?");
        s->at = s->end;
    }
}

/* A text in quotes, from behind its first quote. */
static void skip_text(struct scan *s)
{
    int line = s->line;

    for (; s->at < s->end && *s->at != '"'; s->at++) {
        if (*s->at == '\\' && s->at + 1 < s->end)
            s->at++;
        else if (*s->at == '\n') {
            bad(s, line, "a text is not closed: put a \" at its end, on the same line");
            return; /* go on with the next line, as if it were closed */
        }
    }
    if (s->at == s->end)
        bad(s, line, "a text is not closed: put a \" at its end, on the same line");
    else
        s->at++;
}

static void skip_comment(struct scan *s)
{
    int line = s->line;

    for (; s->at < s->end; s->at++) {
        if (*s->at == '\n')
            newline(s);
        if (s->end - s->at >= 2 && s->at[0] == '*' && s->at[1] == '/') {
            s->at += 2;
            return;
        }
    }
    if (s->ok)
        bad(s, line, "a comment is not closed: put a */ at its end");
}

/* A whole number: beyond 32 bits the parser would wrap it and say nothing. */
static void check_number(struct scan *s)
{
    char digits[24];
    size_t n = 0;
    char *stop;
    long long v;
    bool is_hex;

    while (s->at < s->end && (isalnum((unsigned char)*s->at) || *s->at == '.' ||
                              *s->at == '_' || *s->at == '+' || *s->at == '-')) {
        if (n < sizeof(digits) - 1)
            digits[n++] = *s->at;
        s->at++;
    }
    digits[n] = '\0';
    is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    if (strspn(digits, "+-0123456789") != n && !is_hex)
        return; /* a fraction; what is no number at all the parser refuses */
    errno = 0;
    v = strtoll(digits, &stop, is_hex ? 16 : 10);
    if (errno != 0 || v > INT_MAX || v < INT_MIN)
        problem_add_wrapped(s->problems, s->line, digits);
}

static void skip_line(struct scan *s)
{
    while (s->at < s->end && *s->at != '\n')
        s->at++;
}

/* One sign of the configuration outside texts. */
static void step(struct scan *s)
{
    const char *rest = s->at;
    size_t left = (size_t)(s->end - s->at);
    char c = *s->at;

    if (c == '#' || (left >= 2 && rest[0] == '/' && rest[1] == '/')) {
        skip_line(s);
    } else if (left >= 2 && rest[0] == '/' && rest[1] == '*') {
        s->at += 2;
        skip_comment(s);
    } else if (c == '"') {
        s->at++;
        skip_text(s);
    } else if (c == '@') {
        bad(s, s->line, "@include is not supported: put everything into this file");
        skip_line(s);
    } else if (isalpha((unsigned char)c) || c == '*') {
        while (s->at < s->end && (isalnum((unsigned char)*s->at) || *s->at == '-' ||
                                  *s->at == '_' || *s->at == '*'))
            s->at++;
    } else if (isdigit((unsigned char)c) || c == '+' || c == '-') {
        check_number(s);
    } else {
        if (c == '\n')
            newline(s);
        else if (c == '(' || c == '{' || c == '[')
            s->depth++;
        else if (c == ')' || c == '}' || c == ']')
            s->depth--;
        if (s->at < s->end)
            s->at++;
        if (s->depth > NESTING_MAX) {
            bad(s, s->line, "brackets are nested too deeply: is one not closed?");
            s->at = s->end;
        }
    }
}

bool config_scan(const char *text, size_t len, struct config_problems *p)
{
    struct scan s = {.at = text, .end = text + len, .line = 1, .problems = p, .ok = true};
    uint32_t cp;
    int line = 1;

    for (size_t i = 0, n; i < len; i += n) {
        n = text_decode(text + i, len - i, &cp);
        if (n == 0 || cp == 0 ||
            (cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r' && cp != '\f')) {
            problem_add(p, line,
                        "byte 0x%02x is not text: the file must be plain text in UTF-8",
                        (unsigned)(unsigned char)text[i]);
            return false;
        }
        line += cp == '\n' ? 1 : 0;
    }
    while (s.at < s.end)
        step(&s);
    return s.ok;
}
