// Every client API against every dialect, for as long as SLUICE_FUZZ_SECONDS says (20 by default, 60 in CI, 600 is the bar of a
// release): damaged requests, replies, errors and streams in random pieces. Nothing traps or hangs, what comes out is JSON
// or events of JSON and no longer than the input justifies, and memory stays bounded.
// SLUICE_TEST_SEED repeats one case; a defect that needs the cases before it shows again with the first seed of the run.
import { randomInt } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { FILTER_ERRORS } from "../../control-plane/contract.ts";
import { Random } from "../filter/random.ts";
import { pieces } from "../translation/damage.ts";
import {
  CLIENT_APIS,
  DIALECT_NAMES,
  type Direction,
  ends,
  type Outcome,
  type PlanOptions,
  Signal,
  Translators,
} from "../translation/kit.ts";
import { damagedDocument, damagedStream, readCorpus } from "./corpus.ts";
import { Watchdog } from "./watchdog.ts";

const SECONDS = Number(process.env.SLUICE_FUZZ_SECONDS ?? (process.env.CI ? 60 : 20));
const REPEATED = process.env.SLUICE_TEST_SEED;
const FIRST_SEED = REPEATED === undefined ? randomInt(2 ** 31) : Number(REPEATED);
/** With fewer cases than this chance may leave a direction out. */
const ENOUGH_CASES = 200;
/** Where no reply is ever translated. */
const REPLIES_PASS: Direction = "countTokens-to-anthropic-vertex";
const MEMORY_BYTES_MAX = 96 * 1024 * 1024;
/**
 * Bytes out per byte in. An event of a stream becomes one or several with an envelope of a few hundred bytes each, and a
 * Response repeats its request and its whole text three times; text is escaped twice at most.
 */
const GROWTH_MAX = 64;
const GROWTH_FREE_BYTES = 64 * 1024;
/** Our own data is one line; what passes may have several. */
const EVENT = /^(?:event: ?([^\n\r]+)\n)?(data:[^\n\r]*(?:\ndata:[^\n\r]*)*)$/;
const EVERY_QUIRK = 0x7fff;

const corpus = readCorpus();
const translators = new Translators();
const watchdog = new Watchdog();
let current = "";
const counts = new Map<string, { cases: number; requests: number; replies: number; streams: number }>();

afterAll(() => watchdog.stop());

const directions = CLIENT_APIS.flatMap((api) =>
  DIALECT_NAMES.map((dialect): Direction => `${api}-to-${dialect}`),
).filter((direction) => translators.tryBegin(direction) || translators.tryBegin(direction, { quirks: EVERY_QUIRK }));

function planOf(random: Random): PlanOptions {
  return {
    stream: random.chance(2),
    streamUsage: random.chance(2),
    strict: random.chance(8),
    quirks: random.chance(2) ? 0 : random.below(EVERY_QUIRK + 1),
    defaultMaxTokens: random.pick([0, 0, 1, 1024, 8192]),
    originalModel: random.pick(["public-model", "模型 \\ud83d\\ude42 \\u0022x", ""]),
    requestModel: random.pick(["provider-model", "gemini-3-pro", "projects/p/models/m@1", "\\u0000/../x"]),
    query: random.pick(["", "api-version=2024-10-21"]),
    alsoLeadsTo: random.chance(4) ? [random.pick(DIALECT_NAMES)] : [],
  };
}

function expectBounded(text: string, ...inputs: number[]): void {
  const input = inputs.reduce((sum, bytes) => sum + bytes, 0);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(GROWTH_FREE_BYTES + GROWTH_MAX * input);
}

/** True when it was translated. */
function expectSound({ code, text, detail }: Outcome, ...inputs: number[]): boolean {
  expect(code).not.toBe("internal_error");
  expectBounded(text, ...inputs);
  expect(Buffer.byteLength(detail)).toBeLessThanOrEqual(4096);
  if (code !== "translated") return false;
  JSON.parse(text);
  return true;
}

