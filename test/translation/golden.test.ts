// Every golden case gives what its folder says, and the laws hold on it: any cut of a stream gives the same stream, a body
// cut off is no body, damage never traps, and what comes out is JSON and events. UPDATE_GOLDEN=1 writes the golden sides.

import { describe, expect, test } from "vitest";
import { property } from "../filter/random.ts";
import { type CaseFile, FILES, familyOf, type GoldenCase, goldenCases } from "./cases.ts";
import { damagedBytes, damagedText, expectSound, expectSoundStream, pieces } from "./damage.ts";
import { awsEventStream, DIALECT_NAMES, Signal, Translators } from "./kit.ts";

/** Provider dialects that are not OpenAI's, and the client APIs: each has cases of its own. */
const CASES_MIN = 25;
/** Vectors are one request and one reply. */
const EMBEDDINGS_CASES_MIN = 12;

const translators = new Translators();
const all = goldenCases();
/** What passes as it is has a test of its own (passing.test.ts). */
const cases = all.filter(({ passes }) => !passes);
const begin = ({ direction, plan }: GoldenCase, stream: boolean) =>
  translators.begin(direction, stream ? { stream: true, streamUsage: true, ...plan } : plan);

/** A reply is to a request: what a translator keeps of it takes part. */
function beginAnswered(golden: GoldenCase, stream: boolean): void {
  begin(golden, stream);
  const asked = golden.has("downstream-request.json") && golden.refusal === undefined;
  if (asked) translators.request(golden.text("downstream-request.json"));
}

/** The provider's stream as bytes on the wire. */
function wire(golden: GoldenCase): Buffer | undefined {
  if (golden.has("upstream-stream.sse")) return Buffer.from(golden.text("upstream-stream.sse"));
  if (golden.has("upstream-stream.jsonl")) return awsEventStream(golden.text("upstream-stream.jsonl"));
  return undefined;
}

test("every family has its cases", () => {
  const counts = new Map<string, number>();
  for (const golden of all) counts.set(familyOf(golden), (counts.get(familyOf(golden)) ?? 0) + 1);
  console.log(`golden cases: ${[...counts].map(([family, count]) => `${family} ${count}`).join(", ")}`);
  expect([...counts.keys()]).toEqual(expect.arrayContaining(DIALECT_NAMES.filter((dialect) => dialect !== "openai")));
  for (const [family, count] of counts) {
    expect(count, family).toBeGreaterThanOrEqual(family === "embeddings" ? EMBEDDINGS_CASES_MIN : CASES_MIN);
  }
});

describe.each(cases.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
  test("has files that belong together", () => {
    for (const file of golden.files) expect(FILES).toContain(file);
    expect(golden.files.length).toBeGreaterThan(1);
    expect(golden.has("upstream-error.json")).toBe(golden.status !== undefined);
  });

  if (golden.has("downstream-request.json")) {
    test("request", () => {
      begin(golden, golden.plan.stream === true);
      const { code, text, detail } = translators.request(golden.text("downstream-request.json"));
      if (golden.refusal !== undefined) {
        expect({ code, detail }).toEqual(golden.refusal);
        return;
      }
      expect({ code, detail }).toEqual({ code: "translated", detail: "" });
      const { names, count } = translators.dropped();
      expect({ names, count }).toEqual({ names: golden.dropped, count: golden.dropped.length });
      if (golden.path !== undefined) expect(translators.path()).toBe(golden.path);
      begin(golden, golden.plan.stream === true);
      const again = translators.request(golden.text("downstream-request.json"));
      expect(JSON.parse(again.text)).toEqual(golden.goldenJson("upstream-request.json", text));
    });

    test("a route that is strict refuses what would be dropped", () => {
      if (golden.refusal !== undefined || golden.dropped.length === 0) return;
      translators.begin(golden.direction, { ...golden.plan, strict: true });
      expect(translators.request(golden.text("downstream-request.json")).code).toBe("unsupported_content");
    });
  }

  const whole = (
    upstream: CaseFile,
    downstream: CaseFile,
    translate: (body: string) => { code: string; text: string },
    expected = "translated",
  ) =>
    test(downstream, () => {
      beginAnswered(golden, false);
      const { code, text } = translate(golden.text(upstream));
      expect(code).toBe(expected);
      if (expected === "failed") expect(translators.failureStatus()).toBe(golden.failure);
      expect(JSON.parse(text)).toEqual(golden.goldenJson(downstream, text));
    });
  // A provider that only streams: the same stream, folded into one reply.
  const folds = !golden.has("upstream-reply.json") && golden.has("upstream-stream.sse");
  const reply = folds ? "upstream-stream.sse" : "upstream-reply.json";
  if (golden.failure !== undefined) {
    whole(reply, "downstream-error.json", (body) => translators.reply(body), "failed");
  } else if (golden.has(folds ? "downstream-reply.json" : reply)) {
    whole(reply, "downstream-reply.json", (body) => translators.reply(body));
  }
  if (golden.has("upstream-error.json")) {
    whole("upstream-error.json", "downstream-error.json", (body) => translators.error(golden.status ?? 0, body));
  }

  const stream = wire(golden);
  if (stream !== undefined) {
    test("stream, cut anywhere", () => {
      beginAnswered(golden, true);
      const { text } = translators.stream([stream]);
      expectSoundStream(text);
      expect(text).toBe(golden.goldenText("downstream-stream.sse", text));
      property(8, (random) => {
        beginAnswered(golden, true);
        expect(translators.stream(pieces(stream, random)).text).toBe(text);
      });
    });

    test("a stream that is damaged or ends early is sound as far as it goes", () => {
      property(40, (random) => {
        beginAnswered(golden, true);
        const bytes = random.chance(2) ? stream.subarray(0, random.below(stream.length)) : damagedBytes(stream, random);
        const { text, signals } = translators.stream(pieces(bytes, random));
        expectSoundStream(text);
        expect(Math.max(...signals)).toBeLessThanOrEqual(Signal.ERROR);
      });
    });
  }

  test("a body cut off is no body, a damaged one is translated or refused", () => {
    const bodies: [CaseFile, (body: Buffer) => ReturnType<Translators["reply"]>][] = [
      ["downstream-request.json", (body) => translators.request(body)],
      ["upstream-reply.json", (body) => translators.reply(body)],
      ["upstream-error.json", (body) => translators.error(golden.status ?? 500, body)],
    ];
    for (const [file, translate] of bodies) {
      if (!golden.has(file)) continue;
      const text = golden.text(file).trimEnd();
      property(20, (random) => {
        begin(golden, false);
        expect(translate(Buffer.from(text.slice(0, random.below(text.length)))).code).not.toBe("translated");
        begin(golden, false);
        expectSound(translate(damagedText(text, random)));
      });
    }
  });
});
