// SPDX-License-Identifier: Apache-2.0
#include "include/sha256_lanes.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#define LANES 2
#define BLOCK 64

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

// One message under way. The instructions keep the eight words of the state as ABEF and CDGH.
typedef struct {
  __m128i abef, cdgh;
  // The blocks to take next, and how many lie there in a row.
  const uint8_t *next;
  size_t blocks;
  // After those: whole blocks in the message itself, then the last ones, in `last`.
  const uint8_t *middle;
  size_t middle_blocks;
  size_t last_blocks;
  uint8_t *digest;
  // The prefix with what completes its block; what is left of the message, with the padding.
  uint8_t first[BLOCK];
  uint8_t last[2 * BLOCK];
} lane;

// The messages that no lane has begun.
typedef struct {
  const uint8_t *bytes;
  const size_t *ends;
  size_t gap, start, index, count;
  uint8_t prefix;
  uint8_t *digests;
} queue;

// Takes `blocks` blocks in each of the first `lanes` lanes.
__attribute__((target("sha,sse4.1"), always_inline)) static inline void compress(
    lane *const *all, const int lanes, size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i abef[LANES], cdgh[LANES];
  for (int i = 0; i < lanes; i++) {
    abef[i] = all[i]->abef;
    cdgh[i] = all[i]->cdgh;
  }
  for (size_t block = 0; block < blocks; block++) {
    __m128i abef_before[LANES], cdgh_before[LANES], words[LANES][4];
    for (int i = 0; i < lanes; i++) {
      abef_before[i] = abef[i];
      cdgh_before[i] = cdgh[i];
      const __m128i *source = (const __m128i *)(all[i]->next + BLOCK * block);
      for (int w = 0; w < 4; w++)
        words[i][w] = _mm_shuffle_epi8(_mm_loadu_si128(source + w), swap);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < 16; r++) {
      const __m128i constants = _mm_load_si128((const __m128i *)(round_constants + 4 * r));
#pragma clang loop unroll(full)
      for (int i = 0; i < lanes; i++) {
        __m128i *w = words[i];
        __m128i now = w[r & 3], last = w[(r + 3) & 3];
        __m128i sum = _mm_add_epi32(now, constants);
        cdgh[i] = _mm_sha256rnds2_epu32(cdgh[i], abef[i], sum);
        abef[i] = _mm_sha256rnds2_epu32(abef[i], cdgh[i], _mm_shuffle_epi32(sum, 0x0e));
        if (r < 12) {
          __m128i mixed = _mm_sha256msg1_epu32(now, w[(r + 1) & 3]);
          mixed = _mm_add_epi32(mixed, _mm_alignr_epi8(last, w[(r + 2) & 3], 4));
          w[r & 3] = _mm_sha256msg2_epu32(mixed, last);
        }
      }
    }
    for (int i = 0; i < lanes; i++) {
      abef[i] = _mm_add_epi32(abef[i], abef_before[i]);
      cdgh[i] = _mm_add_epi32(cdgh[i], cdgh_before[i]);
    }
  }
  for (int i = 0; i < lanes; i++) {
    all[i]->abef = abef[i];
    all[i]->cdgh = cdgh[i];
    all[i]->next += BLOCK * blocks;
    all[i]->blocks -= blocks;
  }
}

__attribute__((target("sha,sse4.1"))) static void compress_one(lane *const *all, size_t blocks) {
  compress(all, 1, blocks);
}

__attribute__((target("sha,sse4.1"))) static void compress_two(lane *const *all, size_t blocks) {
  compress(all, 2, blocks);
}

// Begins the next message in a lane.
static void begin(lane *it, queue *waiting) {
  const uint8_t *message = waiting->bytes + waiting->start + waiting->gap;
  size_t count = waiting->ends[waiting->index] - waiting->start - waiting->gap;
  size_t total = 1 + count, whole = total / BLOCK, rest = total % BLOCK;
  it->digest = waiting->digests + 32 * waiting->index;
  waiting->start = waiting->ends[waiting->index++];

  it->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
  it->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
  it->last_blocks = rest < BLOCK - 8 ? 1 : 2;
  memset(it->last, 0, sizeof it->last);
  if (whole > 0) {
    it->first[0] = waiting->prefix;
    memcpy(it->first + 1, message, BLOCK - 1);
    memcpy(it->last, message + count - rest, rest);
  } else {
    it->last[0] = waiting->prefix;
    memcpy(it->last + 1, message, count);
  }
  it->last[rest] = 0x80;
  uint64_t bits = __builtin_bswap64((uint64_t)total * 8);
  memcpy(it->last + BLOCK * it->last_blocks - 8, &bits, 8);

  it->next = whole > 0 ? it->first : it->last;
  it->blocks = whole > 0 ? 1 : it->last_blocks;
  if (whole == 0) it->last_blocks = 0;
  it->middle = message + BLOCK - 1;
  it->middle_blocks = whole > 1 ? whole - 1 : 0;
}

// Turns to the lane's next blocks; false when there are none.
static bool turn(lane *it) {
  if (it->middle_blocks > 0) {
    it->next = it->middle;
    it->blocks = it->middle_blocks;
    it->middle_blocks = 0;
  } else {
    it->next = it->last;
    it->blocks = it->last_blocks;
    it->last_blocks = 0;
  }
  return it->blocks > 0;
}

__attribute__((target("sse4.1"))) static void finish(const lane *it) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i feba = _mm_shuffle_epi32(it->abef, 0x1b), dchg = _mm_shuffle_epi32(it->cdgh, 0xb1);
  __m128i abcd = _mm_blend_epi16(feba, dchg, 0xf0), efgh = _mm_alignr_epi8(dchg, feba, 8);
  _mm_storeu_si128((__m128i *)it->digest, _mm_shuffle_epi8(abcd, swap));
  _mm_storeu_si128((__m128i *)(it->digest + 16), _mm_shuffle_epi8(efgh, swap));
}

void sha256_lanes(const uint8_t *bytes, size_t start, const size_t *ends, size_t gap,
                  size_t count, uint8_t prefix, uint8_t *digests) {
  queue waiting = {bytes, ends, gap, start, 0, count, prefix, digests};
  lane lanes[LANES], *busy[LANES] = {&lanes[0], &lanes[1]};
  int used = 0;
  while (used < LANES && waiting.index < count) begin(busy[used++], &waiting);
  while (used > 0) {
    size_t blocks = busy[0]->blocks;
    if (used == 1) {
      compress_one(busy, blocks);
    } else {
      if (busy[1]->blocks < blocks) blocks = busy[1]->blocks;
      compress_two(busy, blocks);
    }
    for (int i = used - 1; i >= 0; i--) {
      if (busy[i]->blocks > 0 || turn(busy[i])) continue;
      finish(busy[i]);
      if (waiting.index < count) {
        begin(busy[i], &waiting);
      } else {
        busy[i] = busy[--used];
      }
    }
  }
}

bool sha256_has_lanes(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

#else

bool sha256_has_lanes(void) { return false; }

void sha256_lanes(const uint8_t *bytes, size_t start, const size_t *ends, size_t gap,
                  size_t count, uint8_t prefix, uint8_t *digests) {
  (void)bytes, (void)start, (void)ends, (void)gap, (void)count, (void)prefix, (void)digests;
}

#endif
