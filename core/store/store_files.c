#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Where locks or shared memory do not reach other machines, or not even other processes.
 */
bool store_fs_is_network(unsigned long type)
{
    static const unsigned long network[] = {
        0x6969,     /* NFS */
        0x517B,     /* SMB */
        0xFF534D42, /* CIFS */
        0xFE534D42, /* SMB2 */
        0x5346414F, /* AFS */
        0x73757245, /* Coda */
        0x564C,     /* NCP */
        0x00C36400, /* Ceph */
        0x0BD00BD0, /* Lustre */
        0x7461636F, /* OCFS2 */
        0x01161970, /* GFS2 */
        0x47504653, /* GPFS */
    };

    for (size_t i = 0; i < ARRAY_LEN(network); i++) {
        if (network[i] == (type & 0xFFFFFFFF))
            return true;
    }
    return false;
}

/* Makes what is missing of a path, each folder for its owner alone. */
static enum err_code make_folders(const char *dir, struct err *e)
{
    char path[PATH_MAX];

    if (!str_copy(path, sizeof(path), dir))
        return err_set(e, ERR_STORE, "the path of the state directory is too long");
    for (char *p = path + 1;; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            int sys = errno;

            /* An existing folder on a read-only disk is EROFS, not EEXIST, to some. */
            if (access(path, F_OK) != 0)
                return err_set_errno(e, ERR_STORE, sys,
                                     "cannot make the state directory %.80s", path);
        }
        *p = c;
        if (c == '\0')
            return ERR_OK;
    }
}

enum err_code store_dir_prepare(const char *dir, bool create, char real[PATH_MAX],
                                struct err *e)
{
    enum err_code rc = ERR_OK;
    struct statfs fs;
    struct stat st;

    if (lstat(dir, &st) != 0) {
        if (errno == ENOENT && !create)
            return err_set(e, ERR_NOT_FOUND, "there is no state directory %.100s", dir);
        if (errno == ENOENT)
            rc = make_folders(dir, e);
        if (rc != ERR_OK)
            return rc;
        if (lstat(dir, &st) != 0)
            return err_set_errno(e, ERR_STORE, errno, "cannot look at %.100s", dir);
    }
    if (S_ISLNK(st.st_mode))
        return err_set(e, ERR_STORE,
                       "the state directory %.80s is a symbolic link: name the "
                       "directory itself",
                       dir);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_STORE, "%.100s is no directory: name another with --state",
                       dir);
    if (st.st_uid != geteuid())
        return err_set(e, ERR_STORE,
                       "the state directory %.80s belongs to user %u: name your own "
                       "with --state",
                       dir, (unsigned)st.st_uid);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_set(e, ERR_STORE,
                       "the state directory %.80s is open to others (mode %04o): chmod "
                       "700 it",
                       dir, (unsigned)(st.st_mode & 07777));
    if (statfs(dir, &fs) == 0 && store_fs_is_network((unsigned long)fs.f_type))
        return err_set(e, ERR_STORE,
                       "the state directory %.80s is on a network file system, where "
                       "locks do not hold: name a local one with --state",
                       dir);
    if (realpath(dir, real) == NULL)
        return err_set_errno(e, ERR_STORE, errno, "cannot resolve %.100s", dir);
    return ERR_OK;
}

enum err_code store_file_prepare(const char *path, bool create, struct err *e)
{
    struct stat st;
    int fd;

    /* An existing file is only looked at, never opened: closing it would drop the locks
     * that this process may hold on it. */
    if (lstat(path, &st) != 0) {
        if (errno != ENOENT)
            return err_set_errno(e, ERR_STORE, errno, "cannot look at %.100s", path);
        if (!create)
            return err_set(e, ERR_NOT_FOUND, "there is no %.100s", path);
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno != EEXIST)
            return err_set_errno(e, ERR_STORE, errno, "cannot make %.100s", path);
        if (fd >= 0)
            (void)close(fd); /* empty; SQLite opens it again */
        return ERR_OK;
    }
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_STORE,
                       "%.100s is not a regular file: move it out of the way", path);
    if (st.st_uid != geteuid())
        return err_set(e, ERR_STORE, "%.100s belongs to user %u: chown it", path,
                       (unsigned)st.st_uid);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_set(e, ERR_STORE, "%.100s is open to others (mode %04o): chmod 600 it",
                       path, (unsigned)(st.st_mode & 07777));
    return ERR_OK;
}
