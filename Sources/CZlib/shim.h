// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

// Swift cannot import the macros: 16 asks for a gzip header, 15 is the largest window, 8 the
// default memory level.
static inline int czlib_inflate_gzip(z_stream *stream) { return inflateInit2(stream, 16 + 15); }
static inline int czlib_deflate_gzip(z_stream *stream) {
  return deflateInit2(stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY);
}
