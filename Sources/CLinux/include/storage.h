// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/// Flushes the file system that holds `fd` (syncfs(2), which Swift cannot see without _GNU_SOURCE).
/// Answers 0, or -1 with errno set; write-back errors are reported since Linux 5.8.
int linux_syncfs(int fd);

/// Maps the first `size` bytes of a file, which are there, so that they can be written over in
/// memory. NULL where that cannot be done, or where it may need room on the disk: a file system
/// that does not write in place can only say that it is full by SIGBUS. The first call begins to
/// handle that signal, for `linux_overwrite`.
void *linux_map_for_overwriting(int fd, size_t size);

/// Makes such a mapping larger; NULL, and it stays as it is, where that cannot be done.
void *linux_grow_mapping(void *memory, size_t size, size_t larger);

/// Writes `first`, then `second`, at `offset` into such a mapping of `size` bytes, which has room
/// for them. `second` is for nobody to read soon: the caches keep what they have.
///
/// Answers 0, or EIO when the file is not there any more: it was cut off, or the disk cannot read
/// it. Then any part may be written, and the mapping is of no more use.
int linux_overwrite(void *mapping, size_t size, size_t offset, const void *first,
                    size_t first_size, const void *second, size_t second_size);
