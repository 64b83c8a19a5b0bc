// A fast fake provider for the benchmark: OpenAI chat, Anthropic Messages or Gemini, JSON or SSE, on one thread and on
// loopback only. It checks nothing: whatever is posted gets the same answer. No TLS, no pipelining, no HTTP/2.
//
//   upstream [--port 0] [--status N]     prints "listening on 127.0.0.1:PORT"
//
// A prompt can carry directives that survive any gateway:
//   [[chunks=50 delay_us=5000 latency_us=0 status=429]]   [[hang]]
#define _GNU_SOURCE
#include "http.h"
#include "replies.h"

#define CONNECTIONS_MAX 8192
#define REQUEST_BYTES_MAX (64u << 20)
#define CHUNKS_MAX 100000

enum phase { READING, ANSWERING, HANGING };

struct connection {
  int fd;
  enum phase phase;
  int active_index; // in `active`, or -1
  char *in;
  size_t in_length, in_capacity;
  size_t head_length; // 0 until the head is whole
  size_t content_length;
  bool is_chunked;
  struct chunked chunked;
  size_t body_length;
  const struct protocol *protocol;
  struct bytes out; // what of the current piece is not written yet
  int event, events; // next SSE event to send; events == -1: an unstreamed reply
  int64_t delay_ns, due_ns;
  char scratch[640];
  bool keep_alive;
};

static struct connection *active[CONNECTIONS_MAX]; // those with something to send later or in turns
static int active_count, open_count, epoll_fd, timer_fd;
static int default_status = 200;
static void activate(struct connection *c) {
  if (c->active_index >= 0) return;
  c->active_index = active_count;
  active[active_count++] = c;
}

static void deactivate(struct connection *c) {
  if (c->active_index < 0) return;
  active[c->active_index] = active[--active_count];
  active[c->active_index]->active_index = c->active_index;
  c->active_index = -1;
}

static void close_connection(struct connection *c) {
  deactivate(c);
  close(c->fd);
  free(c->in);
  free(c);
  open_count--;
}

// The next request starts with nothing read: neither Envoy nor load.c pipelines.
static void finish(struct connection *c) {
  deactivate(c);
  c->phase = READING;
  c->in_length = c->head_length = c->body_length = 0;
}

static void next_piece(struct connection *c) {
  if (c->event == 0) c->out = c->protocol->stream_head;
  else if (c->event <= c->events) c->out = c->protocol->deltas[c->event % DELTAS];
  else c->out = c->protocol->stream_tail;
  c->event++;
  c->due_ns += c->delay_ns;
}

