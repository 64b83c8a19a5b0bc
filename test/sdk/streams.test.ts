// Contexts, headers, bodies, replies and callouts of the SDK, by probe filters under the test host. That the host behaves as
// Envoy does is as-envoy.test.ts's matter; here is what needs a client that leaves, a second worker or odd timing.

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Root, Stream } from "../host/contexts.js";
import { Host } from "../host/host.js";
import { compileProbes, said, send } from "./probes.js";

let wasm: string;
let host: Host;

function open(root: Root | string): Stream {
  return host.openStream(typeof root === "string" ? host.startRoot(root) : root);
}

beforeAll(async () => {
  wasm = await compileProbes("streams");
});

beforeEach(() => {
  host = new Host(wasm, { clusters: ["callout", "slow"] });
});

describe("roots and contexts", () => {
  test("a root starts, then takes its configuration, under the name that was registered", () => {
    host.startRoot("state", "hello");
    expect(said(host)).toEqual(['start "state"', "configure hello"]);
  });

  test("a root that was not registered does not start", () => {
    expect(() => host.startRoot("nobody")).toThrow("refuses to start");
  });

  test("a refused configuration is reported, and the root takes the next one", () => {
    const root = host.startRoot("state", "good");
    expect(host.configure(root, "bad")).toBe(false);
    expect(host.configure(root, "better")).toBe(true);
  });

  test("a deleted root is told once; callbacks for it do nothing", () => {
    const root = host.startRoot("state", "tick");
    host.deleteRoot(root);
    expect(said(host).at(-1)).toBe("root deleted");
    const { length } = host.logs;
    host.deleteRoot(root);
    expect(host.tick(root)).toBe(true);
    expect(host.logs.length).toBe(length);
  });

  test("a tick comes while the root asked for it", () => {
    const root = host.startRoot("state", "tick");
    expect(root.tickPeriodMs).toBe(20);
    expect([host.tick(root), host.tick(root), host.tick(root)]).toEqual([true, true, false]);
    expect(said(host).slice(2)).toEqual(["tick 1", "tick 2"]);
  });

  test("two roots of one VM each make their own streams", () => {
    const reply = open("reply");
    const state = open("state");
    send(reply, { path: "/headers" });
    send(state, { path: "/headers" });
    expect(reply.response.forwarded.headers?.get(":status")).toBe("418");
    expect(state.response.headers).toBeUndefined();
  });

  test("a stream without a context goes through untouched", () => {
    const root = host.startRoot("reply");
    host.deleteRoot(root);
    const stream = host.openStream(root);
    send(stream, { path: "/headers", body: "as it is" });
    expect(stream.request.forwarded.text).toBe("as it is");
  });
});

describe("headers and bodies", () => {
  test("a value keeps every byte, the first of several is answered, the whole map has all", () => {
    const stream = open("headers");
    const headers = [
      ["x-twice", "a"],
      ["x-twice", "b"],
      ["x-bytes", "\xc3\xa9"],
    ] as const; // é as Envoy has it: two bytes
    send(stream, { path: "/", headers });
    expect(said(host)).toEqual(expect.arrayContaining(["request x-twice=b", "request x-bytes=é", 'twice "a"']));
    expect(stream.request.forwarded.headers?.getAll("x-twice")).toEqual(["one"]);
    expect(stream.request.forwarded.headers?.get("x-bytes")).toBe("\xc3\xa9");
  });

  test("a body in many pieces is held until its end and edited whole", () => {
    const stream = open("body");
    stream.requestHeaders([
      [":path", "/splice"],
      ["content-length", "10"],
    ]);
    for (const piece of ["0", "12", "3456"]) expect(stream.requestBody(piece)).toBe("pause");
    expect(stream.request.forwarded.headers).toBeUndefined();
    expect(stream.requestBody("789", true)).toBe("continue");
    expect(stream.request.forwarded.text).toBe("<start>3456789<end>");
    expect(stream.request.forwarded.headers?.get("content-length")).toBeUndefined();
  });

  test("trailers let a held body go", () => {
    const stream = open("body");
    stream.requestHeaders([[":path", "/splice"]]);
    stream.requestBody("held");
    expect(stream.requestTrailers([["x-sum", "1"]])).toBe("continue");
    expect(stream.request.forwarded.text).toBe("held");
    expect(said(host).at(-1)).toBe("trailers 1");
  });

  test("a reply that streams is edited chunk by chunk as it passes", () => {
    const stream = open("body");
    stream.responseHeaders([[":status", "200"]]);
    stream.responseBody("one");
    stream.responseBody("two", true);
    expect(stream.response.forwarded.chunks.map(String)).toEqual(["<start>ne", "<start>wo"]);
  });
});

describe("replies and resets", () => {
  test("a local reply comes after the callback, and nothing goes upstream", () => {
    const stream = open("reply");
    send(stream, { path: "/headers" });
    expect(said(host)).toEqual(["sent true", "after the call", "response 418 end=false", "response body 14"]);
    expect(stream.response.forwarded.text).toBe('{"error":"no"}');
    expect(stream.response.forwarded.headers?.getAll("content-type")).toEqual(["application/json"]);
    expect(stream.request.forwarded.headers).toBeUndefined();
  });

  test("a reset ends both directions", () => {
    const stream = open("reply");
    send(stream, { path: "/close" });
    expect(stream.reset).toBe(true);
    expect(stream.request.forwarded.headers).toBeUndefined();
    expect(stream.response.forwarded.headers).toBeUndefined();
  });
});

describe("callouts", () => {
  const good = [[":status", "200"]] as const;

  test("carries what the filter built, under the token that the answer comes with", () => {
    send(open("callout"), { path: "/good" });
    const [callout] = host.callouts.values();
    expect(callout).toMatchObject({ cluster: "callout", timeoutMs: 100 });
    expect(callout?.headers.pairs).toEqual([
      [":method", "GET"],
      [":path", "/lease"],
      [":authority", "callout.test"],
    ]);
    expect(callout?.body.toString()).toBe("who?");
  });

  test("its answer lets the paused stream go on with what it brought", () => {
    const stream = open("callout");
    send(stream, { path: "/good" });
    expect(stream.request.forwarded.headers).toBeUndefined();
    host.answer(good, "them");
    expect(stream.request.forwarded.headers?.get("x-answer")).toBe("them");
    expect(stream.request.forwarded.ended).toBe(true);
    expect(said(host)).toEqual(["asked", "answer true status=200", "continue true"]);
  });

  test("an answer for a stream that has gone touches nothing, not even a stream that came since", () => {
    const root = host.startRoot("callout");
    const gone = open(root);
    send(gone, { path: "/good" });
    gone.close();
    const other = open(root);
    host.answer(good, "them");
    expect(said(host)).toEqual(["asked", "deleted", "answer true status=200", "stream gone"]);
    other.requestHeaders([[":path", "/unknown"]], true);
    expect(other.request.forwarded.headers?.get("x-answer")).toBeUndefined();
  });

  test.each(["/unknown", "/no-endpoint", "/malformed"])("one that the host refuses (%s) is no token", (path) => {
    const stream = open("callout");
    send(stream, { path });
    expect(said(host)).toEqual(["refused"]);
    expect(host.callouts.size).toBe(0);
    expect(stream.request.forwarded.ended).toBe(true);
  });

  test("an answer without headers is a failure that the filter can tell", () => {
    const stream = open("callout");
    send(stream, { path: "/slow" });
    host.answer([], "");
    expect(said(host)).toContain("answer true status=none");
    expect(stream.request.forwarded.ended).toBe(true);
  });
});
