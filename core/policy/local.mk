libcore_a_SOURCES += \
	core/policy/budget.c \
	core/policy/decide.c \
	core/policy/explain.c \
	core/policy/explain.h \
	core/policy/extension.c \
	core/policy/gates.c \
	core/policy/lead.c \
	core/policy/lead.h \
	core/policy/next.c \
	core/policy/offering.c \
	core/policy/offering.h \
	core/policy/plan.c \
	core/policy/plan.h \
	core/policy/plan_work.h \
	core/policy/planned.c \
	core/policy/pressure.c \
	core/policy/requeue.c \
	core/policy/requeue.h \
	core/policy/rerun.c \
	core/policy/rerun.h \
	core/policy/schedule.c \
	core/policy/schedule.h \
	core/policy/slots.c \
	core/policy/text.c
