libcore_a_SOURCES += \
	core/move/ec2.c \
	core/move/launch.c \
	core/move/mover.c \
	core/move/mover.h \
	core/move/movers.def \
	core/move/nodes.c \
	core/move/step.c \
	core/move/step.h \
	core/move/velostrata.c
