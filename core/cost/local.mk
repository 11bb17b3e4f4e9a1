libcore_a_SOURCES += \
	core/cost/ledger.h
