libcore_a_SOURCES += \
	core/cost/bill.c \
	core/cost/bill.h \
	core/cost/compare.c \
	core/cost/forecast.c \
	core/cost/forecast.h \
	core/cost/ledger.c \
	core/cost/ledger.h \
	core/cost/speedup.c \
	core/cost/speedup.h
