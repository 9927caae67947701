// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// SHA-256 with state that the caller holds: EVP allocates for each message. OpenSSL 3 prefers EVP
// for its providers, and still has these.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
static inline int openssl_sha256_start(SHA256_CTX *state) { return SHA256_Init(state); }
static inline int openssl_sha256_update(SHA256_CTX *state, const void *bytes, size_t count) {
  return SHA256_Update(state, bytes, count);
}
static inline int openssl_sha256_finish(unsigned char *digest, SHA256_CTX *state) {
  return SHA256_Final(digest, state);
}
#pragma clang diagnostic pop
