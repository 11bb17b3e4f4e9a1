libcore_a_SOURCES += \
	core/model/call.c \
	core/model/call.h \
	core/model/command.c \
	core/model/command.h \
	core/model/config.h \
	core/model/config_check.c \
	core/model/config_internal.h \
	core/model/config_load.c \
	core/model/config_print.c \
	core/model/config_problems.c \
	core/model/config_read.c \
	core/model/config_scan.c \
	core/model/config_value.c \
	core/model/facts.h \
	core/model/fleet.c \
	core/model/fleet.h \
	core/model/move.h \
	core/model/observe.c \
	core/model/observe.h \
	core/model/options.c \
	core/model/options.def \
	core/model/options.h \
	core/model/record.h \
	core/model/window.c \
	core/model/window.h \
	core/model/words.c \
	core/model/words.h
