#include <config.h>

#include "tests/fuzz/corpus.h"

#include "core/base/str.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_whole(const char *path, struct mutate_text *out)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;

    if (f != NULL && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size >= 0 && fseek(f, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size + 1);
    if (bytes != NULL && fread(bytes, 1, (size_t)size, f) == (size_t)size) {
        bytes[size] = '\0';
        *out = (struct mutate_text){bytes, (size_t)size};
        bytes = NULL;
        (void)fclose(f);
        return true;
    }
    free(bytes);
    if (f != NULL)
        (void)fclose(f);
    return false;
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void load_inputs(struct corpus *c, const char *dir)
{
    struct dirent **list;
    int n = scandir(dir, &list, visible, alphasort);

    for (int i = 0; i < n; i++) {
        char path[4096];

        if (c->n < CORPUS_MAX &&
            str_format(path, sizeof(path), "%s/%s", dir, list[i]->d_name) &&
            read_whole(path, &c->inputs[c->n]))
            (void)str_copy(c->names[c->n++], CORPUS_NAME, list[i]->d_name);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c);

    return at != NULL && c != '\0' ? (int)(at - digits) : 0;
}

/* name="text with \x1b and \" in it" */
static void take_word(struct corpus *c, const char *line)
{
    const char *p = strchr(line, '"'), *end = strrchr(line, '"');
    uint8_t *out;
    size_t n = 0;

    if (line[0] == '#' || p == NULL || end == p || c->n_words == CORPUS_MAX)
        return;
    out = malloc(strlen(p));
    if (out == NULL)
        return;
    for (p++; p < end; p++) {
        if (p[0] == '\\' && p[1] == 'x' && end - p >= 4) {
            out[n++] = (uint8_t)(hex(p[2]) * 16 + hex(p[3]));
            p += 3;
        } else {
            p += p[0] == '\\' && p + 1 < end ? 1 : 0;
            out[n++] = (uint8_t)*p;
        }
    }
    c->words[c->n_words++] = (struct mutate_text){out, n};
}

static void load_words(struct corpus *c, const char *path)
{
    char line[1024];
    FILE *f = fopen(path, "r");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        take_word(c, line);
    if (f != NULL)
        (void)fclose(f);
}

bool corpus_load(struct corpus *c, const char *dir, const char *name)
{
    char path[4096];

    memset(c, 0, sizeof(*c));
    if (str_format(path, sizeof(path), "%s/corpus/%s", dir, name))
        load_inputs(c, path);
    if (str_format(path, sizeof(path), "%s/dict/%s.dict", dir, name))
        load_words(c, path);
    if (c->n == 0)
        (void)fprintf(stderr, "%s/corpus/%s: no input\n", dir, name);
    return c->n > 0;
}

void corpus_clear(struct corpus *c)
{
    for (size_t i = 0; i < c->n; i++)
        free((void *)(uintptr_t)c->inputs[i].bytes);
    for (size_t i = 0; i < c->n_words; i++)
        free((void *)(uintptr_t)c->words[i].bytes);
    c->n = c->n_words = 0;
}
