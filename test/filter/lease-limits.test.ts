// What a lease allows, as the released filter keeps it: operations, and models that every level must cover.
// Under the test host, which answers the filter's callout with records of the callout API's own encoder.
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { leaseRecord } from "../../control-plane/callout-api/records.js";
import { CALLOUT_CLUSTER, LeaseStatus, Operation, Priority, SEAL_KEY_BYTES } from "../../control-plane/contract.js";
import { generateApiKey } from "../../control-plane/keys.js";
import { encodeFilterConfig } from "../../control-plane/snapshot/filter-config.js";
import type { Root } from "../host/contexts.js";
import { Host } from "../host/host.js";

const WASM = fileURLToPath(new URL("../../build/sluice.wasm", import.meta.url));
const TIMING = { refreshMs: 30_000, ageMsMax: 600_000 };
const EVERYTHING = 2n ** 64n - 1n;

let host: Host;
let root: Root;

beforeEach(() => {
  host = new Host(WASM, { clusters: [CALLOUT_CLUSTER] });
  const config = encodeFilterConfig({
    revision: 1n,
    modelRoutes: [],
    routesCreated: new Map(),
    targets: new Map(),
    requestBodyBytesMax: 1 << 20,
    calloutTimeoutMs: 1_000,
    logsUsage: false,
  });
  root = host.startRoot("gateway", config);
});

/** The code of the refusal. Without a model route the one after every permission is `model_not_found`. */
function ask(path: string, model: string, allowed: { operations?: bigint; models?: string[][] }): string | undefined {
  const stream = host.openStream(root);
  stream.requestHeaders([
    [":method", "POST"],
    [":path", path],
    [":authority", "gateway"],
    ["authorization", `Bearer ${generateApiKey()}`],
    ["content-type", "application/json"],
  ]);
  const record = leaseRecord(
    {
      status: LeaseStatus.GRANTED,
      holder: { tenant: "acme", department: "research", application: "search", consumer: "team" },
      keyId: "0123456789abcdef",
      priority: Priority.STANDARD,
      operations: allowed.operations ?? EVERYTHING,
      sealKey: Buffer.alloc(SEAL_KEY_BYTES),
      models: allowed.models ?? [],
      budgets: [],
      keyExpiresAtMs: undefined,
    },
    TIMING,
    Date.now(),
  );
  host.answer([[":status", "200"]], record);
  stream.requestBody(JSON.stringify({ model, messages: [], input: "" }), true);
  return stream.localReply?.headers.get("x-sluice-error");
}

const only = (...operations: number[]) => operations.reduce((bits, operation) => bits | (1n << BigInt(operation)), 0n);

describe("operations", () => {
  test("one that is not allowed is refused", () => {
    const operations = only(Operation.EMBEDDINGS);
    expect(ask("/v1/chat/completions", "m", { operations })).toBe("operation_not_allowed");
    expect(ask("/v1/embeddings", "m", { operations })).toBe("model_not_found");
  });

  test("none is allowed, or all but one", () => {
    expect(ask("/v1/messages", "m", { operations: 0n })).toBe("operation_not_allowed");
    const operations = EVERYTHING & ~only(Operation.MESSAGES);
    expect(ask("/v1/messages", "m", { operations })).toBe("operation_not_allowed");
    expect(ask("/v1/chat/completions", "m", { operations })).toBe("model_not_found");
  });
});

describe("models", () => {
  const tenant = ["gpt-*", "claude-*"];

  test.each([
    ["gpt-4o", [tenant], "model_not_found"],
    ["gemini-pro", [tenant], "model_not_allowed"],
    ["gpt-4o", [tenant, ["gpt-4o"]], "model_not_found"],
    ["gpt-4o", [tenant, ["*"], ["gpt-4o-mini"]], "model_not_allowed"],
    ["gpt-4o-mini", [tenant, ["*"], ["gpt-4o-mini"], ["gpt-*", "o3"]], "model_not_found"],
    // A narrower level gives nothing that a wider one lacks.
    ["gemini-pro", [tenant, ["gemini-pro"]], "model_not_allowed"],
    ["anything", [], "model_not_found"],
    ["gpt-4o", [[], ["*"]], "model_not_allowed"],
  ])("%s within %j: %s", (model, models, code) => {
    expect(ask("/v1/chat/completions", model, { models })).toBe(code);
  });
});
