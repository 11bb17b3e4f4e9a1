# Tests of policy, cost and the time zones that they stand on.
check_PROGRAMS += tests/unit/test_tz
tests_unit_test_tz_SOURCES = tests/unit/test_tz.c tests/unit/table.h
tests_unit_test_tz_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_tz
check_PROGRAMS += tests/unit/test_schedule
tests_unit_test_schedule_SOURCES = tests/unit/test_schedule.c tests/unit/policy_util.h
tests_unit_test_schedule_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_schedule
check_PROGRAMS += tests/unit/test_plan
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c tests/unit/plan_site.h tests/unit/policy_util.h
tests_unit_test_plan_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_plan
check_PROGRAMS += tests/unit/test_plan_extension
tests_unit_test_plan_extension_SOURCES = tests/unit/test_plan_extension.c tests/unit/plan_site.h tests/unit/policy_util.h
tests_unit_test_plan_extension_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_plan_extension
check_PROGRAMS += tests/unit/test_plan_gates
tests_unit_test_plan_gates_SOURCES = tests/unit/test_plan_gates.c tests/unit/plan_site.h tests/unit/policy_util.h
tests_unit_test_plan_gates_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_plan_gates
check_PROGRAMS += tests/unit/test_plan_random
tests_unit_test_plan_random_SOURCES = tests/unit/test_plan_random.c tests/unit/plan_site.h tests/unit/policy_util.h
tests_unit_test_plan_random_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_plan_random
check_PROGRAMS += tests/unit/test_plan_walk
tests_unit_test_plan_walk_SOURCES = tests/unit/test_plan_walk.c tests/unit/plan_site.h tests/unit/policy_util.h
tests_unit_test_plan_walk_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_plan_walk
check_PROGRAMS += tests/unit/test_ledger
tests_unit_test_ledger_SOURCES = tests/unit/test_ledger.c tests/unit/policy_util.h
tests_unit_test_ledger_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_ledger

# The rules of the house; srcdir is in the environment of every test.
LINTS = tests/lint/banned.sh tests/lint/layers.sh tests/lint/pure.sh
TESTS += $(LINTS)
EXTRA_DIST += $(LINTS) tests/lint/banned.awk
