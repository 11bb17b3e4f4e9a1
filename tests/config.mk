# Tests of config.
check_PROGRAMS += tests/unit/test_secret
tests_unit_test_secret_SOURCES = tests/unit/test_secret.c tests/unit/table.h
tests_unit_test_secret_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_secret
