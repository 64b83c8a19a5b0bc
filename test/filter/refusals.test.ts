// Refusals that need a broken surrounding, which a running gateway never has: no configuration, a plan of another version
// of the filter, memory at its limit. The released filter under the test host.
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { CALLOUT_CLUSTER, FILTER_ERRORS } from "../../control-plane/contract.js";
import { generateApiKey } from "../../control-plane/keys.js";
import { encodeFilterConfig } from "../../control-plane/snapshot/filter-config.js";
import type { Stream } from "../host/contexts.js";
import { Host } from "../host/host.js";

const WASM = fileURLToPath(new URL("../../build/sluice.wasm", import.meta.url));
/** Three copies of it are more than the VM may take. */
const HUGE_BODY_BYTES = 300 * 1024 * 1024;

let host: Host;

beforeEach(() => {
  host = new Host(WASM, { clusters: [CALLOUT_CLUSTER] });
});

function requestHeaders(path: string): [string, string][] {
  return [
    [":method", "POST"],
    [":path", path],
    [":authority", "gateway"],
    ["authorization", `Bearer ${generateApiKey()}`],
  ];
}

function configuration(): Buffer {
  return encodeFilterConfig({
    revision: 1n,
    modelRoutes: [],
    routesCreated: new Map(),
    targets: new Map(),
    requestBodyBytesMax: 2 * HUGE_BODY_BYTES,
    calloutTimeoutMs: 1_000,
    logsUsage: false,
  });
}

function expectRefusal(stream: Stream, code: string, type: "openaiType" | "anthropicType"): void {
  const row = FILTER_ERRORS.find((error) => error.code === code);
  const { status, headers, body } = stream.localReply!;
  const { error } = JSON.parse(body.toString()) as { error: { code: string; type: string } };
  expect([status, headers.get("x-sluice-error"), error.code, error.type]).toEqual([
    row?.status,
    code,
    code,
    row?.[type],
  ]);
}

test.each([
  ["/v1/chat/completions", "openaiType"],
  ["/v1/messages", "anthropicType"],
] as const)("%s without a configuration: not_ready", (path, type) => {
  const root = host.createRoot("gateway");
  const stream = host.openStream(root);
  expect(stream.requestHeaders(requestHeaders(path))).toBe("pause");
  expectRefusal(stream, "not_ready", type);
});

test("a plan that this version does not understand: filter_version_skew", () => {
  const root = host.startRoot("target");
  const stream = host.openStream(root);
  stream.filterState.set("sluice_plan", Buffer.alloc(200, 0xff));
  stream.requestHeaders(requestHeaders("/v1/chat/completions"));
  expectRefusal(stream, "filter_version_skew", "openaiType");
});

test("a body that the memory budget does not allow: overloaded", () => {
  const root = host.startRoot("gateway", configuration());
  const stream = host.openStream(root);
  stream.requestHeaders(requestHeaders("/v1/messages"));
  // Only the size: the host holds no such body.
  host.call(stream.id, "proxy_on_request_body", stream.id, HUGE_BODY_BYTES, 0);
  expectRefusal(stream, "overloaded", "anthropicType");
});
