// SPDX-License-Identifier: Apache-2.0
// A C interface to RE2: regular expressions matched in time linear in the text.
#ifndef CRE2_H
#define CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// Where a group matched, in bytes of the text; -1 when it took no part.
typedef struct {
  int64_t start;
  int64_t end;
} cre2_range;

/// Why a pattern does not compile (Go's wording), and the part of it that is wrong.
typedef struct {
  char reason[64];
  char part[256];
} cre2_error;

/// Compiles `pattern`. Returns NULL and fills `error` when it is not valid.
/// `max_memory`: bytes that the program and its state caches may take.
cre2_pattern *cre2_compile(const uint8_t *pattern, size_t length, int64_t max_memory,
                           cre2_error *error);
void cre2_free(cre2_pattern *pattern);

/// Capturing groups, the whole match not counted.
int cre2_group_count(const cre2_pattern *pattern);

/// The index of the group called `name`, or -1.
int cre2_group_index(const cre2_pattern *pattern, const uint8_t *name, size_t length);

/// Searches `text` from byte `start`; what lies before counts as context for ^ and \b.
bool cre2_match(const cre2_pattern *pattern, const uint8_t *text, size_t length, size_t start,
                cre2_range *groups, int group_count);

#ifdef __cplusplus
}
#endif

#endif
