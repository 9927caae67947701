// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "include/storage.h"

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

int linux_syncfs(int fd) { return syncfs(fd); }

// What linux/magic.h does not name.
static const long xfs_magic = 0x58465342;

static int writes_in_place(int fd) {
    struct statfs system;
    if (fstatfs(fd, &system) != 0) return 0;
    long magic = (long)system.f_type;
    return magic == EXT4_SUPER_MAGIC || magic == xfs_magic || magic == TMPFS_MAGIC;
}

void *linux_map_for_overwriting(int fd, size_t size) {
    if (!writes_in_place(fd)) return NULL;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}
