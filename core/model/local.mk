libcore_a_SOURCES += \
	core/model/call.c \
	core/model/call.h \
	core/model/command.c \
	core/model/command.h \
	core/model/config.h \
	core/model/facts.h \
	core/model/fleet.c \
	core/model/fleet.h \
	core/model/fleet_json.c \
	core/model/fleet_json.h \
	core/model/move.h \
	core/model/observe.c \
	core/model/observe.h \
	core/model/record.h \
	core/model/words.c \
	core/model/words.h
