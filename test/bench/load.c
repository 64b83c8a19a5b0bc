// The load generator of the benchmark: HTTP/1.1 over keep-alive connections on one thread, JSON or SSE. Bounded in time
// and in requests, loopback only. No TLS, no HTTP/2. Prints one JSON object.
//
//   load --url http://127.0.0.1:PORT/v1/chat/completions --body FILE [--header 'Name: value']…
//        [--connections 32] [--seconds 2] [--requests N] [--rate 200] [--timeout-ms 10000] [--sse] [--expect TEXT]
//
// Without --rate the loop is closed: each connection sends as soon as it has its answer. With --rate requests are due at
// fixed times and latency runs from the due time, so that a stalled gateway is not flattered (no coordinated omission).
// --expect: an answer without this text (at most 63 bytes) counts as failed, such as a stream cut before "[DONE]".
#define _GNU_SOURCE
#include "http.h"
#include "samples.h"
#include <sys/resource.h>
#include <sys/stat.h>

#define CONNECTIONS_MAX 4096
#define HEAD_BYTES_MAX 16384

enum state { CLOSED, IDLE, BUSY };
enum framing { BY_LENGTH, BY_CHUNKS, BY_CLOSE };

struct connection {
  int fd;
  enum state state;
  int64_t due_ns, sent_ns;
  size_t written;
  char head[HEAD_BYTES_MAX];
  size_t head_length;
  bool in_body, keep_alive;
  int status;
  enum framing framing;
  uint64_t left;
  struct chunked chunked;
  int line_match; // bytes of "data:" seen at the start of this line; -1: this line is something else
  int events;
  int64_t last_event_ns;
  uint64_t recent; // the last 7 bytes of the body, newest lowest
  bool token_seen;
  size_t expect_match;
  bool expect_seen;
};

static struct {
  struct sockaddr_in address;
  int connections;
  double seconds, rate;
  int64_t timeout_ns;
  uint64_t requests;
  bool sse;
  const char *expect;
} options = {.connections = 32, .seconds = 2, .timeout_ns = 10 * NS_PER_SECOND, .requests = UINT64_MAX, .expect = ""};

static char *request;
static size_t request_length;
static int epoll_fd, timer_fd;
static struct connection *connections, *idle[CONNECTIONS_MAX];
static int idle_count, busy_count;
static int64_t start_ns, end_ns, last_answer_ns;
static uint64_t sent, answered, failed, events, statuses[1000];
static char first_failure[160];
static struct samples latency, first_token, gaps;

static void send_on(struct connection *c, int64_t due);

static bool may_send(int64_t now) { return sent < options.requests && now < end_ns; }

static void release(struct connection *c) {
  busy_count--;
  int64_t now = now_ns();
  if (options.rate == 0 && may_send(now)) return send_on(c, now);
  if (c->state == BUSY) c->state = IDLE;
  idle[idle_count++] = c;
}

static void disconnect(struct connection *c) {
  if (c->state != CLOSED) close(c->fd);
  c->state = CLOSED;
}

static void fail(struct connection *c, const char *why) {
  if (failed++ == 0) snprintf(first_failure, sizeof first_failure, "%s", why);
  disconnect(c);
  release(c);
}

static void complete(struct connection *c) {
  last_answer_ns = now_ns();
  statuses[c->status]++;
  if (!c->keep_alive) disconnect(c);
  if (c->status < 200 || c->status > 299 || !c->expect_seen) {
    if (failed++ == 0) snprintf(first_failure, sizeof first_failure, c->expect_seen ? "status %d" : "status %d without the expected text", c->status);
  } else {
    answered++;
    events += (uint64_t)c->events;
    add_sample(&latency, last_answer_ns - c->due_ns);
  }
  release(c);
}

static bool connect_now(struct connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) die("socket: %s", strerror(errno));
  if (connect(c->fd, (struct sockaddr *)&options.address, sizeof options.address) < 0) {
    close(c->fd);
    return false;
  }
  watch(epoll_fd, c->fd, c);
  return true;
}

