// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/// Flushes the file system that holds `fd` (syncfs(2), which Swift cannot see without _GNU_SOURCE).
/// Answers 0, or -1 with errno set; write-back errors are reported since Linux 5.8.
int linux_syncfs(int fd);

/// Maps the first `size` bytes of a file, which are there, so that they can be written over in
/// memory. NULL where that cannot be done, or where it may need room on the disk: a file system
/// that does not write in place can only say that it is full by SIGBUS.
void *linux_map_for_overwriting(int fd, size_t size);
