bin_PROGRAMS += rushhour
rushhour_SOURCES = tui/main.c \
	tui/cmd_config.h \
	tui/cmd_doctor.c \
	tui/cmd_init.c
rushhour_LDADD = libcore.a $(NCURSES_LIBS) $(CORE_LIBS)
