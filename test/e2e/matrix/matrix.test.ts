// Every client that people have against every upstream that they have, through a real Envoy: answers, streams,
// conversations, tool calls, schemas, vectors, and errors that the client's own SDK raises.

import { readFileSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../../../examples/demo-providers/index.mjs";
import { type Cell, cellsOf, clientTable, type Feature } from "./cells.ts";
import { type Answer, type Client, RESULT, retryAfterOf, statusOf, type Thinking } from "./clients/client.ts";
import { clientsOf } from "./clients/index.ts";
import { Matrix, routeTo, vectorRouteTo } from "./matrix.ts";
import { UPSTREAMS, type Upstream } from "./upstreams.ts";

const QUESTION = "How is the weather in 北京 \u{1F324}?";
const FOLLOW_UP = "And in 上海?";
/** One transparent pixel. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const FORECAST = { city: QUESTION, days: 1 };

let matrix: Matrix;
let clients: Client[];

beforeAll(async () => {
  matrix = await Matrix.start();
  clients = clientsOf(matrix.gateway.url, matrix.gateway.key);
});

afterAll(() => matrix.stop());

const clientOf = ({ index }: Cell) => clients[index] as Client;
const saysOf = ({ says, model }: Upstream) => says ?? model;
const works = (feature: Feature) => cellsOf(feature).filter(({ refusal }) => refusal === undefined);
const isRefused = (feature: Feature) => cellsOf(feature).filter(({ refusal }) => refusal !== undefined);

/** What an upstream got last, with every text in it as it was meant. */
function lastRequest(upstream: Upstream) {
  const request = matrix.provider(upstream).requests.at(-1);
  expect(request?.forbiddenHeaders).toEqual([]);
  return JSON.stringify(request?.json);
}

function expectUsage({ inputTokens, outputTokens }: Pick<Answer, "inputTokens" | "outputTokens">) {
  expect(inputTokens).toBeGreaterThan(5);
  expect(outputTokens).toBeGreaterThan(10);
}

const failureOf = (request: Promise<unknown>): Promise<unknown> =>
  request.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a whole answer", () => {
  test.each(works("plain"))("$name at $upstream.id", async (cell) => {
    const { text, ...usage } = await clientOf(cell).plain(routeTo(cell.upstream), QUESTION);
    expectUsage(usage);
    expect(text).toContain(saysOf(cell.upstream));
    expect(text).toContain(QUESTION);
    expect(lastRequest(cell.upstream)).toContain(QUESTION);
  });
});

describe("a stream, piece by piece", () => {
  test.each(works("stream"))("$name at $upstream.id", async (cell) => {
    const { text, pieces, ...usage } = await clientOf(cell).stream(routeTo(cell.upstream), QUESTION);
    expectUsage(usage);
    expect(text).toContain(saysOf(cell.upstream));
    expect(text).toContain(QUESTION);
    expect(pieces).toBeGreaterThan(3);
  });
});

describe("a conversation", () => {
  test.each(works("conversation"))("$name at $upstream.id", async (cell) => {
    const text = await clientOf(cell).conversation(routeTo(cell.upstream), QUESTION, FOLLOW_UP);
    expect(text).toContain(FOLLOW_UP);
    expect(lastRequest(cell.upstream)).toContain(QUESTION);
  });
});

describe("a question about a picture", () => {
  test.each(works("picture"))("$name at $upstream.id", async (cell) => {
    expect(await clientOf(cell).picture(routeTo(cell.upstream), QUESTION, PICTURE)).toContain(QUESTION);
    expect(lastRequest(cell.upstream)).toContain(PICTURE);
  });
});

describe.each([false, true])("a tool call and its round trip (stream: %s)", (streamed) => {
  test.each(works("tools"))("$name at $upstream.id", async (cell) => {
    const { input, text } = await clientOf(cell).tools(routeTo(cell.upstream), QUESTION, streamed);
    expect(input).toEqual(FORECAST);
    expect(text).toContain(saysOf(cell.upstream));
    expect(text).toContain(QUESTION);
    expect(lastRequest(cell.upstream)).toContain(RESULT);
  });
});

