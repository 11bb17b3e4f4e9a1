# Tests of net, and of the cleaning of outside text that it rests on.
check_PROGRAMS += tests/unit/test_text
tests_unit_test_text_SOURCES = tests/unit/test_text.c tests/unit/table.h
tests_unit_test_text_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_text
