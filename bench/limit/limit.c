// SPDX-License-Identifier: Apache-2.0
//
// The physical limit that Portcullis is measured against: a bare server on nghttp2 that answers
// every request with the same OK CheckResponse. It reads no header, decodes nothing, and bounds
// nothing; only for measuring.
//
//   limit -p PORT -t THREADS

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT = 256 << 10, OUTPUT = 256 << 10, BATCH = 64, MOST_THREADS = 64 };

// A message prefix and a CheckResponse whose status is {} (google.rpc.Code OK).
static const uint8_t answer[] = {0, 0, 0, 0, 2, 0x0a, 0};

struct connection {
  int descriptor;
  nghttp2_session *session;
};

struct worker {
  int epoll;
  pthread_t thread;
  uint8_t input[INPUT];
  uint8_t output[OUTPUT];
};

#define FIELD(name, value)                                         \
  {(uint8_t *)name, (uint8_t *)value, sizeof name - 1, sizeof value - 1, \
   NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE}

static const nghttp2_nv head[] = {FIELD(":status", "200"),
                                  FIELD("content-type", "application/grpc")};
static const nghttp2_nv trailers[] = {FIELD("grpc-status", "0")};

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t length,
                           uint32_t *flags, nghttp2_data_source *source, void *user) {
  (void)user;
  size_t sent = (size_t)(uintptr_t)source->ptr;
  size_t count = sizeof answer - sent;
  if (count > length) count = length;
  memcpy(buffer, answer + sent, count);
  source->ptr = (void *)(uintptr_t)(sent + count);
  if (sent + count == sizeof answer) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, id, trailers, 1);
  }
  return (ssize_t)count;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  (void)user;
  if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
  if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
  nghttp2_data_provider source = {.source = {.ptr = NULL}, .read_callback = read_answer};
  return nghttp2_submit_response(session, frame->hd.stream_id, head, 2, &source);
}

static void end(struct connection *connection) {
  nghttp2_session_del(connection->session);
  close(connection->descriptor);
  free(connection);
}

static int flush(struct worker *worker, struct connection *connection) {
  size_t used = 0;
  for (;;) {
    const uint8_t *frame;
    ssize_t count = nghttp2_session_mem_send(connection->session, &frame);
    if (count < 0) return -1;
    if (count == 0 || used + (size_t)count > OUTPUT) {
      size_t sent = 0;
      while (sent < used) {
        ssize_t took = send(connection->descriptor, worker->output + sent, used - sent,
                            MSG_NOSIGNAL);
        if (took < 0 && errno != EAGAIN) return -1;
        if (took > 0) sent += (size_t)took;
      }
      used = 0;
    }
    if (count == 0) return 0;
    memcpy(worker->output + used, frame, (size_t)count);
    used += (size_t)count;
  }
}

static void serve(struct worker *worker, struct connection *connection) {
  ssize_t count = recv(connection->descriptor, worker->input, INPUT, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0 ||
      nghttp2_session_mem_recv(connection->session, worker->input, (size_t)count) < 0 ||
      flush(worker, connection) < 0)
    end(connection);
}

static void *run(void *argument) {
  struct worker *worker = argument;
  struct epoll_event events[BATCH];
  for (;;) {
    int count = epoll_wait(worker->epoll, events, BATCH, -1);
    for (int index = 0; index < count; index++) serve(worker, events[index].data.ptr);
  }
  return NULL;
}

static void adopt(struct worker *worker, int descriptor, nghttp2_session_callbacks *callbacks) {
  struct connection *connection = calloc(1, sizeof *connection);
  connection->descriptor = descriptor;
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  nghttp2_session_server_new(&connection->session, callbacks, connection);
  nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1024},
                                       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20}};
  nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 2);
  nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, 16 << 20);
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
  // The SETTINGS leave with the first answer: only the worker's own thread may use its buffers.
  if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, descriptor, &event) < 0) end(connection);
}

static int listen_on(uint16_t port) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0 ||
      listen(descriptor, 1024) < 0) {
    perror("limit: listen");
    exit(1);
  }
  return descriptor;
}

int main(int count, char **arguments) {
  int port = 9191, threads = 1, option;
  while ((option = getopt(count, arguments, "p:t:")) != -1) {
    if (option == 'p') port = atoi(optarg);
    else if (option == 't') threads = atoi(optarg);
    else return 3;
  }
  if (port < 1 || port > 65535 || threads < 1 || threads > MOST_THREADS) {
    fprintf(stderr, "usage: limit [-p PORT] [-t THREADS]\n");
    return 3;
  }
  nghttp2_session_callbacks *callbacks;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  struct worker *workers = calloc((size_t)threads, sizeof *workers);
  int listener = listen_on((uint16_t)port);
  for (int index = 0; index < threads; index++) {
    workers[index].epoll = epoll_create1(EPOLL_CLOEXEC);
    pthread_create(&workers[index].thread, NULL, run, &workers[index]);
  }
  for (int next = 0;; next = (next + 1) % threads) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) adopt(&workers[next], descriptor, callbacks);
  }
}
