# Tests of sim.

# The world alone: it needs no library.
check_PROGRAMS += tests/unit/test_world
tests_unit_test_world_SOURCES = tests/unit/test_world.c
tests_unit_test_world_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_world

# The whole site, bytes in and bytes out.
SITE_TEST_SOURCES = tests/unit/site_client.c tests/unit/site_client.h tests/unit/table.h

check_PROGRAMS += tests/unit/test_jenkins_wire
tests_unit_test_jenkins_wire_SOURCES = tests/unit/test_jenkins_wire.c $(SITE_TEST_SOURCES)
tests_unit_test_jenkins_wire_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_jenkins_wire

check_PROGRAMS += tests/unit/test_velostrata_wire
tests_unit_test_velostrata_wire_SOURCES = tests/unit/test_velostrata_wire.c $(SITE_TEST_SOURCES)
tests_unit_test_velostrata_wire_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_velostrata_wire

check_PROGRAMS += tests/unit/test_pricing_wire
tests_unit_test_pricing_wire_SOURCES = tests/unit/test_pricing_wire.c tests/unit/table.h
tests_unit_test_pricing_wire_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_pricing_wire

check_PROGRAMS += tests/unit/test_sqs_wire
tests_unit_test_sqs_wire_SOURCES = tests/unit/test_sqs_wire.c tests/unit/table.h
tests_unit_test_sqs_wire_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_sqs_wire

check_PROGRAMS += tests/unit/test_site
tests_unit_test_site_SOURCES = tests/unit/test_site.c $(SITE_TEST_SOURCES)
tests_unit_test_site_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_site

check_PROGRAMS += tests/unit/test_sha256
tests_unit_test_sha256_SOURCES = tests/unit/test_sha256.c tests/unit/table.h
tests_unit_test_sha256_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_sha256

check_PROGRAMS += tests/unit/test_sigv4
tests_unit_test_sigv4_SOURCES = tests/unit/test_sigv4.c tests/unit/table.h
tests_unit_test_sigv4_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_sigv4

# The wires of the ESX host and of the region, bytes in and bytes out.
WIRE_TEST_SOURCES = tests/unit/wire_exchange.c tests/unit/wire_exchange.h tests/unit/table.h

check_PROGRAMS += tests/unit/test_ec2_wire
tests_unit_test_ec2_wire_SOURCES = tests/unit/test_ec2_wire.c $(WIRE_TEST_SOURCES)
tests_unit_test_ec2_wire_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_ec2_wire
check_PROGRAMS += tests/unit/test_ec2_rare
tests_unit_test_ec2_rare_SOURCES = tests/unit/test_ec2_rare.c $(WIRE_TEST_SOURCES)
tests_unit_test_ec2_rare_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_ec2_rare
check_PROGRAMS += tests/unit/test_spoil
tests_unit_test_spoil_SOURCES = tests/unit/test_spoil.c tests/unit/table.h
tests_unit_test_spoil_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_spoil
check_PROGRAMS += tests/unit/test_vsphere_rare
tests_unit_test_vsphere_rare_SOURCES = tests/unit/test_vsphere_rare.c $(WIRE_TEST_SOURCES)
tests_unit_test_vsphere_rare_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_vsphere_rare

check_PROGRAMS += tests/unit/test_vsphere_wire
tests_unit_test_vsphere_wire_SOURCES = tests/unit/test_vsphere_wire.c $(WIRE_TEST_SOURCES)
tests_unit_test_vsphere_wire_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_vsphere_wire

check_PROGRAMS += tests/contract/test_sim_signed
tests_contract_test_sim_signed_SOURCES = tests/contract/test_sim_signed.c tests/unit/table.h
tests_contract_test_sim_signed_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/contract/test_sim_signed

# The site without its bytes.
check_PROGRAMS += tests/unit/test_site_zones
tests_unit_test_site_zones_SOURCES = tests/unit/test_site_zones.c tests/unit/table.h
tests_unit_test_site_zones_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_site_zones

check_PROGRAMS += tests/unit/test_typed tests/unit/test_ready
tests_unit_test_typed_SOURCES = tests/unit/test_typed.c tests/unit/table.h
tests_unit_test_typed_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_ready_SOURCES = tests/unit/test_ready.c tests/unit/table.h
tests_unit_test_ready_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_typed tests/unit/test_ready

check_PROGRAMS += tests/unit/test_lock_server
tests_unit_test_lock_server_SOURCES = tests/unit/test_lock_server.c tests/unit/table.h
tests_unit_test_lock_server_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_lock_server

check_PROGRAMS += tests/unit/test_charges
tests_unit_test_charges_SOURCES = tests/unit/test_charges.c \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_charges_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_charges

check_PROGRAMS += tests/unit/test_keeper
tests_unit_test_keeper_SOURCES = tests/unit/test_keeper.c tests/unit/table.h
tests_unit_test_keeper_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_keeper

