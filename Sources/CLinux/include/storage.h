// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Flushes the file system that holds `fd` (syncfs(2), which Swift cannot see without _GNU_SOURCE).
/// Answers 0, or -1 with errno set; write-back errors are reported since Linux 5.8.
int linux_syncfs(int fd);
