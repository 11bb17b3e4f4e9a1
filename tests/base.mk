check_PROGRAMS += tests/unit/test_money
tests_unit_test_money_SOURCES = tests/unit/test_money.c tests/unit/table.h
tests_unit_test_money_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_money

check_PROGRAMS += tests/unit/test_str
tests_unit_test_str_SOURCES = tests/unit/test_str.c tests/unit/table.h
tests_unit_test_str_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_str

check_PROGRAMS += tests/unit/test_siphash
tests_unit_test_siphash_SOURCES = tests/unit/test_siphash.c tests/unit/table.h
tests_unit_test_siphash_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_siphash

check_PROGRAMS += tests/unit/test_observe
tests_unit_test_observe_SOURCES = tests/unit/test_observe.c tests/unit/table.h
tests_unit_test_observe_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_observe
