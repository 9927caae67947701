// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_un local;
};

static int result(int value) { return value < 0 ? -errno : value; }

// Closes `descriptor` and returns the errno of the call that failed before.
static int give_up(int descriptor) {
  int failure = errno;
  close(descriptor);
  return -failure;
}

static int tcp_address(const char *text, uint16_t port, union address *address, socklen_t *size) {
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    *size = sizeof address->v4;
    return 0;
  }
  if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    *size = sizeof address->v6;
    return 0;
  }
  return -EINVAL;
}

static int unix_address(const char *path, size_t length, union address *address, socklen_t *size) {
  memset(address, 0, sizeof *address);
  // A pathname needs its terminating NUL; an abstract name is counted.
  size_t room = sizeof address->local.sun_path - (length > 0 && path[0] == '@' ? 0 : 1);
  if (length < 1 || length > room) return -ENAMETOOLONG;
  address->local.sun_family = AF_UNIX;
  memcpy(address->local.sun_path, path, length);
  size_t used = length + 1;
  if (path[0] == '@') {
    address->local.sun_path[0] = 0;
    used = length;
  }
  *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + used);
  return 0;
}

// `mode` 0: as the process's umask has it.
static int listen_on(const union address *address, socklen_t size, unsigned mode, int backlog) {
  int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  int descriptor = socket(address->any.sa_family, type, 0);
  if (descriptor < 0) return -errno;
  // Linux gives the file the mode of its socket, so that it is never open to others.
  if (mode && fchmod(descriptor, mode) < 0) return give_up(descriptor);
  int on = 1;
  if (address->any.sa_family != AF_UNIX &&
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
    return give_up(descriptor);
  if (bind(descriptor, &address->any, size) < 0) return give_up(descriptor);
  if (listen(descriptor, backlog) < 0) return give_up(descriptor);
  return descriptor;
}

int linux_listen_tcp(const char *text, uint16_t port, int backlog) {
  union address address;
  socklen_t size;
  int failure = tcp_address(text, port, &address, &size);
  return failure ? failure : listen_on(&address, size, 0, backlog);
}

int linux_listen_unix(const char *path, size_t length, int backlog) {
  union address address;
  socklen_t size;
  int failure = unix_address(path, length, &address, &size);
  return failure ? failure : listen_on(&address, size, 0, backlog);
}

int linux_listen_unix_mode(const char *path, size_t length, unsigned int mode, int backlog) {
  union address address;
  socklen_t size;
  int failure = unix_address(path, length, &address, &size);
  return failure ? failure : listen_on(&address, size, mode, backlog);
}

int64_t linux_peer_user(int descriptor) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -errno;
  return peer.uid;
}

int linux_bound_port(int descriptor) {
  union address address;
  socklen_t size = sizeof address;
  if (getsockname(descriptor, &address.any, &size) < 0) return -errno;
  if (address.any.sa_family == AF_INET) return ntohs(address.v4.sin_port);
  if (address.any.sa_family == AF_INET6) return ntohs(address.v6.sin6_port);
  return -EAFNOSUPPORT;
}

static int connect_to(const union address *address, socklen_t size) {
  int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  if (connect(descriptor, &address->any, size) < 0) return give_up(descriptor);
  return descriptor;
}

int linux_connect_tcp(const char *text, uint16_t port) {
  union address address;
  socklen_t size;
  int failure = tcp_address(text, port, &address, &size);
  return failure ? failure : connect_to(&address, size);
}

int linux_connect_unix(const char *path, size_t length) {
  union address address;
  socklen_t size;
  int failure = unix_address(path, length, &address, &size);
  return failure ? failure : connect_to(&address, size);
}

int linux_accept(int descriptor) {
  int accepted;
  do accepted = accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (accepted < 0 && errno == EINTR);
  return result(accepted);
}

int linux_set_no_delay(int descriptor) {
  int on = 1;
  return result(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
}

int linux_set_nonblocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return -errno;
  return result(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK));
}

ptrdiff_t linux_receive(int descriptor, void *buffer, size_t count) {
  ssize_t got;
  do got = recv(descriptor, buffer, count, 0);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

ptrdiff_t linux_send(int descriptor, const void *buffer, size_t count) {
  ssize_t sent;
  do sent = send(descriptor, buffer, count, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

int linux_shutdown_write(int descriptor) { return result(shutdown(descriptor, SHUT_WR)); }

int linux_socket_is_stale(const char *path) {
  struct stat status;
  if (lstat(path, &status) < 0) return -errno;
  if (!S_ISSOCK(status.st_mode)) return 0;
  int descriptor = linux_connect_unix(path, strlen(path));
  if (descriptor >= 0) close(descriptor);
  return descriptor == -ECONNREFUSED;
}