describe.each([false, true])("a tool call after thoughts, which go back with its result (stream: %s)", (streamed) => {
  test.each(works("thinking"))("$name at $upstream.id", async (cell) => {
    const ask = clientOf(cell).thinking?.(routeTo(cell.upstream), QUESTION, streamed);
    const { input, text, thought } = (await ask) as Thinking;
    expect(thought).not.toBe("");
    expect(input).toEqual(FORECAST);
    expect(text).toContain(QUESTION);
    expect(lastRequest(cell.upstream)).toContain(RESULT);
  });
});

describe("an answer that fits a schema", () => {
  test.each(works("structured"))("$name at $upstream.id", async (cell) => {
    expect(await clientOf(cell).structured(routeTo(cell.upstream), QUESTION)).toEqual(FORECAST);
  });
});

describe("vectors, in the order of their texts", () => {
  test.each(works("embed"))("$name at $upstream.id", async (cell) => {
    const vectors = await clientOf(cell).embed?.(vectorRouteTo(cell.upstream), ["one", "one two", QUESTION]);
    expect(vectors?.map(([x, y]) => [x, y])).toEqual(Array(3).fill([0.25, -0.5]));
    expect(vectors?.map(([, , tokens]) => tokens).slice(0, 2)).toEqual([1, 2]);
    expect(lastRequest(cell.upstream)).toContain(QUESTION);
  });
});

describe("what an upstream cannot do is refused, by name, and it never hears of it", () => {
  async function refused(cell: Cell, ask: (client: Client, route: string) => Promise<unknown> | undefined) {
    const client = clientOf(cell);
    const provider = matrix.provider(cell.upstream);
    const before = provider.requestCount;
    const error = await failureOf(Promise.resolve(ask(client, routeTo(cell.upstream))));
    expect(error).toBeInstanceOf(client.refused);
    expect(statusOf(error)).toBe(400);
    expect(String(error)).toContain(cell.refusal);
    return provider.requestCount - before;
  }

  test.each(isRefused("picture"))("a picture of $name at $upstream.id", async (cell) => {
    expect(await refused(cell, (client, route) => client.picture(route, QUESTION, PICTURE))).toBe(0);
  });

  test.each(isRefused("tools"))("tools of $name at $upstream.id", async (cell) => {
    // Where only the result's turn is refused, the call's was served.
    const served = cell.upstream.textOnly ? 0 : 1;
    expect(await refused(cell, (client, route) => client.tools(route, QUESTION, false))).toBe(served);
    expect(await refused(cell, (client, route) => client.tools(route, QUESTION, true))).toBe(served);
  });

  test.each(isRefused("structured"))("a schema of $name at $upstream.id", async (cell) => {
    expect(await refused(cell, (client, route) => client.structured(route, QUESTION))).toBe(0);
  });

  test.each(isRefused("embed").filter(({ refusal }) => refusal === "operation"))(
    "vectors of $name at $upstream.id",
    async (cell) => {
      expect(await refused(cell, (client, route) => client.embed?.(route, ["one"]))).toBe(0);
    },
  );

  test.each(isRefused("embed").filter(({ refusal }) => refusal !== "operation"))(
    "vectors of $name at $upstream.id, by the provider",
    async (cell) => {
      const error = await failureOf(Promise.resolve(clientOf(cell).embed?.(vectorRouteTo(cell.upstream), ["one"])));
      expect(error).toBeInstanceOf(clientOf(cell).refused);
      expect(statusOf(error)).toBe(404);
      expect(String(error)).toContain(cell.refusal);
    },
  );

  test.each(isRefused("conversation"))("a reference by $name at $upstream.id", async (cell) => {
    const ask = (client: Client, route: string) => client.conversation(route, QUESTION, FOLLOW_UP);
    // The first turn was served.
    expect(await refused(cell, ask)).toBe(1);
  });
});

