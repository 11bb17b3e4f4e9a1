#include <config.h>

#include "tests/torture/vfs.h"

#include "core/base/rng.h"
#include "core/base/str.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 256, FILES = 16, SECTOR = 512 };

/* What was done to a file since its last sync: a write, or with bytes NULL a cut. */
struct change {
    int64_t at;
    int len;
    unsigned char *bytes;
};

/* A file as the disk has it. */
struct image {
    char path[PATH_BYTES];
    unsigned char *bytes;
    int64_t size, cap;
    bool there;   /* its name is on the disk, too */
    bool removed; /* … but is to go */
    struct change *changes;
    size_t n, cap_changes;
};

struct file {
    sqlite3_file base;
    struct image *image; /* NULL: a temporary one, which nobody misses */
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs *real;
    uint64_t counts[VFS_OPS], changes, failures;
    enum vfs_op op;
    int error;
    uint64_t at, off_at;
    bool for_ever, off, torn;
    struct rng rng;
    int open;
    struct image images[FILES];
    size_t n_images;
    void (*told)(enum vfs_op op, uint64_t n, uint64_t change);
} disk;

/* ----- what fails ----- */

/* SQLITE_OK, or how this call ends, which may be one of the changes. */
static int strike_at(enum vfs_op op, uint64_t changes)
{
    uint64_t n = ++disk.counts[op];

    if (disk.told != NULL)
        disk.told(op, n, changes);
    if (disk.at == 0 || op != disk.op || n < disk.at || (n > disk.at && !disk.for_ever))
        return SQLITE_OK;
    disk.failures++;
    return disk.error;
}

static int strike(enum vfs_op op)
{
    return strike_at(op, 0);
}

static int change(enum vfs_op op)
{
    int rc = disk.off ? SQLITE_IOERR : strike_at(op, disk.changes + 1);

    if (disk.off)
        return rc;
    if (++disk.changes == disk.off_at)
        disk.off = true;
    return disk.off ? SQLITE_IOERR : rc;
}

/* ----- what the disk has ----- */

