# Each area lists its own programs; add a test to the fragment of the folder that it tests.
# A program of check_PROGRAMS that is a test goes to TESTS, too.
CORE_TEST_LIBS = libcore.a $(CMOCKA_LIBS) $(CORE_LIBS)
# Pure modules link nothing else: a stray dependency does not link.
PURE_TEST_LIBS = libcore.a $(CMOCKA_LIBS)

if HAVE_CMOCKA
include tests/base.mk
include tests/config.mk
include tests/store.mk
include tests/policy.mk
include tests/net.mk
include tests/api.mk
include tests/sim.mk
include tests/engine.mk
include tests/tui.mk
include tests/fuzz.mk
include tests/torture.mk
include tests/lint.mk
include tests/e2e.mk
include tests/peers.mk
include tests/bench.mk
include tests/coverage.mk
# For .ci/run, which picks some of them.
print-tests:
	@echo $(TESTS)
.PHONY: print-tests
endif
