libcore_a_SOURCES += \
	core/sim/server.h \
	core/sim/site.h \
	core/sim/wire.h \
	core/sim/world.h
