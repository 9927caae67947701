// SPDX-License-Identifier: Apache-2.0
// What Swift cannot import from Linux headers: unions, variadic calls, macros, _GNU_SOURCE.
#ifndef PORTCULLIS_NETWORK_H
#define PORTCULLIS_NETWORK_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

// One readiness report of epoll, without the kernel's packed union.
struct linux_event {
  uint64_t data;
  uint32_t events;
};

enum {
  LINUX_EPOLL_READABLE = 0x001,
  LINUX_EPOLL_WRITABLE = 0x004,
  LINUX_EPOLL_ERROR = 0x008,
  LINUX_EPOLL_HANGUP = 0x010
};

// The most events that one linux_epoll_wait reports.
enum { LINUX_EPOLL_BATCH = 128 };

// Every function returns -errno on failure; calls that a signal interrupts are repeated.
int linux_epoll_create(void);
int linux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t data);
int linux_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t data);
int linux_epoll_remove(int epoll, int descriptor);

// Waits at most `milliseconds` (-1: without end) and fills `events`, which has room for
// LINUX_EPOLL_BATCH. An interrupted wait reports 0 events.
int linux_epoll_wait(int epoll, struct linux_event *events, int milliseconds);

// A non-blocking counter that wakes an epoll set.
int linux_eventfd_create(void);
// How often a signal is tried. The kernel fails none; a sandbox or a tracer may, and a wake that is
// lost would leave its reader asleep for good.
enum { LINUX_EVENTFD_ATTEMPTS = 16 };
int linux_eventfd_signal(int descriptor);
int linux_eventfd_drain(int descriptor);

// Listening sockets, non-blocking and closed on exec. `address` is an IPv4 or IPv6 literal.
int linux_listen_tcp(const char *address, uint16_t port, int backlog);
// `path` of `length` bytes; a leading '@' names an abstract socket.
int linux_listen_unix(const char *path, size_t length, int backlog);
// The same at a path, as a file with these permissions from the first moment on.
int linux_listen_unix_mode(const char *path, size_t length, unsigned int mode, int backlog);
// The user on the other end of a Unix socket, or -errno.
int64_t linux_peer_user(int descriptor);
// The port that a TCP listener got.
int linux_bound_port(int descriptor);

// Blocking connections, closed on exec.
int linux_connect_tcp(const char *address, uint16_t port);
int linux_connect_unix(const char *path, size_t length);

// The next connection, non-blocking and closed on exec.
int linux_accept(int descriptor);
int linux_set_no_delay(int descriptor);
int linux_set_nonblocking(int descriptor);

// Bytes read or written, 0 at the end of the stream, or -errno (-EAGAIN: try later).
ptrdiff_t linux_receive(int descriptor, void *buffer, size_t count);
ptrdiff_t linux_send(int descriptor, const void *buffer, size_t count);
// Tells the peer that no more bytes come.
int linux_shutdown_write(int descriptor);

// 1 when `path` is a socket file that nobody answers on, 0 when it is not.
int linux_socket_is_stale(const char *path);

// Monotonic and wall time in nanoseconds.
uint64_t linux_monotonic_time(void);
uint64_t linux_wall_time(void);

// At most 15 bytes, shown by ps and perf.
void linux_name_thread(pthread_t thread, const char *name);
/// Processors that this process may use, at least 1.
int linux_usable_processors(void);

// Blocks `count` signals for this thread and those that it starts later.
int linux_block_signals(const int *signals, size_t count);
// Waits for one of them and returns its number.
int linux_wait_signal(const int *signals, size_t count);

#endif
