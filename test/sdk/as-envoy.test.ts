// The same requests through the same probes under the test host and under Envoy: whatever the filter sees, the upstream gets
// and the client is answered must be equal. So the host's semantics are Envoy's, not ours.

import http from "node:http";
import type { AddressInfo } from "node:net";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HeaderPairs } from "../host/header-map.js";
import { Host } from "../host/host.js";
import { Envoy } from "./envoy.js";
import { compileProbes, type Request, reply, said, send } from "./probes.js";

interface Scenario extends Request {
  root: "headers" | "body" | "reply" | "callout" | "state";
}

interface Outcome {
  said: string[];
  /** Undefined: the request did not get there. */
  upstream: { body: string; headers: Record<string, string> } | undefined;
  /** Undefined: the connection was reset. */
  client: { status: number; type: string | undefined; answered: string | undefined; body: string } | undefined;
}

const HEADERS: HeaderPairs = [
  ["x-twice", "a"],
  ["x-twice", "b"],
  ["x-empty", ""],
  ["X-Mixed", "m"],
  ["x-drop", "d"],
];
const onPaths = (root: Scenario["root"], paths: string[], body?: string): Scenario[] =>
  paths.map((path) => (body === undefined ? { root, path } : { root, path, body }));
const scenarios: Scenario[] = [
  { root: "headers", path: "/", headers: HEADERS },
  ...onPaths("body", ["/splice", "/insert", "/replace", "/empty", "/middle", "/read"], "0123456789"),
  ...onPaths("body", ["/get"]),
  ...onPaths("reply", ["/headers", "/untyped", "/bodyless", "/close", "/body", "/response", "/none"], "0123456789"),
  ...onPaths("callout", ["/good", "/no-endpoint", "/unknown", "/malformed"]),
  ...onPaths("state", ["/properties", "/shared-data", "/metrics", "/others"]),
];
const ROOTS = ["headers", "body", "reply", "callout", "state"];
const PROBED = ["x-twice", "x-empty", "x-mixed", "x-drop", "x-set", "x-added", "x-answer"];
const REPLY_BODY = "abcdef";
const CALLOUT_BODY = "them";

let envoy: Envoy;
let host: Host;
let roots: Map<string, ReturnType<Host["startRoot"]>>;
let upstreamSaw: Outcome["upstream"];
const servers: http.Server[] = [];

function pick(headers: Iterable<readonly [string, string]>): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (PROBED.includes(name)) picked[name] = name in picked ? `${picked[name]}, ${value}` : value;
  }
  return picked;
}

async function listen(handler: http.RequestListener): Promise<number> {
  const server = http.createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function text(stream: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function askEnvoy({ root, path, headers = [], body }: Scenario): Promise<Outcome["client"]> {
  const grouped: Record<string, string[]> = {};
  for (const [name, value] of headers) grouped[name] = [...(grouped[name] ?? []), value];
  return new Promise((resolve, reject) => {
    const options = { method: body === undefined ? "GET" : "POST", headers: grouped, agent: false };
    const request = http.request(`${envoy.url(root)}${path}`, options, async (response) => {
      const { "content-type": type, "x-reply": answered } = response.headers;
      const client = { status: response.statusCode ?? 0, type, answered: answered?.toString(), body: "" };
      text(response).then((received) => resolve({ ...client, body: received }), reject);
    });
    request.once("error", () => resolve(undefined));
    request.end(body);
  });
}

function askHost(scenario: Scenario): Outcome {
  const from = host.logs.length;
  const root = roots.get(scenario.root);
  if (root === undefined) throw new Error(`no root ${scenario.root}`);
  const stream = host.openStream(root);
  send(stream, scenario);
  if (host.callouts.size > 0) host.answer([[":status", "200"]], CALLOUT_BODY);
  reply(stream, [["x-from", "upstream"]], REPLY_BODY);
  stream.close();
  const { forwarded } = stream.request;
  const answer = stream.response.forwarded;
  const upstream = forwarded.ended
    ? { body: forwarded.text, headers: pick(forwarded.headers?.pairs ?? []) }
    : undefined;
  const client = stream.reset
    ? undefined
    : {
        status: Number(answer.headers?.get(":status")),
        type: answer.headers?.get("content-type"),
        answered: answer.headers?.get("x-reply"),
        body: answer.text,
      };
  return { said: said(host, from), upstream, client };
}

beforeAll(async () => {
  const wasm = await compileProbes("as-envoy");
  const upstreamPort = await listen(async (request, response) => {
    const headers: [string, string][] = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      headers.push([request.rawHeaders[i] ?? "", request.rawHeaders[i + 1] ?? ""]);
    }
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return; // the filter answered while the request was under way
    upstreamSaw = { body, headers: pick(headers) };
    response.setHeader("x-from", "upstream");
    response.end(REPLY_BODY);
  });
  const calloutPort = await listen((_, response) => response.end(CALLOUT_BODY));
  const configurations = Object.fromEntries(ROOTS.map((name) => [name, ""]));
  const clusters = [{ name: "callout", port: calloutPort }, { name: "no_endpoint" }];
  envoy = await Envoy.start({ wasm, roots: configurations, upstreamPort, clusters });
  host = new Host(wasm, { clusters: ["callout"] });
  host.foreign.set("compress", (argument) => deflateSync(argument));
  roots = new Map(ROOTS.map((name) => [name, host.startRoot(name)]));
});

afterAll(async () => {
  await envoy?.stop();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

test.each(scenarios)("$root $path", async (scenario) => {
  const expected = askHost(scenario);
  const from = envoy.said.length;
  upstreamSaw = undefined;
  const client = await askEnvoy(scenario);
  expect({ client, upstream: upstreamSaw }).toEqual({ client: expected.client, upstream: expected.upstream });
  await expect.poll(() => envoy.said.slice(from), { timeout: 20_000 }).toEqual(expected.said);
});
