/*
 * test_fuzz - every target on all that is kept for it, and on what is made of that by
 * chance: FUZZ_RUNS inputs (3000), or as many as FUZZ_SECONDS allow, from FUZZ_SEED on (a
 * new one each time is the caller's to choose). FUZZ_TARGET names the only one to run. An
 * input that breaks something is left as fuzz-TARGET.input; a file is run again by giving
 * its name: test_fuzz TARGET FILE...
 * Threads: one.
 */
#include <config.h>

#include "core/base/clock.h"
#include "core/base/str.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/table.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_BYTES = 256 * 1024, LONGEST_S = 20 };

/* What is being read now: a death writes it down. */
static uint8_t input[MOST_BYTES];
static volatile size_t input_len;
static char left_behind[96];

static void on_death(int sig)
{
    int fd = open(left_behind, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd >= 0) {
        ssize_t n = write(fd, input, input_len);

        (void)n;
        (void)close(fd);
    }
    (void)raise(sig == SIGALRM ? SIGABRT : sig); /* once: SA_RESETHAND */
}

/* Of the sanitizers: their report, then abort(). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1:allocator_may_return_null=1";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:halt_on_error=1:print_stacktrace=1";
}

/* The parser of libconfig 1.5 keeps a text that has no end. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

static void watch(const struct fuzz_target *t)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};

    (void)str_format(left_behind, sizeof(left_behind), "fuzz-%s.input", t->name);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct sigaction death = {.sa_handler = on_death, .sa_flags = (int)SA_RESETHAND};

        (void)sigaction(signals[i], &death, NULL);
    }
}

static void run(const struct fuzz_target *t)
{
    (void)alarm(LONGEST_S);
    t->run(input, input_len);
    (void)alarm(0);
}

static void take(const struct mutate_text *from)
{
    size_t n = from->len < MOST_BYTES ? from->len : MOST_BYTES;

    memcpy(input, from->bytes, n);
    input_len = n;
}

static int64_t number_of(const char *name, int64_t usual)
{
    const char *text = getenv(name);
    struct err e = {0};
    int64_t v = usual;

    if (text != NULL && str_to_i64(text, 0, INT64_MAX, &v, &e) != ERR_OK)
        fail_msg("%s: %s", name, e.text);
    return v;
}

static void fuzz(void **state)
{
    static struct corpus c;
    const struct fuzz_target *t = *state;
    const int64_t seconds = number_of("FUZZ_SECONDS", 0);
    const int64_t most = number_of("FUZZ_RUNS", seconds > 0 ? INT64_MAX : 3000);
    const int64_t until = clock_mono(clock_system()).ms + seconds * 1000;
    const char *srcdir = getenv("srcdir");
    char dir[4096];
    struct rng r;
    int64_t n = 0;

    assert_true(
        str_format(dir, sizeof(dir), "%s/tests/fuzz", srcdir != NULL ? srcdir : "."));
    assert_true(corpus_load(&c, dir, t->name));
    watch(t);
    for (size_t i = 0; i < c.n; i++) {
        take(&c.inputs[i]);
        run(t);
    }
    rng_seed(&r, (uint64_t)number_of("FUZZ_SEED", 1));
    for (; n < most && (seconds == 0 || clock_mono(clock_system()).ms < until); n++) {
        const struct mutate_words words = {c.words, c.n_words};
        const struct mutate_text *other = &c.inputs[rng_between(&r, 0, (int64_t)c.n - 1)];

        take(&c.inputs[rng_between(&r, 0, (int64_t)c.n - 1)]);
        input_len = mutate(&r, input, input_len, MOST_BYTES, other, &words);
        run(t);
    }
    print_message("%s: %zu kept inputs, %lld made of them\n", t->name, c.n, (long long)n);
    corpus_clear(&c);
}

static int run_files(const struct fuzz_target *t, char **paths)
{
    watch(t);
    for (; *paths != NULL; paths++) {
        FILE *f = fopen(*paths, "rb");

        if (f == NULL) {
            perror(*paths);
            return 1;
        }
        input_len = fread(input, 1, sizeof(input), f);
        (void)fclose(f);
        run(t);
        (void)printf("%s: read\n", *paths);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct fuzz_target *const groups[] = {fuzz_apis, fuzz_files, fuzz_words};
    enum { MOST_TARGETS = 64 };
    static struct CMUnitTest tests[MOST_TARGETS];
    const char *only = getenv("FUZZ_TARGET");
    size_t n = 0;
    int rc;

    if (argc > 2) {
        const struct fuzz_target *t = fuzz_find(argv[1]);

        if (t == NULL) {
            (void)fprintf(stderr, "no target %s\n", argv[1]);
            return 2;
        }
        rc = run_files(t, argv + 2);
        fuzz_files_end();
        return rc;
    }
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        for (const struct fuzz_target *t = groups[g]; t->name != NULL; t++) {
            if (n < MOST_TARGETS && (only == NULL || str_eq(only, t->name)))
                tests[n++] = (struct CMUnitTest){.name = t->name,
                                                 .test_func = fuzz,
                                                 .initial_state = (void *)(uintptr_t)t};
        }
    }
    if (n == 0) {
        (void)fprintf(stderr, "no target %s\n", only);
        return 2;
    }
    rc = _cmocka_run_group_tests("fuzz", tests, n, NULL, NULL);
    fuzz_files_end();
    return rc;
}
