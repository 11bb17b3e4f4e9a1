/*
 * fuzz - what reads bytes from outside, one target for each reader: whatever the bytes
 * are, it neither crashes nor hangs, and what it gives is clean. A target keeps nothing
 * from one input to the next that could change what it does. Threads: one.
 */
#ifndef RH_TESTS_FUZZ_H
#define RH_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
    const char *name; /* of its corpus and its dictionary, too */
    void (*run)(const uint8_t *bytes, size_t len);
};

/* All of them; the last one has no name. */
extern const struct fuzz_target fuzz_apis[], fuzz_files[], fuzz_words[];
const struct fuzz_target *fuzz_find(const char *name) __attribute__((nonnull));

/* Removes the folder of those that read files. */
void fuzz_files_end(void);

/* Ends the process by abort() when what was read breaks a promise. */
#define FUZZ_CHECK(ok)                                                                   \
    do {                                                                                 \
        if (!(ok))                                                                       \
            fuzz_broken(#ok, __FILE__, __LINE__);                                        \
    } while (0)
_Noreturn void fuzz_broken(const char *what, const char *file, int line);

/* A text that came from outside: there, valid UTF-8, nothing in it that a terminal would
 * take for an order (reliability 10). */
void fuzz_check_text(const char *text);

#endif
