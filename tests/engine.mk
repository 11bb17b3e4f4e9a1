# Tests of move and engine.
check_PROGRAMS += tests/unit/test_move
tests_unit_test_move_SOURCES = tests/unit/test_move.c tests/unit/table.h
tests_unit_test_move_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_move

check_PROGRAMS += tests/unit/test_move_ec2
tests_unit_test_move_ec2_SOURCES = tests/unit/test_move_ec2.c tests/unit/table.h
tests_unit_test_move_ec2_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_move_ec2

check_PROGRAMS += tests/unit/test_move_steps
tests_unit_test_move_steps_SOURCES = tests/unit/test_move_steps.c tests/unit/table.h
tests_unit_test_move_steps_LDADD = $(PURE_TEST_LIBS)
TESTS += tests/unit/test_move_steps

check_PROGRAMS += tests/unit/test_builds
tests_unit_test_builds_SOURCES = tests/unit/test_builds.c tests/unit/table.h
tests_unit_test_builds_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_builds

check_PROGRAMS += tests/sim/test_week
tests_sim_test_week_SOURCES = tests/sim/test_week.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_week_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_week

check_PROGRAMS += tests/sim/test_replay
tests_sim_test_replay_SOURCES = tests/sim/test_replay.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_replay_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_replay

check_PROGRAMS += tests/sim/test_ec2
tests_sim_test_ec2_SOURCES = tests/sim/test_ec2.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_ec2_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_ec2

check_PROGRAMS += tests/sim/test_orphans
tests_sim_test_orphans_SOURCES = tests/sim/test_orphans.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_orphans_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_orphans

check_PROGRAMS += tests/sim/test_ready_port
tests_sim_test_ready_port_SOURCES = tests/sim/test_ready_port.c tests/sim/weeks.c \
	tests/sim/weeks.h tests/unit/table.h
tests_sim_test_ready_port_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_ready_port

check_PROGRAMS += tests/sim/test_replace
tests_sim_test_replace_SOURCES = tests/sim/test_replace.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_replace_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_replace

check_PROGRAMS += tests/sim/test_typed
tests_sim_test_typed_SOURCES = tests/sim/test_typed.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_typed_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_typed

check_PROGRAMS += tests/sim/test_pressure
tests_sim_test_pressure_SOURCES = tests/sim/test_pressure.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_pressure_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_pressure
check_PROGRAMS += tests/sim/test_budget
tests_sim_test_budget_SOURCES = tests/sim/test_budget.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_budget_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_budget

check_PROGRAMS += tests/sim/test_hold_cap
tests_sim_test_hold_cap_SOURCES = tests/sim/test_hold_cap.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_hold_cap_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_hold_cap
check_PROGRAMS += tests/sim/test_spot_history
tests_sim_test_spot_history_SOURCES = tests/sim/test_spot_history.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_spot_history_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_spot_history
check_PROGRAMS += tests/sim/test_warnings
tests_sim_test_warnings_SOURCES = tests/sim/test_warnings.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_warnings_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_warnings
check_PROGRAMS += tests/sim/test_prices
tests_sim_test_prices_SOURCES = tests/sim/test_prices.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_prices_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_prices

check_PROGRAMS += tests/sim/test_foreign
tests_sim_test_foreign_SOURCES = tests/sim/test_foreign.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_foreign_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_foreign

check_PROGRAMS += tests/sim/test_restart
tests_sim_test_restart_SOURCES = tests/sim/test_restart.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_restart_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_restart

check_PROGRAMS += tests/sim/test_full_disk
tests_sim_test_full_disk_SOURCES = tests/sim/test_full_disk.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_full_disk_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_full_disk

check_PROGRAMS += tests/unit/test_engine_pressure
tests_unit_test_engine_pressure_SOURCES = tests/unit/test_engine_pressure.c tests/unit/table.h
tests_unit_test_engine_pressure_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_pressure

check_PROGRAMS += tests/unit/test_merge
tests_unit_test_merge_SOURCES = tests/unit/test_merge.c tests/unit/table.h
tests_unit_test_merge_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_merge

