libcore_a_SOURCES += \
	core/store/journal_json.c \
	core/store/journal_json.h \
	core/store/lease.c \
	core/store/lease.h \
	core/store/lock.c \
	core/store/lock.h \
	core/store/snapshot_json.c \
	core/store/snapshot_json.h \
	core/store/snapshot_traces.c \
	core/store/snapshot_traces.h \
	core/store/snapshot_values.c \
	core/store/snapshot_values.h \
	core/store/statements.def \
	core/store/store.c \
	core/store/store.h \
	core/store/store_apply.c \
	core/store/store_aside.c \
	core/store/store_client.c \
	core/store/store_files.c \
	core/store/store_internal.h \
	core/store/store_load.c \
	core/store/store_query.c \
	core/store/store_room.c \
	core/store/store_requeues.c \
	core/store/store_samples.c \
	core/store/store_schema.c
