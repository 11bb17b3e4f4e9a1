libcore_a_SOURCES += \
	core/sim/drive.c \
	core/sim/drive.h \
	core/sim/report.c \
	core/sim/server.h \
	core/sim/site.h
