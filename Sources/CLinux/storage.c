// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "include/storage.h"

#include <linux/magic.h>
#include <stdint.h>
#include <string.h>
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

void *linux_grow_mapping(void *memory, size_t size, size_t larger) {
    void *moved = mremap(memory, size, larger, MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? NULL : moved;
}

typedef uint64_t vector __attribute__((vector_size(16)));
enum { cache_line = 64 };

void linux_copy_past_caches(void *target, const void *source, size_t size) {
    if (size == 0) return;
    uint8_t *to = target;
    const uint8_t *from = source;
    // The line that the last copy began is still in the cache.
    size_t head = -(uintptr_t)to % cache_line;
    if (head > size) head = size;
    memcpy(to, from, head);
    for (to += head, from += head, size -= head; size >= cache_line; size -= cache_line) {
        vector line[cache_line / sizeof(vector)];
        memcpy(line, from, cache_line);
        for (size_t part = 0; part < cache_line / sizeof(vector); part++)
            __builtin_nontemporal_store(line[part], (vector *)to + part);
        to += cache_line;
        from += cache_line;
    }
    memcpy(to, from, size);
    // Such stores are in no order with others otherwise.
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}
