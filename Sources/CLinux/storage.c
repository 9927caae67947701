// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "include/storage.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
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

// What this thread is writing to, for the signal handler.
static _Thread_local volatile struct {
    uintptr_t start, end;
    bool has_failed;
} target;

static uintptr_t page_size;
static struct sigaction other_action;

// The kernel's only way to say that a page of a mapped file is not to be had. Memory takes its
// place, so that the copy comes to its end, and then fails.
static void lose_page(int number, siginfo_t *information, void *context) {
    (void)context;
    uintptr_t place = (uintptr_t)information->si_addr;
    if (place >= target.start && place < target.end) {
        int error = errno;
        void *page = mmap((void *)(place & -page_size), page_size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        errno = error;
        if (page != MAP_FAILED) {
            target.has_failed = true;
            return;
        }
    }
    // The same access comes again, to who handled it before.
    sigaction(number, &other_action, NULL);
}

static void handle_lost_pages(void) {
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_sigaction = lose_page, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGBUS, &action, &other_action);
}

void *linux_map_for_overwriting(int fd, size_t size) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!writes_in_place(fd)) return NULL;
    pthread_once(&once, handle_lost_pages);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *linux_grow_mapping(void *memory, size_t size, size_t larger) {
    void *moved = mremap(memory, size, larger, MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? NULL : moved;
}

typedef uint64_t vector __attribute__((vector_size(16)));
enum { cache_line = 64 };

static void copy_past_caches(uint8_t *to, const uint8_t *from, size_t size) {
    if (size == 0) return;
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

int linux_overwrite(void *mapping, size_t size, size_t offset, const void *first,
                    size_t first_size, const void *second, size_t second_size) {
    uint8_t *place = (uint8_t *)mapping + offset;
    target.has_failed = false;
    target.start = (uintptr_t)mapping;
    target.end = target.start + size;
    // The handler sees the target before the first store, and until after the last.
    atomic_signal_fence(memory_order_seq_cst);
    if (first_size > 0) memcpy(place, first, first_size);
    copy_past_caches(place + first_size, second, second_size);
    atomic_signal_fence(memory_order_seq_cst);
    target.end = target.start;
    return target.has_failed ? EIO : 0;
}
