// The SDK's memory rules: steady traffic takes no memory, garbage is collected, what is over the budget is refused without a
// trap. And its StreamTable against a Map.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { Host } from "../host/host.js";
import { compile } from "./compile.js";
import { compileProbes, said, send } from "./probes.js";

const BUDGET_BYTES = 614 * 1024 * 1024;
const FEW = 1_000;
const MANY = 100_000;

let wasm: string;

beforeAll(async () => {
  wasm = await compileProbes("memory");
});

describe("linear memory", () => {
  test.each(["pooled", "unpooled"])("is as large after 100,000 streams as after 1,000 (%s contexts)", (name) => {
    const host = new Host(wasm);
    const root = host.startRoot(name);
    const run = (streams: number) => {
      for (let i = 0; i < streams; i++) {
        const stream = host.openStream(root);
        send(stream, { path: "/", body: "a body" });
        stream.close();
      }
      return host.memory.byteLength;
    };
    // Un-pooled contexts are collected when enough of them are garbage, so the first collections are part of the warm-up.
    if (name === "unpooled") run(10 * FEW);
    const before = run(FEW);
    expect(run(MANY - FEW)).toBe(before);
  });

  test("is used again after an answer larger than the arena's chunk", () => {
    const host = new Host(wasm);
    const root = host.startRoot("pooled");
    const run = () => {
      const stream = host.openStream(root);
      send(stream, { path: "/", body: "x".repeat(1024 * 1024) });
      stream.close();
      return host.memory.byteLength;
    };
    const before = run();
    for (let i = 0; i < 50; i++) run();
    expect(host.memory.byteLength).toBe(before);
  });

  test("refuses an answer over the budget: the getter is false, the VM lives and serves the next stream", () => {
    const host = new Host(wasm);
    const root = host.startRoot("unpooled");
    const large = host.openStream(root);
    large.requestHeaders([[":path", "/"]]);
    large.requestBody(Buffer.alloc(BUDGET_BYTES), true);
    expect(said(host)).toEqual(["over the budget"]);
    expect(host.memory.byteLength).toBeLessThan(BUDGET_BYTES);
    const small = host.openStream(root);
    send(small, { path: "/", body: "small" });
    expect(small.request.forwarded.text).toBe("small");
    expect(said(host)).toEqual(["over the budget"]);
  });
});

interface TableExports {
  size: () => number;
  set: (id: number, number: number) => void;
  get: (id: number) => number;
  remove: (id: number) => void;
  _initialize: () => void;
}

describe("StreamTable", () => {
  let table: TableExports;

  beforeAll(async () => {
    const file = await compile("test/sdk/wasm", "stream-table.ts", "sdk-stream-table.wasm");
    const env = {
      proxy_log: (): never => {
        throw new Error("the module aborted");
      },
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env });
    table = instance.exports as unknown as TableExports;
    table._initialize();
  });

  test("holds what a Map holds, through growth, collisions and deletions", () => {
    const map = new Map<number, number>();
    let seed = 7;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let step = 0; step < 60_000; step++) {
      // Ids that share their low bits collide, and 6,000 of them make the table grow three times.
      const id = 1 + random(6_000) * (random(4) === 0 ? 1024 : 1);
      const removes = random(100) < (step < 30_000 ? 20 : 70);
      if (removes) {
        table.remove(id);
        map.delete(id);
      } else if (!map.has(id)) {
        table.set(id, step);
        map.set(id, step);
      }
      expect(table.get(id)).toBe(map.get(id) ?? -1);
    }
    expect(map.size).toBeGreaterThan(FEW);
    expect(table.size()).toBe(map.size);
    for (const [id, number] of map) expect(table.get(id)).toBe(number);
    for (const id of map.keys()) table.remove(id);
    for (const id of map.keys()) expect(table.get(id)).toBe(-1);
    expect(table.size()).toBe(0);
  });

  test("removing an id that is not there changes nothing", () => {
    table.set(5, 50);
    table.remove(5 + 1024);
    expect([table.get(5), table.size()]).toEqual([50, 1]);
  });

  test("holds the largest ids", () => {
    table.set(0xffff_ffff, 1);
    table.set(0x8000_0000, 2);
    expect([table.get(0xffff_ffff), table.get(0x8000_0000)]).toEqual([1, 2]);
  });
});
