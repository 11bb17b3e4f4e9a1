/*
 * cmd_config - the commands around the configuration file: where it is, `doctor
 * --offline`, `init`. They print, and answer with the exit code (design 4).
 * Own nothing that outlives the call.
 * Threads: the main thread, before others start.
 */
#ifndef RH_TUI_CMD_CONFIG_H
#define RH_TUI_CMD_CONFIG_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdio.h>

/*
 * The file to read when --config names none: the user's ($XDG_CONFIG_HOME or ~/.config),
 * then the system's; *there says whether one of them exists, or the user's may exist
 * where one cannot look. With none it is the user's. ERR_CONFIG when neither
 * XDG_CONFIG_HOME nor HOME is set; *there is false then.
 */
enum err_code cmd_config_path(char *buf, size_t size, bool *there,
                              struct err *e) MUST_CHECK NONNULL;

/* config_path NULL: as above. Prints the configuration as understood, or its errors. */
int cmd_doctor_offline(const char *config_path);

/* Writes a commented configuration (0600) where there is none yet, asking on a terminal
 * for what it must know. */
int cmd_init(const char *config_path);

/* The same with the dialog on these streams; in NULL: nothing is asked. */
int cmd_init_dialog(const char *path, FILE *in, FILE *out) __attribute__((nonnull(1, 3)));

#endif
