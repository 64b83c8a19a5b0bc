// What every provider can do wrong within a stream, as every client API sees it through real Envoy: one that ends too early
// ends in an error event, one that is reset is a transport error, and the SDKs raise at both.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "../../../examples/demo-providers/index.mjs";
import { Matrix, routeTo } from "../matrix/matrix.ts";
import { UPSTREAMS } from "../matrix/upstreams.ts";
import { CONVERSATIONS } from "./clients.ts";

/** Enough words that no stream is over after `EVENTS` events, and each has had content by then. */
const QUESTION = "one two three four five six seven eight nine ten eleven twelve";
const EVENTS = 8;
const PAGE = "<!doctype html><html><title>502 Bad Gateway</title></html>";

let matrix: Matrix;

beforeAll(async () => {
  matrix = await Matrix.start();
});
afterAll(() => matrix.stop());

describe.each(CONVERSATIONS.map((api) => [api.name, api] as const))("%s", (_, api) => {
  // All at once: Envoy lingers for a second before it closes the client's connection.
  test("one that is reset is a transport error, never a clean end", async () => {
    const fault: Fault = { kind: "cut", afterEvents: EVENTS, reset: true };
    const ends = await matrix.withFault(
      () => fault,
      () =>
        Promise.allSettled(
          UPSTREAMS.flatMap((upstream) => {
            const { path, body } = api.request(routeTo(upstream), QUESTION, true);
            const raw = matrix.gateway.post(path, body).then((response) => response.text());
            return [raw, api.stream(matrix.gateway, routeTo(upstream), QUESTION)];
          }),
        ),
    );
    expect(ends.map(({ status }) => status)).toEqual(ends.map(() => "rejected"));
  });

  describe.each(UPSTREAMS.map((upstream) => [upstream.title, upstream] as const))("at %s", (_title, upstream) => {
    const model = routeTo(upstream);
    const fails = (fault: Fault) => matrix.provider(upstream).setFault(fault);
    const post = (question = QUESTION) => {
      const { path, body } = api.request(model, question, true);
      return matrix.gateway.post(path, body);
    };
    const stream = (question = QUESTION) => api.stream(matrix.gateway, model, question);

    beforeEach(() => matrix.provider(upstream).clearFault());
    afterEach(() => matrix.provider(upstream).clearFault());

    test("an event of a megabyte passes", async () => {
      const word = "worldworld".repeat(100_000);
      expect(await stream(word)).toContain(word);
    });

    test.each<[string, Fault]>([
      ["ends without its terminal event", { kind: "cut", afterEvents: EVENTS }],
      ["ends within an event", { kind: "cut", afterEvents: EVENTS, withinEvent: true }],
    ])("one that %s ends in an error event", async (_name, fault) => {
      await fails(fault);
      const response = await post();
      const text = await response.text();
      expect(response.status).toBe(200);
      expect(text).toMatch(/ended the stream before it was complete|could not be understood/);
      expect(text.endsWith("\n\n")).toBe(true);
      await expect(stream()).rejects.toThrow();
    });

    test("one that opens with an error keeps its message and loses its key", async () => {
      const message = `overloaded, and your key ${upstream.apiKey} must wait`;
      await fails({ kind: "sse-error", message });
      const response = await post();
      const text = await response.text();
      expect(text).toContain("overloaded, and your key ");
      expect(text).toContain(" must wait");
      expect(text).not.toContain(upstream.apiKey.slice(8));
      await expect(stream()).rejects.toThrow("overloaded");
    });

    test.each<[string, Fault]>([
      ["a page", { kind: "body", text: PAGE }],
      ["nothing", { kind: "cut", afterEvents: 0 }],
      ["a compressed stream", { kind: "gzip" }],
      ["another kind of JSON", { kind: "body", contentType: "application/json", text: "[]" }],
    ])("%s instead of events is an error with a status", async (_name, fault) => {
      await fails(fault);
      const response = await post();
      const text = await response.text();
      expect([response.status, response.headers.get("content-type")]).toEqual([502, "application/json"]);
      api.told(JSON.parse(text), 502);
      await expect(stream()).rejects.toMatchObject({ status: 502 });
    });

    test("a status has its message", async () => {
      await fails({ kind: "status", status: 429, message: "slow down", retryAfterSeconds: 3 });
      const response = await post();
      const { message } = api.told(await response.json(), 429);
      expect([response.status, response.headers.get("retry-after"), message]).toEqual([429, "3", "slow down"]);
      await expect(stream()).rejects.toMatchObject({ status: 429 });
    });
  });
});
