// What every provider can do wrong when it answers at once, as every client API sees it through real Envoy: an error in the
// client's own shape with a true status and the provider's message, never a success, never a key; and that the SDKs raise.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../../../examples/demo-providers/index.mjs";
import { Matrix, routeTo, vectorRouteTo } from "../matrix/matrix.ts";
import { UPSTREAMS, type Upstream } from "../matrix/upstreams.ts";
import { type ClientApi, CONVERSATIONS, embeddings } from "./clients.ts";

const QUESTION = "Where does the rain fall?";
const PAGE = "<!doctype html><html><title>502 Bad Gateway</title></html>";
const LIMIT = "Rate limit reached for this model, try again in 7 s";

interface Failure {
  readonly name: string;
  readonly fault: Fault;
  readonly status: number;
  /** What the client is told, in the provider's words. */
  readonly message?: string;
  /** The gateway's own error instead. */
  readonly code?: string;
}

const FAILURES: readonly Failure[] = [
  ...[400, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529].map((status) => ({
    name: `status ${status}`,
    fault: { kind: "status" as const, status, message: `it failed with ${status}` },
    status,
    message: `it failed with ${status}`,
  })),
  ...[401, 403].map((status) => ({
    name: `status ${status}`,
    fault: { kind: "status" as const, status, message: "Incorrect API key provided" },
    status: 502,
    code: "upstream_credential_rejected",
  })),
  { name: "an HTML page", fault: { kind: "body", status: 502, text: PAGE }, status: 502, code: "upstream_error" },
  { name: "an error without a body", fault: { kind: "body", status: 500 }, status: 500, code: "upstream_error" },
  {
    name: "an error that is no object",
    fault: { kind: "body", status: 500, contentType: "application/json", text: '"oops"' },
    status: 500,
    code: "upstream_error",
  },
  { name: "a redirect", fault: { kind: "body", status: 302, text: PAGE }, status: 502, code: "upstream_invalid_reply" },
  { name: "an error, compressed", fault: { kind: "gzip", status: 500 }, status: 500, code: "upstream_error" },
  { name: "a compressed reply", fault: { kind: "gzip" }, status: 502, code: "upstream_invalid_reply" },
  { name: "an empty reply", fault: { kind: "body" }, status: 502, code: "upstream_invalid_reply" },
  { name: "truncated JSON", fault: { kind: "invalid-json" }, status: 502, code: "upstream_invalid_reply" },
  {
    name: "a page instead of a reply",
    fault: { kind: "body", text: PAGE },
    status: 502,
    code: "upstream_invalid_reply",
  },
  {
    name: "an array instead of an object",
    fault: { kind: "body", contentType: "application/json", text: "[]" },
    status: 502,
    code: "upstream_invalid_reply",
  },
  {
    name: "events instead of a reply",
    fault: { kind: "body", contentType: "text/event-stream", text: 'data: {"a":1}\n\n' },
    status: 502,
    code: "upstream_invalid_reply",
  },
];

/** An agent platform answers in events, so that what is no reply of it is taken for one that broke off. */
const codesFor = (code: string, { textOnly }: Upstream) =>
  textOnly && code === "upstream_invalid_reply" ? [code, "upstream_stream_cut", "upstream_error"] : [code];

let matrix: Matrix;

beforeAll(async () => {
  matrix = await Matrix.start();
});
afterAll(() => matrix.stop());

const routeOf = (api: ClientApi, upstream: Upstream) =>
  api === embeddings ? vectorRouteTo(upstream) : routeTo(upstream);
const CELLS = [
  ...CONVERSATIONS.map((api) => ({ api, upstreams: UPSTREAMS })),
  { api: embeddings, upstreams: UPSTREAMS.filter(({ embeddingModel }) => embeddingModel !== undefined) },
];

async function failed(upstream: Upstream, api: ClientApi, fault: Fault) {
  await matrix.provider(upstream).setFault(fault);
  const { path, body } = api.request(routeOf(api, upstream), QUESTION, false);
  const response = await matrix.gateway.post(path, body);
  const text = await response.text();
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(response.headers.get("content-encoding")).toBe(null);
  return { response, text, ...api.told(JSON.parse(text), response.status) };
}

describe.each(CELLS.map(({ api, upstreams }) => [api.name, api, upstreams] as const))("%s", (_, api, upstreams) => {
  describe.each(upstreams.map((upstream) => [upstream.title, upstream] as const))("at %s", (_title, upstream) => {
    test.each(FAILURES)("$name", async ({ fault, status, message, code }) => {
      const told = await failed(upstream, api, fault);
      expect([told.response.status, told.message]).toEqual([status, message ?? told.message]);
      expect(told.response.headers.get("x-sluice-error")).toBe(code === undefined ? null : told.code);
      if (code !== undefined) expect(codesFor(code, upstream)).toContain(told.code);
      await expect(api.ask(matrix.gateway, routeOf(api, upstream), QUESTION)).rejects.toMatchObject({ status });
    });

    test("the time to wait stays beside the message", async () => {
      const fault: Fault = { kind: "status", status: 429, message: LIMIT, retryAfterSeconds: 7 };
      const { response, message } = await failed(upstream, api, fault);
      expect([response.status, response.headers.get("retry-after"), message]).toEqual([429, "7", LIMIT]);
      await expect(api.ask(matrix.gateway, routeOf(api, upstream), QUESTION)).rejects.toThrow(LIMIT);
    });

    test("the provider's key is removed from its error, as it is and as part of an address", async () => {
      const key = upstream.apiKey;
      const address = `https://provider.example/v1?key=${encodeURIComponent(key)}&alt=sse`;
      const message = `Your key '${key}', sent as "Bearer ${key}" to ${address}, is unfit for model-2024-11-20.`;
      const told = await failed(upstream, api, { kind: "status", status: 400, message });
      expect(told.text).not.toContain(key.slice(8));
      expect(told.message).toMatch(/^Your key '.*is unfit for model-2024-11-20\.$/);
    });
  });
});
