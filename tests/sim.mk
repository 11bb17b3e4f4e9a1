# Tests of sim.

check_PROGRAMS += tests/unit/test_sha256
tests_unit_test_sha256_SOURCES = tests/unit/test_sha256.c tests/unit/table.h
tests_unit_test_sha256_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_sha256