/** What every client raises while all upstreams have a fault. Asked for at once: a reset takes Envoy a second. */
function raisedWith(
  fault: (upstream: Upstream) => Fault,
  ask: (client: Client, route: string) => Promise<unknown>,
): (cell: Cell) => unknown {
  const raised = new Map<string, unknown>();
  beforeAll(async () => {
    const pairs = UPSTREAMS.flatMap((upstream) => clients.map((client) => ({ client, upstream })));
    await matrix.withFault(fault, () =>
      Promise.all(
        pairs.map(async ({ client, upstream }) => {
          raised.set(`${client.name} ${upstream.id}`, await failureOf(ask(client, routeTo(upstream))));
        }),
      ),
    );
  });
  return ({ name, upstream }) => raised.get(`${name} ${upstream.id}`);
}

describe("an error of the provider is raised with its message, and without its key", () => {
  const message = (upstream: Upstream) => `Overloaded. Your API key ${upstream.apiKey} is fine.`;
  const raised = raisedWith(
    (upstream) => ({ kind: "status", status: 400, message: message(upstream) }),
    (client, route) => client.plain(route, QUESTION),
  );
  test.each(cellsOf("plain"))("$name at $upstream.id", (cell) => {
    const error = raised(cell);
    expect(error).toBeInstanceOf(clientOf(cell).refused);
    expect(statusOf(error)).toBe(400);
    expect(String(error)).toContain("Overloaded. Your API key ");
    expect(inspect(error, { depth: 10 })).not.toContain(cell.upstream.apiKey);
  });
});

describe("an error that opens a stream is raised with its message, and without its key", () => {
  const raised = raisedWith(
    ({ apiKey }) => ({ kind: "status", status: 400, message: `Overloaded. Your API key ${apiKey} is fine.` }),
    (client, route) => client.stream(route, QUESTION),
  );
  test.each(cellsOf("stream"))("$name at $upstream.id", (cell) => {
    const error = raised(cell);
    expect(statusOf(error)).toBe(400);
    expect(String(error)).toContain("Overloaded. Your API key ");
    expect(inspect(error, { depth: 10 })).not.toContain(cell.upstream.apiKey);
  });
});

describe("a rate limit is raised as one", () => {
  const raised = raisedWith(
    () => ({ kind: "status", status: 429, message: "Slow down.", retryAfterSeconds: 7 }),
    (client, route) => client.plain(route, QUESTION),
  );
  test.each(cellsOf("plain"))("$name at $upstream.id", (cell) => {
    const error = raised(cell);
    expect(error).toBeInstanceOf(clientOf(cell).rateLimited);
    expect(statusOf(error)).toBe(429);
    expect(String(error)).toContain("Slow down.");
    // Google's SDK does not show headers.
    if (clientOf(cell).api !== "gemini") expect(retryAfterOf(error)).toBe("7");
  });
});

describe.each([false, true])("a stream that breaks off is raised (reset: %s)", (reset) => {
  const raised = raisedWith(
    () => ({ kind: "cut", afterEvents: 8, reset }),
    (client, route) => client.stream(route, QUESTION),
  );
  test.each(cellsOf("stream"))("$name at $upstream.id", (cell) => {
    expect(raised(cell)).toBeInstanceOf(Error);
  });
});

test("the documentation's table says the same (UPDATE_GOLDEN=1 writes it)", () => {
  const path = new URL("../../../docs/api.md", import.meta.url);
  const page = readFileSync(path, "utf8");
  const made = page.replace(/(?<=<!-- clients: begin -->\n).*?(?=<!-- clients: end -->)/s, () => `${clientTable()}\n`);
  expect(made).toContain(clientTable());
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, made);
  else expect(page).toBe(made);
});

test("no request carried what a provider must not see, and every one was accepted, but a batch for Vertex AI", () => {
  for (const upstream of UPSTREAMS) {
    const { requests } = matrix.provider(upstream);
    expect(
      requests.flatMap(({ forbiddenHeaders }) => forbiddenHeaders),
      upstream.id,
    ).toEqual([]);
    const refusals = requests.flatMap(({ refusal }) => refusal ?? []);
    const refused = upstream.id === "vertex" ? [expect.stringContaining("batchEmbedContents")] : [];
    expect(refusals, upstream.id).toEqual(refused);
  }
});
