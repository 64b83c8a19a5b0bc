// The Python SDKs against every dialect that providers speak, through a real Envoy.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Matrix } from "./matrix.ts";
import { runPython } from "./python.ts";
import { UPSTREAMS } from "./upstreams.ts";

const QUESTION = "How is the weather in 北京 \u{1F324}?";
/** The packages are installed at the first run. */
const START_MS_MAX = 240_000;

let matrix: Matrix;

beforeAll(async () => {
  matrix = await Matrix.start();
}, START_MS_MAX);

afterAll(async () => {
  await matrix.stop();
});

describe.each(UPSTREAMS)("$dialect", ({ dialect, model, textOnly }) => {
  const run = (mode: string) => {
    const { url, key } = matrix.gateway;
    return runPython(url, key, `via-${dialect}`, QUESTION, mode);
  };

  test("answers, streams, tool calls", { timeout: START_MS_MAX }, async () => {
    const checks = await run(textOnly ? "text-only" : "");
    expect(checks.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(checks).toHaveLength(textOnly ? 7 : 10);
    for (const { check, value } of checks) {
      if (check === "plain") expect(value).toContain(QUESTION);
      else if (check === "tools") expect(value).toMatchObject({ input: { city: QUESTION, days: 1 } });
      else expect((value as { pieces: number }).pieces).toBeGreaterThan(3);
      expect(JSON.stringify(value)).toContain(model);
    }
  });

  test.each([{ reset: false }, { reset: true }])("a broken stream is raised (reset: $reset)", async ({ reset }) => {
    await matrix.provider(dialect).setFault({ kind: "cut", afterEvents: 4, reset });
    const checks = await run("error");
    await matrix.provider(dialect).clearFault();
    expect(checks).toHaveLength(3);
    for (const { client, error } of checks) expect(error, client).toBeDefined();
  });
});
