# Tests of tui.
TUI_TEST_LIBS = libtui.a libcore.a $(NCURSES_LIBS) $(CMOCKA_LIBS) $(CORE_LIBS)
STORY_FILES = tests/screen/story.c tests/screen/story.h

# The dashboard on a canned picture, to look at.
check_PROGRAMS += tests/screen/show
tests_screen_show_SOURCES = tests/screen/show.c $(STORY_FILES)
tests_screen_show_LDADD = $(TUI_TEST_LIBS)

STAGE_FILES = tests/screen/stage.c tests/screen/stage.h tests/unit/table.h $(STORY_FILES)
check_PROGRAMS += tests/screen/test_screen tests/screen/test_ui
tests_screen_test_screen_SOURCES = tests/screen/test_screen.c $(STAGE_FILES)
tests_screen_test_screen_LDADD = $(TUI_TEST_LIBS)
tests_screen_test_ui_SOURCES = tests/screen/test_ui.c $(STAGE_FILES)
tests_screen_test_ui_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/screen/test_screen tests/screen/test_ui
check_PROGRAMS += tests/screen/test_fuzz
tests_screen_test_fuzz_SOURCES = tests/screen/test_fuzz.c $(STAGE_FILES)
tests_screen_test_fuzz_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/screen/test_fuzz
check_PROGRAMS += tests/screen/test_ui_screen
tests_screen_test_ui_screen_SOURCES = tests/screen/test_ui_screen.c $(STAGE_FILES)
tests_screen_test_ui_screen_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/screen/test_ui_screen
check_PROGRAMS += tests/screen/test_pages
tests_screen_test_pages_SOURCES = tests/screen/test_pages.c $(STAGE_FILES)
tests_screen_test_pages_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/screen/test_pages

# Writes the expected pictures anew; review the difference like code.
.PHONY: update-screens
update-screens: tests/screen/test_screen
	srcdir=$(srcdir) UPDATE_SCREENS=1 tests/screen/test_screen

# Pictures of the real program for the README; tmux is needed.
EXTRA_PROGRAMS += tests/screen/svg
CLEANFILES += tests/screen/svg
tests_screen_svg_SOURCES = tests/screen/svg.c
tests_screen_svg_LDADD = libtui.a libcore.a
EXTRA_DIST += tests/screen/screenshots.sh doc
.PHONY: screenshots
screenshots: rushhour tests/screen/svg tests/e2e/pty
	$(srcdir)/tests/screen/screenshots.sh $(abs_builddir)/rushhour tests/screen/svg tests/e2e/pty \
		$(srcdir)/tui/views.def $(srcdir)/doc

check_PROGRAMS += tests/unit/test_canvas tests/unit/test_chart tests/unit/test_keys tests/unit/test_layout \
	tests/unit/test_theme tests/screen/test_line_text
tests_unit_test_canvas_SOURCES = tests/unit/test_canvas.c tests/unit/table.h
tests_unit_test_canvas_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_chart_SOURCES = tests/unit/test_chart.c tests/unit/table.h
tests_unit_test_chart_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_keys_SOURCES = tests/unit/test_keys.c tests/unit/table.h
tests_unit_test_keys_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_layout_SOURCES = tests/unit/test_layout.c tests/unit/table.h
tests_unit_test_layout_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_theme_SOURCES = tests/unit/test_theme.c tests/unit/table.h
tests_unit_test_theme_LDADD = $(TUI_TEST_LIBS) -lm
check_PROGRAMS += tests/unit/test_mouse
tests_unit_test_mouse_SOURCES = tests/unit/test_mouse.c tests/unit/table.h
tests_unit_test_mouse_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/unit/test_mouse
check_PROGRAMS += tests/unit/test_notices tests/unit/test_notify
tests_unit_test_notices_SOURCES = tests/unit/test_notices.c tests/unit/table.h $(STORY_FILES)
tests_unit_test_notices_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_notify_SOURCES = tests/unit/test_notify.c tests/unit/table.h $(STORY_FILES)
tests_unit_test_notify_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/unit/test_notices tests/unit/test_notify
check_PROGRAMS += tests/unit/test_prefs
tests_unit_test_prefs_SOURCES = tests/unit/test_prefs.c tests/unit/table.h
tests_unit_test_prefs_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/unit/test_prefs
check_PROGRAMS += tests/unit/test_export
tests_unit_test_export_SOURCES = tests/unit/test_export.c tests/unit/folder.h tests/unit/table.h
tests_unit_test_export_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/unit/test_export
tests_screen_test_line_text_SOURCES = tests/screen/test_line_text.c tests/unit/table.h $(STORY_FILES)
tests_screen_test_line_text_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/unit/test_canvas tests/unit/test_keys tests/unit/test_layout \
	tests/unit/test_theme tests/screen/test_line_text tests/unit/test_chart

