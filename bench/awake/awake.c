// SPDX-License-Identifier: Apache-2.0
// Keeps one core from halting while something is measured there: it runs when nothing else wants
// to, as `idle=poll` on the kernel's command line would have it.
//
//   awake CORE
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: awake CORE\n");
    return 2;
  }
  pid_t parent = getppid();
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(atoi(arguments[1]), &core);
  struct sched_param none = {0};
  if (sched_setaffinity(0, sizeof core, &core) || sched_setscheduler(0, SCHED_IDLE, &none) ||
      prctl(PR_SET_PDEATHSIG, SIGKILL)) {
    perror("awake");
    return 1;
  }
  while (getppid() == parent) {
    for (int turn = 0; turn < 1000; turn++) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      __asm__ volatile("yield");
#endif
    }
  }
  return 0;
}
