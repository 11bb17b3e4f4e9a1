/*
 * corpus - the inputs kept for a target, and the words of what it reads. Owns the bytes
 * (corpus_clear). Threads: one.
 */
#ifndef RH_TESTS_FUZZ_CORPUS_H
#define RH_TESTS_FUZZ_CORPUS_H

#include "tests/fuzz/mutate.h"

#include <stdbool.h>

enum { CORPUS_MAX = 256, CORPUS_NAME = 64 };

struct corpus {
    struct mutate_text inputs[CORPUS_MAX], words[CORPUS_MAX];
    char names[CORPUS_MAX][CORPUS_NAME]; /* of the inputs' files */
    size_t n, n_words;
};

/* corpus/NAME/ and dict/NAME.dict (as libFuzzer and AFL read it) below dir, in the order
 * of their names. False, and why on standard error, when there is no input. */
bool corpus_load(struct corpus *c, const char *dir, const char *name);
void corpus_clear(struct corpus *c);

#endif