check_PROGRAMS += tests/unit/test_engine_offerings
tests_unit_test_engine_offerings_SOURCES = tests/unit/test_engine_offerings.c \
	tests/unit/seen.h tests/unit/table.h
tests_unit_test_engine_offerings_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_offerings

check_PROGRAMS += tests/sim/test_offerings
tests_sim_test_offerings_SOURCES = tests/sim/test_offerings.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_offerings_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_offerings

check_PROGRAMS += tests/sim/test_trouble
tests_sim_test_trouble_SOURCES = tests/sim/test_trouble.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_trouble_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_trouble

check_PROGRAMS += tests/sim/test_outage
tests_sim_test_outage_SOURCES = tests/sim/test_outage.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_outage_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_outage

check_PROGRAMS += tests/unit/test_engine_calls
tests_unit_test_engine_calls_SOURCES = tests/unit/test_engine_calls.c tests/unit/table.h
tests_unit_test_engine_calls_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_calls

check_PROGRAMS += tests/unit/test_lock_record
tests_unit_test_lock_record_SOURCES = tests/unit/test_lock_record.c tests/unit/table.h
tests_unit_test_lock_record_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_lock_record
check_PROGRAMS += tests/unit/test_wish_record
tests_unit_test_wish_record_SOURCES = tests/unit/test_wish_record.c tests/unit/table.h
tests_unit_test_wish_record_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_wish_record

check_PROGRAMS += tests/unit/test_controller
tests_unit_test_controller_SOURCES = tests/unit/test_controller.c tests/unit/controller_scene.h \
	tests/unit/table.h
tests_unit_test_controller_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_controller
check_PROGRAMS += tests/unit/test_takeover
tests_unit_test_takeover_SOURCES = tests/unit/test_takeover.c tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_takeover_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_takeover
check_PROGRAMS += tests/unit/test_engine_ec2
tests_unit_test_engine_ec2_SOURCES = tests/unit/test_engine_ec2.c tests/unit/controller_scene.h \
	tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_ec2_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_ec2
check_PROGRAMS += tests/unit/test_engine_instances
tests_unit_test_engine_instances_SOURCES = tests/unit/test_engine_instances.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_instances_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_instances
check_PROGRAMS += tests/unit/test_engine_stopped
tests_unit_test_engine_stopped_SOURCES = tests/unit/test_engine_stopped.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_stopped_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_stopped
check_PROGRAMS += tests/unit/test_engine_moves
tests_unit_test_engine_moves_SOURCES = tests/unit/test_engine_moves.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_moves_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_moves
check_PROGRAMS += tests/unit/test_engine_react
tests_unit_test_engine_react_SOURCES = tests/unit/test_engine_react.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_react_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_react
check_PROGRAMS += tests/unit/test_engine_sources
tests_unit_test_engine_sources_SOURCES = tests/unit/test_engine_sources.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_sources_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_sources
check_PROGRAMS += tests/unit/test_engine_shown
tests_unit_test_engine_shown_SOURCES = tests/unit/test_engine_shown.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_shown_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_shown
check_PROGRAMS += tests/unit/test_engine_warnings
tests_unit_test_engine_warnings_SOURCES = tests/unit/test_engine_warnings.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_warnings_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_warnings
check_PROGRAMS += tests/unit/test_engine_recover
tests_unit_test_engine_recover_SOURCES = tests/unit/test_engine_recover.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_recover_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_recover
check_PROGRAMS += tests/unit/test_engine_requeue
tests_unit_test_engine_requeue_SOURCES = tests/unit/test_engine_requeue.c tests/unit/controller_scene.h \
	tests/unit/table.h
tests_unit_test_engine_requeue_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_requeue
check_PROGRAMS += tests/unit/test_engine_costs
tests_unit_test_engine_costs_SOURCES = tests/unit/test_engine_costs.c tests/unit/books_scene.h \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_costs_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_costs
check_PROGRAMS += tests/unit/test_engine_replace
tests_unit_test_engine_replace_SOURCES = tests/unit/test_engine_replace.c tests/unit/region_scene.h \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_replace_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_replace
check_PROGRAMS += tests/unit/test_engine_noted
tests_unit_test_engine_noted_SOURCES = tests/unit/test_engine_noted.c tests/unit/controller_scene.h \
	tests/unit/table.h
