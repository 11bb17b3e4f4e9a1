# Torture: memory and disk that fail at each place; HACKING.
TORTURE_FILES = tests/torture/life.c tests/torture/life.h tests/unit/folder.h

check_PROGRAMS += tests/torture/test_alloc
tests_torture_test_alloc_SOURCES = tests/torture/test_alloc.c tests/torture/alloc.c tests/torture/alloc.h \
	tests/torture/callers.c tests/torture/callers.h \
	tests/torture/scenario.c tests/torture/scenario.h tests/torture/scenario_model.c \
	tests/torture/scenario_api.c tests/torture/scenario_tui.c tests/fuzz/fuzz.h \
	tests/fuzz/answers.c tests/fuzz/answers.h tests/fuzz/site.c tests/fuzz/site.h $(TORTURE_FILES) $(STAGE_FILES)
tests_torture_test_alloc_LDADD = $(TUI_TEST_LIBS)
# Memory of ours goes through the test; what the simulated world needs for itself does not.
tests_torture_test_alloc_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	-Wl,--wrap=reallocarray,--wrap=strdup,--wrap=free \
	-Wl,--wrap=site_advance,--wrap=world_advance,--wrap=typed_act \
	-Wl,--wrap=account_take,--wrap=readiness_advance
TESTS += tests/torture/test_alloc

check_PROGRAMS += tests/torture/test_disk
tests_torture_test_disk_SOURCES = tests/torture/test_disk.c tests/torture/vfs.c tests/torture/vfs.h \
	tests/torture/callers.c tests/torture/callers.h $(TORTURE_FILES)
tests_torture_test_disk_LDADD = libcore.a $(CORE_LIBS)
tests_torture_test_disk_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sqlite3_exec
TESTS += tests/torture/test_disk

# The longer run: each allocation of all that is small, of a day each caller in each way of refusing.
check-torture: tests/torture/test_alloc tests/torture/test_disk
	srcdir=$(srcdir) tests/torture/test_alloc --all --only "a store"
	srcdir=$(srcdir) tests/torture/test_alloc --callers --runs 6000
	tests/torture/test_disk --runs 30
.PHONY: check-torture
