// Streams that outgrow what was set aside for them: they get more, a step at a time, or end with the protocol's error event.
import { beforeEach, describe, expect, test } from "vitest";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import type { Stream } from "../host/contexts.js";
import { budget } from "../ledger/budgets.js";
import { memoryLedger } from "../ledger/memory-records.js";
import { type Played, PlayedEnvoy } from "./played-envoy.js";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
/** Tokens of one event, by the filter's estimate. */
const TOKENS_AN_EVENT = 50;
const WORDS = "token ".repeat(TOKENS_AN_EVENT);

let ledger: Ledger;

beforeEach(() => {
  ledger = memoryLedger(() => NOW, 30_000);
});

const cutting = (changes: Record<string, unknown> = {}) =>
  budget({ measure: "output_tokens", window: "day", limit: 2_000, onSpent: "cut", ...changes });

const event = (text: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`;

interface Opened extends Played {
  readonly at: PlayedEnvoy;
  readonly reply: Stream;
}

async function stream(budgets: readonly Budget[], body: Record<string, unknown> = {}): Promise<Opened> {
  const at = new PlayedEnvoy({ workers: 1, budgets, ledger });
  const opened = at.open({ stream: true, ...body });
  await at.answerAll();
  expect(at.isAdmitted(opened)).toBe(true);
  const reply = at.attempt(opened);
  reply.responseHeaders([
    [":status", "200"],
    ["content-type", "text/event-stream"],
  ]);
  return { ...opened, at, reply };
}

/** Events go on until the stream ends; callouts are answered meanwhile. Returns how many tokens went on. */
async function write({ at, reply }: Opened, tokens: number): Promise<number> {
  for (let written = 0; written < tokens; written += TOKENS_AN_EVENT) {
    reply.responseBody(event(WORDS));
    if (reply.response.forwarded.text.includes('"error"')) return written + TOKENS_AN_EVENT;
    await at.answerAll();
  }
  return tokens;
}

const error = ({ reply }: Opened) =>
  reply.response.forwarded.text
    .split("\n")
    .filter((line) => line.startsWith('data: {"error"'))
    .map((line) => JSON.parse(line.slice(6)).error.code);

describe("a stream whose budget is spent", () => {
  test("ends with an error event, and the provider's connection is closed with its next bytes", async () => {
    const opened = await stream([cutting()]);
    const tokens = await write(opened, 10_000);
    expect(tokens).toBeGreaterThan(1_700);
    expect(tokens).toBeLessThanOrEqual(2_000 + 256);
    expect(error(opened)).toEqual(["insufficient_quota"]);
    expect(opened.reply.reset).toBe(false);
    const { text } = opened.reply.response.forwarded;
    opened.reply.responseBody(event("more"));
    expect(opened.reply.reset).toBe(true);
    expect(opened.reply.response.forwarded.text).toBe(text);
    expect(opened.at.metric("sluice.quota_streams_cut_total")).toBe(1);
  });

  test("is closed by the tick where the provider sends nothing more", async () => {
    const opened = await stream([cutting()]);
    await write(opened, 10_000);
    expect(opened.reply.reset).toBe(false);
    opened.at.tick();
    expect(opened.reply.reset).toBe(true);
  });

  test("goes on where the policy lets it finish", async () => {
    const opened = await stream([cutting({ onSpent: "finish" })]);
    expect(await write(opened, 5_000)).toBe(5_000);
    expect(error(opened)).toEqual([]);
  });

  test("goes on in shadow mode", async () => {
    const opened = await stream([cutting({ shadowMode: true })]);
    expect(await write(opened, 5_000)).toBe(5_000);
  });

  test("names the limit that a short window is", async () => {
    const opened = await stream([cutting({ window: "minute" })]);
    await write(opened, 10_000);
    expect(error(opened)).toEqual(["rate_limit_exceeded"]);
  });

  test("of a strict budget ends at the cap, should the provider not keep to it", async () => {
    const opened = await stream([cutting({ reserve: "strict", limit: 10_000 })], { max_tokens: 300 });
    const tokens = await write(opened, 10_000);
    // More is to be had, so a step is given: the sum stays within the budget.
    expect(tokens).toBeLessThanOrEqual(10_000);
  });

  test("is charged for what was delivered, and no more", async () => {
    const of = cutting();
    const opened = await stream([of]);
    const tokens = await write(opened, 10_000);
    opened.at.end(opened);
    opened.at.pass(11_000);
    opened.at.tick();
    await opened.at.answerAll();
    const { settled } = await ledger.state(of);
    expect(Math.abs(settled - tokens)).toBeLessThanOrEqual(tokens / 10);
  });
});

test("a stream that is translated ends in its client's protocol", async () => {
  const at = new PlayedEnvoy({ workers: 1, budgets: [cutting()], ledger });
  const opened = at.open({ stream: true, max_tokens: 4_000 }, { path: "/v1/messages" });
  await at.answerAll();
  const reply = at.attempt(opened);
  reply.responseHeaders([
    [":status", "200"],
    ["content-type", "text/event-stream"],
  ]);
  const tokens = await write({ ...opened, at, reply }, 10_000);
  expect(tokens).toBeLessThan(10_000);
  const { text } = reply.response.forwarded;
  expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"\w+","message":"[^"]+"/);
  reply.responseBody(event("more"));
  expect(reply.reset).toBe(true);
});
