# Tests of the whole program: the real binary, started as people start it.
check_PROGRAMS += tests/e2e/peek
tests_e2e_peek_SOURCES = tests/e2e/peek.c
tests_e2e_peek_LDADD = libcore.a $(CORE_LIBS)

check_PROGRAMS += tests/e2e/pty
tests_e2e_pty_SOURCES = tests/e2e/pty.c
tests_e2e_pty_LDADD = libcore.a $(CORE_LIBS) -lutil

check_PROGRAMS += tests/e2e/ledger
tests_e2e_ledger_SOURCES = tests/e2e/ledger.c
tests_e2e_ledger_LDADD = libcore.a $(CORE_LIBS)

# The real program with points at which it dies, and a clock that goes faster; only here.
check_PROGRAMS += tests/e2e/rushhour_mortal
tests_e2e_rushhour_mortal_SOURCES = tests/e2e/crash_points.c tests/e2e/fast_clock.c $(rushhour_SOURCES)
tests_e2e_rushhour_mortal_LDADD = $(rushhour_LDADD)
tests_e2e_rushhour_mortal_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=store_apply,--wrap=store_commit \
	-Wl,--wrap=api_set_act,--wrap=clock_system,--wrap=mailbox_get,--wrap=api_set_poll

CRASH_TOOLS = rushhour tests/e2e/rushhour_mortal tests/e2e/peek
check-crashes: $(CRASH_TOOLS)
	for way in crash crash_ec2 crash_overlap; do \
		RH_CRASH_TIMES=3 RH_CRASH_LOSS=1 srcdir=$(srcdir) $(srcdir)/tests/e2e/$$way.sh || exit 1; \
	done
check-crash-pairs: $(CRASH_TOOLS)
	for way in crash crash_ec2 crash_overlap; do \
		RH_CRASH_PAIRS=5 srcdir=$(srcdir) $(srcdir)/tests/e2e/$$way.sh || exit 1; \
	done
check-kills: $(CRASH_TOOLS)
	RH_KILL_ROUNDS=$${RH_KILL_ROUNDS:-10000} srcdir=$(srcdir) $(srcdir)/tests/e2e/kill9.sh
.PHONY: check-crashes check-crash-pairs check-kills

E2E_TESTS = tests/e2e/bad_input.sh tests/e2e/bad_state.sh tests/e2e/cost.sh tests/e2e/crash.sh \
	tests/e2e/crash_ec2.sh tests/e2e/crash_overlap.sh tests/e2e/deaths.sh tests/e2e/demo.sh \
	tests/e2e/doctor.sh tests/e2e/emulator.sh tests/e2e/explain.sh tests/e2e/limits.sh tests/e2e/full_disk.sh \
	tests/e2e/kill9.sh tests/e2e/newcomer.sh tests/e2e/observer.sh tests/e2e/orders.sh \
	tests/e2e/reload.sh tests/e2e/replay.sh tests/e2e/secrets.sh tests/e2e/simulate.sh \
	tests/e2e/site_run.sh tests/e2e/terminal.sh
dist_check_SCRIPTS += $(E2E_TESTS)
TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/crash_way.sh tests/e2e/lib.sh tests/e2e/site.sh

# Long lives; RH_SOAK_POLLS, RH_HUNG_KEYS. Not among the tests: it takes minutes.
SOAK_TOOLS = tests/soak/key_frames
check_PROGRAMS += $(SOAK_TOOLS)
tests_soak_key_frames_SOURCES = tests/soak/key_frames.c
tests_soak_key_frames_LDADD = libcore.a $(CORE_LIBS) -lutil
SOAKS = tests/soak/soak.sh tests/soak/hung.sh
dist_check_SCRIPTS += $(SOAKS)
check-soak: $(CRASH_TOOLS) tests/e2e/pty $(SOAK_TOOLS)
	for t in $(SOAKS); do srcdir=$(srcdir) $(srcdir)/$$t || exit 1; done
.PHONY: check-soak

# Races, in a build with --enable-sanitizers=thread; and memory that was never written.
EXTRA_DIST += tests/threads.sh tests/memcheck.sh
THREADED = tests/contract/test_http_client tests/contract/test_vsphere_watch tests/contract/test_vsphere_news \
	tests/contract/test_sim_signed tests/contract/test_etcd tests/unit/test_site tests/unit/test_lease \
	tests/screen/test_observer
THREADED_ALIVE = tests/e2e/observer.sh tests/e2e/deaths.sh tests/e2e/orders.sh tests/e2e/site_run.sh
check-threads: $(THREADED) $(CRASH_TOOLS) tests/e2e/pty
	$(SHELL) $(srcdir)/tests/threads.sh $(srcdir) $(THREADED) $(THREADED_ALIVE)
MEMCHECKED = tests/unit/test_store tests/unit/test_snapshot_json tests/contract/test_jenkins \
	tests/contract/test_ec2 tests/contract/test_velostrata tests/contract/test_vsphere
check-memory: $(MEMCHECKED) rushhour
	$(SHELL) $(srcdir)/tests/memcheck.sh $(srcdir) $(MEMCHECKED) "rushhour demo --json --for 15m --speed max" \
		"rushhour simulate --json --for 6h" "rushhour doctor --offline"
.PHONY: check-threads check-memory

# Other compilers and other flags: the same histories.
EXTRA_DIST += tests/builds.sh
check-builds:
	$(SHELL) $(srcdir)/tests/builds.sh $(srcdir) "$(MAKE)" $(BUILDS)
.PHONY: check-builds
