// SPDX-License-Identifier: Apache-2.0
#include "http_daemon.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <string.h>

static size_t leave_encoded(void *context, struct MHD_Connection *connection, char *text) {
  (void)context;
  (void)connection;
  return strlen(text);
}

static void say_nothing(void *context, const char *format, va_list arguments) {
  (void)context;
  (void)format;
  (void)arguments;
}

// TLS 1.2 with forward secrecy, and TLS 1.3.
static char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-SHA1";

struct MHD_Daemon *http_daemon_start(const struct http_daemon_settings *s) {
  struct MHD_OptionItem options[20];
  size_t count = 0;
#define ADD(name, number, pointer) \
  options[count++] = (struct MHD_OptionItem){name, (intptr_t)(number), (void *)(pointer)}
  // First, so that it also takes what the other options have to say.
  ADD(MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL);
  ADD(MHD_OPTION_LISTEN_SOCKET, s->listen_socket, NULL);
  ADD(MHD_OPTION_CONNECTION_LIMIT, s->connections, NULL);
  ADD(MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->connections_per_address, NULL);
  ADD(MHD_OPTION_CONNECTION_TIMEOUT, s->idle_seconds, NULL);
  ADD(MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->head_bytes, NULL);
  ADD(MHD_OPTION_THREAD_STACK_SIZE, s->stack_bytes, NULL);
  ADD(MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
  ADD(MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL);
  ADD(MHD_OPTION_NOTIFY_COMPLETED, s->completed, s->context);
  ADD(MHD_OPTION_NOTIFY_CONNECTION, s->connected, s->context);
  unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                       MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;
  if (s->key && s->certificate) {
    flags |= MHD_USE_TLS;
    ADD(MHD_OPTION_HTTPS_MEM_KEY, 0, s->key);
    ADD(MHD_OPTION_HTTPS_MEM_CERT, 0, s->certificate);
    ADD(MHD_OPTION_HTTPS_PRIORITIES, 0, priorities);
    if (s->trust) ADD(MHD_OPTION_HTTPS_MEM_TRUST, 0, s->trust);
  }
  ADD(MHD_OPTION_END, 0, NULL);
#undef ADD
  return MHD_start_daemon(flags, 0, NULL, NULL, s->handle, s->context, MHD_OPTION_ARRAY, options,
                          MHD_OPTION_END);
}

int http_connection_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

// The certificate must be meant for clients, and hold now.
static int is_trusted(gnutls_session_t session) {
  gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                   .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT};
  unsigned int status = ~0u;
  return gnutls_certificate_verify_peers(session, &purpose, 1, &status) == GNUTLS_E_SUCCESS &&
         status == 0;
}

int http_peer_subject(struct MHD_Connection *connection, char *subject, size_t capacity) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  if (!info || !info->tls_session) return HTTP_PEER_ANONYMOUS;
  gnutls_session_t session = info->tls_session;
  unsigned int count = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
  if (!chain || count == 0) return HTTP_PEER_ANONYMOUS;
  if (!is_trusted(session)) return HTTP_PEER_UNTRUSTED;
  gnutls_x509_crt_t certificate;
  if (gnutls_x509_crt_init(&certificate) != GNUTLS_E_SUCCESS) return HTTP_PEER_UNTRUSTED;
  gnutls_datum_t name = {NULL, 0};
  int length = HTTP_PEER_UNTRUSTED;
  if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
      gnutls_x509_crt_get_dn3(certificate, &name, 0) == GNUTLS_E_SUCCESS && name.size > 0 &&
      name.size < capacity) {
    memcpy(subject, name.data, name.size);
    subject[name.size] = 0;
    length = (int)name.size;
  }
  gnutls_free(name.data);
  gnutls_x509_crt_deinit(certificate);
  return length;
}