/** Events as the API has them: an optional type and data that is JSON, or the end of a chat stream. */
function expectEvents(text: string, api: string): void {
  if (text === "") return;
  expect(text.endsWith("\n\n")).toBe(true);
  // An error begins with an empty line, because it may stand behind half an event.
  for (const block of text.split(/\n\n+/).filter((block) => block !== "")) {
    const [, type, lines] = EVENT.exec(block) ?? expect.fail(`no event: ${JSON.stringify([block, text])}`);
    const data = (lines as string).replaceAll(/^data: ?/gm, "");
    if (data === "[DONE]" && api === "chat") continue;
    const parsed = JSON.parse(data);
    // Events of Responses may be the provider's own.
    if (type !== undefined && api !== "responses") expect(parsed.type).toBe(type);
  }
}

function runCase(seed: number): void {
  const random = new Random(seed);
  const direction = random.pick(directions);
  const { api, dialect } = ends(direction);
  const plan = { ...planOf(random), ...(api === "embeddings" && { stream: false }) };
  current = `${direction} ${JSON.stringify(plan)}`;
  if (!translators.tryBegin(direction, plan)) return;
  const count = counts.get(direction) ?? { cases: 0, requests: 0, replies: 0, streams: 0 };
  counts.set(direction, count);
  count.cases++;

  // A client sends its own API's requests, a provider its own dialect's replies; now and then another's.
  const requests = corpus.requests.get(random.chance(16) ? random.pick(CLIENT_APIS) : api) ?? [];
  const own = corpus.dialects.get(random.chance(16) ? random.pick(DIALECT_NAMES) : dialect);
  const { replies, errors, streams } = own ?? corpus.dialects.get("openai") ?? expect.fail("no cases of openai");
  let asked = 0;
  if (requests.length > 0 && !random.chance(8)) {
    const body = damagedDocument(random, random.pick(requests));
    asked = body.length;
    if (expectSound(translators.request(body), asked)) {
      count.requests++;
      expect(translators.path()).toMatch(/^[!-~]*$/);
    }
    translators.dropped();
  }
  if (plan.stream && streams.length > 0) {
    const bytes = damagedStream(random, random.pick(streams));
    const { text, signals } = translators.stream(pieces(bytes, random));
    expectBounded(text, bytes.length, asked);
    expectEvents(text, api);
    if (signals.includes(Signal.END)) count.streams++;
    else expectEvents(translators.streamError(random.below(FILTER_ERRORS.length)), api);
  } else if (random.chance(3) && errors.length > 0) {
    const body = damagedDocument(random, random.pick(errors));
    expectSound(
      translators.error(random.pick([400, 401, 404, 413, 429, 500, 503, 529, 0, -1]), body),
      body.length,
      asked,
    );
  } else if (replies.length > 0) {
    const body = damagedDocument(random, random.pick(replies));
    if (expectSound(translators.reply(body), body.length, asked)) count.replies++;
  }
  expect(translators.memoryBytes()).toBeLessThanOrEqual(MEMORY_BYTES_MAX);
}

test(
  "no trap, no hang, no bad JSON",
  () => {
    expect(directions.length).toBeGreaterThan(1);
    const end = Date.now() + SECONDS * 1000;
    let seed = FIRST_SEED;
    do {
      watchdog.seed(seed);
      try {
        runCase(seed);
      } catch (error) {
        throw new Error(`${current}: first seed ${FIRST_SEED}; repeat with SLUICE_TEST_SEED=${seed}`, { cause: error });
      }
      seed++;
    } while (REPEATED === undefined && Date.now() < end);
    const cases = seed - FIRST_SEED;
    console.log(`first seed ${FIRST_SEED}, ${cases} cases, ${translators.memoryBytes()} bytes of memory`);
    console.table(Object.fromEntries(counts));
    if (cases < ENOUGH_CASES * directions.length) return;
    for (const [direction, count] of counts) {
      const asked = count.requests > 0 || !corpus.requests.has(ends(direction as Direction).api);
      const answered = count.replies + count.streams > 0 || direction === REPLIES_PASS;
      expect([direction, asked, answered]).toEqual([direction, true, true]);
    }
  },
  SECONDS * 1000 + 60_000,
);
