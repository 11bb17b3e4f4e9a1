/*
 * libfuzzer - the same targets under a fuzzer that sees which ways they took (make fuzz,
 * with clang): FUZZ_TARGET names the one.
 * Threads: one.
 */
#include <config.h>

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct fuzz_target *target;
    const char *name = getenv("FUZZ_TARGET");

    if (target == NULL && name != NULL)
        target = fuzz_find(name);
    if (target == NULL) {
        (void)fprintf(stderr, "FUZZ_TARGET: name a target\n");
        exit(2);
    }
    target->run(bytes, len);
    return 0;
}
