// Webhooks of budgets, to a real server: once for each window and kind, tried again, and never to a private network by accident.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fetchFromProvider } from "../../control-plane/discovery/provider-fetch.js";
import { Warnings, type WebhookOutcome } from "../../control-plane/grants/warnings.js";
import type { AskReplyEntry } from "../../control-plane/ledger/ledger.js";
import { budget } from "../ledger/budgets.js";

const DAY_MS = 86_400_000;

let server: Server;
let warnings: Warnings;
const received: unknown[] = [];
const outcomes: WebhookOutcome[] = [];
const logged: string[] = [];
/** Of the next answers; 200 when there is none. */
let statuses: number[] = [];

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

beforeEach(async () => {
  received.length = 0;
  outcomes.length = 0;
  logged.length = 0;
  statuses = [];
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const status = statuses.shift() ?? 200;
      if (status === 200) received.push(body);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const note = (message: string, fields: object) => logged.push(`${message} ${JSON.stringify(fields)}`);
  warnings = new Warnings({
    fetch: fetchFromProvider,
    count: (outcome) => outcomes.push(outcome),
    log: { info: note, warn: note, error: note } as never,
    pauseMs: 5,
  });
});
afterEach(async () => {
  await warnings.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/told?token=secret-token`;
const watched = (changes: object = {}) =>
  budget({ limit: 100, window: "day", warnAtPercent: 80, webhook: url(), allowPrivateAddress: true, ...changes });
const answer = (remaining: number, changes: Partial<AskReplyEntry> = {}): AskReplyEntry => ({
  budgetId: "budget",
  windowStart: 0,
  windowEnd: DAY_MS,
  sequence: 1,
  allocated: 10,
  remaining,
  limit: 100,
  notAfter: 0,
  ...changes,
});
const kinds = () => received.map((each) => (each as { kind: string }).kind);

test("are told that a budget runs low, and that it is spent, once in each window", async () => {
  const of = watched();
  for (const remaining of [50, 21, 20, 15, 10]) warnings.watch(of, answer(remaining));
  await expect.poll(kinds).toEqual(["warning"]);
  expect(received[0]).toEqual({
    kind: "warning",
    budget: "budget",
    scope: {},
    measure: "total_tokens",
    limit: 100,
    used: 80,
    usedPercent: 80,
    windowStart: "1970-01-01T00:00:00.000Z",
    windowEnd: "1970-01-02T00:00:00.000Z",
  });
  for (let i = 0; i < 3; i++) warnings.watch(of, answer(0, { refused: "spent" }));
  await expect.poll(kinds).toEqual(["warning", "exhausted"]);
  warnings.watch(of, answer(15, { windowStart: DAY_MS, windowEnd: 2 * DAY_MS }));
  await expect.poll(kinds).toEqual(["warning", "exhausted", "warning"]);
  expect(outcomes).toEqual(["told", "told", "told"]);
});

test("are tried three times", async () => {
  statuses = [500, 503];
  warnings.watch(watched(), answer(0));
  await expect.poll(kinds).toEqual(["warning"]);
  expect(outcomes).toEqual(["told"]);
});

test("that cannot be told are counted, and the log holds no part of their address", async () => {
  statuses = [500, 500, 500];
  warnings.watch(watched(), answer(0));
  await expect.poll(() => outcomes).toEqual(["failed"]);
  expect(received).toEqual([]);
  const watchAgain = () => {
    warnings.watch(watched(), answer(0));
    return kinds();
  };
  await expect.poll(watchAgain).toEqual(["warning"]);
  expect(logged.join()).toContain("budget");
  expect(logged.join()).not.toContain("secret-token");
});

test("in a private network are not asked, unless the budget says so", async () => {
  warnings.watch(
    watched({
      webhook: url().replace("http:", "https:").replace("127.0.0.1", "example.com"),
      allowPrivateAddress: false,
    }),
    answer(99),
  );
  const inside = { ...watched(), allowPrivateAddress: false };
  warnings.watch(inside, answer(0));
  await expect.poll(() => outcomes).toEqual(["refused"]);
  expect(received).toEqual([]);
});

test("of a budget without one, or with room, are told nothing", async () => {
  warnings.watch(watched({ webhook: undefined }), answer(0));
  warnings.watch(watched({ warnAtPercent: undefined }), answer(0));
  warnings.watch(watched(), answer(21));
  await warnings.close();
  expect([received, outcomes]).toEqual([[], []]);
});