// No new try at once: in a closed loop that would spin on a gateway that is gone.
static void give_up(struct connection *c) {
  if (failed++ == 0) snprintf(first_failure, sizeof first_failure, "connection refused");
  busy_count--;
  idle[idle_count++] = c;
}

static void write_request(struct connection *c) {
  while (c->written < request_length) {
    ssize_t n = send(c->fd, request + c->written, request_length - c->written, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) return; // the reply may already be there (an early 413); reading tells
    c->written += (size_t)n;
  }
}

static void send_on(struct connection *c, int64_t due) {
  sent++;
  busy_count++;
  c->due_ns = due;
  c->sent_ns = now_ns();
  c->written = c->head_length = 0;
  c->in_body = false;
  c->line_match = c->events = 0;
  c->recent = 0;
  c->token_seen = false;
  c->expect_match = 0;
  c->expect_seen = options.expect[0] == '\0';
  if (c->state == CLOSED && !connect_now(c)) return give_up(c);
  c->state = BUSY;
  write_request(c);
}

// The head is whole: how long is the body?
static void parse_head(struct connection *c, size_t length) {
  c->status = length > 12 ? atoi(c->head + 9) : 0;
  if (c->status < 0 || c->status > 999) c->status = 0;
  const char *size = header_value(c->head, length, "content-length:");
  const char *coding = header_value(c->head, length, "transfer-encoding:");
  const char *connection = header_value(c->head, length, "connection:");
  c->keep_alive = connection == NULL || strncasecmp(connection, "close", 5) != 0;
  c->framing = coding != NULL ? BY_CHUNKS : size != NULL ? BY_LENGTH : BY_CLOSE;
  c->left = size != NULL ? strtoull(size, NULL, 10) : 0;
  c->chunked = (struct chunked){.state = CHUNK_SIZE};
  c->in_body = true;
}

static void count_events(struct connection *c, const char *bytes, size_t length) {
  int seen = 0;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\n') c->line_match = 0;
    else if (c->line_match >= 0 && bytes[i] == "data:"[c->line_match]) {
      if (++c->line_match < 5) continue;
      seen++;
      c->line_match = -1;
    } else c->line_match = -1;
  }
  if (seen == 0) return;
  int64_t now = now_ns();
  if (c->events > 0) add_sample(&gaps, now - c->last_event_ns);
  c->events += seen;
  c->last_event_ns = now;
}

// Time to first token: headers, roles and empty texts come before it. A text that is not empty begins behind "content":"
// (OpenAI) or "text":" (Anthropic).
static void look_for_token(struct connection *c, const char *bytes, size_t length) {
  for (size_t i = 0; i < length && !c->token_seen; i++) {
    c->recent = (c->recent << 8 | (unsigned char)bytes[i]) & 0xffffffffffffff;
    uint64_t before = c->recent >> 8; // six bytes
    c->token_seen = (before == 0x656e74223a22 /* ent":" */ || before == 0x657874223a22 /* ext":" */) && bytes[i] != '"';
    if (c->token_seen) add_sample(&first_token, now_ns() - c->due_ns);
  }
}

// A text cut by a read is found too; one whose start repeats inside itself may be missed, so choose another.
static void look_for_expected(struct connection *c, const char *bytes, size_t length) {
  for (size_t i = 0; i < length && !c->expect_seen; i++) {
    if (bytes[i] != options.expect[c->expect_match]) c->expect_match = 0;
    if (bytes[i] == options.expect[c->expect_match]) c->expect_match++;
    c->expect_seen = options.expect[c->expect_match] == '\0';
  }
}

