// The SSE framer against a plain list of events (WHATWG HTML §9.2.6), however the stream is cut into chunks.

import { expect, test } from "vitest";
import { property, type Random } from "./random.js";
import { Testkit } from "./testkit.js";

const kit = new Testkit();
const EVENT_BYTES_MAX = 8 * 1024 * 1024;

interface Event {
  type: string;
  data: string;
}
interface Framed {
  events: Event[];
  /** What `finish` gave: an event whose empty line never came. */
  last: Event | undefined;
}

/** The specification in strings: no chunks, no pointers. */
function reference(stream: string): Framed {
  const lines = stream.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  const unfinished = lines.pop() as string;
  const events: Event[] = [];
  let type = "";
  let data: string[] = [];
  const take = (line: string): void => {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line) as unknown as [string, string, string];
    if (name === "data") data.push(value);
    if (name === "event") type = value;
  };
  for (const line of lines) {
    if (line !== "") {
      take(line);
      continue;
    }
    if (data.length > 0) events.push({ type, data: data.join("\n") });
    type = "";
    data = [];
  }
  if (unfinished !== "") take(unfinished);
  return { events, last: data.length > 0 ? { type, data: data.join("\n") } : undefined };
}

function currentEvent(): Event {
  const text = (name: string): string =>
    kit.read(kit.call(`sse${name}Pointer`), kit.call(`sse${name}Length`)).toString("latin1");
  return { type: text("Type"), data: text("Data") };
}

/** Feeds the chunks, each in memory that is overwritten as soon as the framer is done with it. */
function frame(chunks: Uint8Array[]): Framed {
  kit.call("sseReset");
  const events: Event[] = [];
  for (const chunk of chunks) {
    const { pointer, length } = kit.put(chunk);
    kit.call("ssePush", pointer, length);
    while (kit.call("sseNext") === 1) events.push(currentEvent());
    kit.put(Buffer.alloc(length, 0xaa));
  }
  const last = kit.call("sseFinish") === 1 ? currentEvent() : undefined;
  expect(kit.call("sseFailed")).toBe(0);
  return { events, last };
}

/** The reference reads the bytes as Latin-1, so a byte order mark is three characters there. */
function expected(bytes: Buffer): Framed {
  return reference(bytes.toString("latin1").replace(/^ï»¿/, "\ufeff"));
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  const sorted = [0, ...places.sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
}

const LINES = [
  "data: {}",
  'data: {"delta":"今天天气很好"}',
  "data:no space",
  "data:  two spaces",
  "data",
  "data:",
  "data: a:b",
  "event: message_start",
  "event: ping",
  "event:",
  "event",
  "id: 7",
  "retry: 100",
  ": comment",
  ":",
  "dat: a",
  "data : a",
  "Data: a",
  " data: a",
  "\u0000",
  "\ufeffdata: a byte order mark that begins no stream",
];
const LINE_ENDS = ["\n", "\r\n", "\r"];

function randomStream(random: Random): Buffer {
  const oneEnd = random.pick(LINE_ENDS);
  const mixed = random.chance(3);
  let stream = random.chance(4) ? "\ufeff" : "";
  for (let i = random.below(14); i > 0; i--) {
    stream += (random.chance(3) ? "" : random.pick(LINES)) + (mixed ? random.pick(LINE_ENDS) : oneEnd);
  }
  if (random.chance(3)) stream += random.pick(LINES);
  return Buffer.from(stream);
}

test("gives the events of the specification, whole, byte by byte, and cut at every two places", () => {
  property(60, (random) => {
    const bytes = randomStream(random);
    const wanted = expected(bytes);
    expect(frame([bytes])).toEqual(wanted);
    expect(frame([...bytes].map((byte) => Buffer.from([byte])))).toEqual(wanted);
    for (let at = 0; at <= bytes.length; at++) expect(frame(cut(bytes, [at]))).toEqual(wanted);
  });
  property(3000, (random) => {
    const bytes = randomStream(random);
    const places = Array.from({ length: random.below(6) }, () => random.below(bytes.length + 1));
    expect(frame(cut(bytes, places))).toEqual(expected(bytes));
  });
});

test("any bytes at all give what the specification gives", () => {
  const alphabet = [...Buffer.from("data: event\n\n\r\r:::\ufeffx")];
  property(5000, (random) => {
    const bytes = Buffer.from(Array.from({ length: random.below(60) }, () => random.pick(alphabet)));
    const places = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1));
    expect(frame(cut(bytes, places))).toEqual(expected(bytes));
  });
});

