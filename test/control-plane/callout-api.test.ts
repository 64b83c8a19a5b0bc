// The callout API as the filter sees it: bytes, statuses, and the token.
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createCalloutApi } from "../../control-plane/callout-api/server.js";
import {
  CAPACITIES_UNCHANGED,
  CHANGES_FORMAT,
  LEASE_FORMAT,
  LeaseStatus,
  Priority,
} from "../../control-plane/contract.js";
import type { CalloutApi, LeaseAnswer, LeaseChanges, WorkerReport } from "../../control-plane/ports.js";

const TOKEN = "callout-token-of-a-test";
const DIGEST = "ab".repeat(32);
const NOW = Date.UTC(2026, 0, 1);
const folder = mkdtempSync(join(tmpdir(), "sluice-callout-"));
const path = join(folder, "callout.sock");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const reports: WorkerReport[] = [];
const asked: unknown[] = [];
let lease: LeaseAnswer | Error;
let changes: LeaseChanges;
let api: CalloutApi;
const granted: LeaseAnswer = {
  status: LeaseStatus.GRANTED,
  holder: { tenant: "acme", application: "search", consumer: "team-é" },
  keyId: "0123456789abcdef",
  priority: Priority.BATCH,
  operations: 2n ** 63n + 5n,
  sealKey: Buffer.from("seal"),
  models: [["gpt-*", "claude"], ["*"]],
  preferredModels: ["claude-*", "é"],
  budgets: [],
  keyExpiresAtMs: undefined,
};

const SHARES = { version: 2n ** 64n - 1n, classes: 3, count: 2, bytes: Buffer.from("names and shares") };
let usageFailure: Error | undefined;
const received: string[] = [];
const grantRequests: Buffer[] = [];

beforeAll(async () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  api = createCalloutApi({
    address: { kind: "unix", path },
    tls: undefined,
    token: TOKEN,
    leases: {
      lookup: async (digest) => {
        asked.push(digest);
        if (lease instanceof Error) throw lease;
        return lease;
      },
      changesSince: async (since) => {
        asked.push(since);
        return changes;
      },
    },
    timing: { refreshMs: 60_000, ageMsMax: 3_600_000 },
    capacities: { sharesOf: (_nodeId, known) => (known === SHARES.version ? undefined : SHARES) },
    onReport: (report) => reports.push(report),
    onGrants: async (request) => {
      grantRequests.push(request);
      return request.length > 0 ? Buffer.from("grants") : undefined;
    },
    onUsage: async (lines) => {
      if (usageFailure !== undefined) throw usageFailure;
      received.push(lines.toString());
    },
    log,
  });
  await api.listen();
});
beforeEach(() => {
  received.length = 0;
  grantRequests.length = 0;
  usageFailure = undefined;
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  lease = granted;
  changes = { all: false, digests: [], sequence: 1n };
  reports.length = 0;
  asked.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  agent.destroy();
  await api.close();
  rmSync(folder, { recursive: true });
});

function ask(
  url: string,
  options: { token?: string; method?: string; body?: string } = {},
): Promise<{ status: number; body: Buffer; reused: boolean }> {
  const { token = TOKEN, method = "GET", body = "" } = options;
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: path, path: url, method, agent, headers: { authorization: `Bearer ${token}` } });
    call.once("error", reject);
    call.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), reused: call.reusedSocket }),
      );
    });
    call.end(body);
  });
}

function readLease(body: Buffer) {
  let at = 28;
  const number = () => {
    at += 2;
    return body.readUInt16LE(at - 2);
  };
  const text = () => {
    const length = number();
    at += length;
    return body.toString("utf8", at - length, at);
  };
  const texts = (count: number) => Array.from({ length: count }, text);
  const names = texts(6);
  const models = Array.from({ length: body[3] ?? 0 }, () => texts(number()));
  const preferred = texts(number());
  expect(body.subarray(at), "no budgets").toEqual(Buffer.alloc(2));
  return {
    format: body[0],
    status: body[1],
    refreshAfter: Number(body.readBigUInt64LE(4)),
    notAfter: Number(body.readBigUInt64LE(12)),
    priority: body[2],
    operations: body.readBigUInt64LE(20),
    names,
    models,
    preferred,
  };
}

describe("a lease", () => {
  test("of a granted key", async () => {
    const { status, body } = await ask(`/v1/leases/${DIGEST}`);
    expect(status).toBe(200);
    expect(asked).toEqual([DIGEST]);
    expect(readLease(body)).toEqual({
      format: LEASE_FORMAT,
      status: LeaseStatus.GRANTED,
      refreshAfter: NOW + 60_000,
      notAfter: NOW + 3_600_000,
      priority: Priority.BATCH,
      operations: 2n ** 63n + 5n,
      names: ["acme", "", "search", "team-é", "0123456789abcdef", "seal"],
      models: [["gpt-*", "claude"], ["*"]],
      preferred: ["claude-*", "é"],
    });
  });

  test("never outlives its key", async () => {
    lease = { ...granted, keyExpiresAtMs: NOW + 1_000 };
    expect(readLease((await ask(`/v1/leases/${DIGEST}`)).body)).toMatchObject({
      refreshAfter: NOW + 1_000,
      notAfter: NOW + 1_000,
    });
  });

  test.each([LeaseStatus.UNKNOWN_KEY, LeaseStatus.EXPIRED_KEY, LeaseStatus.DISABLED])(
    "of a refusal (status %i) is short",
    async (status) => {
      lease = {
        status,
        holder: {},
        keyId: "",
        priority: Priority.STANDARD,
        operations: 0n,
        sealKey: Buffer.alloc(0),
        models: [],
        budgets: [],
        keyExpiresAtMs: NOW - 1_000,
      };
      const record = readLease((await ask(`/v1/leases/${DIGEST}`)).body);
      expect(record).toMatchObject({ status, operations: 0n, names: ["", "", "", "", "", ""], models: [] });
      expect(record.notAfter).toBeGreaterThan(NOW);
      expect(record.notAfter).toBeLessThan(NOW + 60_000);
    },
  );

  test("that cannot be looked up is no answer, and says nothing of why", async () => {
    lease = new Error("database is locked");
    const { status, body } = await ask(`/v1/leases/${DIGEST}`);
    expect(status).toBe(500);
    expect(body.toString()).not.toContain("database");
  });
});

