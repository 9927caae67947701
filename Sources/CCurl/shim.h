// SPDX-License-Identifier: Apache-2.0
// libcurl's functions with variable arguments, one for each type of argument: Swift imports none of
// the former.
#pragma once
#include <curl/curl.h>
#include <stddef.h>

typedef size_t (*curl_sink)(char *bytes, size_t size, size_t count, void *target);

static inline int curl_shim_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline int curl_shim_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline int curl_shim_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline int curl_shim_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline int curl_shim_sink(CURL *handle, CURLoption option, curl_sink value) {
    return curl_easy_setopt(handle, option, value);
}

// The bytes must stay until the transfer is done.
static inline int curl_shim_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

static inline long curl_shim_get_number(CURL *handle, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(handle, info, &value);
    return value;
}

// Owned by the handle; NULL when there is none.
static inline const char *curl_shim_get_text(CURL *handle, CURLINFO info) {
    char *value = NULL;
    curl_easy_getinfo(handle, info, &value);
    return value;
}

// Whether the transfer is done; its result is then in `result`.
static inline int curl_shim_done(CURLM *multi, int *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return 1;
        }
    }
    return 0;
}