test.each([
  ["OpenAI's", "data: {}\n\ndata: [DONE]\n\n", ["", "{}", "", "[DONE]"]],
  ["Anthropic's", "event: ping\ndata: {}\n\nevent: message_stop\ndata: {}\n\n", ["ping", "{}", "message_stop", "{}"]],
  ["several lines of data", "data: a\ndata:\ndata: b\n\n", ["", "a\n\nb"]],
  ["an event without data", "event: ping\n\ndata: a\n\n", ["", "a"]],
  ["a type that does not outlive its event", "event: x\ndata: a\n\ndata: b\n\n", ["x", "a", "", "b"]],
])("%s", (_, stream, flat) => {
  expect(frame([Buffer.from(stream)]).events.flatMap(({ type, data }) => [type, data])).toEqual(flat);
});

test("an event is ready with the byte that ends it, even if a line feed may follow", () => {
  for (const end of ["\n\n", "\r\r", "\r\n\r"]) {
    expect(frame([Buffer.from(`data: a${end}`)]).events, JSON.stringify(end)).toHaveLength(1);
  }
});

test("a last event without its empty line comes at the end, and only there", () => {
  for (const end of ["", "\n", "\r\n", "\r"]) {
    expect(frame([Buffer.from(`data: a\n\ndata: [DONE]${end}`)])).toEqual({
      events: [{ type: "", data: "a" }],
      last: { type: "", data: "[DONE]" },
    });
  }
  expect(frame([Buffer.from("data: a\n\n")]).last).toBeUndefined();
  expect(frame([Buffer.from("event: x\n")]).last).toBeUndefined();
});

test("an event in one chunk is not copied", () => {
  kit.call("sseReset");
  const { pointer, length } = kit.put(Buffer.from("event: x\ndata: abc\n\n"));
  kit.call("ssePush", pointer, length);
  expect(kit.call("sseNext")).toBe(1);
  expect(kit.call("sseDataPointer")).toBe(pointer + "event: x\ndata: ".length);
  expect(kit.call("sseTypePointer")).toBe(pointer + "event: ".length);
});

/** Pushes one chunk again and again; answers whether the framer gave up, and after how many bytes. */
function flood(chunk: Buffer, chunks: number): { failed: boolean; bytes: number } {
  kit.call("sseReset");
  const input = kit.allocate(chunk);
  let bytes = 0;
  for (let i = 0; i < chunks && kit.call("sseFailed") === 0; i++) {
    kit.call("ssePush", input.pointer, input.length);
    while (kit.call("sseNext") === 1);
    bytes += input.length;
  }
  kit.free(input);
  return { failed: kit.call("sseFailed") === 1, bytes };
}

test("a line, or the data of an event, that is longer than the limit ends the stream", () => {
  const chunk = Buffer.alloc(256 * 1024, "a");
  const line = flood(chunk, 100);
  expect(line.failed).toBe(true);
  expect(line.bytes).toBeLessThanOrEqual(EVENT_BYTES_MAX + chunk.length);
  expect(kit.call("sseFinish")).toBe(0);
  expect(flood(Buffer.concat([Buffer.from("data: "), chunk, Buffer.from("\n")]), 100).failed).toBe(true);
  expect(flood(Buffer.concat([Buffer.alloc(EVENT_BYTES_MAX + 1, "a"), Buffer.from("\n")]), 1).failed).toBe(true);
  const half = Buffer.concat([Buffer.from("data: "), Buffer.alloc(EVENT_BYTES_MAX / 2, "a"), Buffer.from("\n")]);
  expect(flood(Buffer.concat([half, half, Buffer.from("\n")]), 1).failed).toBe(true);
  // A new stream begins anew.
  expect(frame([Buffer.from("data: a\n\n")]).events).toHaveLength(1);
});

test("large events and endless streams of small ones stay within the limit", () => {
  const large = Buffer.concat([Buffer.from("data: "), Buffer.alloc(EVENT_BYTES_MAX - 6, "a"), Buffer.from("\n\n")]);
  expect(flood(large, 4).failed).toBe(false);
  expect(flood(Buffer.from(`: ${"keep-alive ".repeat(1000)}\n`), 2000).failed).toBe(false);
});

test("what the writer writes, the framer reads", () => {
  const data = Buffer.from('{"text":"天\\n"}');
  for (const typed of [0, 1]) {
    const { pointer, length } = kit.put(data);
    kit.call("sseWrite", typed, pointer, length);
    expect(frame([kit.output()]).events).toEqual([{ type: typed ? "ping" : "", data: data.toString("latin1") }]);
  }
});
