# Tests of store.
check_PROGRAMS += tests/unit/test_journal_json tests/unit/test_lock tests/unit/test_store
tests_unit_test_journal_json_SOURCES = tests/unit/test_journal_json.c tests/unit/table.h
tests_unit_test_journal_json_LDADD = libcore.a $(CMOCKA_LIBS) $(JANSSON_LIBS)
tests_unit_test_lock_SOURCES = tests/unit/test_lock.c tests/unit/table.h
tests_unit_test_lock_LDADD = libcore.a $(CMOCKA_LIBS)
tests_unit_test_store_SOURCES = tests/unit/folder.h tests/unit/test_store.c tests/unit/table.h
tests_unit_test_store_LDADD = libcore.a $(CMOCKA_LIBS) $(SQLITE_LIBS)
TESTS += tests/unit/test_journal_json tests/unit/test_lock tests/unit/test_store

check_PROGRAMS += tests/unit/test_snapshot_json
tests_unit_test_snapshot_json_SOURCES = tests/unit/test_snapshot_json.c tests/unit/table.h \
	tests/screen/story.c tests/screen/story.h
tests_unit_test_snapshot_json_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_snapshot_json

check_PROGRAMS += tests/screen/test_observer
tests_screen_test_observer_SOURCES = tests/unit/folder.h tests/screen/test_observer.c $(STAGE_FILES)
tests_screen_test_observer_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/screen/test_observer

check_PROGRAMS += tests/unit/test_store_room
tests_unit_test_store_room_SOURCES = tests/unit/folder.h tests/unit/test_store_room.c tests/unit/table.h
tests_unit_test_store_room_LDADD = libcore.a $(CMOCKA_LIBS) $(SQLITE_LIBS)
TESTS += tests/unit/test_store_room

check_PROGRAMS += tests/unit/test_lease
tests_unit_test_lease_SOURCES = tests/unit/test_lease.c tests/unit/table.h
tests_unit_test_lease_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_lease

check_PROGRAMS += tests/unit/test_store_aside
tests_unit_test_store_aside_SOURCES = tests/unit/folder.h tests/unit/test_store_aside.c tests/unit/table.h
tests_unit_test_store_aside_LDADD = libcore.a $(CMOCKA_LIBS) $(SQLITE_LIBS)
TESTS += tests/unit/test_store_aside
