// Lines of usage events: what passes, what is refused and in which words.
import { describe, expect, it } from "vitest";
import { formatEventLine, parseEventLine } from "../../control-plane/usage/event.js";
import { event, randomEvents, tokens } from "./random-events.js";

const line = (changes: Record<string, unknown>) => JSON.stringify({ ...event("a"), ...changes });
const correction = { kind: "correction", corrects: "b" } as const;

describe("a line", () => {
  it("becomes the event that it was made from", () => {
    for (const each of randomEvents(100, { from: 0, to: 1e12 }, 1)) {
      expect(parseEventLine(formatEventLine(each))).toEqual({ event: each });
    }
  });

  it("without a currency is in USD", () => {
    const { currency: _, ...rest } = event("a");
    expect(parseEventLine(JSON.stringify(rest))).toMatchObject({ event: { currency: "USD" } });
  });

  it("of a later release loses the members that are not known", () => {
    const text = line({ surprise: 1, tokens: { ...event("a").tokens, video: 7 } });
    expect(parseEventLine(text)).toEqual({ event: event("a") });
  });

  it("may take amounts back if it is a correction", () => {
    const amounts = { tokens: tokens({ input: -5 }), costNanos: -7 };
    expect(parseEventLine(line({ ...correction, ...amounts }))).toMatchObject({ event: amounts });
  });

  it.each<[string, string, RegExp]>([
    ["cut short", line({}).slice(0, -1), /^is not JSON$/],
    ["empty", "", /^is not JSON$/],
    ["of endless length", line({ error: "x".repeat(20_000) }), /^is longer than 16384 bytes$/],
    ["with a fraction of a token", line({ tokens: { ...tokens({}), input: 1.5 } }), /^tokens.input: /],
    ["with a negative token", line({ tokens: tokens({ input: -1 }) }), /^tokens.input: must be from 0 to/],
    ["with a token too many", line({ tokens: tokens({ output: 10_000_001 }) }), /^tokens.output: must be from 0 to/],
    ["with money as a text", line({ costNanos: "5" }), /^costNanos: /],
    ["with a fraction of money", line({ costNanos: 0.1 }), /^costNanos: /],
    ["with money beyond reason", line({ costNanos: 1e15 + 1 }), /^costNanos: must be from 0 to/],
    ["with an id of two words", line({ id: "a b" }), /^id: must be printable ASCII/],
    ["with an id too long", line({ id: "a".repeat(65) }), /^id: /],
    ["with half a character", line({ error: "\ud800" }), /^error: holds half a character/],
    ["in seconds since 1970 in microseconds", line({ startedAt: 1.7e15 }), /^startedAt: /],
    ["that corrects nothing", line({ kind: "correction" }), /^corrects: must name the event/],
    ["that corrects and is none", line({ corrects: "b" }), /^corrects: is for corrections only/],
    ["with a currency in words", line({ currency: "dollars" }), /^currency: /],
  ])("%s is refused", (_what, text, defect) => {
    expect((parseEventLine(text) as { defect: string }).defect).toMatch(defect);
  });

  it("is never repeated by what is said of it", () => {
    const secret = "sk-slc-very-secret";
    for (const text of [`${secret}`, line({ id: `${secret} x` }), line({ status: secret }), line({ [secret]: 1 })]) {
      expect(JSON.stringify(parseEventLine(text))).not.toContain(secret);
    }
  });
});
