/*
 * vfs - SQLite's file system with faults: the k-th call of a kind fails, once or for
 * ever; or the power goes, and of what was not synced nothing is left on the disk, or
 * only some sectors of it. Between SQLite and its own file system; the files are real. Of
 * the process. Threads: one.
 */
#ifndef RH_TESTS_VFS_H
#define RH_TESTS_VFS_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

enum vfs_op {
    VFS_READ,
    VFS_WRITE,
    VFS_TRUNCATE,
    VFS_SYNC,
    VFS_OPEN,
    VFS_DELETE,
    VFS_LOCK,
    VFS_SHM, /* locks of the log's index, and its memory */
    VFS_OPS
};

void vfs_install(void); /* before any connection, as SQLite's default */

/* All is well from here on, and counted from 0; what was known of files is forgotten. */
void vfs_begin(void);
uint64_t vfs_count(enum vfs_op op);

/* Told of each call: it is the n-th of that kind, and the change-th of the changes (see
 * vfs_changes(); 0: it is none). Who asks is in its callers (callers.h). NULL: nobody. */
void vfs_watch(void (*told)(enum vfs_op op, uint64_t n, uint64_t change));

/* The at-th call of that kind from now on, and with for_ever all behind it, end in error
 * (SQLITE_IOERR…, SQLITE_FULL, SQLITE_BUSY). SQLITE_IOERR_SHORT_READ: half is read. */
void vfs_fail(enum vfs_op op, int error, uint64_t at, bool for_ever);
uint64_t vfs_failures(void); /* so many calls have */
void vfs_relent(void);

/* The power goes at the at-th write, truncation, sync or removal from now on. Nothing
 * works until all files are closed; then they are as the disk had them. torn: of what was
 * not synced some sectors are there, by the seed; else none. */
void vfs_power_off(uint64_t at, bool torn, uint64_t seed);
uint64_t vfs_changes(void); /* so many of these were there */
bool vfs_is_off(void);

#endif
