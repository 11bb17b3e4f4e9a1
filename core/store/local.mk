libcore_a_SOURCES += \
	core/store/lock.h \
	core/store/store.h