// Writes what is pending. False: the connection is gone.
static bool flush(struct connection *c) {
  while (c->out.length > 0) {
    ssize_t n = send(c->fd, c->out.at, c->out.length, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (n < 0) {
      close_connection(c);
      return false;
    }
    c->out.at += n, c->out.length -= (size_t)n;
  }
  if (c->phase != ANSWERING || (c->events >= 0 && c->event <= c->events + 1)) return true;
  finish(c);
  if (!c->keep_alive) {
    close_connection(c);
    return false;
  }
  return true;
}

static long directive(const char *text, size_t length, const char *name, long otherwise) {
  const char *found = memmem(text, length, name, strlen(name));
  return found == NULL ? otherwise : strtol(found + strlen(name), NULL, 10);
}

static bool wants_stream(const char *body, size_t length) {
  const char *end = body + length;
  for (const char *at = body; (at = memmem(at, (size_t)(end - at), "\"stream\"", 8)) != NULL;) {
    at += 8;
    while (at < end && (*at == ' ' || *at == ':')) at++;
    if (end - at >= 4 && memcmp(at, "true", 4) == 0) return true;
  }
  return false;
}

static void start_fault(struct connection *c, int status) {
  char body[256];
  int length = snprintf(body, sizeof body, c->protocol->error_format, status);
  int total = snprintf(c->scratch, sizeof c->scratch,
      "HTTP/1.1 %d Fault\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", status, length, body);
  c->events = -1;
  c->out = (struct bytes){c->scratch, (size_t)total};
}

static bool is_for(const struct protocol *protocol, const char *line, size_t length) {
  return memmem(line, length, protocol->path_part, strlen(protocol->path_part)) != NULL;
}

static void answer(struct connection *c) {
  size_t line = (size_t)((const char *)memchr(c->in, '\r', c->head_length) - c->in);
  c->protocol = is_for(&anthropic, c->in, line) ? &anthropic : is_for(&gemini, c->in, line) ? &gemini : &openai;
  const char *connection = header_value(c->in, c->head_length, "connection:");
  c->keep_alive = connection == NULL || strncasecmp(connection, "close", 5) != 0;
  const char *body = c->in + c->head_length;
  const char *open = memmem(body, c->body_length, "[[", 2);
  const char *close_mark = open == NULL ? NULL : memmem(open, (size_t)(body + c->body_length - open), "]]", 2);
  size_t length = close_mark == NULL ? 0 : (size_t)(close_mark - open);
  if (length > 0 && memmem(open, length, "hang", 4) != NULL) {
    c->phase = HANGING;
    return;
  }
  c->phase = ANSWERING;
  c->event = 0;
  c->delay_ns = 0;
  int64_t latency_ns = directive(open, length, "latency_us=", 0) * 1000;
  int status = (int)directive(open, length, "status=", default_status);
  if (status != 200) {
    start_fault(c, status);
  } else if (!wants_stream(body, c->body_length) && memmem(c->in, line, ":stream", 7) == NULL) {
    c->events = -1;
    c->out = c->protocol->reply;
  } else {
    long chunks = directive(open, length, "chunks=", 50);
    c->events = chunks < 0 || chunks > CHUNKS_MAX ? 50 : (int)chunks;
    c->delay_ns = directive(open, length, "delay_us=", 0) * 1000;
    c->out.length = 0;
  }
  c->due_ns = now_ns() + latency_ns;
  if (c->events >= 0 || latency_ns > 0) activate(c);
  else flush(c);
}

static bool parse_head(struct connection *c) {
  const char *end = memmem(c->in, c->in_length, "\r\n\r\n", 4);
  if (end == NULL) return false;
  c->head_length = (size_t)(end - c->in) + 4;
  const char *coding = header_value(c->in, c->head_length, "transfer-encoding:");
  const char *size = header_value(c->in, c->head_length, "content-length:");
  c->is_chunked = coding != NULL;
  c->chunked = (struct chunked){.state = CHUNK_SIZE};
  c->content_length = size == NULL ? 0 : strtoul(size, NULL, 10);
  return true;
}

// Takes the `fresh` bytes just read. True: a request is whole.
static bool feed(struct connection *c, size_t fresh) {
  c->in_length += fresh;
  if (c->head_length == 0) {
    if (!parse_head(c)) return false;
    fresh = c->in_length - c->head_length;
  }
  if (!c->is_chunked) {
    c->body_length = c->in_length - c->head_length;
    return c->body_length >= c->content_length;
  }
  size_t at = c->head_length + c->body_length;
  c->body_length += chunked_decode(&c->chunked, c->in + at, fresh);
  c->in_length = c->head_length + c->body_length;
  return c->chunked.state >= CHUNK_DONE;
}

static void on_readable(struct connection *c) {
  while (c->phase == READING) {
    if (c->in_capacity - c->in_length < 65536) {
      if (c->in_capacity >= REQUEST_BYTES_MAX) return close_connection(c);
      c->in_capacity = c->in_capacity * 2 + 131072;
      c->in = realloc(c->in, c->in_capacity);
      if (c->in == NULL) die("out of memory");
    }
    ssize_t n = recv(c->fd, c->in + c->in_length, c->in_capacity - c->in_length, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return close_connection(c);
    if (feed(c, (size_t)n)) return answer(c);
  }
}

// One event for each stream that is due, in turn: streams interleave as those of different users do.
static int64_t serve_active(void) {
  int64_t now = now_ns(), next = NEVER;
  for (int i = active_count - 1; i >= 0; i--) {
    struct connection *c = active[i];
    if (c->due_ns <= now) {
      if (c->out.length == 0) next_piece(c);
      if (!flush(c) || c->active_index < 0) continue;
    }
    if (c->out.length == 0 && c->due_ns < next) next = c->due_ns;
  }
  return next;
}

static void accept_all(int listener) {
  for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
    struct connection *c = open_count < CONNECTIONS_MAX ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
      close(fd);
      continue;
    }
    open_count++;
    c->fd = fd;
    c->active_index = -1;
    watch(epoll_fd, fd, c);
  }
}

static int listen_on_loopback(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4096) < 0) die("port %d: %s", port, strerror(errno));
  getsockname(fd, (struct sockaddr *)&address, &size);
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void on_event(const struct epoll_event *event) {
  struct connection *c = event->data.ptr;
  bool gone = event->events & (EPOLLHUP | EPOLLERR) || (event->events & EPOLLRDHUP && c->phase != READING);
  if (gone) return close_connection(c);
  if (c->phase == ANSWERING && c->out.length > 0 && c->due_ns <= now_ns() && !flush(c)) return;
  if (event->events & (EPOLLIN | EPOLLRDHUP)) on_readable(c);
}

int main(int argc, char **argv) {
  int port = 0;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc && strcmp(argv[i], "--port") == 0) port = atoi(argv[i + 1]);
    else if (i + 1 < argc && strcmp(argv[i], "--status") == 0) default_status = atoi(argv[i + 1]);
    else die("usage: upstream [--port N] [--status N]");
  }
  const char *content = prose(700);
  build_openai(content);
  build_anthropic(content);
  build_gemini(content);
  epoll_fd = epoll_create1(0);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  int listener = listen_on_loopback(port);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  event = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.ptr = &timer_fd};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event);
  for (int64_t armed = NEVER;;) {
    int64_t next = serve_active();
    bool now = next <= now_ns();
    if (!now && next != armed) arm(timer_fd, armed = next);
    struct epoll_event events[256];
    int count = epoll_wait(epoll_fd, events, 256, now ? 0 : -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == &listener) accept_all(listener);
      else if (events[i].data.ptr != &timer_fd) on_event(&events[i]);
    }
  }
}
