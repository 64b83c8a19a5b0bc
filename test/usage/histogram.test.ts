// Slots and quantiles of latency histograms, over the whole range of values.
import { expect, it } from "vitest";
import { compact, middleOf, newCellCounts, quantile, readText, slotOf } from "../../control-plane/usage/histogram.js";

const VALUES = Array.from({ length: 31 }, (_, bit) => 2 ** bit).flatMap((power) => [
  power - 1,
  power,
  power + 1,
  Math.floor(power * 1.3),
]);

it("slots rise with the values and stand for them within a sixteenth", () => {
  let last = -1;
  for (const value of [...VALUES].sort((a, b) => a - b)) {
    const slot = slotOf(value);
    expect(slot).toBeGreaterThanOrEqual(last);
    last = slot;
    expect(slotOf(middleOf(slot))).toBe(slot);
    expect(Math.abs(middleOf(slot) - value)).toBeLessThanOrEqual(value / 16);
  }
});

it("values beyond all reason have slots", () => {
  expect(slotOf(-5)).toBe(0);
  expect(slotOf(2 ** 40)).toBe(slotOf(2 ** 31 - 1));
});

it("texts add up by concatenation", () => {
  const counts = newCellCounts();
  readText("d1.2f1.1", counts);
  readText("d1A.3f0.1d1A.4dZ.1", counts);
  expect([...counts.entries()].filter(([, count]) => count > 0)).toEqual([
    [35, 1],
    [46, 7],
    [256, 1],
  ]);
  expect(compact("d1A.3f0.1d1A.4dZ.1t6.100")).toBe("dZ.1d1A.7f0.1t6.100");
  expect(compact("")).toBe("");
});

it("quantiles are of ranks, each latency's own, and none of nothing", () => {
  const counts = newCellCounts();
  readText("dA.2QdC.1dE.1f3.1", counts);
  expect([500, 980, 985, 990, 999].map((permille) => quantile(counts, "duration", permille))).toEqual([
    10, 10, 12, 12, 14,
  ]);
  expect(quantile(counts, "firstToken", 500)).toBe(3);
  expect(quantile(counts, "perOutputToken", 500)).toBeUndefined();
});
