libcore_a_SOURCES += \
	core/sim/control.c \
	core/sim/control_world.c \
	core/sim/faults.c \
	core/sim/faults.h \
	core/sim/jenkins_jobs.c \
	core/sim/jenkins_json.c \
	core/sim/jenkins_tree.c \
	core/sim/jenkins_wire.c \
	core/sim/jenkins_wire.h \
	core/sim/server.c \
	core/sim/server.h \
	core/sim/site.c \
	core/sim/site.h \
	core/sim/site_impl.h \
	core/sim/velostrata_extension.c \
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
	core/sim/world_spot.c \
	core/sim/world_velostrata.c

# The wires of the ESX host and of the region.
libcore_a_SOURCES += \
	core/sim/ec2_answer.c \
	core/sim/ec2_call.h \
	core/sim/ec2_filter.c \
	core/sim/ec2_prices.c \
	core/sim/ec2_wire.c \
	core/sim/form.c \
	core/sim/form.h \
	core/sim/property_collector.c \
	core/sim/property_filter.c \
	core/sim/property_spec.c \
	core/sim/property_spec.h \
	core/sim/sigv4.c \
	core/sim/sigv4.h \
	core/sim/site_secrets.c \
	core/sim/soap_request.c \
	core/sim/soap_request.h \
	core/sim/vim_call.h \
	core/sim/vim_faults.c \
	core/sim/vim_faults.h \
	core/sim/vim_host.c \
	core/sim/vim_methods.c \
	core/sim/vim_model.c \
	core/sim/vim_model.h \
	core/sim/vim_perf.c \
	core/sim/vim_server.c \
	core/sim/vim_server.h \
	core/sim/vim_service.c \
	core/sim/vim_vm.c \
	core/sim/vsphere_wire.c
