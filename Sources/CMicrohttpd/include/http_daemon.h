// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd as Swift can use it: its variadic calls, and what GnuTLS knows of a TLS peer.
#ifndef PORTCULLIS_HTTP_DAEMON_H
#define PORTCULLIS_HTTP_DAEMON_H

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

struct http_daemon_settings {
  // A socket that listens; the daemon closes it.
  int listen_socket;
  // Connections at once, in all and from one address (0: as many as in all). Each has a thread.
  unsigned int connections;
  unsigned int connections_per_address;
  // Seconds without a byte after which a connection is closed.
  unsigned int idle_seconds;
  // Bytes for a request's line and headers.
  size_t head_bytes;
  // Bytes of a thread's stack.
  size_t stack_bytes;
  // PEM; NULL: no TLS. `trust` are the authorities of clients' certificates; NULL: none is asked
  // for. All three must outlive the daemon.
  const char *key;
  const char *certificate;
  const char *trust;
  MHD_AccessHandlerCallback handle;
  MHD_RequestCompletedCallback completed;
  MHD_NotifyConnectionCallback connected;
  void *context;
};

// NULL on failure. The path and the arguments of a request are handed out undecoded.
struct MHD_Daemon *http_daemon_start(const struct http_daemon_settings *settings);

// The connection's socket, or -1.
int http_connection_descriptor(struct MHD_Connection *connection);

enum { HTTP_PEER_ANONYMOUS = 0, HTTP_PEER_UNTRUSTED = -1 };

// Writes the subject (RFC 4514) of the peer's certificate, and a NUL. Returns its length,
// HTTP_PEER_ANONYMOUS when the peer gave no certificate, HTTP_PEER_UNTRUSTED when what it gave
// does not hold (chain, time, purpose) or does not fit `capacity`.
int http_peer_subject(struct MHD_Connection *connection, char *subject, size_t capacity);

#endif