tests_unit_test_engine_noted_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_noted
check_PROGRAMS += tests/unit/test_engine_seen
tests_unit_test_engine_seen_SOURCES = tests/unit/test_engine_seen.c tests/unit/controller_scene.h \
	tests/unit/table.h
tests_unit_test_engine_seen_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_seen
check_PROGRAMS += tests/unit/test_engine_month
tests_unit_test_engine_month_SOURCES = tests/unit/test_engine_month.c tests/unit/books_scene.h \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_month_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_month
check_PROGRAMS += tests/unit/test_engine_send
tests_unit_test_engine_send_SOURCES = tests/unit/test_engine_send.c tests/unit/region_scene.h \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_send_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_send
check_PROGRAMS += tests/unit/test_engine_memory
tests_unit_test_engine_memory_SOURCES = tests/unit/test_engine_memory.c tests/torture/alloc.c tests/torture/alloc.h \
	tests/unit/region_scene.h tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_memory_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_engine_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	-Wl,--wrap=reallocarray,--wrap=strdup,--wrap=free
TESTS += tests/unit/test_engine_memory

check_PROGRAMS += tests/unit/test_engine_orders
tests_unit_test_engine_orders_SOURCES = tests/unit/test_engine_orders.c \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_orders_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_orders
check_PROGRAMS += tests/unit/test_engine_minds
tests_unit_test_engine_minds_SOURCES = tests/unit/test_engine_minds.c \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_minds_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_minds

check_PROGRAMS += tests/unit/test_engine_daily
tests_unit_test_engine_daily_SOURCES = tests/unit/test_engine_daily.c \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_daily_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_daily

check_PROGRAMS += tests/unit/test_engine_home
tests_unit_test_engine_home_SOURCES = tests/unit/test_engine_home.c \
	tests/unit/controller_scene.h tests/unit/region_scene.h tests/unit/table.h
tests_unit_test_engine_home_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_home

check_PROGRAMS += tests/unit/test_engine_answers
tests_unit_test_engine_answers_SOURCES = tests/unit/test_engine_answers.c \
	tests/unit/controller_scene.h tests/unit/table.h
tests_unit_test_engine_answers_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_engine_answers

check_PROGRAMS += tests/sim/test_unknown
tests_sim_test_unknown_SOURCES = tests/sim/test_unknown.c tests/sim/weeks.c tests/sim/weeks.h \
	tests/unit/table.h
tests_sim_test_unknown_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_unknown

TAKEN_FILES = tests/sim/taken.c tests/sim/taken.h tests/sim/weeks.c tests/sim/weeks.h tests/unit/table.h

check_PROGRAMS += tests/sim/test_requeue_site
tests_sim_test_requeue_site_SOURCES = tests/sim/test_requeue_site.c $(TAKEN_FILES)
tests_sim_test_requeue_site_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_requeue_site

check_PROGRAMS += tests/unit/test_doctor
tests_unit_test_doctor_SOURCES = tests/unit/test_doctor.c tests/unit/table.h
tests_unit_test_doctor_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_doctor

check_PROGRAMS += tests/sim/test_interruption_page
tests_sim_test_interruption_page_SOURCES = tests/sim/test_interruption_page.c $(TAKEN_FILES)
tests_sim_test_interruption_page_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/sim/test_interruption_page

check_PROGRAMS += tests/unit/test_engine_replies
tests_unit_test_engine_replies_SOURCES = tests/unit/test_engine_replies.c tests/unit/table.h
tests_unit_test_engine_replies_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_engine_replies_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=store_apply
TESTS += tests/unit/test_engine_replies

check_PROGRAMS += tests/unit/test_reconfigure
tests_unit_test_reconfigure_SOURCES = tests/unit/test_reconfigure.c tests/unit/table.h
tests_unit_test_reconfigure_LDADD = $(CORE_TEST_LIBS)
TESTS += tests/unit/test_reconfigure
