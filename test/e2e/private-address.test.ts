// A provider's name that resolves to a private address, through a real Envoy: nothing connects to it unless the document
// allows it. The operator API refuses `localhost` itself, so documents are made behind it.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Delivery, Envoy, resourceSet } from "../control-plane/delivery-harness.js";

let inside: Server;
let connections = 0;
let delivery: Delivery;
let envoy: Envoy;

const REPLY = {
  id: "r",
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "inside" } }],
};

beforeAll(async () => {
  inside = createServer((request, response) => {
    request
      .resume()
      .on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(REPLY)));
  });
  inside.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => inside.listen(0, "127.0.0.1", () => resolve()));
  const { port } = inside.address() as AddressInfo;
  const baseUrl = `http://localhost:${port}/v1`;
  const set = resourceSet({
    providers: [
      { id: "allowed", baseUrl },
      { id: "public", baseUrl },
      { id: "unresolved", baseUrl: "http://no-such-host.invalid/v1" },
    ],
    targets: ["allowed", "public", "unresolved"].map((id) => ({ id, provider: id, model: "m" })),
    modelRoutes: {
      allowed: ["allowed"],
      public: ["public"],
      unresolved: ["unresolved"],
    },
  });
  const providers = set.providers.map((provider) => ({ ...provider, allowPrivateAddress: provider.id === "allowed" }));
  delivery = await Delivery.start({ ...set, providers });
  envoy = await Envoy.start(delivery);
});

afterAll(async () => {
  await envoy.stop();
  await delivery.stop();
  inside.close();
  inside.closeAllConnections();
});

test("is reached where the document allows it", async () => {
  expect((await envoy.ask("allowed")).status).toBe(200);
  expect(connections).toBe(1);
});

test.each(["/v1/chat/completions", "/v1/messages"])("is not connected to else: %s", async (path) => {
  const before = connections;
  const answer = await envoy.ask("public", { path });
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({ error: { code: "upstream_address_refused" } });
  expect(connections).toBe(before);
});

test("a name without an address is a refused connection, as ever", async () => {
  const answer = await envoy.ask("unresolved");
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ error: { code: "upstream_unreachable" } });
});
