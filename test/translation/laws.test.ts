// What holds for every translation, whatever the input: chunks may be cut anywhere, no bytes trap, what comes out is JSON
// and events, every character survives, and memory does not grow.

import { describe, expect, test } from "vitest";
import { property, type Random } from "../filter/random.ts";
import { goldenCases } from "./cases.ts";
import { refusals as chatRefusals } from "./chat-to-messages-refusals.ts";
import { damagedBytes, damagedText, expectSound, expectSoundStream, pieces } from "./damage.ts";
import { type Direction, eventsOf, type PlanOptions, Signal, Translators } from "./kit.ts";
import { refusals as messagesRefusals } from "./messages-to-chat-refusals.ts";

const translators = new Translators();
const directions = ["chat-to-anthropic", "messages-to-openai"] as const satisfies Direction[];
const streaming: PlanOptions = { stream: true, streamUsage: true };

const refused = { "chat-to-anthropic": chatRefusals, "messages-to-openai": messagesRefusals };
const cases = goldenCases();

/** What the golden cases of a direction send, and what is refused. */
function bodiesOf(direction: (typeof directions)[number]): {
  requests: string[];
  replies: string[];
  streams: string[];
} {
  const own = cases.filter((golden) => golden.direction === direction);
  const texts = (file: "downstream-request.json" | "upstream-reply.json" | "upstream-stream.sse") =>
    own.filter((golden) => golden.has(file)).map((golden) => golden.text(file).trimEnd());
  return {
    requests: [
      ...texts("downstream-request.json"),
      ...refused[direction].map(({ request }) => JSON.stringify({ model: "m", max_tokens: 9, ...request })),
    ],
    replies: texts("upstream-reply.json"),
    streams: texts("upstream-stream.sse").map((sse) => `${sse}\n\n`),
  };
}

const odd = ["", "\u0000", "\n", '"', "\\", "é", "你好", "🙂", "\ud83d", "\ude42", "\u2028", "\\u4f60", "\u007f"];

function oddText(random: Random): string {
  return Array.from({ length: 1 + random.below(8) }, () => random.pick([...odd, "a", "word "])).join("");
}

/** JSON with some characters written as escapes, as clients may. */
function escaped(value: unknown, random: Random): string {
  return JSON.stringify(value).replace(/[^ -~]|\//gu, (character) => {
    if (random.chance(2)) return character;
    if (character === "/") return "\\/";
    return character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  });
}

describe.each(directions)("%s", (direction) => {
  const { requests, replies, streams } = bodiesOf(direction);

  test.each(streams.map((sse, index) => [index, sse] as const))("any cut gives the same stream: %i", (_, sse) => {
    translators.begin(direction, streaming);
    const whole = translators.stream([Buffer.from(sse)]);
    property(30, (random) => {
      translators.begin(direction, streaming);
      const cut = translators.stream(pieces(Buffer.from(sse), random));
      expect(cut.text).toBe(whole.text);
      expect(Math.max(...cut.signals)).toBe(Math.max(...whole.signals));
      expect(Math.max(...cut.signals)).toBeGreaterThanOrEqual(Signal.END);
    });
  });

  test("other line ends and comments give the same stream", () => {
    const sse = streams[0] as string;
    translators.begin(direction, streaming);
    const { text } = translators.stream([Buffer.from(sse)]);
    for (const other of [sse.replaceAll("\n", "\r\n"), sse.replaceAll("\n", "\r"), `: hello\n\n${sse}`]) {
      translators.begin(direction, streaming);
      expect(translators.stream([Buffer.from(other)]).text).toBe(text);
    }
  });

  test("damaged requests are translated or refused, never more", () => {
    property(4000, (random) => {
      translators.begin(direction, random.chance(2) ? streaming : {});
      expectSound(translators.request(damagedText(random.pick(requests), random)));
    });
  });

  test("a body cut off at any byte is no body", () => {
    for (const [bodies, translate] of [
      [requests, (bytes: Buffer) => translators.request(bytes)],
      [replies, (bytes: Buffer) => translators.reply(bytes)],
    ] as const) {
      for (const body of bodies) {
        const bytes = Buffer.from(body);
        translators.begin(direction);
        for (let end = 0; end < bytes.length; end++) {
          expect(translate(bytes.subarray(0, end)).code).not.toBe("translated");
        }
      }
    }
  });

  test("damaged replies and errors", () => {
    property(3000, (random) => {
      translators.begin(direction);
      const body = damagedText(random.pick(replies), random);
      expectSound(translators.reply(body));
      expectSound(translators.error(random.pick([400, 500, 0, -1]), body));
    });
  });

  test("damaged streams", () => {
    property(3000, (random) => {
      translators.begin(direction, streaming);
      const sse = random.pick(streams);
      const lines = sse.split("\n\n").filter((line) => line !== "");
      const shuffled = random.chance(2) ? lines : lines.filter(() => !random.chance(4)).reverse();
      const bytes = random.chance(2) ? damagedBytes(sse, random) : Buffer.from(`${shuffled.join("\n\n")}\n\n`);
      expectSoundStream(translators.stream(pieces(bytes, random)).text);
    });
  });

  test("memory does not grow", () => {
    const round = () => {
      for (const body of requests) {
        translators.begin(direction);
        translators.request(body);
      }
      for (const body of replies) translators.reply(body);
      for (const sse of streams) {
        translators.begin(direction, streaming);
        translators.stream([Buffer.from(sse)]);
      }
    };
    round();
    const before = translators.memoryBytes();
    for (let times = 0; times < 30; times++) round();
    expect(translators.memoryBytes()).toBe(before);
  });
});

