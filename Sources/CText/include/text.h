// SPDX-License-Identifier: Apache-2.0
// Runs of bytes in texts, sixteen at a time: what Swift's own vectors are far too slow for.
//
// No function reads or writes outside of the bytes that it was given. They are `static inline`, so
// that they become part of the loops that call them.
#ifndef PORTCULLIS_TEXT_H
#define PORTCULLIS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#define TEXT_HAS_VECTORS 1
#else
#define TEXT_HAS_VECTORS 0
#endif

static inline uint64_t text_load8(const uint8_t *text) {
  uint64_t word;
  memcpy(&word, text, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

static inline uint32_t text_load4(const uint8_t *text) {
  uint32_t word;
  memcpy(&word, text, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap32(word);
#endif
  return word;
}

// Whether two texts of `count` bytes are equal. What is left over of the last word is compared in
// one step, which overlaps what has been compared.
static inline bool text_equal(const uint8_t *left, const uint8_t *right, size_t count) {
  if (count >= 8) {
    size_t index = 0;
    for (; index + 8 < count; index += 8) {
      if (text_load8(left + index) != text_load8(right + index)) return false;
    }
    return text_load8(left + count - 8) == text_load8(right + count - 8);
  }
  if (count >= 4) {
    return text_load4(left) == text_load4(right) &&
           text_load4(left + count - 4) == text_load4(right + count - 4);
  }
  for (size_t index = 0; index < count; index++) {
    if (left[index] != right[index]) return false;
  }
  return true;
}

// The value of a digit of base64, or -1. The alphabets differ in the last two digits (RFC 4648,
// sections 4 and 5).
static inline int text_base64_digit(uint8_t byte, bool is_url) {
  if (byte >= 'A' && byte <= 'Z') return byte - 'A';
  if (byte >= 'a' && byte <= 'z') return byte - 'a' + 26;
  if (byte >= '0' && byte <= '9') return byte - '0' + 52;
  if (byte == (is_url ? '-' : '+')) return 62;
  if (byte == (is_url ? '_' : '/')) return 63;
  return -1;
}

// Decodes base64 without its padding: writes at most `count` * 3 / 4 bytes to `bytes`, and to
// `rest` the bits that make no byte. Returns how many bytes, or -1 when there is no such text.
static inline ptrdiff_t text_base64_decode(uint8_t *bytes, const uint8_t *digits, size_t count,
                                           bool is_url, uint32_t *rest) {
  uint32_t bits = 0;
  unsigned held = 0;
  ptrdiff_t written = 0;
  if (count % 4 == 1) return -1;
  for (size_t index = 0; index < count; index++) {
    int digit = text_base64_digit(digits[index], is_url);
    if (digit < 0) return -1;
    bits = bits << 6 | (uint32_t)digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[written++] = (uint8_t)(bits >> held);
  }
  *rest = bits & ((1u << held) - 1);
  return written;
}

// Four to seven bytes in one word: the first four, and the last four.
static inline uint64_t text_ends(const uint8_t *text, size_t count) {
  return text_load4(text) | (uint64_t)text_load4(text + count - 4) << 32;
}

// The high bit of each byte that is not ASCII.
static inline uint64_t text_high(uint64_t word) { return word & 0x8080808080808080u; }

// The high bit of the first byte that is not printable ASCII, a quote or a backslash. Bits above
// it mean nothing, because a borrow reaches them.
static inline uint64_t text_special(uint64_t word) {
  const uint64_t ones = 0x0101010101010101u;
  uint64_t quote = word ^ ones * '"';
  uint64_t slash = word ^ ones * '\\';
  return text_high((quote - ones) | (slash - ones) | (word - ones * 0x20) | word);
}

static inline int text_is_special(uint8_t byte) {
  return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

static inline size_t text_first(uint64_t marks) { return (size_t)__builtin_ctzll(marks) / 8; }

#if TEXT_HAS_VECTORS
static inline __m128i text_load16(const uint8_t *text) {
  return _mm_loadu_si128((const __m128i *)text);
}

// A bit for each byte that is not ASCII.
static inline unsigned text_high16(__m128i bytes) { return (unsigned)_mm_movemask_epi8(bytes); }

// A bit for each byte that is special. The comparison is signed: what is not ASCII is below zero.
static inline unsigned text_special16(__m128i bytes) {
  __m128i control = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, slash)));
}
#endif

// The functions below share a shape: blocks from the front, then the last block of the text, which
// overlaps what has been seen, so that no byte is looked at alone but in texts below four.

// Whether 64 bytes are ASCII.
static inline bool text_is_ascii64(const uint8_t *text) {
#if TEXT_HAS_VECTORS
  __m128i low = _mm_or_si128(text_load16(text), text_load16(text + 16));
  __m128i high = _mm_or_si128(text_load16(text + 32), text_load16(text + 48));
  return !text_high16(_mm_or_si128(low, high));
#else
  uint64_t all = 0;
  for (size_t index = 0; index < 64; index += 8) all |= text_load8(text + index);
  return !text_high(all);
#endif
}

// The number of ASCII bytes that `text` begins with.
static inline size_t text_ascii_run(const uint8_t *text, size_t count) {
  size_t index = 0;
#if TEXT_HAS_VECTORS
  if (count >= 16) {
    while (index + 64 <= count && text_is_ascii64(text + index)) index += 64;
    for (; index + 16 <= count; index += 16) {
      unsigned marks = text_high16(text_load16(text + index));
      if (marks) return index + (size_t)__builtin_ctz(marks);
    }
    unsigned marks = text_high16(text_load16(text + count - 16));
    return marks ? count - 16 + (size_t)__builtin_ctz(marks) : count;
  }
#endif
  if (count >= 8) {
    for (; index + 8 <= count; index += 8) {
      uint64_t marks = text_high(text_load8(text + index));
      if (marks) return index + text_first(marks);
    }
    uint64_t marks = text_high(text_load8(text + count - 8));
    return marks ? count - 8 + text_first(marks) : count;
  }
  if (count >= 4 && !text_high(text_ends(text, count))) return count;
  while (index < count && text[index] < 0x80) index++;
  return index;
}

// Whether a text is ASCII; for short ones.
static inline bool text_is_ascii(const uint8_t *text, size_t count) {
#if TEXT_HAS_VECTORS
  if (count >= 16) {
    __m128i all = text_load16(text + count - 16);
#pragma clang loop unroll(disable)
    for (size_t index = 0; index + 16 < count; index += 16) {
      all = _mm_or_si128(all, text_load16(text + index));
    }
    return !text_high16(all);
  }
#else
  if (count >= 16) return text_ascii_run(text, count) == count;
#endif
  if (count >= 8) return !text_high(text_load8(text) | text_load8(text + count - 8));
  if (count >= 4) return !text_high(text_ends(text, count));
  uint8_t all = 0;
  for (size_t index = 0; index < count; index++) all |= text[index];
  return all < 0x80;
}

// The number of bytes that `text` begins with and that JSON writes as they are: printable ASCII
// without quote and backslash.
static inline size_t text_plain_run(const uint8_t *text, size_t count) {
  size_t index = 0;
#if TEXT_HAS_VECTORS
  if (count >= 16) {
    for (; index + 16 <= count; index += 16) {
      unsigned marks = text_special16(text_load16(text + index));
      if (marks) return index + (size_t)__builtin_ctz(marks);
    }
    unsigned marks = text_special16(text_load16(text + count - 16));
    return marks ? count - 16 + (size_t)__builtin_ctz(marks) : count;
  }
#endif
  if (count >= 8) {
    for (; index + 8 <= count; index += 8) {
      uint64_t marks = text_special(text_load8(text + index));
      if (marks) return index + text_first(marks);
    }
    uint64_t marks = text_special(text_load8(text + count - 8));
    return marks ? count - 8 + text_first(marks) : count;
  }
  if (count >= 4 && !text_special(text_ends(text, count))) return count;
  while (index < count && !text_is_special(text[index])) index++;
  return index;
}

// The same for sixteen bytes that are there; without jumps where there are vectors.
static inline size_t text_plain_run16(const uint8_t *text) {
#if TEXT_HAS_VECTORS
  return (size_t)__builtin_ctz(text_special16(text_load16(text)) | 1u << 16);
#else
  return text_plain_run(text, 16);
#endif
}

// `text_plain_run`, and a copy of that run. Writes at most `count` bytes to `copy`, some of which
// may lie beyond the run.
static inline size_t text_copy_plain(uint8_t *copy, const uint8_t *text, size_t count) {
  size_t index = 0;
#if TEXT_HAS_VECTORS
  if (count >= 16) {
    for (; index + 16 <= count; index += 16) {
      memcpy(copy + index, text + index, 16);
      unsigned marks = text_special16(text_load16(text + index));
      if (marks) return index + (size_t)__builtin_ctz(marks);
    }
    memcpy(copy + count - 16, text + count - 16, 16);
    unsigned marks = text_special16(text_load16(text + count - 16));
    return marks ? count - 16 + (size_t)__builtin_ctz(marks) : count;
  }
#endif
  if (count >= 8) {
    for (; index + 8 <= count; index += 8) {
      memcpy(copy + index, text + index, 8);
      uint64_t marks = text_special(text_load8(text + index));
      if (marks) return index + text_first(marks);
    }
    memcpy(copy + count - 8, text + count - 8, 8);
    uint64_t marks = text_special(text_load8(text + count - 8));
    return marks ? count - 8 + text_first(marks) : count;
  }
  if (count >= 4 && !text_special(text_ends(text, count))) {
    memcpy(copy, text, 4);
    memcpy(copy + count - 4, text + count - 4, 4);
    return count;
  }
  for (; index < count && !text_is_special(text[index]); index++) copy[index] = text[index];
  return index;
}

// A copy of a short text, without a call.
static inline void text_copy(uint8_t *copy, const uint8_t *text, size_t count) {
  if (count >= 16) {
#pragma clang loop unroll(disable)
    for (size_t index = 0; index + 16 < count; index += 16) {
      memcpy(copy + index, text + index, 16);
    }
    memcpy(copy + count - 16, text + count - 16, 16);
  } else if (count >= 8) {
    memcpy(copy, text, 8);
    memcpy(copy + count - 8, text + count - 8, 8);
  } else if (count >= 4) {
    memcpy(copy, text, 4);
    memcpy(copy + count - 4, text + count - 4, 4);
  } else {
    for (size_t index = 0; index < count; index++) copy[index] = text[index];
  }
}

// Whether two words have no special byte.
static inline bool text_is_plain_pair(uint64_t left, uint64_t right) {
#if TEXT_HAS_VECTORS
  return text_special16(_mm_set_epi64x((long long)left, (long long)right)) == 0;
#else
  return (text_special(left) | text_special(right)) == 0;
#endif
}

// Copies a text and says whether all of it is plain: printable ASCII without quote and backslash.
static inline bool text_copy_all_plain(uint8_t *copy, const uint8_t *text, size_t count) {
  if (count >= 16) {
#if TEXT_HAS_VECTORS
    __m128i bytes = text_load16(text + count - 16);
    _mm_storeu_si128((__m128i *)(copy + count - 16), bytes);
    unsigned marks = text_special16(bytes);
#pragma clang loop unroll(disable)
    for (size_t index = 0; index + 16 < count; index += 16) {
      bytes = text_load16(text + index);
      _mm_storeu_si128((__m128i *)(copy + index), bytes);
      marks |= text_special16(bytes);
    }
    return marks == 0;
#else
    return text_copy_plain(copy, text, count) == count;
#endif
  }
  if (count >= 8) {
    uint64_t first = text_load8(text), last = text_load8(text + count - 8);
    memcpy(copy, text, 8);
    memcpy(copy + count - 8, text + count - 8, 8);
    return text_is_plain_pair(first, last);
  }
  if (count >= 4) {
    uint64_t ends = text_ends(text, count);
    memcpy(copy, text, 4);
    memcpy(copy + count - 4, text + count - 4, 4);
    return text_is_plain_pair(ends, ends);
  }
  for (size_t index = 0; index < count; index++) {
    if (text_is_special(text[index])) return false;
    copy[index] = text[index];
  }
  return true;
}

// Whether a text of at least eight bytes is surely made of lower-case letters, digits, hyphens and
// `more` of the bytes that follow the hyphen; false may also mean that nobody looked.
static inline bool text_is_plain_word(const uint8_t *text, size_t count, uint8_t more) {
#if TEXT_HAS_VECTORS
  if (count < 8) return false;
  __m128i wrong = _mm_setzero_si128();
  for (size_t index = 0; index < count; index += 8) {
    if (index + 8 > count) index = count - 8;
    __m128i bytes = _mm_loadl_epi64((const __m128i *)(text + index));
    __m128i letter = _mm_subs_epu8(_mm_sub_epi8(bytes, _mm_set1_epi8('a')), _mm_set1_epi8(25));
    __m128i digit = _mm_subs_epu8(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), _mm_set1_epi8(9));
    __m128i mark = _mm_subs_epu8(_mm_sub_epi8(bytes, _mm_set1_epi8('-')),
                                 _mm_set1_epi8((char)more));
    __m128i best = _mm_min_epu8(letter, _mm_min_epu8(digit, mark));
    wrong = _mm_or_si128(wrong, best);
  }
  return (_mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) & 0xFF) == 0xFF;
