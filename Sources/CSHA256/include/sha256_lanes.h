// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of two messages at a time, with the SHA extensions of x86-64 processors. The
// rounds of one message wait for each other: a second one's fit between them.
#ifndef PORTCULLIS_SHA256_LANES_H
#define PORTCULLIS_SHA256_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether this processor has the instructions.
bool sha256_has_lanes(void);

// Hashes `count` messages that lie one after the other in `bytes`, each `gap` bytes after the end
// of the one before, the first one `gap` bytes after `start`; message i ends before byte `ends[i]`.
// Before the first byte of each comes `prefix`. Writes 32 bytes a message to `digests`, in order.
//
// Only where `sha256_has_lanes`. `digests` does not overlap `bytes`.
void sha256_lanes(const uint8_t *bytes, size_t start, const size_t *ends, size_t gap,
                  size_t count, uint8_t prefix, uint8_t *digests);

#endif