describe("every character survives", () => {
  const body = (value: unknown, random: Random) => Buffer.from(escaped(value, random));
  const anyObject = (random: Random) => ({ [`k${oddText(random)}`]: oddText(random), n: [1, { x: oddText(random) }] });

  test("in requests, chat to Messages", () => {
    property(300, (random) => {
      const [system, said, input] = [oddText(random), oddText(random), anyObject(random)];
      const call = { id: "a", type: "function", function: { name: "f", arguments: JSON.stringify(input) } };
      translators.begin("chat-to-anthropic");
      const request = {
        messages: [
          { role: "system", content: `S${system}` },
          { role: "user", content: `U${said}` },
          { role: "assistant", tool_calls: [call] },
        ],
      };
      const translated = JSON.parse(translators.request(body(request, random)).text);
      expect(translated.system[0].text).toBe(`S${system}`);
      expect(translated.messages[0].content[0].text).toBe(`U${said}`);
      expect(translated.messages[1].content[0].input).toEqual(input);
    });
  });

  test("in requests, Messages to chat", () => {
    property(300, (random) => {
      const [system, said, input] = [oddText(random), oddText(random), anyObject(random)];
      translators.begin("messages-to-openai");
      const request = {
        max_tokens: 1,
        system: [{ type: "text", text: system }],
        messages: [
          { role: "user", content: [{ type: "text", text: said }] },
          { role: "assistant", content: [{ type: "tool_use", id: "a", name: "f", input }] },
        ],
      };
      const translated = JSON.parse(translators.request(body(request, random)).text);
      expect(translated.messages[0].content).toBe(system);
      expect(translated.messages[1].content).toBe(said);
      expect(JSON.parse(translated.messages[2].tool_calls[0].function.arguments)).toEqual(input);
    });
  });

  test("in streams, both ways", () => {
    property(200, (random) => {
      const texts = Array.from({ length: 3 }, () => `t${oddText(random)}`);
      translators.begin("chat-to-anthropic", streaming);
      const messagesEvents = texts.map(
        (text) => `data: ${escaped({ type: "content_block_delta", delta: { type: "text_delta", text } }, random)}\n\n`,
      );
      const chunks = eventsOf(translators.stream(pieces(Buffer.from(messagesEvents.join("")), random)).text);
      expect(chunks.map(({ data }) => JSON.parse(data).choices[0].delta.content)).toEqual(texts);
      translators.begin("messages-to-openai", streaming);
      const chatChunks = texts.map((content) => `data: ${escaped({ choices: [{ delta: { content } }] }, random)}\n\n`);
      const events = eventsOf(translators.stream(pieces(Buffer.from(chatChunks.join("")), random)).text);
      const deltas = events.filter(({ type }) => type === "content_block_delta");
      expect(deltas.map(({ data }) => JSON.parse(data).delta.text)).toEqual(texts);
    });
  });
});
