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

# Writes the expected pictures anew; review the difference like code.
.PHONY: update-screens
update-screens: tests/screen/test_screen
	srcdir=$(srcdir) UPDATE_SCREENS=1 tests/screen/test_screen

check_PROGRAMS += tests/unit/test_canvas tests/unit/test_keys tests/unit/test_layout \
	tests/unit/test_theme tests/screen/test_line_text
tests_unit_test_canvas_SOURCES = tests/unit/test_canvas.c tests/unit/table.h
tests_unit_test_canvas_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_keys_SOURCES = tests/unit/test_keys.c tests/unit/table.h
tests_unit_test_keys_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_layout_SOURCES = tests/unit/test_layout.c tests/unit/table.h
tests_unit_test_layout_LDADD = $(TUI_TEST_LIBS)
tests_unit_test_theme_SOURCES = tests/unit/test_theme.c tests/unit/table.h
tests_unit_test_theme_LDADD = $(TUI_TEST_LIBS)
tests_screen_test_line_text_SOURCES = tests/screen/test_line_text.c tests/unit/table.h $(STORY_FILES)
tests_screen_test_line_text_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/unit/test_canvas tests/unit/test_keys tests/unit/test_layout \
	tests/unit/test_theme tests/screen/test_line_text

check_PROGRAMS += tests/screen/test_pty
tests_screen_test_pty_SOURCES = tests/screen/test_pty.c $(STAGE_FILES)
tests_screen_test_pty_LDADD = $(TUI_TEST_LIBS)
TESTS += tests/screen/test_pty
