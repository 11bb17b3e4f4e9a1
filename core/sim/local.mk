libcore_a_SOURCES += \
	core/sim/server.h \
	core/sim/site.h
