/*
 * The options of the configuration as the manual page describes them, made from the
 * table. With a file name: does that page hold exactly this text between its marks? With
 * none: prints it.
 */
#include <config.h>

#include "core/model/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 1024 * 1024 };

static void put_escaped(struct strbuf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            strbuf_puts(b, "\\e");
        else if (*text == '-')
            strbuf_puts(b, "\\-");
        else if (*text == '"')
            strbuf_puts(b, "\\(dq");
        else
            strbuf_putc(b, *text);
    }
}

static void put_group(struct strbuf *b, const struct option *of);

static void put_option(struct strbuf *b, const struct option *o)
{
    struct strbuf value;

    strbuf_printf(b, ".It Cm %s Pq %s%s%s%s", o->name, option_type_word(o->type),
                  o->choices != NULL ? ": " : "", o->choices != NULL ? o->choices : "",
                  o->must ? ", must be set" : "");
    strbuf_putc(b, '\n');
    put_escaped(b, o->help);
    strbuf_puts(b, ".\n");
    put_group(b, o);
    if (o->initial == NULL)
        return;
    strbuf_init(&value, PAGE_BYTES);
    option_put_value(&value, o, o->initial);
    strbuf_puts(b, "Default: ");
    put_escaped(b, strbuf_text(&value));
    strbuf_puts(b, ".\n");
    strbuf_clear(&value);
}

/* The options of an option that is groups itself. */
static void put_group(struct strbuf *b, const struct option *of)
{
    char section[64];
    bool is_open = false;

    (void)str_format(section, sizeof(section), "%s.%s", of->section, of->name);
    for (size_t i = 0; i < option_count; i++) {
        if (strcmp(option_table[i].section, section) != 0)
            continue;
        if (!is_open)
            strbuf_puts(b, "Of each:\n.Bl -tag -width Ds\n");
        is_open = true;
        put_option(b, &option_table[i]);
    }
    if (is_open)
        strbuf_puts(b, ".El\n");
}

static void make_page(struct strbuf *b)
{
    strbuf_puts(b, ".\\\" options begin: made by tests/lint/conf_manual\n");
    for (size_t s = 0; s < option_section_count; s++) {
        size_t n = 0; /* the section of the keys has no fixed options */

        strbuf_printf(b, ".Ss Section %s\nOf ", option_sections[s].name);
        put_escaped(b, option_sections[s].help);
        strbuf_puts(b, ".\n");
        for (size_t i = 0; i < option_count; i++) {
            if (strcmp(option_table[i].section, option_sections[s].name) != 0)
                continue;
            if (n++ == 0)
                strbuf_puts(b, ".Bl -tag -width Ds\n");
            put_option(b, &option_table[i]);
        }
        if (n > 0)
            strbuf_puts(b, ".El\n");
    }
    strbuf_puts(b, ".\\\" options end\n");
}

int main(int argc, char **argv)
{
    struct strbuf made;
    char *page;
    size_t n;
    FILE *f;
    int rc = 1;

    strbuf_init(&made, PAGE_BYTES);
    make_page(&made);
    if (argc < 2) {
        (void)fputs(strbuf_text(&made), stdout);
        strbuf_clear(&made);
        return 0;
    }
    page = calloc(1, PAGE_BYTES);
    f = fopen(argv[1], "r");
    if (page != NULL && f != NULL) {
        n = fread(page, 1, PAGE_BYTES - 1, f);
        page[n] = '\0';
        rc = strstr(page, strbuf_text(&made)) != NULL ? 0 : 1;
        if (rc != 0)
            (void)printf("%s does not say what options.def says; put the output of "
                         "tests/lint/conf_manual between its marks\n",
                         argv[1]);
    }
    if (f != NULL)
        (void)fclose(f);
    free(page);
    strbuf_clear(&made);
    return rc;
}
