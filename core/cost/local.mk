libcore_a_SOURCES += \
	core/cost/ledger.c \
	core/cost/ledger.h
