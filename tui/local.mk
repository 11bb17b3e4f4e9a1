bin_PROGRAMS += rushhour
rushhour_SOURCES = tui/main.c
rushhour_LDADD = libcore.a $(NCURSES_LIBS) $(CORE_LIBS)
