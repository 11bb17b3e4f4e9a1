libcore_a_SOURCES += \
	core/sim/jenkins_jobs.c \
	core/sim/jenkins_json.c \
	core/sim/jenkins_tree.c \
	core/sim/jenkins_wire.c \
	core/sim/jenkins_wire.h \
	core/sim/server.h \
	core/sim/site.h \
	core/sim/velostrata_tasks.c \
	core/sim/velostrata_wire.c \
	core/sim/velostrata_wire.h \
	core/sim/wire.c \
	core/sim/wire.h \
	core/sim/world.c \
	core/sim/world.h \
	core/sim/world_builds.c \
	core/sim/world_cloud.c \
	core/sim/world_host.c \
	core/sim/world_impl.h \
	core/sim/world_jenkins.c \
	core/sim/world_market.c \
	core/sim/world_velostrata.c
