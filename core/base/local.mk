libcore_a_SOURCES += \
	core/base/arena.c \
	core/base/arena.h \
	core/base/attr.h \
	core/base/clock.c \
	core/base/clock.h \
	core/base/err.c \
	core/base/err.h \
	core/base/log.c \
	core/base/log.h \
	core/base/money.c \
	core/base/money.h \
	core/base/rng.c \
	core/base/rng.h \
	core/base/secret.c \
	core/base/secret.h \
	core/base/sha256.c \
	core/base/sha256.h \
	core/base/str.c \
	core/base/str.h \
	core/base/text.c \
	core/base/text.h \
	core/base/timefmt.c \
	core/base/timefmt.h \
	core/base/tz.h
