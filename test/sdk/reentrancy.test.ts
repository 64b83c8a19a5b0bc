// Callbacks inside callbacks. Envoy sends a local reply after the callback that asked for it; other hosts send it at once, and
// the filter's response callbacks then run on top of the request callback.

import { beforeAll, expect, test } from "vitest";
import { Host } from "../host/host.js";
import { compileProbes, said, send } from "./probes.js";

/** Sends local replies, resumes and resets the moment the filter asks. */
class ImmediateHost extends Host {
  override defer(action: () => void): void {
    action();
  }
}

let wasm: string;

beforeAll(async () => {
  wasm = await compileProbes("reentrancy");
});

test("a deferred reply: the request callback ends first", () => {
  const host = new Host(wasm);
  send(host.openStream(host.startRoot("reentry")), { path: "/kept" });
  expect(said(host)).toEqual(["still /kept", "response 418"]);
});

test("an immediate reply: the nested callback leaves alone what the outer one was given", () => {
  const host = new ImmediateHost(wasm);
  send(host.openStream(host.startRoot("reentry")), { path: "/kept" });
  expect(said(host)).toEqual(["response 418", "still /kept"]);
});

test("memory of nested callbacks goes back when the outermost one ends", () => {
  const host = new ImmediateHost(wasm);
  const root = host.startRoot("reentry");
  const run = (streams: number) => {
    for (let i = 0; i < streams; i++) {
      const stream = host.openStream(root);
      send(stream, { path: `/${"long".repeat(1000)}` });
      stream.close();
    }
    return host.memory.byteLength;
  };
  run(10_000); // the first collections
  const before = run(1_000);
  expect(run(20_000)).toBe(before);
});
