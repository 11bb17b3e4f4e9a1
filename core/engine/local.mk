libcore_a_SOURCES += \
	core/engine/api_set.c \
	core/engine/api_set.h \
	core/engine/board.c \
	core/engine/board.h \
	core/engine/calls.c \
	core/engine/commands.c \
	core/engine/controller.c \
	core/engine/controller.h \
	core/engine/costs.c \
	core/engine/daily.c \
	core/engine/decide.c \
	core/engine/effects.c \
	core/engine/effects.h \
	core/engine/engine.c \
	core/engine/engine.h \
	core/engine/journal.c \
	core/engine/mailbox.c \
	core/engine/mailbox.h \
	core/engine/merge.c \
	core/engine/moves.c \
	core/engine/react.c \
	core/engine/runtime.c \
	core/engine/runtime.h \
	core/engine/snapshot.c \
	core/engine/sources.c \
	core/engine/state.c \
	core/engine/state.h
