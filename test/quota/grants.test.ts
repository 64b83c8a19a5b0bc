// Budgets as the released filter keeps them, with a real ledger behind: who passes, who waits, who is refused, and what is told.
import { beforeEach, describe, expect, test } from "vitest";
import type { Ledger } from "../../control-plane/ledger/ledger.js";
import type { Budget } from "../../control-plane/resources/budget.js";
import { budget } from "../ledger/budgets.js";
import { memoryLedger } from "../ledger/memory-records.js";
import { type Played, PlayedEnvoy } from "./played-envoy.js";

const LEASE_MS = 30_000;

let ledgerNow = 0;
let ledger: Ledger;

beforeEach(() => {
  ledgerNow = Date.UTC(2026, 10, 23, 12, 0, 30);
  ledger = memoryLedger(() => ledgerNow, LEASE_MS);
});

const envoy = (budgets: readonly Budget[], workers = 2) => new PlayedEnvoy({ workers, budgets, ledger });
const outputs = (changes: Record<string, unknown>) =>
  budget({ measure: "output_tokens", reserve: "strict", window: "day", ...changes });

describe("a strict budget", () => {
  test("of 100 tokens lets exactly 10 of 100 parallel requests of 10 tokens pass", async () => {
    const at = envoy([outputs({ limit: 100 })]);
    const opened = Array.from({ length: 100 }, () => at.open({ max_tokens: 10 }));
    await at.answerAll();
    const admitted = opened.filter((each) => at.isAdmitted(each));
    expect(admitted).toHaveLength(10);
    const refused = opened.filter((each) => !at.isAdmitted(each));
    expect(new Set(refused.map((each) => at.code(each)))).toEqual(new Set(["insufficient_quota"]));
    for (const each of admitted) at.complete(each, 7, 10);
    const late = at.open({ max_tokens: 10 });
    await at.answerAll();
    expect(at.code(late)).toBe("insufficient_quota");
  });

  test("is held once when two workers meet it first at the same moment", async () => {
    const at = envoy([outputs({ limit: 100 })]);
    const opened: Played[] = [];
    let reads = 0;
    at.sharedData.beforeGet = (key) => {
      // The four places where the budget may be have been read, and are free.
      if (!/^grant1\/[a-p]{3}$/.test(key) || ++reads < 5) return;
      at.sharedData.beforeGet = undefined;
      opened.push(at.open({ max_tokens: 10 }, { worker: 0 }));
    };
    opened.push(at.open({ max_tokens: 10 }, { worker: 1 }));
    expect(opened).toHaveLength(2);
    await at.answerAll();
    for (let i = 0; i < 18; i++) opened.push(at.open({ max_tokens: 10 }));
    await at.answerAll();
    expect(opened.filter((each) => at.isAdmitted(each))).toHaveLength(10);
  });

  test("sets aside nothing for requests that it refuses", async () => {
    const at = envoy([outputs({ limit: 100 })]);
    let admitted = 0;
    for (let round = 0; round < 5; round++) {
      const opened = Array.from({ length: 20 }, () => at.open({ max_tokens: 10 }));
      await at.answerAll();
      for (const each of opened) {
        if (at.isAdmitted(each)) admitted++;
        else at.end(each);
      }
    }
    expect(admitted).toBe(10);
  });

  test("gives back what was set aside and not used", async () => {
    const at = envoy([outputs({ limit: 100 })]);
    for (let i = 0; i < 10; i++) {
      const each = at.open({ max_tokens: 90 });
      await at.answerAll();
      expect(at.isAdmitted(each), `request ${i}`).toBe(true);
      at.complete(each, 7, 1);
    }
  });
});
