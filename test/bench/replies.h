// What the fake provider answers, as ready bytes: built once, sent as they are. Three protocols and nothing of the
// sockets; the texts are small and the same for everyone, so that a benchmark measures the gateway and not this.
#ifndef SLUICE_BENCH_REPLIES_H
#define SLUICE_BENCH_REPLIES_H

#include "http.h"

#define DELTAS 32 // different content events; a stream repeats them
#define WORDS 12

struct bytes {
  const char *at;
  size_t length;
};

struct protocol {
  const char *path_part; // of the request line: whose request it is
  struct bytes reply, stream_head, deltas[DELTAS], stream_tail;
  const char *error_format;
};

static const char *const words[] = {"the ", "quick ", "brown ", "fox ", "jumps ", "over ", "a ", "lazy ", "dog ", "and ", "never ", "tires "};

__attribute__((format(printf, 1, 2))) static struct bytes formatted(const char *format, ...) {
  char *text;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) die("out of memory");
  return (struct bytes){text, (size_t)length};
}

static struct bytes http_reply(const char *json) {
  return formatted("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", strlen(json), json);
}

static struct bytes http_chunk(const char *before, const char *content, const char *after) {
  return formatted("%s%zx\r\n%s\r\n%s", before, strlen(content), content, after);
}

static const char stream_headers[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";

#define OPENAI_CHUNK "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"gpt-4o-mini\",\"system_fingerprint\":\"fp_bench\",\"choices\":"

static struct protocol openai = {
    .path_part = "/chat/completions",
    .error_format = "{\"error\":{\"message\":\"bench fault\",\"type\":\"server_error\",\"param\":null,\"code\":\"fault_%d\"}}",
};
static struct protocol anthropic = {
    .path_part = "/messages",
    .error_format = "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"bench fault %d\"}}",
};

static struct protocol gemini = {
    .path_part = "enerateContent", // generateContent, streamGenerateContent
    .error_format = "{\"error\":{\"code\":%d,\"message\":\"bench fault\",\"status\":\"UNAVAILABLE\"}}",
};

static const char *prose(size_t length) {
  char *text = calloc(1, length + 16);
  for (int i = 0; strlen(text) < length; i++) strcat(text, words[i % WORDS]);
  return text;
}

static void build_openai(const char *content) {
  openai.reply = http_reply(formatted(
      "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1750000000,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,"
      "\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
      "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":140,\"total_tokens\":152,\"prompt_tokens_details\":{\"cached_tokens\":0},"
      "\"completion_tokens_details\":{\"reasoning_tokens\":0}},\"system_fingerprint\":\"fp_bench\"}", content).at);
  openai.stream_head = http_chunk(stream_headers, OPENAI_CHUNK
      "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n", "");
  for (int i = 0; i < DELTAS; i++) {
    openai.deltas[i] = http_chunk("", formatted(OPENAI_CHUNK
        "[{\"index\":0,\"delta\":{\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n", words[i % WORDS]).at, "");
  }
  openai.stream_tail = http_chunk("", OPENAI_CHUNK
      "[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n" OPENAI_CHUNK
      "[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":50,\"total_tokens\":62}}\n\ndata: [DONE]\n\n", "0\r\n\r\n");
}

static void build_anthropic(const char *content) {
  anthropic.reply = http_reply(formatted(
      "{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-bench\",\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],"
      "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"cache_creation_input_tokens\":0,"
      "\"cache_read_input_tokens\":0,\"output_tokens\":140}}", content).at);
  anthropic.stream_head = http_chunk(stream_headers,
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
      "\"model\":\"claude-bench\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n"
      "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
      "event: ping\ndata: {\"type\":\"ping\"}\n\n", "");
  for (int i = 0; i < DELTAS; i++) {
    anthropic.deltas[i] = http_chunk("", formatted(
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}\n\n",
        words[i % WORDS]).at, "");
  }
  anthropic.stream_tail = http_chunk("",
      "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":50}}\n\n"
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", "0\r\n\r\n");
}

#define GEMINI_ANSWER(text, finish) "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text "\"}],\"role\":\"model\"}" finish ",\"index\":0}]," \
    "\"usageMetadata\":{\"promptTokenCount\":12,\"candidatesTokenCount\":50,\"totalTokenCount\":62},\"modelVersion\":\"gemini-bench\",\"responseId\":\"bench\"}"

// Gemini's streams have no preamble: the first answer already has text.
static void build_gemini(const char *content) {
  gemini.reply = http_reply(formatted(GEMINI_ANSWER("%s", ",\"finishReason\":\"STOP\""), content).at);
  gemini.stream_head = http_chunk(stream_headers, "data: " GEMINI_ANSWER("the ", "") "\r\n\r\n", "");
  for (int i = 0; i < DELTAS; i++) {
    gemini.deltas[i] = http_chunk("", formatted("data: " GEMINI_ANSWER("%s", "") "\r\n\r\n", words[i % WORDS]).at, "");
  }
  gemini.stream_tail = http_chunk("", "data: " GEMINI_ANSWER("", ",\"finishReason\":\"STOP\"") "\r\n\r\n", "0\r\n\r\n");
}

#endif
