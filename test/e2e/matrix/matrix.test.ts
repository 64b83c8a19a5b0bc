// Every client that people have against every dialect that providers speak, through a real Envoy: answers, streams, tool
// calls, schemas, and errors that the client's own SDK raises.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Client, clientsOf } from "./clients.ts";
import { Matrix } from "./matrix.ts";
import { UPSTREAMS } from "./upstreams.ts";

const QUESTION = "How is the weather in 北京 \u{1F324}?";
const names = clientsOf("http://127.0.0.1:1", "unused").map(({ name }) => name);

let matrix: Matrix;
let clients: Client[];

beforeAll(async () => {
  matrix = await Matrix.start();
  clients = clientsOf(matrix.gateway.url, matrix.gateway.key);
});

afterEach(() => matrix.clearFaults());

afterAll(() => matrix.stop());

describe.each(UPSTREAMS)("$dialect", ({ dialect, model, textOnly }) => {
  describe.each(names.map((name, index) => [name, index] as const))("%s", (_, index) => {
    const client = () => clients[index] as Client;
    const provider = () => matrix.provider(dialect);
    const route = `via-${dialect}`;
    const answer = expect.stringContaining(model);

    test("a whole answer", async () => {
      const text = await client().plain(route, QUESTION);
      expect(text).toEqual(answer);
      expect(text).toContain(QUESTION);
      expect(provider().requests.at(-1)?.forbiddenHeaders).toEqual([]);
    });

    test("a stream, piece by piece", async () => {
      const { text, pieces } = await client().stream(route, QUESTION);
      expect(text).toContain(QUESTION);
      expect(pieces).toBeGreaterThan(3);
    });

    test.runIf(!textOnly)("a tool call and its round trip", async () => {
      const { input, text } = await client().tools(route, QUESTION);
      expect(input).toEqual({ city: QUESTION, days: 1 });
      expect(text).toEqual(answer);
    });

    test.runIf(!textOnly)("an answer that fits a schema", async () => {
      expect(await client().structured(route, QUESTION)).toEqual({ city: QUESTION, days: 1 });
    });

    test("an error of the provider is raised, with its message and without its key", async () => {
      const message = `Overloaded. Your key ${dialect}-credential is fine.`;
      await provider().setFault({ kind: "status", status: 400, message });
      const error = await client()
        .plain(route, QUESTION)
        .then(() => undefined, String);
      expect(error).toContain("Overloaded.");
    });

    test("a stream that ends too early is raised", async () => {
      await provider().setFault({ kind: "cut", afterEvents: 4 });
      await expect(client().stream(route, QUESTION)).rejects.toThrow();
    });

    test("a stream that is reset is raised", async () => {
      await provider().setFault({ kind: "cut", afterEvents: 4, reset: true });
      await expect(client().stream(route, QUESTION)).rejects.toThrow();
    });
  });
});
