// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "code.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

// The first object that is reported is the program itself. Only segments that can be executed and
// not written are released: in the others pages may have been changed (relocations).
static int release(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  (void)data;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || (part->p_flags & PF_W)) continue;
    uintptr_t start = info->dlpi_addr + part->p_vaddr;
    uintptr_t first = (start + page - 1) & ~(page - 1);
    uintptr_t end = (start + part->p_filesz) & ~(page - 1);
    if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
  }
  return 1;
}

void linux_release_code(void) { dl_iterate_phdr(release, NULL); }
