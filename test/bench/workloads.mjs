// The steady loads: what is sent, how, and the bar from the project's goals that each figure is held against.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Public model names of the bench's model routes (sluice.mjs makes them; plain Envoy ignores them). */
export const MODELS = {
  same: "bench-chat",
  translated: "bench-translated",
  gemini: "bench-gemini",
  failover429: "bench-failover-429",
  failover500: "bench-failover-500",
  failoverRefused: "bench-failover-refused",
};

const PACED_STREAMS_PER_SECOND = 10;
const REQUESTS_PER_SECOND = 200;
const LARGE_REQUESTS_PER_SECOND = 20;

/**
 * A load runs for `--seconds`, times `lasting` where it is given.
 * `figures` are read from a measurement: kind "ratio" divides by plain Envoy, "added" subtracts it; better says which
 * way noise can only spoil it, so that the best round is the truest.
 */
const CPU = (bar) => ({ key: "cpuUs", label: "gateway CPU, µs a request", kind: "ratio", better: "less", bar });
const EVENT_CPU = (bar) => ({
  key: "eventCpuUs",
  label: "gateway CPU, µs an event",
  kind: "ratio",
  better: "less",
  bar,
});
const RATE = (bar) => ({ key: "requestsPerSecond", label: "requests/s", kind: "ratio", better: "more", bar });
const EVENTS = { key: "eventsPerSecond", label: "events/s", kind: "ratio", better: "more" };
const P50 = (bar) => ({ key: "p50Ms", label: "p50, ms", kind: "added", bar });
const P99 = { key: "p99Ms", label: "p99, ms", kind: "added" };
const TTFT = (bar) => ({ key: "ttftMs", label: "time to first token p50, ms", kind: "added", bar });

const closed = (connections) => ({ connections });
const open = (rate) => ({ connections: 64, rate });

const SAME = [
  {
    id: "chat-1k",
    title: "1 KB chat, 32 connections",
    body: "small",
    load: closed(32),
    figures: [CPU(2.2), RATE(0.45)],
  },
  {
    id: "chat-1k-rate",
    title: `1 KB chat at ${REQUESTS_PER_SECOND}/s`,
    body: "small",
    load: open(REQUESTS_PER_SECOND),
    lasting: 1.5,
    figures: [P50(0.25), P99],
  },
  { id: "chat-200k", title: "200 KB chat, 8 connections", body: "large", load: closed(8), figures: [CPU(2), RATE()] },
  {
    id: "chat-200k-rate",
    title: `200 KB chat at ${LARGE_REQUESTS_PER_SECOND}/s`,
    body: "large",
    load: open(LARGE_REQUESTS_PER_SECOND),
    lasting: 2,
    figures: [P50(), P99],
  },
  {
    id: "stream",
    title: "1 KB stream of 50 chunks, 16 connections",
    body: "stream",
    sse: true,
    load: closed(16),
    figures: [EVENT_CPU(1.3), EVENTS],
  },
  {
    id: "stream-paced",
    title: `${PACED_STREAMS_PER_SECOND} streams/s, chunks 5 ms apart`,
    body: "paced",
    sse: true,
    load: open(PACED_STREAMS_PER_SECOND),
    lasting: 2.5, // few streams a second make few samples
    figures: [TTFT(0.2), EVENT_CPU(1.3)],
  },
  {
    id: "stream-200k",
    title: "200 KB stream of 50 chunks, 8 connections",
    body: "largeStream",
    sse: true,
    load: closed(8),
    figures: [CPU(), EVENTS],
  },
];

/**
 * Client and provider of different APIs, held against the same plain Envoy between an OpenAI client and provider; the bars
 * of a translated path are its own.
 */
const TRANSLATED_FIGURES = {
  "chat-1k": [CPU(2.6), RATE()],
  "chat-1k-rate": [P50(0.25), P99],
  "chat-200k": [CPU(), RATE()],
  stream: [EVENT_CPU(2), EVENTS],
  "stream-paced": [TTFT(), EVENT_CPU(2)],
};
const translated = (prefix, what, loads, members) =>
  loads.map((id) => {
    const load = SAME.find((workload) => workload.id === id);
    return {
      ...load,
      ...members,
      id: `${prefix}-${id}`,
      title: `${what}: ${load.title}`,
      baseline: id,
      translated: true,
      figures: TRANSLATED_FIGURES[id],
    };
  });
const TRANSLATED = [
  ...translated("translate", "chat → Messages", Object.keys(TRANSLATED_FIGURES), { model: "translated" }),
  ...translated("gemini", "chat → Gemini", ["chat-1k", "stream"], { model: "gemini" }),
  // Neither side speaks chat: two translators in a row.
  ...translated("chain", "Messages → Gemini", ["chat-1k", "chat-1k-rate", "stream"], {
    model: "gemini",
    client: "messages",
  }),
];

export const WORKLOADS = [...SAME, ...TRANSLATED];

/** The APIs that clients speak here. A stream without its end, or an answer without usage, is a failure whatever its status. */
export const CLIENTS = {
  chat: { path: "/v1/chat/completions", expect: { stream: "[DONE]", json: '"usage"' } },
  messages: { path: "/v1/messages", expect: { stream: "message_stop", json: '"usage"' } },
};

const filler = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor ";
const prose = (bytes) => filler.repeat(Math.ceil(bytes / filler.length)).slice(0, bytes);

const INSTRUCTION = "You are a helpful assistant.";

function messages(model, promptBytes, directive, stream) {
  const conversation = [{ role: "user", content: `${prose(promptBytes)}${directive}` }];
  const streaming = stream ? { stream: true } : {};
  return JSON.stringify({
    model,
    max_tokens: 1024,
    ...streaming,
    temperature: 0.2,
    system: INSTRUCTION,
    messages: conversation,
  });
}

function chat(model, promptBytes, directive, stream) {
  const messages = [
    { role: "system", content: INSTRUCTION },
    { role: "user", content: `${prose(promptBytes)}${directive}` },
  ];
  const streaming = stream ? { stream: true, stream_options: { include_usage: true } } : {};
  return JSON.stringify({ model, ...streaming, temperature: 0.2, messages });
}

const SMALL_PROMPT_BYTES = 850; // 1 KB with the envelope
const LARGE_PROMPT_BYTES = 200 * 1024;

/** Writes every body for every model and client; returns `(body, model, client) → file`. */
export function writeBodies(folder) {
  const file = (body, model, client = "chat") => join(folder, `${body}-${model}-${client}.json`);
  for (const [model, name] of Object.entries(MODELS)) {
    for (const [client, write] of Object.entries({ chat, messages })) {
      const bodies = {
        small: write(name, SMALL_PROMPT_BYTES, "", false),
        large: write(name, LARGE_PROMPT_BYTES, "", false),
        stream: write(name, SMALL_PROMPT_BYTES, " [[chunks=50]]", true),
        paced: write(name, SMALL_PROMPT_BYTES, " [[chunks=50 delay_us=5000]]", true),
        largeStream: write(name, LARGE_PROMPT_BYTES, " [[chunks=50]]", true),
      };
      for (const [body, text] of Object.entries(bodies)) writeFileSync(file(body, model, client), text);
    }
  }
  return file;
}