#else
  (void)text, (void)count, (void)more;
  return false;
#endif
}

// The same without dots, as nearly all names of headers are.
static inline bool text_is_plain_name(const uint8_t *text, size_t count) {
  return text_is_plain_word(text, count, 0);
}

// The same with dots, as nearly all names of hosts are.
static inline bool text_is_plain_domain(const uint8_t *text, size_t count) {
  return text_is_plain_word(text, count, 1);
}

// The place of the first byte that is one of two; `count` when there is none.
static inline size_t text_find_either(const uint8_t *text, size_t count, uint8_t first,
                                      uint8_t second) {
  size_t index = 0;
#if TEXT_HAS_VECTORS
  const __m128i firsts = _mm_set1_epi8((char)first), seconds = _mm_set1_epi8((char)second);
  for (; index + 16 <= count; index += 16) {
    __m128i bytes = text_load16(text + index);
    unsigned marks = (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, firsts), _mm_cmpeq_epi8(bytes, seconds)));
    if (marks) return index + (size_t)__builtin_ctz(marks);
  }
#endif
  const uint64_t ones = 0x0101010101010101u;
  for (; index + 8 <= count; index += 8) {
    uint64_t word = text_load8(text + index);
    uint64_t left = word ^ ones * first, right = word ^ ones * second;
    uint64_t marks = text_high(((left - ones) & ~left) | ((right - ones) & ~right));
    if (marks) return index + text_first(marks);
  }
  while (index < count && text[index] != first && text[index] != second) index++;
  return index;
}

