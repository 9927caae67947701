// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

// Swift cannot import the macro: 16 asks for a gzip header, 15 is the largest window.
static inline int czlib_inflate_gzip(z_stream *stream) { return inflateInit2(stream, 16 + 15); }
