# Tests of tui.
TUI_TEST_LIBS = libtui.a libcore.a $(NCURSES_LIBS) $(CMOCKA_LIBS) $(CORE_LIBS)
STORY_FILES = tests/screen/story.c tests/screen/story.h

# The dashboard on a canned picture, to look at.
check_PROGRAMS += tests/screen/show
tests_screen_show_SOURCES = tests/screen/show.c $(STORY_FILES)
tests_screen_show_LDADD = $(TUI_TEST_LIBS)
