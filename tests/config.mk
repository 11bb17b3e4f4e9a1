# Tests of config.
check_PROGRAMS += tests/unit/test_secret
tests_unit_test_secret_SOURCES = tests/unit/test_secret.c tests/unit/table.h
tests_unit_test_secret_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_secret
check_PROGRAMS += tests/unit/test_window tests/unit/test_config
tests_unit_test_window_SOURCES = tests/unit/test_window.c tests/unit/table.h
tests_unit_test_window_LDADD = $(PURE_TEST_LIBS)
tests_unit_test_config_SOURCES = tests/unit/test_config.c tests/unit/table.h
tests_unit_test_config_LDADD = libcore.a $(CMOCKA_LIBS) $(LIBCONFIG_LIBS)
TESTS += tests/unit/test_window tests/unit/test_config
check_PROGRAMS += tests/unit/test_setup
tests_unit_test_setup_SOURCES = tests/unit/test_setup.c tests/unit/table.h
tests_unit_test_setup_LDADD = libcore.a $(CMOCKA_LIBS) $(LIBCONFIG_LIBS)
TESTS += tests/unit/test_setup
check_PROGRAMS += tests/unit/test_calendar
tests_unit_test_calendar_SOURCES = tests/unit/test_calendar.c tests/unit/policy_util.h
tests_unit_test_calendar_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_calendar
check_PROGRAMS += tests/unit/test_cmd_config
tests_unit_test_cmd_config_SOURCES = tests/unit/test_cmd_config.c tests/unit/table.h \
	tui/cmd_config.h tui/cmd_doctor.c tui/cmd_init.c
tests_unit_test_cmd_config_LDADD = libcore.a $(CMOCKA_LIBS) $(LIBCONFIG_LIBS)
TESTS += tests/unit/test_cmd_config