// The first eight bytes of `length` as a number that orders as they do; what is missing counts as
// zero. `readable` bytes, at least `length`, may be looked at.
static inline uint64_t text_prefix(const uint8_t *text, size_t length, size_t readable) {
  if (readable >= 8) {
    uint64_t word = __builtin_bswap64(text_load8(text));
    return length >= 8 ? word : word & ~(UINT64_MAX >> 8 * length);
  }
  uint64_t word = 0;
  for (size_t index = 0; index < length; index++) {
    word |= (uint64_t)text[index] << (56 - 8 * index);
  }
  return word;
}

// `text_prefix` of a text of at most sixteen bytes, of which eight may be looked at in any case.
static inline uint64_t text_short_prefix(const uint8_t *text, size_t length) {
  static const uint64_t masks[17] = {
      0,
      UINT64_MAX << 56,
      UINT64_MAX << 48,
      UINT64_MAX << 40,
      UINT64_MAX << 32,
      UINT64_MAX << 24,
      UINT64_MAX << 16,
      UINT64_MAX << 8,
      UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
      UINT64_MAX, UINT64_MAX};
  return __builtin_bswap64(text_load8(text)) & masks[length];
}

// How many of at most eight numbers are below `number`. They are compared four at a time, so that
// behind them come three that are not below anything: `text_close_ranks` puts them there. Without
// jumps that nobody could foresee.
static inline size_t text_rank(const uint64_t *numbers, size_t count, uint64_t number) {
  size_t rank = numbers[0] < number;
  rank += numbers[1] < number;
  rank += numbers[2] < number;
  rank += numbers[3] < number;
  if (count <= 4) return rank;
  rank += numbers[4] < number;
  rank += numbers[5] < number;
  rank += numbers[6] < number;
  rank += numbers[7] < number;
  return rank;
}