// Takes bytes of the reply. True: the reply is whole.
static bool feed(struct connection *c, char *bytes, size_t length) {
  if (!c->in_body) {
    size_t before = c->head_length, take = HEAD_BYTES_MAX - before < length ? HEAD_BYTES_MAX - before : length;
    memcpy(c->head + before, bytes, take);
    c->head_length += take;
    const char *end = memmem(c->head, c->head_length, "\r\n\r\n", 4);
    if (end == NULL) return false;
    size_t head = (size_t)(end - c->head) + 4;
    parse_head(c, head);
    bytes += head - before;
    length -= head - before;
  }
  bool done = false;
  if (c->framing == BY_CHUNKS) {
    length = chunked_decode(&c->chunked, bytes, length);
    done = c->chunked.state >= CHUNK_DONE;
  } else if (c->framing == BY_LENGTH) {
    c->left -= length < c->left ? length : c->left;
    done = c->left == 0;
  }
  if (options.sse) {
    count_events(c, bytes, length);
    look_for_token(c, bytes, length);
  }
  if (!c->expect_seen) look_for_expected(c, bytes, length);
  return done;
}

static void on_readable(struct connection *c) {
  static char buffer[262144];
  for (;;) {
    ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      if (c->state != BUSY) return disconnect(c);
      if (n == 0 && c->in_body && c->framing == BY_CLOSE) return complete(c);
      return fail(c, n < 0 ? strerror(errno) : c->in_body ? "closed inside the body" : "closed before an answer");
    }
    if (c->state != BUSY) return disconnect(c); // bytes that nobody asked for
    if (!feed(c, buffer, (size_t)n)) {
      if (c->head_length == HEAD_BYTES_MAX && !c->in_body) return fail(c, "head too long");
      continue;
    }
    return c->chunked.state == CHUNK_BAD ? fail(c, "malformed chunk") : complete(c);
  }
}

static int64_t due_of(uint64_t index) { return start_ns + (int64_t)((double)index * NS_PER_SECOND / options.rate); }

// Open loop: everything due by now goes out on whatever is free. Returns when the next one is due.
static int64_t send_due(void) {
  while (sent < options.requests && due_of(sent) < end_ns) {
    int64_t due = due_of(sent);
    if (due > now_ns()) return due;
    if (idle_count == 0) return NEVER;
    send_on(idle[--idle_count], due);
  }
  return NEVER;
}

static void expire(int64_t now) {
  for (int i = 0; i < options.connections; i++) {
    if (connections[i].state == BUSY && now - connections[i].sent_ns > options.timeout_ns) fail(&connections[i], "timed out");
  }
}

static void run(void) {
  connections = calloc((size_t)options.connections, sizeof *connections);
  for (int i = 0; i < options.connections; i++) {
    if (!connect_now(&connections[i])) die("--url: nothing listens on port %d", ntohs(options.address.sin_port));
    connections[i].state = IDLE;
    idle[idle_count++] = &connections[i];
  }
  start_ns = last_answer_ns = now_ns();
  end_ns = start_ns + (int64_t)(options.seconds * NS_PER_SECOND);
  while (options.rate == 0 && idle_count > 0 && may_send(now_ns())) send_on(idle[--idle_count], now_ns());
  int64_t armed = NEVER, checked = start_ns;
  for (;;) {
    int64_t next = options.rate > 0 ? send_due() : NEVER;
    if (busy_count == 0 && next == NEVER) return;
    if (next != armed) arm(timer_fd, armed = next);
    struct epoll_event ready[256];
    int count = epoll_wait(epoll_fd, ready, 256, 100);
    for (int i = 0; i < count; i++) {
      struct connection *c = ready[i].data.ptr;
      if (c == NULL || c->state == CLOSED) continue;
      if (c->state == BUSY && c->written < request_length) write_request(c);
      if (ready[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) on_readable(c);
    }
    int64_t now = now_ns();
    if (now - checked < NS_PER_SECOND / 10) continue;
    expire(now);
    checked = now;
  }
}

static void parse_url(const char *url, char *host, const char **path) {
  int port = 0, used = 0;
  if (sscanf(url, "http://%63[^:/]:%d%n", host, &port, &used) != 2 || url[used] != '/') die("--url: want http://127.0.0.1:PORT/path");
  const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
  options.address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, number, &options.address.sin_addr) != 1 || ntohl(options.address.sin_addr.s_addr) >> 24 != 127) {
    die("--url: only loopback addresses are loaded, not %s", host);
  }
  *path = url + used;
}