check_PROGRAMS += tests/sim/campaign
# campaign --from N --seeds N: as long as anybody likes; HACKING.
tests_sim_campaign_SOURCES = tests/unit/folder.h tests/sim/campaign.c tests/sim/history.c \
	tests/sim/history.h tests/sim/swarm.c tests/sim/swarm.h tests/sim/footprint.c tests/sim/footprint.h tests/sim/orders.c tests/sim/orders.h \
	tests/sim/points.c tests/sim/points.h
tests_sim_campaign_CPPFLAGS = $(POINTS_CPPFLAGS)
tests_sim_campaign_LDADD = $(POINTS_LIBS) $(CORE_LIBS)
tests_sim_campaign_DEPENDENCIES = $(POINTS_NEEDED)
TESTS += tests/sim/campaign
# The same over the shipped core, without points: whose coverage it tells.
EXTRA_PROGRAMS += tests/sim/campaign_shipped
CLEANFILES += tests/sim/campaign_shipped
tests_sim_campaign_shipped_SOURCES = $(tests_sim_campaign_SOURCES)
tests_sim_campaign_shipped_CPPFLAGS = $(POINTS_CPPFLAGS)
tests_sim_campaign_shipped_LDADD = $(CORE_TEST_LIBS)

check_PROGRAMS += tests/sim/test_swarm
tests_sim_test_swarm_SOURCES = tests/sim/test_swarm.c tests/sim/swarm.c tests/sim/swarm.h tests/unit/table.h
tests_sim_test_swarm_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_swarm

# What its seeds do not reach.
check_PROGRAMS += tests/sim/test_probes
tests_sim_test_probes_SOURCES = tests/sim/test_probes.c tests/sim/points.c tests/sim/points.h \
	tests/sim/weeks.c tests/sim/weeks.h tests/unit/table.h
tests_sim_test_probes_CPPFLAGS = $(POINTS_CPPFLAGS)
tests_sim_test_probes_LDADD = $(POINTS_LIBS) $(CMOCKA_LIBS) $(CORE_LIBS)
tests_sim_test_probes_DEPENDENCIES = $(POINTS_NEEDED)
TESTS += tests/sim/test_probes

# What of the core has probes and buggify points (core/base/probe.h), once more with them; nobody else
# has them. All of its objects are linked, before libcore.a, which then gives the others alone.
# tests/lint/points.sh knows of one that is missing.
POINTS_CPPFLAGS = $(AM_CPPFLAGS) -DRH_POINTS
check_LIBRARIES += tests/sim/libpoints.a
tests_sim_libpoints_a_SOURCES = \
	core/api/ec2.c core/api/ec2_exchange.c core/api/jenkins.c core/api/velostrata.c \
	core/api/vsphere_props.c core/api/vsphere_session.c core/engine/calls.c core/engine/clock_watch.c \
	core/engine/commands.c \
	core/engine/controller.c core/engine/costs.c core/engine/daily.c core/engine/decide.c \
	core/engine/engine.c core/engine/instances.c core/engine/keeper.c core/engine/keeper_record.c core/engine/keeper_wish.c \
	core/engine/merge.c core/engine/moves.c core/engine/react.c core/engine/recover.c core/engine/replace.c \
	core/engine/requeue.c core/engine/requeue_lost.c core/engine/sources.c core/engine/takeover.c \
	core/engine/unclaimed.c \
	core/move/ec2.c core/move/launch.c core/move/nodes.c core/move/velostrata.c core/sim/drive.c core/store/lease.c \
	core/store/store_apply.c core/store/store_room.c
tests_sim_libpoints_a_CPPFLAGS = $(POINTS_CPPFLAGS)
POINTS_LIBS = $(tests_sim_libpoints_a_OBJECTS) libcore.a
POINTS_NEEDED = tests/sim/libpoints.a libcore.a
EXTRA_DIST += tests/sim/LEDGER tests/sim/CATALOGUE tests/sim/seeds

# Mistakes, each built into a campaign of its own, which has to find it; tests/sim/plants/README.
# Not among the tests: it takes minutes. A mistake may leave something unused. What is linked first is
# not taken from libcore.a; of the objects with points the planted ones stay away.
EXTRA_DIST += tests/sim/plants.sh tests/sim/plants
check-plants: tests/sim/campaign
	@$(SHELL) $(srcdir)/tests/sim/plants.sh $(srcdir) "$(MAKE)" $(PLANTS)
plant:
	@set -e; for f in $(PLANT_SOURCES); do \
	    $(COMPILE) -DRH_POINTS -Wno-error -c -o $(PLANT)/$$f.o $(PLANT)/$$f; done
	@$(CCLD) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -o $(PLANT)/campaign \
	    $(tests_sim_campaign_OBJECTS) $(PLANT_SOURCES:%=$(PLANT)/%.o) \
	    $(filter-out $(join $(dir $(PLANT_SOURCES)), \
	    $(patsubst %.c,tests_sim_libpoints_a-%.$(OBJEXT),$(notdir $(PLANT_SOURCES)))),$(tests_sim_libpoints_a_OBJECTS)) libcore.a $(CORE_LIBS) $(LIBS)
.PHONY: check-plants plant
