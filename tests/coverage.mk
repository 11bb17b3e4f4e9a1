# Branches of policy and cost, lines of all; see HACKING. The sources are copied as for a tarball, so
# that it works in and beside the source folder.
EXTRA_DIST += tests/coverage.sh
coverage:
	@$(MKDIR_P) coverage
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=coverage/src
	$(SHELL) $(srcdir)/tests/coverage.sh coverage/src "$(MAKE)" $(TESTS)
clean-local:
	rm -rf coverage
.PHONY: coverage
