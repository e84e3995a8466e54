/* A tool of Kokkos for test_profiling.py: writes each region and kernel to a file of its process,
   KOKKOS_TOOL_OUTPUT.PID, a line "KIND PATH", PATH the names of all it stands in. Kokkos loads it
   by KOKKOS_PROFILE_LIBRARY (up to 3.x) or KOKKOS_TOOLS_LIBS, and finds its functions by their
   names. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE* output;
static char path[4096];
static int depth = 0;

static void enter(const char* kind, const char* name) {
  const size_t length = strlen(path);
  snprintf(path + length, sizeof path - length, "/%s", name);
  ++depth;
  if (output) fprintf(output, "%s %s\n", kind, path);
}

static void leave(void) {
  char* last = strrchr(path, '/');
  if (last) *last = '\0';
  --depth;
}

void kokkosp_init_library(int sequence, uint64_t version, uint32_t n_devices, void* devices) {
  const char* prefix = getenv("KOKKOS_TOOL_OUTPUT");
  char name[4096];
  (void)sequence, (void)version, (void)n_devices, (void)devices;
  if (!prefix) return;
  snprintf(name, sizeof name, "%s.%d", prefix, (int)getpid());
  output = fopen(name, "w");
}

void kokkosp_finalize_library(void) {
  if (!output) return;
  fprintf(output, "end %d\n", depth);
  fclose(output);
}

void kokkosp_push_profile_region(const char* name) {
  enter("region", name);
}
void kokkosp_pop_profile_region(void) {
  leave();
}

static void begin_kernel(const char* name, uint64_t* id) {
  *id = 0;
  enter("kernel", name);
}
void kokkosp_begin_parallel_for(const char* name, uint32_t device, uint64_t* id) {
  (void)device, begin_kernel(name, id);
}
void kokkosp_begin_parallel_reduce(const char* name, uint32_t device, uint64_t* id) {
  (void)device, begin_kernel(name, id);
}
void kokkosp_begin_parallel_scan(const char* name, uint32_t device, uint64_t* id) {
  (void)device, begin_kernel(name, id);
}
void kokkosp_end_parallel_for(uint64_t id) {
  (void)id, leave();
}
void kokkosp_end_parallel_reduce(uint64_t id) {
  (void)id, leave();
}
void kokkosp_end_parallel_scan(uint64_t id) {
  (void)id, leave();
}
