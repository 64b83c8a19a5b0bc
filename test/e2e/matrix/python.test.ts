// The Python SDKs against every upstream, through a real Envoy: what the matrix asserts of the others, of them too.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../../../examples/demo-providers/index.mjs";
import { Matrix, routeTo, vectorRouteTo } from "./matrix.ts";
import { PYTHON_CHECKS, type PythonCheck, type PythonClient, type PythonOutcome, runPython } from "./python.ts";
import { UPSTREAMS, type Upstream } from "./upstreams.ts";

const QUESTION = "How is the weather in 北京 \u{1F324}?";
const RESULT = "sunny, 23 °C";
const FORECAST = { city: QUESTION, days: 1 };
/** The packages are installed at the first run. */
const START_MS_MAX = 240_000;

interface Cell {
  readonly client: PythonClient;
  readonly check: PythonCheck;
  readonly upstream: Upstream;
}

let matrix: Matrix;
beforeAll(async () => {
  matrix = await Matrix.start();
}, START_MS_MAX);

afterAll(() => matrix.stop());

const clients = Object.keys(PYTHON_CHECKS) as PythonClient[];

function cellsOf(...checks: PythonCheck[]): Cell[] {
  const has = (client: PythonClient, check: PythonCheck) =>
    (PYTHON_CHECKS[client] as readonly string[]).includes(check);
  return UPSTREAMS.flatMap((upstream) =>
    checks.flatMap((check) =>
      clients.filter((client) => has(client, check)).map((client) => ({ client, check, upstream })),
    ),
  );
}

/** Outcomes of cells that were asked for before the tests begin, all in one process. */
function outcomesOf(cells: readonly Cell[], fault?: (upstream: Upstream) => Fault): (cell: Cell) => PythonOutcome {
  const outcomes = new Map<Cell, PythonOutcome>();
  beforeAll(async () => {
    const { url, key } = matrix.gateway;
    const jobs = cells.map(({ client, check, upstream }) => ({
      client,
      check,
      model: check === "embed" ? vectorRouteTo(upstream) : routeTo(upstream),
      question: QUESTION,
    }));
    const ask = () => runPython(url, key, jobs);
    const all = await (fault === undefined ? ask() : matrix.withFault(fault, ask));
    for (const [index, cell] of cells.entries()) outcomes.set(cell, all[index] ?? {});
  }, START_MS_MAX);
  return (cell) => outcomes.get(cell) ?? {};
}

const isAnswered = ({ check, upstream }: Cell) => {
  if (check === "embed") return upstream.embeddingModel !== undefined;
  return !upstream.textOnly || check === "plain" || check.endsWith("stream");
};

describe("what they are asked for arrives", () => {
  const cells = cellsOf("plain", "stream", "async stream", "tools", "structured", "embed").filter(isAnswered);
  const outcomeOf = outcomesOf(cells);
  test.each(cells)("$check of $client at $upstream.id", (cell) => {
    const { value, error } = outcomeOf(cell);
    expect(error).toBeUndefined();
    const says = expect.stringContaining(cell.upstream.says ?? cell.upstream.model);
    const answer = expect.stringContaining(QUESTION);
    switch (cell.check) {
      case "plain":
        expect([value, value]).toEqual([says, answer]);
        break;
      case "tools":
        expect(value).toEqual({ input: FORECAST, text: answer });
        break;
      case "structured":
        expect(value).toEqual(FORECAST);
        break;
      case "embed":
        expect(value).toEqual([
          [0.25, -0.5, 1],
          [0.25, -0.5, expect.any(Number)],
        ]);
        break;
      default:
        expect(value).toEqual({ text: answer, pieces: expect.any(Number) });
        expect((value as { pieces: number }).pieces).toBeGreaterThan(3);
    }
  });

  test("and so do the results of their tools", () => {
    for (const upstream of UPSTREAMS.filter(({ textOnly }) => !textOnly)) {
      const results = matrix.provider(upstream).requests.filter(({ json }) => JSON.stringify(json).includes(RESULT));
      expect(results, upstream.id).toHaveLength(clients.length);
    }
  });
});

describe("what an application cannot do is refused by name", () => {
  const cells = cellsOf("tools", "structured").filter(({ upstream }) => upstream.textOnly);
  const outcomeOf = outcomesOf(cells);
  test.each(cells)("$check of $client at $upstream.id", (cell) => {
    const { error } = outcomeOf(cell);
    expect(error).toMatchObject({ type: "BadRequestError", status: 400 });
    expect(error?.text).toContain(cell.check === "tools" ? "tools" : "response_format");
  });
});

describe.each([
  { status: 400, type: "BadRequestError" },
  { status: 429, type: "RateLimitError" },
])("$type has the provider's message, and not its key", ({ status, type }) => {
  const cells = cellsOf("plain", "stream");
  const raisedBy = outcomesOf(cells, ({ apiKey }) => ({
    kind: "status",
    status,
    message: `Overloaded. Your API key ${apiKey} is fine.`,
  }));
  test.each(cells)("$check of $client at $upstream.id", (cell) => {
    const { error } = raisedBy(cell);
    expect(error).toMatchObject({ type, status });
    expect(error?.text).toContain("Overloaded. Your API key ");
    expect(error?.text).not.toContain(cell.upstream.apiKey);
  });
});

describe.each([false, true])("a stream that breaks off is raised (reset: %s)", (reset) => {
  const cells = cellsOf("stream", "async stream");
  const raisedBy = outcomesOf(cells, () => ({ kind: "cut", afterEvents: 8, reset }));
  test.each(cells)("$check of $client at $upstream.id", (cell) => {
    expect(raisedBy(cell).error).toBeDefined();
  });
});
