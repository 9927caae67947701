// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "include/storage.h"

#include <unistd.h>

int linux_syncfs(int fd) { return syncfs(fd); }
