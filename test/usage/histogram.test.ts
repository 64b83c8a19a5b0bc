// Slots and quantiles of latency histograms, over the whole range of values.
import { expect, it } from "vitest";
import {
  addText,
  type Counts,
  compact,
  histogramOf,
  middleOf,
  quantile,
  slotOf,
} from "../../control-plane/usage/histogram.js";

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
  const both = "d1A.3f0.1d1A.4dZ.1";
  const counts: Counts = new Map();
  addText(counts, both);
  expect(histogramOf(counts, "duration")).toEqual(
    new Map([
      [46, 7],
      [35, 1],
    ]),
  );
  expect(histogramOf(counts, "firstToken")).toEqual(new Map([[0, 1]]));
  expect(histogramOf(counts, "perOutputToken").size).toBe(0);
  expect(compact("d1A.3f0.1d1A.4dZ.1t6.100")).toBe("dZ.1d1A.7f0.1t6.100");
  expect(compact("")).toBe("");
});

it("quantiles are of ranks, and none of nothing", () => {
  const histogram = new Map([
    [10, 98],
    [12, 1],
    [14, 1],
  ]);
  expect([500, 980, 985, 990, 999].map((permille) => quantile(histogram, permille))).toEqual([10, 10, 12, 12, 14]);
  expect(quantile(new Map(), 500)).toBeUndefined();
});
