// SPDX-License-Identifier: Apache-2.0
// Digits of numbers, all those of a word at a time.
//
// No function reads or writes outside of the bytes that it was given.
#ifndef PORTCULLIS_DIGITS_H
#define PORTCULLIS_DIGITS_H

#include "text.h"

static inline void text_store8(uint8_t *text, uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  memcpy(text, &word, 8);
}

// The last eight decimal digits of a number below 100,000,000, the first one in the lowest byte.
// Each step halves what a lane of the word holds; the quotients are exact for what a lane can be.
static inline uint64_t text_decimal8(uint32_t number) {
  uint64_t fours = number / 10000 | (uint64_t)(number % 10000) << 32;
  uint64_t hundreds = fours * 10486 >> 20 & 0x0000007F0000007Fu;
  uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
  uint64_t tens = twos * 103 >> 10 & 0x000F000F000F000Fu;
  return (tens | (twos - tens * 10) << 8) + 0x3030303030303030u;
}

// Writes a number below 100,000,000 without leading zeros and returns how many digits it has; what
// it writes is eight bytes nevertheless.
static inline size_t text_decimal(uint8_t *text, uint32_t number) {
  uint64_t digits = text_decimal8(number);
  // The last digit stays, though it may be a zero.
  uint64_t nonzero = (digits - 0x3030303030303030u) | 1ull << 56;
  size_t zeros = text_first(nonzero);
  text_store8(text, digits >> 8 * zeros);
  return 8 - zeros;
}

// Writes the sixteen lower-case digits of a word.
static inline void text_hexadecimal16(uint8_t *text, uint64_t word) {
#if TEXT_HAS_VECTORS
  const __m128i low = _mm_set1_epi8(15);
  uint64_t swapped = __builtin_bswap64(word);
  __m128i bytes = _mm_loadl_epi64((const __m128i *)&swapped);
  __m128i nibbles = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), low),
                                      _mm_and_si128(bytes, low));
  // "a" comes 39 after what would follow "9".
  __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9)), _mm_set1_epi8(39));
  _mm_storeu_si128((__m128i *)text,
                   _mm_add_epi8(_mm_add_epi8(nibbles, letters), _mm_set1_epi8('0')));
#else
  for (int half = 0; half < 2; half++) {
    uint64_t bits = half ? word & 0xFFFFFFFFu : word >> 32;
    // One nibble a byte, the last one lowest.
    uint64_t spread = (bits << 16 | bits) & 0x0000FFFF0000FFFFu;
    spread = (spread << 8 | spread) & 0x00FF00FF00FF00FFu;
    spread = (spread << 4 | spread) & 0x0F0F0F0F0F0F0F0Fu;
    // 1 in each byte that holds more than 9.
    uint64_t letters = (spread + 0x0606060606060606u) >> 4 & 0x0101010101010101u;
    text_store8(text + 8 * half,
                __builtin_bswap64(spread + 0x3030303030303030u + letters * 39));
  }
#endif
}

// Writes the 36 characters of a UUID.
static inline void text_uuid(uint8_t *text, uint64_t high, uint64_t low) {
  uint8_t digits[32];
  text_hexadecimal16(digits, high);
  text_hexadecimal16(digits + 16, low);
  memcpy(text, digits, 8);
  text[8] = '-';
  memcpy(text + 9, digits + 8, 4);
  text[13] = '-';
  memcpy(text + 14, digits + 12, 4);
  text[18] = '-';
  memcpy(text + 19, digits + 16, 4);
  text[23] = '-';
  memcpy(text + 24, digits + 20, 12);
}

// Whether sixteen bytes are `0`-`9` or `a`-`f`.
static inline bool text_is_hexadecimal16(const uint8_t *text) {
#if TEXT_HAS_VECTORS
  __m128i bytes = text_load16(text);
  __m128i digits = _mm_subs_epu8(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), _mm_set1_epi8(9));
  __m128i letters = _mm_subs_epu8(_mm_sub_epi8(bytes, _mm_set1_epi8('a')), _mm_set1_epi8(5));
  __m128i good = _mm_cmpeq_epi8(_mm_min_epu8(digits, letters), _mm_setzero_si128());
  return _mm_movemask_epi8(good) == 0xFFFF;
#else
  // Each comparison leaves its answer in the highest bit of its byte, which no carry reaches as
  // long as the bytes are ASCII.
  const uint64_t ones = 0x0101010101010101u, high = ones * 0x80;
  for (size_t index = 0; index < 16; index += 8) {
    uint64_t word = text_load8(text + index);
    if (word & high) return false;
    uint64_t digits = (word + ones * (0x80 - '0')) & ~(word + ones * (0x80 - '9' - 1));
    uint64_t letters = (word + ones * (0x80 - 'a')) & ~(word + ones * (0x80 - 'f' - 1));
    if (((digits | letters) & high) != high) return false;
  }
  return true;
#endif
}

#endif
