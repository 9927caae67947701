// SPDX-License-Identifier: Apache-2.0
#include "cre2.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

struct cre2_pattern {
  RE2 expression;
  cre2_pattern(const re2::StringPiece &text, const RE2::Options &options)
      : expression(text, options) {}
};

namespace {

// The wording of Go's regexp/syntax, which policies see.
const char *reason(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape: return "invalid escape sequence";
    case RE2::ErrorBadCharClass: return "invalid character class";
    case RE2::ErrorBadCharRange: return "invalid character class range";
    case RE2::ErrorMissingBracket: return "missing closing ]";
    case RE2::ErrorMissingParen: return "missing closing )";
    case RE2::ErrorUnexpectedParen: return "unexpected )";
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize: return "invalid repeat count";
    case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8: return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture: return "invalid named capture";
    case RE2::ErrorPatternTooLarge: return "expression too large";
    default: return "internal error";
  }
}

void copy(char *target, size_t capacity, const char *source, size_t length) {
  size_t count = std::min(capacity - 1, length);
  // Never leave half a character.
  while (count < length && count > 0 && (source[count] & 0xC0) == 0x80) count--;
  if (count > 0) memcpy(target, source, count);
  target[count] = 0;
}

re2::StringPiece piece(const uint8_t *bytes, size_t length) {
  return re2::StringPiece(bytes ? reinterpret_cast<const char *>(bytes) : "", length);
}

}  // namespace

cre2_pattern *cre2_compile(const uint8_t *pattern, size_t length, int64_t max_memory,
                           cre2_error *error) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(max_memory);
  auto *compiled = new (std::nothrow) cre2_pattern(piece(pattern, length), options);
  if (compiled == nullptr) {
    copy(error->reason, sizeof error->reason, "expression too large", 20);
    error->part[0] = 0;
    return nullptr;
  }
  if (compiled->expression.ok()) return compiled;
  RE2::ErrorCode code = compiled->expression.error_code();
  std::string part = compiled->expression.error_arg();
  const char *text = reason(code);
  copy(error->reason, sizeof error->reason, text, strlen(text));
  copy(error->part, sizeof error->part, part.data(), part.size());
  delete compiled;
  return nullptr;
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }

int cre2_group_count(const cre2_pattern *pattern) {
  return pattern->expression.NumberOfCapturingGroups();
}

int cre2_group_index(const cre2_pattern *pattern, const uint8_t *name, size_t length) {
  const auto &groups = pattern->expression.NamedCapturingGroups();
  auto found = groups.find(std::string(reinterpret_cast<const char *>(name), length));
  return found == groups.end() ? -1 : found->second;
}

bool cre2_match(const cre2_pattern *pattern, const uint8_t *text, size_t length, size_t start,
                cre2_range *groups, int group_count) {
  re2::StringPiece subject = piece(text, length);
  re2::StringPiece inline_pieces[8];
  std::vector<re2::StringPiece> more;
  re2::StringPiece *pieces = inline_pieces;
  if (group_count > 8) {
    more.resize(group_count);
    pieces = more.data();
  }
  const RE2 &expression = pattern->expression;
  if (!expression.Match(subject, start, length, RE2::UNANCHORED, pieces, group_count)) return false;
  for (int i = 0; i < group_count; i++) {
    bool took_part = pieces[i].data() != nullptr;
    groups[i].start = took_part ? pieces[i].data() - subject.data() : -1;
    groups[i].end = took_part ? groups[i].start + static_cast<int64_t>(pieces[i].size()) : -1;
  }
  return true;
}
