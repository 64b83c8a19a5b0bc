// The example and the README that shows it: the code is the same, it builds with the command that the README gives, and the
// filter works in Envoy and under the test host.

import { readFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Host } from "../host/host.js";
import { BUILD_OPTIONS, compile } from "./compile.js";
import { Envoy } from "./envoy.js";
import { send } from "./probes.js";

const EXAMPLE = "filter/sdk/example";
const REFUSAL = "say who you are: send the header x-team\n";

let wasm: string;
let envoy: Envoy;
const seen: (string | string[] | undefined)[] = [];
const upstream = http.createServer((request, response) => {
  seen.push(request.headers["x-seen"]);
  response.end("from upstream");
});

function repositoryFile(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}

beforeAll(async () => {
  wasm = await compile(EXAMPLE, "index.ts", "sdk-example.wasm");
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  envoy = await Envoy.start({ wasm, roots: { hello: "" }, upstreamPort: port });
});

afterAll(async () => {
  await envoy?.stop();
  upstream.closeAllConnections();
  upstream.close();
});

test("the README shows the example as it is", async () => {
  const shown = /```ts\n(.*?)```/s.exec(await repositoryFile("filter/sdk/README.md"))?.[1];
  expect(shown).toBe(await repositoryFile(`${EXAMPLE}/index.ts`));
});

test("the README's build command has the options that the tests build with", async () => {
  const command = /```sh\n(.*?)```/s.exec(await repositoryFile("filter/sdk/README.md"))?.[1] ?? "";
  expect(command.replace(/\\\n\s*/g, "").trim()).toBe(
    `npx asc index.ts --outFile hello.wasm ${BUILD_OPTIONS.join(" ")}`,
  );
});

test("Envoy sends a request with a team on, with the header that the example adds", async () => {
  const response = await fetch(envoy.url("hello"), { headers: { "x-team": "blue" } });
  expect([response.status, await response.text()]).toEqual([200, "from upstream"]);
  expect(seen).toEqual(["yes"]);
});

test("Envoy answers a request without a team with the example's refusal, and the upstream hears nothing", async () => {
  const before = seen.length;
  const response = await fetch(envoy.url("hello"));
  expect([response.status, await response.text()]).toEqual([403, REFUSAL]);
  expect(seen.length).toBe(before);
});

test("the test host runs the example too", () => {
  const host = new Host(wasm);
  const root = host.startRoot("hello");
  const known = host.openStream(root);
  send(known, { path: "/", headers: [["x-team", "blue"]] });
  expect(known.request.forwarded.headers?.get("x-seen")).toBe("yes");
  const unknown = host.openStream(root);
  send(unknown, { path: "/" });
  expect(unknown.response.forwarded.headers?.get(":status")).toBe("403");
  expect(unknown.response.forwarded.text).toBe(REFUSAL);
  expect(unknown.request.forwarded.headers).toBeUndefined();
});
