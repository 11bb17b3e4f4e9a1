libcore_a_SOURCES += \
	core/policy/plan.h \
	core/policy/schedule.c \
	core/policy/schedule.h
