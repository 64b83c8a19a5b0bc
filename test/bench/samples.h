// Durations collected during a run and their percentiles. Bounded: beyond SAMPLES_MAX further ones are not kept.
#ifndef SLUICE_BENCH_SAMPLES_H
#define SLUICE_BENCH_SAMPLES_H

#include "http.h"

#define SAMPLES_MAX (8u << 20) // 64 MB at most

struct samples {
  int64_t *ns;
  size_t count, capacity;
};

static void add_sample(struct samples *samples, int64_t ns) {
  if (samples->count == samples->capacity) {
    if (samples->capacity >= SAMPLES_MAX) return;
    samples->capacity = samples->capacity == 0 ? 65536 : samples->capacity * 2;
    samples->ns = realloc(samples->ns, samples->capacity * sizeof *samples->ns);
    if (samples->ns == NULL) die("out of memory");
  }
  samples->ns[samples->count++] = ns;
}

static int by_value(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

static double percentile_ms(const struct samples *samples, double fraction) {
  if (samples->count == 0) return 0;
  return (double)samples->ns[(size_t)(fraction * (double)(samples->count - 1) + 0.5)] / 1e6;
}

static void print_samples(const char *name, struct samples *samples) {
  if (samples->count > 0) qsort(samples->ns, samples->count, sizeof *samples->ns, by_value);
  double sum = 0;
  for (size_t i = 0; i < samples->count; i++) sum += (double)samples->ns[i] / 1e6;
  printf("\"%s\":{\"mean\":%.6f,\"p50\":%.6f,\"p90\":%.6f,\"p99\":%.6f,\"max\":%.6f}", name,
      samples->count > 0 ? sum / (double)samples->count : 0, percentile_ms(samples, 0.5), percentile_ms(samples, 0.9),
      percentile_ms(samples, 0.99), percentile_ms(samples, 1));
}

#endif
