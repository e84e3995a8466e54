/* Preloaded into the program by test_signals.py: a timer that strikes a thousand times a second,
   with a handler that runs on the stack of whichever thread the signal meets. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

static volatile sig_atomic_t ticks = 0;

static void tick(int number) {
  volatile char frame[2048]; /* a handler that does some work */
  for (size_t i = 0; i < sizeof frame; ++i) frame[i] = (char)number;
  ++ticks;
}

__attribute__((constructor)) static void begin(void) {
  struct sigaction action;
  const struct itimerval every_millisecond = {{0, 1000}, {0, 1000}};
  memset(&action, 0, sizeof action);
  action.sa_handler = tick;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every_millisecond, NULL);
}

__attribute__((destructor)) static void end(void) {
  fprintf(stderr, "timer_storm: %d ticks\n", (int)ticks);
}
