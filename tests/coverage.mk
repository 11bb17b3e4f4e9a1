# Branches of policy, cost, move and the controller, lines of all; see HACKING. The sources are copied as for a tarball, so
# that it works in and beside the source folder.
EXTRA_DIST += tests/coverage.sh
COVERAGE_TOOLS = rushhour tests/e2e/peek tests/e2e/pty tests/e2e/ledger tests/e2e/rushhour_mortal tests/contract/tls_get \
	tests/sim/campaign_shipped
coverage:
	@$(MKDIR_P) coverage
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=coverage/src
	$(SHELL) $(srcdir)/tests/coverage.sh coverage/src "$(MAKE)" "$(COVERAGE_TOOLS)" $(TESTS)
clean-local:
	rm -rf coverage
.PHONY: coverage

# Mistakes in policy and move, one at a time: who notices? MUTATE="core/move/step.c" MUTATE_EVERY=10
EXTRA_DIST += tests/mutate.py tests/mutate.equal
MUTATE_TESTS = plan plan_gates plan_stay plan_budget plan_extension plan_pressure plan_walk plan_random \
	schedule calendar lead offering explain requeue policy_page move_steps move move_ec2
MUTATE_EVERY = 1
mutate: libcore.a $(MUTATE_TESTS:%=tests/unit/test_%)
	@test -n "$(PYTHON3)" || { echo "make mutate needs python3"; exit 1; }
	@$(PYTHON3) $(srcdir)/tests/mutate.py --source $(srcdir) --compile "$(COMPILE)" \
	    --link "$(CCLD) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS)" --libs "$(CMOCKA_LIBS) $(LIBS)" \
	    --every $(MUTATE_EVERY) $(if $(MUTATE),$(MUTATE),$(sort $(filter core/policy/%.c core/move/%.c,$(libcore_a_SOURCES))))
.PHONY: mutate
