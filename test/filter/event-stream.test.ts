// The framer of AWS event streams against frames of our own and one from elsewhere, however the stream is cut.

import { expect, test } from "vitest";
import { eventFrame, exceptionFrame, frame } from "../../examples/demo-providers/event-stream.mjs";
import { property, type Random } from "./random.js";
import { Testkit } from "./testkit.js";

const kit = new Testkit();
const EVENT_BYTES_MAX = 8 * 1024 * 1024;

interface Framed {
  events: { type: string; data: string }[];
  failed: boolean;
}

/** Feeds the chunks, each in memory that is overwritten as soon as the framer is done with it. */
function framed(chunks: Uint8Array[]): Framed {
  kit.call("awsReset");
  const events: Framed["events"] = [];
  const text = (name: string): string =>
    kit.read(kit.call(`aws${name}Pointer`), kit.call(`aws${name}Length`)).toString("utf8");
  for (const chunk of chunks) {
    const { pointer, length } = kit.put(chunk);
    kit.call("awsPush", pointer, length);
    while (kit.call("awsNext") === 1) events.push({ type: text("Type"), data: text("Data") });
    kit.put(Buffer.alloc(length, 0xaa));
  }
  return { events, failed: kit.call("awsFailed") === 1 };
}

function cut(bytes: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = random.chance(2) ? 1 + random.below(12) : 1 + random.below(bytes.length - at);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

const STREAM = Buffer.concat([
  eventFrame("messageStart", { role: "assistant" }),
  eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "你好 🌍" }, p: "abc" }),
  frame({}, Buffer.alloc(0)),
  exceptionFrame("throttlingException", { message: "Too many requests" }),
]);
const EVENTS = [
  { type: "messageStart", data: '{"role":"assistant"}' },
  { type: "contentBlockDelta", data: '{"contentBlockIndex":0,"delta":{"text":"你好 🌍"},"p":"abc"}' },
  { type: "", data: "" },
  { type: "throttlingException", data: '{"message":"Too many requests"}' },
];

test("events come out the same, wherever the chunks are cut", () => {
  expect(framed([STREAM])).toEqual({ events: EVENTS, failed: false });
  expect(framed([...STREAM].map((byte) => Buffer.from([byte])))).toEqual({ events: EVENTS, failed: false });
  property(200, (random) => expect(framed(cut(STREAM, random))).toEqual({ events: EVENTS, failed: false }));
});

test("a frame with a header of every type", () => {
  // Read the same by botocore's decoder.
  const bytes = Buffer.from(
    "000000cc000000af0fae64ca0a6576656e742d74797065040000a00c0c636f6e74656e742d747970650700106170706c" +
      "69636174696f6e2f6a736f6e0a626f6f6c2066616c73650109626f6f6c207472756500046279746502cf086279746520" +
      "62756606001449276d2061206c6974746c6520746561706f74210974696d657374616d70080000000000845fed05696e" +
      "74313603002a05696e7436340500000000028757b20475756964090102030405060708090a0b0c0d0e0f107b27666f6f" +
      "273a27626172277daba5f10c",
    "hex",
  );
  expect(framed([bytes])).toEqual({ events: [{ type: "", data: "{'foo':'bar'}" }], failed: false });
});

test("an error outside the service's model has its message as data", () => {
  const headers = { ":error-code": "InternalError", ":error-message": "Sorry", ":message-type": "error" };
  expect(framed([frame(headers, Buffer.alloc(0))]).events).toEqual([{ type: "error", data: "Sorry" }]);
});

test("any damaged byte ends the stream, with the events before it", () => {
  const first = eventFrame("messageStart", { role: "assistant" });
  property(300, (random) => {
    const damaged = Buffer.from(STREAM);
    const at = random.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 + random.below(255));
    const { events, failed } = framed(cut(damaged, random));
    expect(failed).toBe(true);
    expect(events).toEqual(EVENTS.slice(0, events.length));
    if (at >= first.length) expect(events.length).toBeGreaterThan(0);
  });
});

test("a stream that ends early gives the whole frames and no more", () => {
  property(100, (random) => {
    const { events, failed } = framed(cut(STREAM.subarray(0, random.below(STREAM.length)), random));
    expect(failed).toBe(false);
    expect(events).toEqual(EVENTS.slice(0, events.length));
    expect(events.length).toBeLessThan(EVENTS.length);
  });
});

test("headers that leave their frame are refused", () => {
  const good = frame({ a: "b" }, Buffer.alloc(0));
  for (const at of [12, 15, 16]) {
    // Lengths within the headers, with sound checksums around them.
    const headers = Buffer.from(good.subarray(12, -4));
    headers[at - 12] = 0xff;
    const broken = frame({}, headers);
    broken.writeUInt32BE(headers.length, 4);
    broken.writeUInt32BE(checksum(broken.subarray(0, 8)), 8);
    broken.writeUInt32BE(checksum(broken.subarray(0, -4)), broken.length - 4);
    expect(framed([broken])).toEqual({ events: [], failed: true });
  }
});

test("a frame longer than an event may be is refused before it is kept", () => {
  const large = frame({ ":event-type": "chunk" }, Buffer.alloc(EVENT_BYTES_MAX));
  expect(framed([large.subarray(0, 64)])).toEqual({ events: [], failed: true });
  const fits = frame({}, Buffer.alloc(EVENT_BYTES_MAX - 16, 0x20));
  expect(framed([fits.subarray(0, 1000), fits.subarray(1000)]).events).toHaveLength(1);
});

/** CRC-32, a bit a step. */
function checksum(bytes: Buffer): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
