// SPDX-License-Identifier: Apache-2.0
// GNU extensions of the C library that Swift does not see.
#ifndef PORTCULLIS_BYTES_H
#define PORTCULLIS_BYTES_H

#include <stdbool.h>
#include <stddef.h>

// Whether `word` is somewhere in `text`.
bool linux_contains(const void *text, size_t length, const void *word, size_t word_length);

#endif
