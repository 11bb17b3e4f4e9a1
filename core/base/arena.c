#include <config.h>

#include "core/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK_BYTES = 4096, MAX_BLOCK_BYTES = 64 * 1024 };

struct block {
    struct block *next;
    size_t used, size;
    max_align_t data[];
};

struct arena {
    struct block *blocks; /* newest first */
    size_t used, limit;
    bool failed;
    int holders; /* atomic */
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    a->limit = limit_bytes;
    a->holders = 1;
    return a;
}

struct arena *arena_share(struct arena *a)
{
    (void)__atomic_add_fetch(&a->holders, 1,
                             __ATOMIC_RELAXED); /* the caller is one already */
    return a;
}

void arena_free(struct arena *a)
{
    struct block *b, *next;

    if (a == NULL || __atomic_sub_fetch(&a->holders, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    for (b = a->blocks; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

bool arena_reset(struct arena *a)
{
    struct block *b, *next;

    if (__atomic_load_n(&a->holders, __ATOMIC_ACQUIRE) != 1)
        return false;
    if (a->blocks != NULL) { /* the newest is the largest */
        for (b = a->blocks->next; b != NULL; b = next) {
            next = b->next;
            free(b);
        }
        memset(a->blocks->data, 0, a->blocks->used);
        a->blocks->used = 0;
        a->blocks->next = NULL;
    }
    a->used = 0;
    a->failed = false;
    return true;
}

static struct block *block_add(struct arena *a, size_t need)
{
    size_t size = a->blocks == NULL ? FIRST_BLOCK_BYTES : a->blocks->size * 2;
    struct block *b;

    if (size > MAX_BLOCK_BYTES)
        size = MAX_BLOCK_BYTES;
    if (size < need)
        size = need;
    b = calloc(1, sizeof(*b) + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

/* Where the newest block has no room; kept out of the way of what mostly has. */
static __attribute__((noinline)) void *take_new(struct arena *a, size_t bytes)
{
    struct block *b = NULL;

    if (!a->failed && bytes <= a->limit - a->used)
        b = block_add(a, bytes);
    if (b == NULL) {
        a->failed = true;
        return NULL;
    }
    b->used = bytes;
    a->used += bytes;
    return b->data;
}

static inline void *take(struct arena *a, size_t bytes)
{
    const size_t align = _Alignof(max_align_t);
    struct block *b = a->blocks;
    char *p;

    if (__builtin_add_overflow(bytes, align - 1, &bytes)) {
        a->failed = true;
        return NULL;
    }
    bytes &= ~(align - 1);
    if (b == NULL || a->failed || b->size - b->used < bytes || bytes > a->limit - a->used)
        return take_new(a, bytes);
    p = (char *)b->data + b->used;
    b->used += bytes;
    a->used += bytes;
    return p;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes)) {
        a->failed = true;
        return NULL;
    }
    return take(a, bytes);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *p = take(a, len + 1);

    if (p != NULL && len > 0)
        memcpy(p, s, len);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0) {
        a->failed = true;
        return NULL;
    }
    p = arena_alloc(a, (size_t)len + 1, 1);
    if (p == NULL)
        return NULL;
    va_start(ap, fmt);
    (void)vsnprintf(p, (size_t)len + 1, fmt, ap); /* measured above */
    va_end(ap);
    return p;
}

void arena_fail(struct arena *a)
{
    a->failed = true;
}

bool arena_failed(const struct arena *a)
{
    return a->failed;
}

size_t arena_used_bytes(const struct arena *a)
{
    return a->used;
}
