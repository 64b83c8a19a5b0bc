// What upstream.c and load.c share: a clock, a chunked decoder and a header lookup. Not an HTTP library: it trusts
// that both ends are ours or Envoy, knows no pipelining, and looks only at what a benchmark needs.
#ifndef SLUICE_BENCH_HTTP_H
#define SLUICE_BENCH_HTTP_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>

#define NS_PER_SECOND 1000000000LL

static inline int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(2);
}

// Edge triggered: one registration for the life of a connection, so no call to change interest while it runs.
static inline void watch(int epoll, int fd, void *data) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) die("fcntl: %s", strerror(errno));
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = data};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl: %s", strerror(errno));
}

#define NEVER INT64_MAX

// Wakes at a point of the monotonic clock, to the nanosecond (the time-out of epoll_wait has milliseconds).
static inline void arm(int timer, int64_t at) {
  if (at == NEVER) at = 0; // which is how timerfd says it
  struct itimerspec spec = {.it_value = {.tv_sec = at / NS_PER_SECOND, .tv_nsec = at % NS_PER_SECOND}};
  if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0) die("timerfd_settime: %s", strerror(errno));
}

enum chunk_state { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_DONE, CHUNK_BAD };

struct chunked {
  enum chunk_state state;
  bool extension;   // behind the size, up to the end of the line
  uint64_t left;    // bytes of the current chunk still to come
  unsigned trailer; // length of the current trailer line: an empty one ends the body
};

static inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline void chunk_size_byte(struct chunked *c, char byte) {
  if (byte == '\n') {
    c->state = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
    c->trailer = 0;
  } else if (!c->extension) {
    int digit = hex_digit(byte);
    if (digit >= 0) c->left = c->left * 16 + (unsigned)digit;
    else if (byte == '\r' || byte == ';' || byte == ' ') c->extension = true;
    else c->state = CHUNK_BAD;
    if (c->left > UINT32_MAX) c->state = CHUNK_BAD;
  }
}

// Decodes in place: the content of `bytes` moves to its front. Returns how much content there was; any split will do.
static inline size_t chunked_decode(struct chunked *c, char *bytes, size_t length) {
  size_t out = 0, i = 0;
  while (i < length && c->state < CHUNK_DONE) {
    if (c->state == CHUNK_DATA) {
      size_t take = c->left < length - i ? (size_t)c->left : length - i;
      memmove(bytes + out, bytes + i, take);
      out += take, i += take, c->left -= take;
      if (c->left == 0) c->state = CHUNK_DATA_END;
      continue;
    }
    char byte = bytes[i++];
    if (c->state == CHUNK_SIZE) {
      chunk_size_byte(c, byte);
    } else if (c->state == CHUNK_DATA_END) {
      if (byte == '\n') *c = (struct chunked){.state = CHUNK_SIZE};
    } else if (byte != '\n') {
      if (byte != '\r') c->trailer++;
    } else {
      if (c->trailer == 0) c->state = CHUNK_DONE;
      c->trailer = 0;
    }
  }
  return out;
}

// The value of a header in a head that ends with an empty line, or NULL. `name` comes with its colon.
static inline const char *header_value(const char *head, size_t length, const char *name) {
  size_t name_length = strlen(name);
  const char *end = head + length;
  for (const char *line = memchr(head, '\n', length); line != NULL; line = memchr(line, '\n', (size_t)(end - line))) {
    line++;
    if ((size_t)(end - line) < name_length) return NULL;
    if (strncasecmp(line, name, name_length) != 0) continue;
    line += name_length;
    while (line < end && *line == ' ') line++;
    return line;
  }
  return NULL;
}

#endif
