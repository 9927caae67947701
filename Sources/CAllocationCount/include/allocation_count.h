// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdint.h>

/// Calls of malloc, calloc, realloc and aligned allocation by this process so far. Linking this target
/// replaces the C library's functions by ones that count and pass on (glibc allows that).
uint64_t allocation_count(void);
/// Bytes asked for so far.
uint64_t allocation_bytes(void);
