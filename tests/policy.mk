# Tests of policy, cost and the time zones that they stand on.
check_PROGRAMS += tests/unit/test_tz
tests_unit_test_tz_SOURCES = tests/unit/test_tz.c tests/unit/table.h
tests_unit_test_tz_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_tz
