# What no compiler checks.
check_PROGRAMS += tests/lint/conf_manual
tests_lint_conf_manual_SOURCES = tests/lint/conf_manual.c
tests_lint_conf_manual_LDADD = libcore.a $(CORE_LIBS)
dist_check_SCRIPTS += tests/lint/manuals.sh
TESTS += tests/lint/manuals.sh
dist_check_SCRIPTS += tests/lint/format.sh
TESTS += tests/lint/format.sh
dist_check_SCRIPTS += tests/lint/bootstrap.sh
TESTS += tests/lint/bootstrap.sh
dist_check_SCRIPTS += tests/lint/plants.sh
TESTS += tests/lint/plants.sh
dist_check_SCRIPTS += tests/lint/points.sh
TESTS += tests/lint/points.sh
EXTRA_DIST += tests/summary.sh
