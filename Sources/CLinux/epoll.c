// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "network.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

int linux_epoll_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data = {.u64 = data}};
  return result(epoll_ctl(epoll, operation, descriptor, &event));
}

int linux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t data) {
  return control(epoll, EPOLL_CTL_ADD, descriptor, events, data);
}

int linux_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t data) {
  return control(epoll, EPOLL_CTL_MOD, descriptor, events, data);
}

int linux_epoll_remove(int epoll, int descriptor) {
  return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

int linux_epoll_wait(int epoll, struct linux_event *events, int milliseconds) {
  struct epoll_event ready[LINUX_EPOLL_BATCH];
  int count = epoll_wait(epoll, ready, LINUX_EPOLL_BATCH, milliseconds);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int index = 0; index < count; index++) {
    events[index].data = ready[index].data.u64;
    events[index].events = ready[index].events;
  }
  return count;
}

int linux_eventfd_create(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

int linux_eventfd_signal(int descriptor) {
  uint64_t one = 1;
  int failure = 0;
  for (int attempt = 0; attempt < LINUX_EVENTFD_ATTEMPTS; attempt++) {
    // A full counter already wakes its reader.
    if (write(descriptor, &one, sizeof one) >= 0 || errno == EAGAIN) return 0;
    failure = errno;
  }
  return -failure;
}

int linux_eventfd_drain(int descriptor) {
  uint64_t count;
  ssize_t got;
  do got = read(descriptor, &count, sizeof count);
  while (got < 0 && errno == EINTR);
  return got < 0 && errno != EAGAIN ? -errno : 0;
}

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t linux_monotonic_time(void) { return nanoseconds(CLOCK_MONOTONIC); }
uint64_t linux_wall_time(void) { return nanoseconds(CLOCK_REALTIME); }

void linux_name_thread(pthread_t thread, const char *name) { pthread_setname_np(thread, name); }

int linux_usable_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? count : 1;
}

static sigset_t set_of(const int *signals, size_t count) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t index = 0; index < count; index++) sigaddset(&set, signals[index]);
  return set;
}

int linux_block_signals(const int *signals, size_t count) {
  sigset_t set = set_of(signals, count);
  return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int linux_wait_signal(const int *signals, size_t count) {
  sigset_t set = set_of(signals, count);
  int number = 0;
  int failure = sigwait(&set, &number);
  return failure ? -failure : number;
}
