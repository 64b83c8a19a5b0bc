// Properties, shared data, metrics, clock, log and foreign functions of the SDK, by a probe filter under the test host.

import { beforeAll, beforeEach, expect, test } from "vitest";
import { Stream } from "../host/contexts.js";
import { Host } from "../host/host.js";
import { SharedData } from "../host/shared-data.js";
import { compileProbes, said, send } from "./probes.js";

const WARN = 3;
let wasm: string;
let host: Host;

/** What a request to `path` makes the probe say, in a host of its own or in `worker`. */
function ask(path: string, worker = host): string[] {
  const root = worker.startRoot("state");
  const from = worker.logs.length;
  send(worker.openStream(root), { path });
  return said(worker, from);
}

beforeAll(async () => {
  wasm = await compileProbes("state");
});

beforeEach(() => {
  host = new Host(wasm);
});

test("properties: a write is filter state under wasm., read back by its own name", () => {
  expect(ask("/properties")).toEqual([
    "before absent",
    "set true",
    'own "first"',
    "wasm. absent",
    'filter_state "first"',
    "set again true",
    'own "second"',
    'path "/properties"',
    "unknown absent",
    'root "state"',
  ]);
});

test("filter state of one stream is not seen by another", () => {
  ask("/properties");
  expect(ask("/properties")[0]).toBe("before absent");
});

test("shared data: a stale number loses, number 0 always wins", () => {
  expect(ask("/shared-data")).toEqual([
    "first absent",
    "create true",
    'read "first"',
    "cas true",
    "swap true",
    "swap with the old number false",
    'read "second"',
    "overwrite true",
    'read ""',
  ]);
});

test("shared data is one map for the workers that share it", () => {
  const sharedData = new SharedData();
  ask("/shared-data", new Host(wasm, { sharedData }));
  expect(ask("/shared-data", new Host(wasm, { sharedData }))[0]).toBe('first ""');
  expect(ask("/shared-data", new Host(wasm))[0]).toBe("first absent");
});

test("metrics: one name is one metric, gauges go both ways, histograms have no value to read", () => {
  expect(ask("/metrics")).toEqual(["counter 5", "gauge 5", "histogram 0"]);
  expect(host.metrics.get("probe_histogram")?.samples).toEqual([12n]);
  expect(host.metrics.names).toEqual(["probe_counter", "probe_gauge", "probe_histogram"]);
});

test("a metric that the VM has not defined yet does nothing", () => {
  const root = host.startRoot("headers");
  send(host.openStream(root), { path: "/metrics" });
  expect(host.metrics.names).toEqual([]);
});

test("the clock is the host's, in nanoseconds and milliseconds alike", () => {
  expect(ask("/others")[0]).toBe("clock true");
  host.nowMs = 1_600_000_000_000; // before what the probe takes for now
  expect(ask("/others")[0]).toBe("clock false");
});

test("log lines carry their level and their bytes, from text and from literals", () => {
  const from = host.logs.length;
  ask("/others");
  const literals = host.logs.slice(from).filter(({ text }) => text === "probe: literal");
  expect(literals).toEqual([
    { level: WARN, text: "probe: literal" },
    { level: WARN, text: "probe: literal" },
  ]);
});

test("foreign functions: the argument goes in, an unknown one is false, the route cache is cleared", () => {
  const sent: string[] = [];
  const clears: number[] = [];
  host.foreign.set("compress", (argument, context) => {
    sent.push(argument.toString());
    if (context instanceof Stream) clears.push(context.routeCacheClears);
    return Buffer.from("x");
  });
  expect(ask("/others").slice(-3)).toEqual(["route cache true", "no function false", "compress true"]);
  expect(sent).toEqual(["first"]);
  expect(clears).toEqual([1]);
});