static void *need(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

static void image_write(struct image *m, int64_t at, const unsigned char *bytes,
                        int64_t len)
{
    if (at + len > m->cap) {
        m->cap = (at + len) * 2;
        m->bytes = need(realloc(m->bytes, (size_t)m->cap));
    }
    if (at > m->size)
        memset(m->bytes + m->size, 0, (size_t)(at - m->size));
    memcpy(m->bytes + at, bytes, (size_t)len);
    if (at + len > m->size)
        m->size = at + len;
}

static void image_note(struct image *m, int64_t at, const void *bytes, int len)
{
    struct change *c;

    if (m == NULL)
        return;
    if (m->n == m->cap_changes) {
        m->cap_changes = m->cap_changes == 0 ? 64 : m->cap_changes * 2;
        m->changes = need(realloc(m->changes, m->cap_changes * sizeof(*m->changes)));
    }
    c = &m->changes[m->n++];
    *c = (struct change){at, len, NULL};
    if (bytes != NULL)
        c->bytes = memcpy(need(malloc((size_t)len)), bytes, (size_t)len);
}

/* Sector by sector, when torn: some are there. */
static void image_apply(struct image *m, const struct change *c, bool torn)
{
    if (c->bytes == NULL) {
        if ((!torn || rng_between(&disk.rng, 0, 1) == 0) && c->at < m->size)
            m->size = c->at;
        return;
    }
    for (int64_t i = 0, n; i < c->len; i += n) {
        n = torn ? SECTOR - (c->at + i) % SECTOR : c->len;
        if (n > c->len - i)
            n = c->len - i;
        if (!torn || rng_between(&disk.rng, 0, 1) == 0)
            image_write(m, c->at + i, c->bytes + i, n);
    }
}

/* all: as synced; else what a power loss leaves. */
static void image_settle(struct image *m, bool all)
{
    for (size_t i = 0; i < m->n; i++) {
        if (all || disk.torn)
            image_apply(m, &m->changes[i], !all);
        free(m->changes[i].bytes);
    }
    m->n = 0;
}

static struct image *image_find(const char *path)
{
    for (size_t i = 0; i < disk.n_images; i++) {
        if (str_eq(disk.images[i].path, path))
            return &disk.images[i];
    }
    return NULL;
}

static struct image *image_get(const char *path)
{
    struct image *m = image_find(path);

    if (m != NULL)
        return m;
    if (disk.n_images == FILES || strlen(path) >= PATH_BYTES)
        abort();
    m = &disk.images[disk.n_images++];
    (void)str_copy(m->path, sizeof(m->path), path);
    return m;
}

static void images_clear(void)
{
    for (size_t i = 0; i < disk.n_images; i++) {
        struct image *m = &disk.images[i];

        image_settle(m, true);
        free(m->changes);
        free(m->bytes);
        *m = (struct image){.n = 0};
    }
    disk.n_images = 0;
}

static void image_to_disk(struct image *m)
{
    int fd = open(m->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || pwrite(fd, m->bytes, (size_t)m->size, 0) != m->size || close(fd) != 0)
        abort();
}

/* The machine is on again. */
static void power_back(void)
{
    for (size_t i = 0; i < disk.n_images; i++) {
        struct image *m = &disk.images[i];
        bool lucky = disk.torn && rng_between(&disk.rng, 0, 1) == 0;

        image_settle(m, false);
        if (m->removed ? lucky && m->there : m->there || lucky)
            image_to_disk(m);
        else
            (void)unlink(m->path); /* it may not be there */
    }
    images_clear();
    disk.off = false;
    disk.off_at = 0;
}

/* ----- SQLite's calls ----- */

#define REAL(f) (((struct file *)(f))->real)

static int x_close(sqlite3_file *f)
{
    int rc = REAL(f)->pMethods->xClose(REAL(f));

    if (--disk.open == 0 && disk.off)
        power_back();
    return rc;
}

static int x_read(sqlite3_file *f, void *buf, int n, sqlite3_int64 at)
{
    int rc = strike(VFS_READ), real;

    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
        return rc;
    real = REAL(f)->pMethods->xRead(REAL(f), buf, n, at);
    if (rc == SQLITE_OK || real != SQLITE_OK)
        return real;
    memset((char *)buf + n / 2, 0, (size_t)(n - n / 2));
    return rc;
}

static int x_write(sqlite3_file *f, const void *buf, int n, sqlite3_int64 at)
{
    bool was_off = disk.off;
    int rc = change(VFS_WRITE);

    if (rc == SQLITE_OK)
        rc = REAL(f)->pMethods->xWrite(REAL(f), buf, n, at);
    if (rc == SQLITE_OK ||
        (disk.off && !was_off)) /* the one under way may be half there */
        image_note(((struct file *)f)->image, at, buf, n);
    return rc;
}

static int x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = change(VFS_TRUNCATE);

    if (rc == SQLITE_OK)
        rc = REAL(f)->pMethods->xTruncate(REAL(f), size);
    if (rc == SQLITE_OK)
        image_note(((struct file *)f)->image, size, NULL, 0);
    return rc;
}

static int x_sync(sqlite3_file *f, int flags)
{
    struct image *m = ((struct file *)f)->image;
    int rc = change(VFS_SYNC);

    (void)flags; /* the files are in memory anyway */
    if (rc != SQLITE_OK || m == NULL)
        return rc;
    image_settle(m, true);
    m->there = true;
    /* A journaling file system: what was removed before is removed by now. */
    for (size_t i = 0; i < disk.n_images; i++)
        disk.images[i].there = disk.images[i].there && !disk.images[i].removed;
    return SQLITE_OK;
}

static int x_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int x_lock(sqlite3_file *f, int how)
{
    int rc = strike(VFS_LOCK);

    return rc == SQLITE_OK ? REAL(f)->pMethods->xLock(REAL(f), how) : rc;
}

static int x_unlock(sqlite3_file *f, int how)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), how);
}

static int x_check(sqlite3_file *f, int *out)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}

static int x_control(sqlite3_file *f, int op, void *arg)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int x_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int x_traits(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    int rc = strike(VFS_SHM);

    return rc == SQLITE_OK ? REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out)
                           : rc;
}

static int x_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    int rc = (flags & SQLITE_SHM_LOCK) != 0 ? strike(VFS_SHM) : SQLITE_OK;

    return rc == SQLITE_OK ? REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags) : rc;
}

