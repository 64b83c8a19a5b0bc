// The rules of the budget document, one defect a line.
import { describe, expect, it } from "vitest";
import { budgetInputSchema, budgetSchema } from "../../control-plane/resources/budget.js";
import { documentProblems } from "../../control-plane/resources/problems.js";

const budget = { id: "b", measure: "total_tokens", limit: 1000, window: "day" };

function problems(changes: object): { path: string; mend: string }[] {
  const { error } = budgetSchema.safeParse({ ...budget, ...changes });
  return error === undefined ? [] : documentProblems(error, undefined);
}

describe("a budget", () => {
  it("has defaults", () => {
    expect(budgetSchema.parse(budget)).toEqual({
      ...budget,
      scope: {},
      reserve: "expected",
      onSpent: "finish",
      allowPrivateAddress: false,
      shadowMode: false,
      onLedgerLost: { mode: "deny" },
    });
  });

  it.each([
    ["the largest limit", { limit: Number.MAX_SAFE_INTEGER }],
    ["nothing at all", { limit: 0 }],
    ["a scope", { scope: { department: "research" } }],
    ["models", { models: ["gpt-4o", "claude-*", "*", "team/fast:2026"] }],
    ["weights", { measure: "weighted_tokens", weights: { input: 1000, cachedInput: 100, output: 4000 } }],
    ["a level", { measure: "concurrent_requests", window: undefined }],
    ["seconds", { measure: "requests", window: "second" }],
    ["hours of a zone", { window: "hour", timeZone: "Asia/Kathmandu" }],
    ["weeks", { window: "week", weekStart: "sunday", timeZone: "America/New_York" }],
    ["months", { window: "month", monthStartDay: 28, timeZone: "Europe/Berlin" }],
    ["a fixed total", { window: "total", measure: "cost" }],
    ["a webhook", { webhook: "https://example.com/hook", warnAtPercent: 80 }],
    ["a private webhook", { webhook: "http://127.0.0.1:9/hook", allowPrivateAddress: true }],
    ["an allowance", { onLedgerLost: { mode: "allow", upTo: 500 } }],
  ])("may have %s", (_name, changes) => expect(problems(changes)).toEqual([]));

  it.each([
    ["/measure", { measure: "joules" }],
    ["/measure", { measure: undefined }],
    ["/limit", { limit: -1 }],
    ["/limit", { limit: 0.5 }],
    ["/limit", { limit: Number.MAX_SAFE_INTEGER + 1 }],
    ["/limit", { limit: "1000" }],
    ["/limit", { limit: undefined }],
    ["/window", { window: "year" }],
    ["/window", { window: undefined }],
    ["/window", { measure: "concurrent_requests" }],
    ["/timeZone", { timeZone: "Europe/Atlantis" }],
    ["/timeZone", { timeZone: "" }],
    ["/timeZone", { window: "second", timeZone: "Europe/Berlin" }],
    ["/timeZone", { window: "minute", timeZone: "Europe/Berlin" }],
    ["/timeZone", { window: "total", timeZone: "Europe/Berlin" }],
    ["/timeZone", { measure: "concurrent_requests", window: undefined, timeZone: "Europe/Berlin" }],
    ["/monthStartDay", { monthStartDay: 15 }],
    ["/monthStartDay", { window: "month", monthStartDay: 29 }],
    ["/monthStartDay", { window: "month", monthStartDay: 0 }],
    ["/monthStartDay", { measure: "concurrent_requests", window: undefined, monthStartDay: 1 }],
    ["/weekStart", { weekStart: "sunday" }],
    ["/weekStart", { window: "week", weekStart: "saturday" }],
    ["/weights", { weights: { input: 1, cachedInput: 1, output: 1 } }],
    ["/weights", { measure: "weighted_tokens" }],
    ["/weights/output", { measure: "weighted_tokens", weights: { input: 1, cachedInput: 1 } }],
    ["/weights/input", { measure: "weighted_tokens", weights: { input: -1, cachedInput: 1, output: 1 } }],
    ["/scope/region", { scope: { region: "eu" } }],
    ["/scope/tenant", { scope: { tenant: "Not An Id" } }],
    ["/scope/consumer", { scope: { tenant: "acme", consumer: "search" } }],
    ["/models", { models: [] }],
    ["/models/1", { models: ["gpt-4o", "a*b"] }],
    ["/models/0", { models: ["**"] }],
    ["/warnAtPercent", { warnAtPercent: 100 }],
    ["/webhook", { webhook: "example.com" }],
    ["/webhook", { webhook: "ftp://example.com/hook" }],
    ["/webhook", { webhook: "http://example.com/hook" }],
    ["/webhook", { webhook: "https://127.0.0.1/hook" }],
    ["/webhook", { webhook: "https://user:secret@example.com/hook" }],
    ["/onLedgerLost/upTo", { onLedgerLost: { mode: "allow" } }],
    ["/onLedgerLost/upTo", { onLedgerLost: { mode: "allow", upTo: -1 } }],
    ["/onLedgerLost/mode", { onLedgerLost: { mode: "hope" } }],
    ["/reserve", { reserve: "guess" }],
    ["/onSpent", { onSpent: "explode" }],
    ["/shadow", { shadow: true }],
  ])("is refused at %s: %j", (path, changes) => {
    const found = problems(changes);
    expect(found.map((problem) => problem.path)).toEqual([path]);
    expect(found[0]?.mend).not.toBe("");
  });

  it("repeats no secret of a webhook", () => {
    const { error } = budgetSchema.safeParse({ ...budget, webhook: "https://user:hunter2@example.com" });
    expect(JSON.stringify(error?.issues)).not.toContain("hunter2");
  });

  it("needs no id in a PUT, but all else", () => {
    const { id: _id, ...input } = budget;
    expect(budgetInputSchema.safeParse(input).success).toBe(true);
    expect(budgetInputSchema.safeParse({ ...input, limit: -1 }).success).toBe(false);
  });
});
