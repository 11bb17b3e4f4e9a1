bin_PROGRAMS += rushhour
rushhour_SOURCES = \
	tui/args.c \
	tui/args.h \
	tui/cmd.h \
	tui/cmd_checkup.c \
	tui/cmd_config.h \
	tui/cmd_demo.c \
	tui/cmd_doctor.c \
	tui/cmd_explain.c \
	tui/cmd_init.c \
	tui/cmd_cost.c \
	tui/cmd_log.c \
	tui/cmd_replay.c \
	tui/cmd_once.c \
	tui/cmd_order.c \
	tui/cmd_run.c \
	tui/cmd_sim.c \
	tui/cmd_simulate.c \
	tui/cmd_status.c \
	tui/commands.def \
	tui/cost_csv.c \
	tui/cost_csv.h \
	tui/cost_jobs.c \
	tui/cost_jobs.h \
	tui/cost_ledger.c \
	tui/cost_ledger.h \
	tui/cost_prices.c \
	tui/cost_prices.h \
	tui/csv.c \
	tui/csv.h \
	tui/demo.c \
	tui/demo.h \
	tui/flags.def \
	tui/live.c \
	tui/live.h \
	tui/live_lines.c \
	tui/main.c \
	tui/out.c \
	tui/out.h \
	tui/reload.c \
	tui/reload.h \
	tui/session.c \
	tui/session.h \
	tui/simulate.h \
	tui/simulate_report.c \
	tui/words_status.c
rushhour_LDADD = libtui.a libcore.a $(NCURSES_LIBS) $(CORE_LIBS)

# The dashboard, without main: the screen tests link it too.
noinst_LIBRARIES += libtui.a
libtui_a_SOURCES = \
	tui/act.c \
	tui/act.h \
	tui/act_hold.c \
	tui/act_key.c \
	tui/act_many.c \
	tui/act_parts.h \
	tui/act_policy.c \
	tui/actions.def \
	tui/app.c \
	tui/app.h \
	tui/bill_lines.c \
	tui/bill_lines.h \
	tui/app_again.c \
	tui/app_out.c \
	tui/app_parts.h \
	tui/canvas.c \
	tui/canvas.h \
	tui/cells.c \
	tui/cells.h \
	tui/cells_site.c \
	tui/chart.c \
	tui/chart.h \
	tui/complete.c \
	tui/complete.h \
	tui/export.c \
	tui/export.h \
	tui/glyph.c \
	tui/glyph.h \
	tui/keys.c \
	tui/keys.h \
	tui/layout.c \
	tui/layout.h \
	tui/notices.c \
	tui/notices.h \
	tui/notify.c \
	tui/notify.h \
	tui/notify_run.c \
	tui/notify_run.h \
	tui/observer.c \
	tui/observer.h \
	tui/price_lines.c \
	tui/price_lines.h \
	tui/reasons.c \
	tui/reasons.h \
	tui/roles.def \
	tui/line_text.c \
	tui/line_text.h \
	tui/mouse.c \
	tui/mouse.h \
	tui/prefs.c \
	tui/prefs.h \
	tui/screen.c \
	tui/screen.h \
	tui/sheet.c \
	tui/sheet.h \
	tui/strip.c \
	tui/strip.h \
	tui/theme.c \
	tui/theme.h \
	tui/theme_file.c \
	tui/theme_file.h \
	tui/tty.c \
	tui/tty.h \
	tui/ui.c \
	tui/ui.h \
	tui/ui_copy.c \
	tui/ui_field.c \
	tui/ui_keys.c \
	tui/ui_parts.h \
	tui/ui_mouse.c \
	tui/ui_theme.c \
	tui/view.c \
	tui/view.h \
	tui/view_apis.c \
	tui/view_cost.c \
	tui/view_detail.c \
	tui/view_events.c \
	tui/view_fleet.c \
	tui/view_footer.c \
	tui/view_header.c \
	tui/view_help.c \
	tui/view_schedule.c \
	tui/views.def \
	tui/when.c \
	tui/widget.c \
	tui/words.c \
	tui/words.h

# The default theme is compiled in, for a program that runs without its files.
BUILT_SOURCES += tui/theme_default.inc
CLEANFILES += tui/theme_default.inc
tui/theme.$(OBJEXT): tui/theme_default.inc
tui/theme_default.inc: $(srcdir)/themes/default.theme
	@$(MKDIR_P) tui
	$(AM_V_GEN)sed -e 's/["\\]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' \
		$(srcdir)/themes/default.theme >$@.tmp && mv $@.tmp $@
