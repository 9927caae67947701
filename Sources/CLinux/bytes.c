// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "bytes.h"

#include <string.h>

bool linux_contains(const void *text, size_t length, const void *word, size_t word_length) {
  return memmem(text, length, word, word_length) != NULL;
}
