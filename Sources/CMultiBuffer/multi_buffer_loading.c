// SPDX-License-Identifier: Apache-2.0
#include "multi_buffer_shim.h"

#if defined(__x86_64__)

#include <dlfcn.h>
#include <pthread.h>

// What intel-ipsec-mb.h of version 1.3 declares, as far as it is used here. The library makes both
// structures itself, so that what follows the last member does not matter.
enum {
  digest_bytes = 32,
  status_completed = 3,
  cipher_null = 3,
  direction_encrypt = 1,
  order_hash_cipher = 2,
  hash_sha256 = 15,
  architecture_sse = 2,
  architecture_avx512 = 5,
  feature_sha = 1,
};

typedef struct {
  uint64_t keys[3];
  const uint8_t *source;
  uint64_t destination;
  uint64_t cipher_offset;
  uint64_t cipher_length;
  uint64_t hash_offset;
  uint64_t hash_length;
  uint64_t vector[2];
  uint8_t *digest;
  uint64_t digest_length;
  uint64_t hash_fields[3];
  int status;
  int cipher_mode;
  int cipher_direction;
  int hash_algorithm;
  int chain_order;
} job;

struct multi_buffer {
  uint64_t flags;
  uint64_t features;
  uint64_t reserved[5];
  uint32_t architecture;
  int error;
  job *(*next_job)(multi_buffer *);
  job *(*submit_job)(multi_buffer *);
  job *(*submit_unchecked_job)(multi_buffer *);
  job *(*completed_job)(multi_buffer *);
  job *(*flush_job)(multi_buffer *);
};

_Static_assert(offsetof(job, hash_offset) == 56 && offsetof(job, digest) == 88 &&
                   offsetof(job, status) == 128 && offsetof(job, chain_order) == 144 &&
                   offsetof(multi_buffer, next_job) == 64 &&
                   offsetof(multi_buffer, flush_job) == 96,
               "the layout of version 1.3");

static struct {
  unsigned (*version)(void);
  multi_buffer *(*allocate)(uint64_t flags);
  void (*initialize)(multi_buffer *, int *architecture);
  void (*initialize_sse)(multi_buffer *);
  void (*release)(multi_buffer *);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;

static bool find(void *handle, const char *name, void *place) {
  *(void **)place = dlsym(handle, name);
  return *(void **)place != NULL;
}

static void load(void) {
  void *handle = dlopen("libIPSec_MB.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!handle) return;
  is_loaded = find(handle, "imb_get_version", &library.version) &&
              find(handle, "alloc_mb_mgr", &library.allocate) &&
              find(handle, "init_mb_mgr_auto", &library.initialize) &&
              find(handle, "init_mb_mgr_sse", &library.initialize_sse) &&
              find(handle, "free_mb_mgr", &library.release) &&
              library.version() >> 8 == 0x103;
}

multi_buffer *multi_buffer_make(void) {
  pthread_once(&once, load);
  multi_buffer *manager = is_loaded ? library.allocate(0) : NULL;
  if (!manager) return NULL;
  int architecture = 0;
  library.initialize(manager, &architecture);
  if (manager->error == 0 && architecture == architecture_avx512) return manager;
  // The processor's own SHA instructions: two messages at a time fill the pauses of one. What the
  // library takes by itself here are eight lanes without them, which are slower.
  if (manager->error == 0 && (manager->features & feature_sha)) {
    library.initialize_sse(manager);
    if (manager->error == 0 && manager->architecture == architecture_sse) return manager;
  }
  library.release(manager);
  return NULL;
}

void multi_buffer_free(multi_buffer *manager) { library.release(manager); }

// Takes a job that is done; how many that were.
static size_t take(const job *done, bool *is_right) {
  if (!done) return 0;
  *is_right = *is_right && done->status == status_completed;
  return 1;
}

bool multi_buffer_sha256(multi_buffer *manager, const uint8_t *bytes, size_t start,
                         const size_t *ends, size_t gap, size_t count, size_t longest,
                         uint8_t *digests) {
  size_t submitted = 0, taken = 0;
  bool is_right = true;
  for (size_t index = 0; index < count; index++) {
    size_t from = (index == 0 ? start : ends[index - 1]) + gap;
    size_t length = ends[index] - from;
    if (length == 0 || length > longest) continue;
    job *next = manager->next_job(manager);
    next->source = bytes;
    next->hash_offset = from;
    next->hash_length = length;
    next->digest = digests + digest_bytes * index;
    next->digest_length = digest_bytes;
    next->cipher_mode = cipher_null;
    next->cipher_direction = direction_encrypt;
    next->hash_algorithm = hash_sha256;
    next->chain_order = order_hash_cipher;
    submitted++;
    taken += take(manager->submit_job(manager), &is_right);
  }
  job *done;
  while ((done = manager->flush_job(manager)) != NULL) taken += take(done, &is_right);
  return is_right && taken == submitted;
}

#else

multi_buffer *multi_buffer_make(void) { return NULL; }

void multi_buffer_free(multi_buffer *manager) {}

bool multi_buffer_sha256(multi_buffer *manager, const uint8_t *bytes, size_t start,
                         const size_t *ends, size_t gap, size_t count, size_t longest,
                         uint8_t *digests) {
  return false;
}

#endif
