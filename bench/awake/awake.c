// SPDX-License-Identifier: Apache-2.0
// Spins until its parent is gone. With idle priority, one on each core, it keeps cores from halting
// while something is measured, as `idle=poll` on the kernel's command line would.
#include <unistd.h>

int main(void) {
  pid_t parent = getppid();
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