describe("changes", () => {
  const url = (query: Record<string, string> = {}) =>
    `/v1/changes?${new URLSearchParams({ since: "18446744073709551615", node: "node a/ü", worker: "0123456789abcdef", revision: "42", capacities: "18446744073709551615", ...query })}`;

  test("carry digests, and the worker's report arrives", async () => {
    changes = { all: false, digests: [DIGEST, "cd".repeat(32)], sequence: 2n ** 63n };
    const { status, body } = await ask(url());
    expect(status).toBe(200);
    expect([body[0], body[1], body.readUInt16LE(2), body.readBigUInt64LE(4)]).toEqual([
      CHANGES_FORMAT,
      0,
      2,
      2n ** 63n,
    ]);
    expect(body.subarray(24).toString("hex")).toBe(DIGEST + "cd".repeat(32));
    expect(asked).toEqual([2n ** 64n - 1n]);
    expect(reports).toEqual([{ nodeId: "node a/ü", worker: "0123456789abcdef", revision: 42n }]);
  });

  test("that cannot be told drop every lease", async () => {
    changes = { all: true, digests: [], sequence: 9n };
    const { body } = await ask(url({ since: "0" }));
    expect([body.length, body[1], body.readBigUInt64LE(4)]).toEqual([24, 1, 9n]);
  });

  test("carry shares of capacity to who has others", async () => {
    changes = { all: false, digests: [DIGEST], sequence: 9n };
    const { body } = await ask(url({ capacities: "0" }));
    expect([body.readBigUInt64LE(12), body.readUInt16LE(20), body[22]]).toEqual([2n ** 64n - 1n, 2, 3]);
    expect(body.subarray(24 + 32).toString()).toBe("names and shares");
    const same = (await ask(url())).body;
    expect([same.length, same.readUInt16LE(20), same[22]]).toEqual([24 + 32, CAPACITIES_UNCHANGED, 0]);
  });

  test.each([
    { since: "" },
    { since: "-1" },
    { since: "18446744073709551616" },
    { revision: "one" },
    { capacities: "" },
    { worker: "0123456789ABCDEF" },
    { worker: "" },
    { node: "" },
    { node: "n".repeat(257) },
  ] as Record<string, string>[])("are refused to %j", async (query) => {
    expect((await ask(url(query))).status).toBe(400);
    expect([reports, asked]).toEqual([[], []]);
  });
});

describe("everything else", () => {
  test.each([
    ["/v1/leases/", 404],
    [`/v1/leases/${DIGEST.toUpperCase()}`, 404],
    [`/v1/leases/${DIGEST}/`, 404],
    ["/v1/leases/../changes", 404],
    ["//", 404],
    ["/", 404],
  ])("%s: %i", async (url, status) => {
    expect((await ask(url)).status).toBe(status);
    expect(asked).toEqual([]);
  });

  test.each(["", "callout-token-of-a-tesT", `${TOKEN} `.repeat(2)])("a wrong token is 401 (%j)", async (token) => {
    expect((await ask(`/v1/leases/${DIGEST}`, { token })).status).toBe(401);
    expect((await ask("/nowhere", { token })).status).toBe(401);
    expect(asked).toEqual([]);
  });

  test("only GET", async () => {
    expect((await ask(`/v1/leases/${DIGEST}`, { method: "POST" })).status).toBe(405);
    expect(asked).toEqual([]);
  });

  test("a connection is kept, also after a refusal", async () => {
    await ask("/nowhere");
    expect((await ask(`/v1/leases/${DIGEST}`)).reused).toBe(true);
  });
});

describe("usage events", () => {
  const post = (body: string, token = TOKEN) => ask("/v1/usage", { method: "POST", body, token });

  test("are acknowledged once they are kept", async () => {
    expect((await post('{"id":"a"}\n{"id":"b"}\n')).status).toBe(200);
    expect(received).toEqual(['{"id":"a"}\n{"id":"b"}\n']);
  });

  test("are not acknowledged while the store is away", async () => {
    usageFailure = new Error("away");
    expect((await post('{"id":"a"}\n')).status).toBe(500);
    expect(received).toEqual([]);
  });

  test("are refused when a batch is too large, and without the token", async () => {
    expect((await post("x".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await post("{}", "wrong")).status).toBe(401);
    expect(received).toEqual([]);
  });
});
