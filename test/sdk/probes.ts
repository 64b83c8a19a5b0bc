// The probe filters under the test host: compiles them, runs a request as Envoy would, and picks out what they said.

import type { Stream } from "../host/contexts.js";
import type { HeaderPairs } from "../host/header-map.js";
import type { Host } from "../host/host.js";
import { compile } from "./compile.js";

const PROBE = "probe: ";

/** `user` keeps test files apart that compile at the same time. */
export function compileProbes(user: string): Promise<string> {
  return compile("test/sdk/wasm", "index.ts", `sdk-probes-${user}.wasm`);
}

/** What the probes said since `from` lines were logged. */
export function said(host: Host, from = 0): string[] {
  return host.lines(from).flatMap((line) => (line.startsWith(PROBE) ? [line.slice(PROBE.length)] : []));
}

export interface Request {
  path: string;
  headers?: HeaderPairs;
  /** None: a GET that ends with its headers. */
  body?: string;
}

/** Sends a request; the stream stays open, and whatever the filter holds stays held. */
export function send(stream: Stream, { path, headers = [], body }: Request): void {
  const method = body === undefined ? "GET" : "POST";
  const length: HeaderPairs = body === undefined ? [] : [["content-length", String(body.length)]];
  stream.requestHeaders(
    [[":method", method], [":path", path], [":authority", "probe.test"], ...length, ...headers],
    body === undefined,
  );
  if (body === undefined || stream.request.aborted) return;
  stream.requestBody(body);
  if (!stream.request.aborted) stream.requestBody("", true);
}

/** Replies for the upstream, when the request got there. */
export function reply(stream: Stream, headers: HeaderPairs, body: string): void {
  if (!stream.request.forwarded.ended || stream.response.headers !== undefined) return;
  stream.responseHeaders([[":status", "200"], ["content-length", String(body.length)], ...headers]);
  if (!stream.response.aborted) stream.responseBody(body, true);
}