static void x_shm_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int x_shm_unmap(sqlite3_file *f, int remove)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_check,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_traits,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

/* A file that was there before is on the disk as it is. */
static void image_from_disk(struct image *m, sqlite3_file *real)
{
    sqlite3_int64 size = 0;

    m->there = true;
    if (real->pMethods->xFileSize(real, &size) != SQLITE_OK || size == 0)
        return;
    m->bytes = need(malloc((size_t)size));
    m->size = m->cap = size;
    if (real->pMethods->xRead(real, m->bytes, (int)size, 0) != SQLITE_OK)
        abort();
}

static int x_open(sqlite3_vfs *v, const char *name, sqlite3_file *out, int flags,
                  int *said)
{
    struct file *f = (struct file *)out;
    int rc = disk.off ? SQLITE_CANTOPEN : strike(VFS_OPEN), was = 0;
    bool known = name != NULL && image_find(name) != NULL;

    (void)v;
    out->pMethods = NULL;
    if (rc != SQLITE_OK)
        return rc;
    if (name != NULL && !known)
        (void)disk.real->xAccess(disk.real, name, SQLITE_ACCESS_EXISTS, &was);
    f->real = (sqlite3_file *)(f + 1);
    rc = disk.real->xOpen(disk.real, name, f->real, flags, said);
    if (rc != SQLITE_OK)
        return rc;
    f->image = name != NULL ? image_get(name) : NULL;
    if (was != 0)
        image_from_disk(f->image, f->real);
    if (known && f->image->removed) { /* one more of that name */
        f->image->removed = false;
        image_note(f->image, 0, NULL, 0);
    }
    out->pMethods = &methods;
    disk.open++;
    return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *v, const char *name, int sync)
{
    struct image *m = image_find(name);
    int rc = change(VFS_DELETE);

    (void)v;
    if (rc == SQLITE_OK)
        rc = disk.real->xDelete(disk.real, name, sync);
    if (rc != SQLITE_OK || m == NULL)
        return rc;
    m->removed = true;
    if (sync != 0)
        m->there = false;
    return rc;
}

static int x_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    (void)v;
    return disk.real->xAccess(disk.real, name, flags, out);
}

static int x_full(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    return disk.real->xFullPathname(disk.real, name, n, out);
}

/* Nobody waits for real. */
static int x_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}

void vfs_install(void)
{
    static sqlite3_vfs v;

    disk.real = sqlite3_vfs_find(NULL);
    v = *disk.real; /* time and randomness are its own */
    v.zName = "torture";
    v.szOsFile = (int)sizeof(struct file) + disk.real->szOsFile;
    v.pNext = NULL;
    v.xSleep = x_sleep;
    v.xOpen = x_open;
    v.xDelete = x_delete;
    v.xAccess = x_access;
    v.xFullPathname = x_full;
    if (sqlite3_vfs_register(&v, 1) != SQLITE_OK)
        abort();
}

/* ----- what a test asks for ----- */

void vfs_begin(void)
{
    images_clear();
    memset(disk.counts, 0, sizeof(disk.counts));
    disk.changes = disk.at = disk.off_at = 0;
    disk.failures = 0;
    disk.off = false;
}

void vfs_watch(void (*told)(enum vfs_op op, uint64_t n, uint64_t change))
{
    disk.told = told;
}

uint64_t vfs_count(enum vfs_op op)
{
    return disk.counts[op];
}

uint64_t vfs_changes(void)
{
    return disk.changes;
}

void vfs_fail(enum vfs_op op, int error, uint64_t at, bool for_ever)
{
    disk.op = op;
    disk.error = error;
    disk.at = disk.counts[op] + at;
    disk.for_ever = for_ever;
}

uint64_t vfs_failures(void)
{
    return disk.failures;
}

void vfs_relent(void)
{
    disk.at = 0;
}

void vfs_power_off(uint64_t at, bool torn, uint64_t seed)
{
    disk.off_at = disk.changes + at;
    disk.torn = torn;
    rng_seed(&disk.rng, seed);
}

bool vfs_is_off(void)
{
    return disk.off;
}
