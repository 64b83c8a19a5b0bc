// What is wrong with a model route's document is refused, with the place and the mend.
import { describe, expect, test } from "vitest";
import { danglingReferences } from "../../control-plane/configuration/references.js";
import { routeNameProblems } from "../../control-plane/configuration/route-names.js";
import type { ResourceSet } from "../../control-plane/ports.js";
import { modelRouteInputSchema, modelRouteSchema } from "../../control-plane/resources/model-route.js";
import { documentProblems } from "../../control-plane/resources/problems.js";
import { targetInputSchema, targetSchema } from "../../control-plane/resources/target.js";

const TARGETS = [{ target: "a" }];

function problems(schema: typeof modelRouteInputSchema | typeof targetInputSchema, document: unknown) {
  const parsed = schema.safeParse(document);
  return parsed.success ? [] : documentProblems(parsed.error, undefined);
}

const rule = (fields: object) => ({ name: "r", when: { streaming: true }, targets: TARGETS, ...fields });

describe("refused is", () => {
  test.each([
    ["a route without targets", {}, "", "names no targets"],
    ["one that names them twice", { targets: TARGETS, tiers: [{ targets: TARGETS }] }, "", "in two ways"],
    [
      "a target that comes twice",
      { targets: [{ target: "a" }, { target: "a" }] },
      "/targets/1/target",
      "never be reached",
    ],
    [
      "a tier that holds what an earlier one has",
      { tiers: [{ targets: TARGETS }, { targets: TARGETS }] },
      "/tiers/1/targets/0/target",
      "never be reached",
    ],
    [
      "a tier without any weight",
      { tiers: [{ strategy: "weighted", targets: [{ target: "a", weight: 0 }] }] },
      "/tiers/0/targets",
      "never be reached",
    ],
    ["an unknown strategy", { tiers: [{ strategy: "best", targets: TARGETS }] }, "/tiers/0/strategy", "Invalid option"],
    [
      "a shift that ends before it begins",
      {
        targets: [{ target: "a", shift: { to: 1, from: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" } }],
      },
      "/targets/0/shift/until",
      "is not behind from",
    ],
    ["a rule for every request", { targets: TARGETS, rules: [rule({ when: {} })] }, "/rules/0/when", "every request"],
    [
      "a rule behind its own like",
      {
        targets: TARGETS,
        rules: [
          rule({ when: { tenant: ["x", "y"], tools: true } }),
          rule({ name: "s", when: { tools: true, tenant: ["y", "x"] } }),
        ],
      },
      "/rules/1/when",
      "comes first",
    ],
    [
      "two rules of one name",
      { targets: TARGETS, rules: [rule({}), rule({ when: { tools: true } })] },
      "/rules/1/name",
      "another rule's",
    ],
    [
      "a rule that names targets and a route",
      { targets: TARGETS, rules: [rule({ modelRoute: "b" })] },
      "/rules/0",
      "in two ways",
    ],
    [
      "tokens the wrong way round",
      { targets: TARGETS, rules: [rule({ when: { inputTokens: { min: 2, max: 1 } } })] },
      "/rules/0/when/inputTokens",
      "min is above max",
    ],
    [
      "a star in the middle",
      { targets: TARGETS, rules: [rule({ when: { headers: { "x-a": ["a*b"] } } })] },
      "/rules/0/when/headers/x-a/0",
      "at its end alone",
    ],
    [
      "a header in capitals",
      { targets: TARGETS, rules: [rule({ when: { headers: { "X-A": ["a"] } } })] },
      "/rules/0/when/headers/X-A",
      "",
    ],
    [
      "an unknown operation",
      { targets: TARGETS, rules: [rule({ when: { operations: ["talk"] } })] },
      "/rules/0/when/operations/0",
      "",
    ],
    [
      "failover of the caller's own mistakes",
      { targets: TARGETS, failover: { statuses: [503, 422] } },
      "/failover/statuses/1",
      "the request itself is wrong",
    ],
    ["an alias that is no name", { targets: TARGETS, aliases: ["a b"] }, "/aliases/0", "must be a model name"],
  ] as const)("%s", (_name, document, path, message) => {
    const found = problems(modelRouteInputSchema, document);
    expect(found.map((problem) => problem.path)).toContain(path);
    const problem = found.find((each) => each.path === path);
    expect(problem?.message).toContain(message);
    expect(problem?.mend).toMatch(/\w/);
  });

  test.each([
    ["a temporary target without an end", { kind: "temporary" }, "/expiresAt", "is required"],
    ["an end of one that is not temporary", { expiresAt: "2026-12-01T00:00:00Z" }, "/expiresAt", "temporary targets"],
    ["a spill that says nothing", { spill: {} }, "/spill", "says nothing"],
  ] as const)("%s", (_name, fields, path, message) => {
    const found = problems(targetInputSchema, { provider: "p", model: "m", ...fields });
    expect(found.map((problem) => problem.path)).toEqual([path]);
    expect(found[0]?.message).toContain(message);
  });
});

describe("names", () => {
  const set = (...routes: object[]): ResourceSet => ({
    providers: [],
    targets: [targetSchema.parse({ id: "a", provider: "p", model: "m" })],
    modelRoutes: routes.map((route) => modelRouteSchema.parse({ targets: TARGETS, ...route })),
  });

  test("that two routes want are refused at the second", () => {
    const found = routeNameProblems(set({ id: "one", aliases: ["x"] }, { id: "two", aliases: ["one", "x"] }));
    expect(found.map(({ id, path, code }) => [id, path, code])).toEqual([
      ["two", "/aliases/0", "already_used"],
      ["two", "/aliases/1", "already_used"],
    ]);
  });

  test("a route that leads to itself is refused", () => {
    const found = routeNameProblems(
      set({ id: "one", rules: [{ ...rule({ modelRoute: "one" }), targets: undefined }] }),
    );
    expect(found.map(({ path, code }) => [path, code])).toEqual([["/rules/0/modelRoute", "leads_to_itself"]]);
  });

  test("what is not there is refused, wherever it is named", () => {
    const missing = [{ target: "b" }];
    const found = danglingReferences(
      set({
        id: "one",
        targets: undefined,
        tiers: [{ targets: missing }],
        rules: [
          rule({ targets: undefined, tiers: [{ targets: missing }] }),
          { ...rule({ name: "s", when: { tools: true }, modelRoute: "no" }), targets: undefined },
        ],
      }),
    );
    expect(found.map(({ path }) => path).filter((path) => path !== "/provider")).toEqual([
      "/tiers/0/targets/0/target",
      "/rules/0/tiers/0/targets/0/target",
      "/rules/1/modelRoute",
    ]);
  });

  test("more prefixes or headers than the filter has room for are refused", () => {
    const many = Array.from({ length: 3 }, (_, route) => ({
      id: `r${route}`,
      aliases: Array.from({ length: 100 }, (_, index) => `p${route}-${index}*`),
    }));
    expect(routeNameProblems(set(...many)).map(({ id, code }) => [id, code])).toEqual([["r2", "too_many"]]);
    const asking = Array.from({ length: 5 }, (_, route) => ({
      id: `r${route}`,
      rules: [
        rule({
          when: { headers: Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`h-${route}-${i}`, ["x"]])) },
        }),
      ],
    }));
    expect(routeNameProblems(set(...asking)).map(({ code }) => code)).toEqual(["too_many"]);
  });
});
