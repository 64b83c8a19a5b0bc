// Redis gone, slow, full, with another password, not what it was set up as, and emptied: each is an error that says what
// to do, within the time-out, and is over when Redis is back.
import { afterEach, expect, it } from "vitest";
import { type Ledger, LedgerError, type LedgerErrorCode } from "../../control-plane/ledger/ledger.js";
import { openRedisLedger, type RedisLedgerOptions } from "../../control-plane/ledger/redis/redis-ledger.js";
import { ALICE, BOB, budget, entry } from "./budgets.js";
import { type RedisServer, startCluster, startRedis } from "./redis-server.js";
import { startSlowProxy } from "./slow-proxy.js";

const TIMEOUT_MS = 200;
const of = budget({ limit: 100 });
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function redis(...args: Parameters<typeof startRedis>): Promise<RedisServer> {
  const server = await startRedis(...args);
  ends.push(() => server.stop());
  return server;
}

function open(url: string, options: Partial<RedisLedgerOptions> = {}): Ledger {
  const ledger = openRedisLedger({ urls: [url], cluster: false, ...options });
  ends.push(() => ledger.close());
  return ledger;
}

async function errorOf(call: Promise<unknown>): Promise<LedgerError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(LedgerError);
    return error as LedgerError;
  }
}

/** Asks until the outcome, and what the error says, is what is waited for. */
async function until(
  outcome: LedgerErrorCode | undefined,
  call: () => Promise<unknown>,
  says = /^/,
): Promise<LedgerError | undefined> {
  for (;;) {
    const error = await errorOf(call());
    if (error?.code === outcome && says.test(error?.message ?? "")) return error;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ask = (ledger: Ledger, sequence: number, holder = ALICE, floor = 10 * sequence) =>
  ledger.ask({ holder, entries: [entry(of, sequence, floor)] });

it("gone: says so at once, queues nothing, and goes on when it is back", async () => {
  const server = await redis();
  const ledger = open(server.url);
  await until(undefined, () => ask(ledger, 1));
  await server.kill();
  await until("unreachable", () => ask(ledger, 2), /cannot be reached.*Check that it runs.*ECONN(REFUSED|RESET)/);
  const errors = await Promise.all(Array.from({ length: 3_000 }, (_, index) => errorOf(ask(ledger, 3 + index, BOB))));
  expect(new Set(errors.map((error) => error?.code))).toEqual(new Set(["unreachable"]));
  await server.start();
  await until(undefined, () => ledger.state(of));
  // Nothing of what failed was kept to be sent later.
  expect((await ledger.state(of)).holders).toEqual([]);
});

it("not there yet: is no reason not to open", async () => {
  const server = await redis();
  await server.kill();
  const ledger = open(server.url);
  expect(await errorOf(ask(ledger, 1))).toMatchObject({ code: "unreachable" });
  await server.start();
  await until(undefined, () => ask(ledger, 1));
});

it("slow by 5 s: every call ends in time, and what waits is bounded", async () => {
  const server = await redis();
  const proxy = await startSlowProxy(server.port);
  ends.push(() => proxy.stop());
  const ledger = open(proxy.url, { timeoutMs: TIMEOUT_MS });
  await until(undefined, () => ask(ledger, 1));
  proxy.delay(5_000);
  const started = performance.now();
  const errors = await Promise.all(
    Array.from({ length: 2_000 }, (_, index) => errorOf(ask(ledger, 2 + index, ALICE, 10))),
  );
  // Far less than the 5 s that Redis takes; the machine may be busy.
  expect(performance.now() - started).toBeLessThan(4_000);
  const codes = errors.map((error) => error?.code);
  expect(new Set(codes)).toEqual(new Set(["timeout", "overloaded"]));
  expect(codes.filter((code) => code === "timeout")).toHaveLength(512);
  expect(errors[0]?.message).toMatch(/did not answer in time/);
  proxy.delay(0);
  await until(undefined, () => ask(ledger, 10_000, ALICE, 20));
  // A call that timed out may have been granted: asked for again it changes nothing.
  expect(await ledger.state(of)).toMatchObject({ allocated: 20 });
});

it("full: refuses before it has written anything", async () => {
  const server = await redis(["--maxmemory-policy", "noeviction"]);
  const ledger = open(server.url);
  await until(undefined, () => ask(ledger, 1));
  await server.command("SET", "filler", "x".repeat(1_000_000));
  await server.command("CONFIG", "SET", "maxmemory", "1mb");
  const error = await until("full", () => ask(ledger, 2));
  expect(error?.message).toMatch(/is full.*Give it more memory.*noeviction/);
  expect(await ledger.state(of)).toMatchObject({ allocated: 10 });
  await server.command("CONFIG", "SET", "maxmemory", "100mb");
  expect(await ask(ledger, 3)).toMatchObject({ granted: true });
});

it("with another password: says where to correct it, and never the password", async () => {
  const server = await redis([], "the-right-one");
  for (const given of [":hunter2@", "somebody:hunter2@", ""]) {
    const ledger = open(server.url.replace(":the-right-one@", given));
    const error = await until("unauthorised", () => ask(ledger, 1));
    expect(error?.message).toMatch(/refuses the user name or password.*SLUICE_REDIS_URL/);
    const told = JSON.stringify([error?.message, error?.stack, String(error?.cause)]);
    expect(told).not.toMatch(/hunter2|the-right-one/);
  }
  const ledger = open(server.url);
  await until(undefined, () => ask(ledger, 1));
});

it("of a cluster with a password: every node is logged in to", async () => {
  const servers = await startCluster("the-right-one");
  for (const server of servers) ends.push(() => server.stop());
  const url = servers[0]?.url ?? "";
  const ledger = open(url, { cluster: true });
  const budgets = Array.from({ length: 12 }, (_, index) =>
    budget({ id: `b-${index}`, scope: { consumer: `c-${index}` } }),
  );
  await until(undefined, () => ledger.ask({ holder: ALICE, entries: budgets.map((each) => entry(each, 1, 1)) }));
  const stranger = open(url.replace("the-right-one", "hunter2"), { cluster: true });
  const error = await until("unauthorised", () => ask(stranger, 1));
  expect(error?.message).not.toContain("hunter2");
});

it("a cluster taken for one server, and the reverse: says which setting to change", async () => {
  const servers = await startCluster();
  for (const server of servers) ends.push(() => server.stop());
  // The slot of the first consumer is on the first node, that of the other is not.
  const ledger = open(servers[0]?.url ?? "");
  await until(undefined, () => ledger.state(budget({ scope: { consumer: "c-0" } })));
  const elsewhere = await errorOf(ledger.state(budget({ scope: { consumer: "c-3" } })));
  expect(elsewhere?.message).toMatch(/it is a cluster: set SLUICE_REDIS_CLUSTER/);
  const single = open((await redis()).url, { cluster: true });
  const error = await until("misconfigured", () => ask(single, 1));
  expect(error?.message).toMatch(/it is no cluster: unset SLUICE_REDIS_CLUSTER/);
});

it("emptied: takes what holders have from their reports, and grants no more until all could report", async () => {
  const server = await redis();
  const leaseMs = 1_000;
  const ledger = open(server.url, { leaseMs });
  await until(undefined, () => ask(ledger, 1, ALICE, 30));
  await ask(ledger, 1, BOB, 60);
  const { epoch } = await ledger.state(of);
  await server.command("FLUSHALL");
  // Nobody has shown anything yet, but this process knows that there was something.
  const stranger = await ledger.ask({ holder: "00000000000000c0", entries: [entry(of, 1, 50)] });
  expect(stranger).toMatchObject({ granted: false, entries: [{ allocated: 0, refused: "rebuilding" }] });
  const report = (holder: string, allocated: number) =>
    ledger.ask({ holder, entries: [entry(of, 2, allocated, { used: allocated / 2, allocated })] });
  expect(await report(ALICE, 30)).toMatchObject({ granted: true, entries: [{ allocated: 30 }] });
  expect(await report(BOB, 60)).toMatchObject({ granted: true, entries: [{ allocated: 60, remaining: 10 }] });
  const state = await ledger.state(of);
  expect(state).toMatchObject({ rebuilding: true, allocated: 90, settled: 45 });
  expect(state.epoch).not.toBe(epoch);
  let again: Awaited<ReturnType<Ledger["ask"]>>;
  for (let sequence = 2; ; sequence++) {
    again = await ledger.ask({ holder: "00000000000000c0", entries: [entry(of, sequence, 50)] });
    if (again.entries[0]?.refused !== "rebuilding") break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(again).toMatchObject({ granted: false, entries: [{ allocated: 10, refused: "spent" }] });
});

it("that has forgotten its scripts is told them again", async () => {
  const server = await redis();
  const ledger = open(server.url);
  await until(undefined, () => ask(ledger, 1));
  await server.command("SCRIPT", "FLUSH");
  expect(await ask(ledger, 2)).toMatchObject({ granted: true });
});
