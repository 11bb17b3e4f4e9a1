# make bench: measured numbers; nothing here passes or fails.
BENCHES = tests/bench/bench_interruption tests/bench/bench_policy tests/bench/bench_poll tests/bench/bench_tui
EXTRA_PROGRAMS += $(BENCHES)
tests_bench_bench_interruption_SOURCES = tests/bench/bench_interruption.c $(TAKEN_FILES)
tests_bench_bench_interruption_LDADD = $(CORE_TEST_LIBS)
tests_bench_bench_policy_SOURCES = tests/bench/bench_policy.c
tests_bench_bench_policy_LDADD = libcore.a
tests_bench_bench_poll_SOURCES = tests/bench/bench_poll.c
tests_bench_bench_poll_LDADD = libcore.a $(CORE_LIBS)
tests_bench_bench_tui_SOURCES = tests/bench/bench_tui.c
tests_bench_bench_tui_LDADD = -lutil
EXTRA_DIST += tests/bench/bench.sh tests/bench/dashboards.sh
bench: rushhour $(BENCHES) tests/e2e/peek
	tests/bench/bench_policy
	tests/bench/bench_interruption
	tests/bench/bench_poll
	tests/bench/bench_poll 50 1000
	$(srcdir)/tests/bench/bench.sh ./rushhour
	srcdir=$(srcdir) $(srcdir)/tests/bench/dashboards.sh
bench-interruption: tests/bench/bench_interruption
	tests/bench/bench_interruption
bench-dashboards: rushhour tests/bench/bench_tui tests/e2e/peek
	srcdir=$(srcdir) $(srcdir)/tests/bench/dashboards.sh
.PHONY: bench bench-interruption bench-dashboards
CLEANFILES += $(BENCHES)