check_PROGRAMS += tests/screen/test_pty
tests_screen_test_pty_SOURCES = tests/screen/test_pty.c tests/unit/folder.h $(STAGE_FILES)
tests_screen_test_pty_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/screen/test_pty

EXTRA_DIST += \
	tests/screen/hold-ascii.screen \
	tests/screen/apis-ascii.screen \
	tests/screen/apis-mono.screen \
	tests/screen/apis-utf8.screen \
	tests/screen/cost-ascii.screen \
	tests/screen/cost-mono.screen \
	tests/screen/cost-utf8.screen \
	tests/screen/cost-sum-ascii.screen \
	tests/screen/cost-sum-mono.screen \
	tests/screen/cost-sum-utf8.screen \
	tests/screen/cost-unknown-ascii.screen \
	tests/screen/cost-unknown-mono.screen \
	tests/screen/cost-unknown-utf8.screen \
	tests/screen/dead-ascii.screen \
	tests/screen/dead-mono.screen \
	tests/screen/dead-utf8.screen \
	tests/screen/detail-ascii.screen \
	tests/screen/detail-mono.screen \
	tests/screen/detail-utf8.screen \
	tests/screen/dialog-ascii.screen \
	tests/screen/dialog-mono.screen \
	tests/screen/dialog-utf8.screen \
	tests/screen/events-ascii.screen \
	tests/screen/events-mono.screen \
	tests/screen/events-utf8.screen \
	tests/screen/filter-ascii.screen \
	tests/screen/filter-mono.screen \
	tests/screen/filter-utf8.screen \
	tests/screen/help-ascii.screen \
	tests/screen/help-mono.screen \
	tests/screen/help-utf8.screen \
	tests/screen/hold-mono.screen \
	tests/screen/hold-utf8.screen \
	tests/screen/interruption-ascii.screen \
	tests/screen/interruption-mono.screen \
	tests/screen/interruption-utf8.screen \
	tests/screen/loading-ascii.screen \
	tests/screen/loading-mono.screen \
	tests/screen/loading-utf8.screen \
	tests/screen/locked-ascii.screen \
	tests/screen/locked-mono.screen \
	tests/screen/locked-utf8.screen \
	tests/screen/marked-ascii.screen \
	tests/screen/marked-mono.screen \
	tests/screen/marked-utf8.screen \
	tests/screen/menu-ascii.screen \
	tests/screen/menu-mono.screen \
	tests/screen/menu-utf8.screen \
	tests/screen/moving-ascii.screen \
	tests/screen/moving-mono.screen \
	tests/screen/moving-utf8.screen \
	tests/screen/normal-ascii.screen \
	tests/screen/normal-mono.screen \
	tests/screen/normal-utf8.screen \
	tests/screen/observe-ascii.screen \
	tests/screen/observe-mono.screen \
	tests/screen/observe-utf8.screen \
	tests/screen/observer-ascii.screen \
	tests/screen/observer-mono.screen \
	tests/screen/observer-utf8.screen \
	tests/screen/prompt-ascii.screen \
	tests/screen/prompt-mono.screen \
	tests/screen/prompt-utf8.screen \
	tests/screen/schedule-hold-ascii.screen \
	tests/screen/schedule-hold-mono.screen \
	tests/screen/schedule-hold-utf8.screen \
	tests/screen/schedule-ascii.screen \
	tests/screen/schedule-mono.screen \
	tests/screen/schedule-utf8.screen \
	tests/screen/stale-ascii.screen \
	tests/screen/stale-mono.screen \
	tests/screen/stale-utf8.screen \
	tests/screen/undo-ascii.screen \
	tests/screen/undo-mono.screen \
	tests/screen/undo-utf8.screen
