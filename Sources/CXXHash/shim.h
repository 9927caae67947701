// SPDX-License-Identifier: Apache-2.0
// The whole algorithm is in the header: nothing is linked, and short texts need no call.
#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t cxxhash_64(const void *bytes, size_t count, uint64_t seed) {
  return XXH64(bytes, count, seed);
}
