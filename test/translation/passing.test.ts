// Golden cases of what passes as it is, because client and provider speak the same: the path is the target's, replies and
// errors are recognised, and of streams it is known from where on a user sees something, and whether they came to their end.

import { expect, test } from "vitest";
import { FILES, type GoldenCase, goldenCases } from "./cases.ts";
import { Signal, Translators } from "./kit.ts";

const translators = new Translators();
const cases = goldenCases().filter(({ passes }) => passes);

function begin({ direction, plan }: GoldenCase): void {
  expect(translators.tryBegin(direction, plan)).toBe(false);
}

const eventsOf = (golden: GoldenCase) =>
  golden
    .text("upstream-stream.sse")
    .split(/(?<=\n\n)/)
    .map((event) => Buffer.from(event));

test.each(cases.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
  begin(golden);
  for (const file of golden.files) expect(FILES).toContain(file);
  expect(
    golden.files.filter((file) => file.startsWith("upstream-request") || file.startsWith("downstream-re")),
  ).toEqual(golden.has("downstream-request.json") ? ["downstream-request.json"] : []);
  if (golden.has("downstream-request.json")) {
    expect(golden.path).toBeDefined();
    expect(translators.path()).toBe(golden.path);
  }
  if (golden.has("upstream-reply.json")) {
    const reply = golden.text("upstream-reply.json");
    expect(translators.passesReply(reply)).toBe(true);
    expect(translators.passesReply(reply.slice(0, reply.length / 2))).toBe(false);
    expect(translators.passesError(reply)).toBe(false);
  }
  expect(golden.has("upstream-error.json")).toBe(golden.status !== undefined);
  if (golden.has("upstream-error.json")) {
    const error = golden.text("upstream-error.json");
    const isForeign = golden.has("downstream-error.json");
    expect(translators.passesError(error)).toBe(!isForeign);
    if (!isForeign) expect(translators.passesReply(error)).toBe(false);
    else {
      const { code, text } = translators.error(golden.status ?? 0, error);
      expect(code).toBe("translated");
      expect(JSON.parse(text)).toEqual(golden.goldenJson("downstream-error.json", text));
    }
  }
  expect(golden.has("upstream-stream.sse")).toBe(golden.preamble !== undefined);
  if (golden.has("upstream-stream.sse")) {
    const events = eventsOf(golden);
    const { signals, isComplete } = translators.passing(events);
    expect(isComplete).toBe(true);
    expect(signals.findIndex((signal) => signal !== Signal.PREAMBLE)).toBe(golden.preamble);
    begin(golden);
    expect(translators.passing(events.slice(0, -1)).isComplete).toBe(false);
  }
});
