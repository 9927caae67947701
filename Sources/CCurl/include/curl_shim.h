// SPDX-License-Identifier: Apache-2.0
// libcurl, loaded by its first call: it and what it brings along would cost every start 10 ms and
// several MiB of memory, and a server whose policies and responders call nobody never needs it.
//
// Its functions have their own names and are declared by its own header. Those with variable
// arguments, which Swift does not import, come once for each type of argument.
#ifndef PORTCULLIS_CURL_SHIM_H
#define PORTCULLIS_CURL_SHIM_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stddef.h>

typedef size_t (*curl_sink)(char *bytes, size_t size, size_t count, void *target);

int curl_shim_text(CURL *handle, CURLoption option, const char *value);
int curl_shim_number(CURL *handle, CURLoption option, long value);
int curl_shim_size(CURL *handle, CURLoption option, curl_off_t value);
int curl_shim_pointer(CURL *handle, CURLoption option, void *value);
int curl_shim_sink(CURL *handle, CURLoption option, curl_sink value);
// The bytes are copied.
int curl_shim_blob(CURL *handle, CURLoption option, const void *bytes, size_t count);
long curl_shim_get_number(CURL *handle, CURLINFO info);
// Owned by the handle; NULL when there is none.
const char *curl_shim_get_text(CURL *handle, CURLINFO info);
// Whether the transfer is done; its result is then in `result`.
int curl_shim_done(CURLM *multi, int *result);

#endif