// Makes numbers ready for `text_rank`: writes to the three places behind them.
static inline void text_close_ranks(uint64_t *numbers, size_t count) {
  for (size_t index = 0; index < 3; index++) numbers[count + index] = UINT64_MAX;
}

// Whether a text that begins with a slash is a path of segments of letters, digits, `-`, `.` and
// `_`, none of them empty or with a dot in front. It may say no to one that is: to short ones it
// does.
static inline bool text_is_plain_path(const uint8_t *text, size_t count) {
#if TEXT_HAS_VECTORS
  if (count < 17 || text[count - 1] == '/') return false;
  // The comparisons are signed: moved down, the first of each range is the smallest byte.
  const __m128i slash = _mm_set1_epi8('/');
  for (size_t index = 0;;) {
    __m128i bytes = text_load16(text + index + 1);
    __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    __m128i letters = _mm_cmplt_epi8(_mm_add_epi8(lower, _mm_set1_epi8((char)(0x80 - 'a'))),
                                     _mm_set1_epi8((char)(0x80 + 26)));
    // `-`, `.`, `/` and the digits follow each other.
    __m128i others = _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8((char)(0x80 - '-'))),
                                    _mm_set1_epi8((char)(0x80 + '9' - '-' + 1)));
    __m128i line = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
    __m128i allowed = _mm_or_si128(_mm_or_si128(letters, others), line);
    // A dot or slash behind a slash: with its last bit set, a dot is a slash.
    __m128i begins = _mm_cmpeq_epi8(text_load16(text + index), slash);
    __m128i stops = _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(1)), slash);
    __m128i good = _mm_andnot_si128(_mm_and_si128(begins, stops), allowed);
    if (_mm_movemask_epi8(good) != 0xFFFF) return false;
    if (index + 17 == count) return true;
    index = index + 33 <= count ? index + 16 : count - 17;
  }
