// SPDX-License-Identifier: Apache-2.0
// SHA-256 of many messages side by side: libipsec-mb, loaded by its first call. Without it, and on
// processors where it is no faster than libcrypto, there is no manager.
#ifndef PORTCULLIS_MULTI_BUFFER_SHIM_H
#define PORTCULLIS_MULTI_BUFFER_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The library's state for one thread at a time: 0.2 MiB.
typedef struct multi_buffer multi_buffer;

// NULL when the library is not installed, has another version than 1.3, or finds neither AVX-512 nor
// SHA instructions here.
multi_buffer *multi_buffer_make(void);
void multi_buffer_free(multi_buffer *manager);

// Hashes those of `count` messages that have 1...`longest` bytes. They lie one after the other in
// `bytes`, each `gap` bytes after the end of the one before, the first one `gap` bytes after
// `start`; message i ends before byte `ends[i]`. Its hash comes to `digests + 32 * i`.
//
// False when the library refused one: nothing in `digests` counts then.
bool multi_buffer_sha256(multi_buffer *manager, const uint8_t *bytes, size_t start,
                         const size_t *ends, size_t gap, size_t count, size_t longest,
                         uint8_t *digests);

#endif