static void build_request(const char *url, const char *headers, const char *body_file) {
  char host[64];
  const char *path;
  parse_url(url, host, &path);
  FILE *file = fopen(body_file, "rb");
  struct stat info;
  if (file == NULL || fstat(fileno(file), &info) < 0) die("--body %s: %s", body_file, strerror(errno));
  char *body = malloc((size_t)info.st_size + 1);
  size_t length = fread(body, 1, (size_t)info.st_size, file);
  fclose(file);
  int head = asprintf(&request, "POST %s HTTP/1.1\r\nhost: %s:%d\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n%s\r\n",
      path, host, ntohs(options.address.sin_port), length, headers);
  request = realloc(request, (size_t)head + length);
  memcpy(request + head, body, length);
  request_length = (size_t)head + length;
  free(body);
}

static void parse_options(int argc, char **argv) {
  const char *url = NULL, *body = NULL;
  char *headers = strdup("");
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(name, "--sse") == 0) {
      options.sse = true;
      continue;
    }
    if (value == NULL) die("%s: unknown, or without a value", name);
    i++;
    if (strcmp(name, "--url") == 0) url = value;
    else if (strcmp(name, "--body") == 0) body = value;
    else if (strcmp(name, "--connections") == 0) options.connections = atoi(value);
    else if (strcmp(name, "--seconds") == 0) options.seconds = atof(value);
    else if (strcmp(name, "--requests") == 0) options.requests = strtoull(value, NULL, 10);
    else if (strcmp(name, "--rate") == 0) options.rate = atof(value);
    else if (strcmp(name, "--timeout-ms") == 0) options.timeout_ns = atoll(value) * 1000000;
    else if (strcmp(name, "--expect") == 0) options.expect = value;
    else if (strcmp(name, "--header") == 0) {
      if (strpbrk(value, "\r\n") != NULL) die("--header: one line only");
      if (asprintf(&headers, "%s%s\r\n", headers, value) < 0) die("out of memory");
    } else die("%s: no such option", name);
  }
  if (url == NULL || body == NULL) die("--url and --body are needed");
  if (options.connections < 1 || options.connections > CONNECTIONS_MAX) die("--connections: 1 to %d", CONNECTIONS_MAX);
  if (options.seconds <= 0 || options.seconds > 120) die("--seconds: more than 0, at most 120");
  if (options.rate < 0 || options.timeout_ns <= 0) die("--rate and --timeout-ms: not negative");
  build_request(url, headers, body);
  free(headers);
}

static void report(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double seconds = (double)(last_answer_ns - start_ns) / NS_PER_SECOND;
  double own = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  double span = seconds > 0 ? seconds : 1;
  printf("{\"sent\":%lu,\"answered\":%lu,\"failed\":%lu,\"firstFailure\":\"%s\",\"statuses\":{", sent, answered, failed, first_failure);
  const char *comma = "";
  for (int i = 0; i < 1000; i++) {
    if (statuses[i] > 0) printf("%s\"%d\":%lu", comma, i, statuses[i]), comma = ",";
  }
  printf("},\"seconds\":%.6f,\"requestsPerSecond\":%.3f,\"loadCpuSeconds\":%.6f,", seconds, (double)answered / span, own);
  print_samples("latencyMs", &latency);
  if (options.sse) {
    printf(",\"events\":%lu,\"eventsPerSecond\":%.3f,", events, (double)events / span);
    print_samples("firstTokenMs", &first_token);
    putchar(',');
    print_samples("gapMs", &gaps);
  }
  puts("}");
}

int main(int argc, char **argv) {
  parse_options(argc, argv);
  epoll_fd = epoll_create1(0);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event) < 0) die("epoll_ctl: %s", strerror(errno));
  run();
  report();
  return 0;
}