#else
  (void)text;
  (void)count;
  return false;
#endif
}

// Eight bytes with the letters from A to Z in lower case.
static inline uint64_t text_lower8(uint64_t word) {
  const uint64_t ones = 0x0101010101010101u;
  uint64_t low = word & ones * 0x7F;
  uint64_t from_a = low + ones * (0x80 - 'A');
  uint64_t beyond_z = low + ones * (0x80 - 'Z' - 1);
  return word | ((from_a ^ beyond_z) & ~word & ones * 0x80) >> 2;
}

// A copy of `text` with ASCII letters in lower case.
static inline void text_copy_lower(uint8_t *copy, const uint8_t *text, size_t count) {
  size_t index = 0;
#if TEXT_HAS_VECTORS
  // The comparison is signed: moved down, A is the smallest byte.
  const __m128i down = _mm_set1_epi8((char)(0x80 - 'A'));
  const __m128i end = _mm_set1_epi8((char)(0x80 + 26));
  const __m128i bit = _mm_set1_epi8(0x20);
  if (count >= 16) {
    for (;;) {
      __m128i bytes = text_load16(text + index);
      __m128i letters = _mm_and_si128(_mm_cmplt_epi8(_mm_add_epi8(bytes, down), end), bit);
      _mm_storeu_si128((__m128i *)(copy + index), _mm_or_si128(bytes, letters));
      if (index + 16 == count) return;
      index += 16;
      if (index + 16 > count) index = count - 16;
    }
  }
#endif
  for (; index + 8 <= count; index += 8) {
    uint64_t word;
    memcpy(&word, text + index, 8);
    word = text_lower8(word);
    memcpy(copy + index, &word, 8);
  }
  for (; index < count; index++) {
    copy[index] = text[index] >= 'A' && text[index] <= 'Z' ? text[index] | 0x20 : text[index];
  }
}

// The first place among `place`, `place` + `stride`, and so on up to `last`, where eight bytes, of
// which `mask` leaves some, hash to a bit that is set in `filter`; beyond `last` when there is none.
// The hash is the upper bits of a product, `64 - shift` of them.
static inline size_t text_next_window(const uint8_t *text, size_t place, size_t last,
                                      size_t stride, const uint64_t *filter, unsigned shift,
                                      uint64_t mask, uint64_t factor) {
  for (; place <= last; place += stride) {
    uint64_t window;
    memcpy(&window, text + place, 8);
    uint64_t bit = ((window & mask) * factor) >> shift;
    if (filter[bit >> 6] >> (bit & 63) & 1) break;
  }
  return place;
}

// The width of the UTF-8 sequence that `text` begins with, whose first byte is not ASCII. Where it
// is ill-formed: minus the number of bytes that one U+FFFD stands for (Unicode, table 3-7 and
// "maximal subpart" in section 3.9).
static inline int text_sequence(const uint8_t *text, size_t count) {
  uint8_t low = 0x80, high = 0xBF;
  int width;
  uint8_t lead = text[0];
  if (lead >= 0xC2 && lead <= 0xDF) {
    width = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    width = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    width = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return -1;
  }
  for (int place = 1; place < width; place++) {
    if ((size_t)place >= count || text[place] < low || text[place] > high) return -place;
    low = 0x80;
    high = 0xBF;
  }
  return width;
}

#endif
