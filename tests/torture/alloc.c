#include <config.h>

#include "tests/torture/alloc.h"

#include <curl/curl.h>
#include <execinfo.h>
#include <libxml/xmlmemory.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The linker turns every malloc of ours into __wrap_malloc, and __real_malloc back. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

enum { SLOTS = 1 << 18, TRACE = 40 }; /* a power of two, far more than ever live */

static struct {
    uint64_t n, at, run;
    bool for_ever, refused;
    int paused;
    size_t live;
    void (*told)(uint64_t n);
} now;

/* Live blocks by address, with linear probing. */
static struct slot {
    void *p;
    uint64_t run, number; /* asked for in that run; 0: not counted */
} slots[SLOTS];

static size_t home_of(const void *p)
{
    return (size_t)(((uintptr_t)p >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 46) &
           (SLOTS - 1);
}

static void remember(void *p)
{
    size_t i = home_of(p);

    if (++now.live > SLOTS / 2)
        abort(); /* a leak without end */
    while (slots[i].p != NULL)
        i = (i + 1) & (SLOTS - 1);
    slots[i] = (struct slot){p, now.run, now.paused == 0 ? now.n : 0};
}

/* A block that came from elsewhere (getline, realpath) is not known. */
static void forget(const void *p)
{
    size_t i = home_of(p), hole, k;

    while (slots[i].p != NULL && slots[i].p != p)
        i = (i + 1) & (SLOTS - 1);
    if (slots[i].p == NULL)
        return;
    now.live--;
    hole = i;
    for (k = (i + 1) & (SLOTS - 1); slots[k].p != NULL; k = (k + 1) & (SLOTS - 1)) {
        size_t home = home_of(slots[k].p);

        if (((k - home) & (SLOTS - 1)) < ((k - hole) & (SLOTS - 1)))
            continue; /* it may not go before its home */
        slots[hole] = slots[k];
        hole = k;
    }
    slots[hole] = (struct slot){NULL, 0, 0};
}

/* RH_TORTURE_TRACE=1: where it was asked for; addr2line knows the lines. */
static void trace(void)
{
    void *frames[TRACE];

    if (getenv("RH_TORTURE_TRACE") != NULL)
        backtrace_symbols_fd(frames, backtrace(frames, TRACE), STDERR_FILENO);
}

static bool refuse(void)
{
    if (now.paused > 0)
        return false;
    now.n++;
    if (now.told != NULL && (now.at == 0 || now.n == now.at))
        now.told(now.n);
    if (now.at == 0 || now.n < now.at || (now.n > now.at && !now.for_ever))
        return false;
    if (!now.refused)
        trace();
    now.refused = true;
    return true;
}

void *__wrap_malloc(size_t n)
{
    void *p = refuse() ? NULL : __real_malloc(n);

    if (p != NULL)
        remember(p);
    return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
    void *p = refuse() ? NULL : __real_calloc(n, size);

    if (p != NULL)
        remember(p);
    return p;
}

void *__wrap_realloc(void *old, size_t n)
{
    void *p;

    if (refuse())
        return NULL;
    if (old != NULL)
        forget(old); /* before its address may be another one's */
    p = __real_realloc(old, n);
    if (p == NULL)
        abort(); /* the machine's own memory is out */
    remember(p);
    return p;
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : __wrap_realloc(old, bytes);
}

char *__wrap_strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    char *p = __wrap_malloc(size);

    return p != NULL ? memcpy(p, s, size) : NULL;
}

void __wrap_free(void *p)
{
    if (p != NULL)
        forget(p);
    __real_free(p);
}

/* ----- the libraries ----- */

/* SQLite asks how large a block has become, and grows by that: what malloc() rounds up to
 * goes by all that was before, and no two days would ask for the same. */
union sized {
    int n;
    max_align_t aligned;
};

static void *sql_block(union sized *b, int n)
{
    if (b == NULL)
        return NULL;
    b->n = n;
    return b + 1;
}

static void *sql_malloc(int n)
{
    return sql_block(__wrap_malloc(sizeof(union sized) + (size_t)n), n);
}

static void *sql_realloc(void *p, int n)
{
    return sql_block(
        __wrap_realloc((union sized *)p - 1, sizeof(union sized) + (size_t)n), n);
}

static void sql_free(void *p)
{
    __wrap_free((union sized *)p - 1);
}

static int sql_size(void *p)
{
    return p != NULL ? ((union sized *)p - 1)->n : 0;
}

static int sql_roundup(int n)
{
    return (n + 7) & ~7;
}

static int sql_init(void *ctx)
{
    (void)ctx;
    return SQLITE_OK;
}

static void sql_shutdown(void *ctx)
{
    (void)ctx;
}

void alloc_install(void)
{
    static const sqlite3_mem_methods sql = {sql_malloc,  sql_free, sql_realloc,  sql_size,
                                            sql_roundup, sql_init, sql_shutdown, NULL};

    /* json_global_init() sends jansson's to malloc() of ours. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &sql) != SQLITE_OK ||
        xmlMemSetup(__wrap_free, __wrap_malloc, __wrap_realloc, __wrap_strdup) != 0 ||
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, __wrap_free,
                             __wrap_realloc, __wrap_strdup, __wrap_calloc) != CURLE_OK) {
        (void)fprintf(stderr, "the libraries' hooks cannot be set\n");
        exit(1);
    }
}

/* ----- what a test asks for ----- */

void alloc_begin(uint64_t at, bool for_ever)
{
    now.run++;
    now.n = 0;
    now.at = at;
    now.for_ever = for_ever;
    now.refused = false;
    now.paused = 0;
}

uint64_t alloc_end(void)
{
    now.paused = 1;
    return now.n;
}

void alloc_watch(void (*told)(uint64_t n))
{
    now.told = told;
}

void alloc_relent(void)
{
    now.for_ever = false;
}

bool alloc_refused(void)
{
    return now.refused;
}

void alloc_pause(void)
{
    now.paused++;
}

void alloc_resume(void)
{
    now.paused--;
}

size_t alloc_live(void)
{
    return now.live;
}

uint64_t alloc_left(void)
{
    uint64_t newest = 0;

    for (size_t i = 0; i < SLOTS; i++) {
        if (slots[i].p != NULL && slots[i].run == now.run && slots[i].number > newest)
            newest = slots[i].number;
    }
    return newest;
}
