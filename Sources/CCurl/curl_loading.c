// SPDX-License-Identifier: Apache-2.0
#include "curl_shim.h"

#include <dlfcn.h>
#include <pthread.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo

// Each function: result, name, parameters, arguments, and what it returns without a library.
// `curl_global_init` then says so, and callers go no further.
#define FUNCTIONS(F)                                                                               \
  F(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)                          \
  F(CURL *, curl_easy_init, (void), (), NULL)                                                      \
  F(const char *, curl_easy_strerror, (CURLcode code), (code), "libcurl is not installed")         \
  F(CURLM *, curl_multi_init, (void), (), NULL)                                                    \
  F(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL * easy), (multi, easy),                 \
    CURLM_INTERNAL_ERROR)                                                                          \
  F(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL * easy), (multi, easy),              \
    CURLM_INTERNAL_ERROR)                                                                          \
  F(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running),                \
    CURLM_INTERNAL_ERROR)                                                                          \
  F(CURLMcode, curl_multi_poll,                                                                    \
    (CURLM * multi, struct curl_waitfd extra[], unsigned int count, int timeout, int *ready),      \
    (multi, extra, count, timeout, ready), CURLM_INTERNAL_ERROR)                                   \
  F(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi), CURLM_INTERNAL_ERROR)                 \
  F(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left), NULL)              \
  F(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),          \
    (list, text), NULL)                                                                            \
  F(CURLU *, curl_url, (void), (), NULL)                                                           \
  F(CURLUcode, curl_url_set, (CURLU * url, CURLUPart part, const char *text, unsigned int flags),  \
    (url, part, text, flags), CURLUE_OUT_OF_MEMORY)                                                \
  F(CURLUcode, curl_url_get, (CURLU * url, CURLUPart part, char **text, unsigned int flags),       \
    (url, part, text, flags), CURLUE_OUT_OF_MEMORY)                                                \
  F(const char *, curl_url_strerror, (CURLUcode code), (code), "libcurl is not installed")

// The same for those that return nothing.
#define PROCEDURES(F)                                                                              \
  F(curl_easy_cleanup, (CURL * easy), (easy))                                                      \
  F(curl_easy_reset, (CURL * easy), (easy))                                                        \
  F(curl_slist_free_all, (struct curl_slist * list), (list))                                       \
  F(curl_url_cleanup, (CURLU * url), (url))                                                        \
  F(curl_free, (void *memory), (memory))

#define FUNCTION_POINTER(result, name, parameters, arguments, failure) result(*name) parameters;
#define PROCEDURE_POINTER(name, parameters, arguments) void(*name) parameters;

static struct {
  FUNCTIONS(FUNCTION_POINTER)
  PROCEDURES(PROCEDURE_POINTER)
  CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
  CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_loaded;

static int find(void *handle, const char *name, void *place) {
  *(void **)place = dlsym(handle, name);
  return *(void **)place != NULL;
}

static void load(void) {
  void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!handle) return;
  int found = find(handle, "curl_easy_setopt", &library.easy_setopt) &&
              find(handle, "curl_easy_getinfo", &library.easy_getinfo);
#define FIND_FUNCTION(result, name, parameters, arguments, failure) \
  found = found && find(handle, #name, &library.name);
#define FIND_PROCEDURE(name, parameters, arguments) \
  found = found && find(handle, #name, &library.name);
  FUNCTIONS(FIND_FUNCTION)
  PROCEDURES(FIND_PROCEDURE)
  is_loaded = found;
}

static int is_ready(void) {
  pthread_once(&once, load);
  return is_loaded;
}

// Hidden, so that the library's own calls of its functions do not end up here.
#define HIDDEN __attribute__((visibility("hidden")))

#define DEFINE_FUNCTION(result, name, parameters, arguments, failure) \
  HIDDEN result name parameters { return is_ready() ? library.name arguments : failure; }
#define DEFINE_PROCEDURE(name, parameters, arguments) \
  HIDDEN void name parameters { \
    if (is_ready()) library.name arguments; \
  }
FUNCTIONS(DEFINE_FUNCTION)
PROCEDURES(DEFINE_PROCEDURE)

#define SET(value) (is_ready() ? (int)library.easy_setopt(handle, option, value) : CURLE_FAILED_INIT)

int curl_shim_text(CURL *handle, CURLoption option, const char *value) { return SET(value); }
int curl_shim_number(CURL *handle, CURLoption option, long value) { return SET(value); }
int curl_shim_size(CURL *handle, CURLoption option, curl_off_t value) { return SET(value); }
int curl_shim_pointer(CURL *handle, CURLoption option, void *value) { return SET(value); }
int curl_shim_sink(CURL *handle, CURLoption option, curl_sink value) { return SET(value); }

int curl_shim_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return SET(&blob);
}

long curl_shim_get_number(CURL *handle, CURLINFO info) {
  long value = 0;
  if (is_ready()) library.easy_getinfo(handle, info, &value);
  return value;
}

const char *curl_shim_get_text(CURL *handle, CURLINFO info) {
  char *value = NULL;
  if (is_ready()) library.easy_getinfo(handle, info, &value);
  return value;
}

int curl_shim_done(CURLM *multi, int *result) {
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
