// Latency histograms as text whose concatenation is their merge: a database can add two up with `||`, and so can we.
// Slots are logarithmic, eight to an octave: a quantile is off by at most 1/16 of itself. Whole numbers only.
import type { UsageEvent } from "./event.js";

/** What is measured, by the letter that marks it in the text. The last is in microseconds, the others in ms. */
export const LATENCIES = { duration: "d", firstToken: "f", perOutputToken: "t" } as const;
export type Latency = keyof typeof LATENCIES;

const EXACT_BELOW = 16;
const VALUE_MAX = 2 ** 31 - 1;

/** Values below 16 have slots of their own; above, the slot is the exponent and the three bits behind the leading one. */
export function slotOf(value: number): number {
  const bounded = Math.min(Math.max(Math.round(value), 0), VALUE_MAX);
  if (bounded < EXACT_BELOW) return bounded;
  const exponent = 31 - Math.clz32(bounded);
  return (exponent - 2) * 8 + ((bounded >>> (exponent - 3)) & 7);
}

/** The middle of a slot. */
export function middleOf(slot: number): number {
  if (slot < EXACT_BELOW) return slot;
  const exponent = Math.floor(slot / 8) + 2;
  const width = 2 ** (exponent - 3);
  return (8 + (slot % 8)) * width + Math.floor(width / 2);
}

/** `d2a.1f1b.1`: letter, slot and count in base 36. */
function entry(latency: Latency, slot: number, count: number): string {
  return `${LATENCIES[latency]}${slot.toString(36).toUpperCase()}.${count.toString(36).toUpperCase()}`;
}

/** The histogram of one event; empty for what is no exchange: an abandoned attempt is no answer that anyone waited for. */
export function latenciesOf(event: UsageEvent): string {
  if (event.kind !== "exchange") return "";
  const { durationMs, firstTokenMs, tokens } = event;
  let text = entry("duration", slotOf(durationMs), 1);
  if (firstTokenMs === undefined) return text;
  text += entry("firstToken", slotOf(firstTokenMs), 1);
  if (tokens.output < 2 || durationMs < firstTokenMs) return text;
  const perTokenUs = ((durationMs - firstTokenMs) * 1000) / (tokens.output - 1);
  return text + entry("perOutputToken", slotOf(perTokenUs), 1);
}

const LETTERS: Readonly<Record<string, Latency>> = Object.fromEntries(
  Object.entries(LATENCIES).map(([latency, letter]) => [letter, latency as Latency]),
);

/** Slot → count of each latency. */
export type Histograms = Readonly<Record<Latency, Map<number, number>>>;

export function parseHistograms(text: string): Histograms {
  const histograms = { duration: new Map(), firstToken: new Map(), perOutputToken: new Map() } as const;
  for (const [, letter = "", slotText = "", countText = ""] of text.matchAll(/([a-z])([0-9A-Z]+)\.([0-9A-Z]+)/g)) {
    const latency = LETTERS[letter];
    if (latency === undefined) continue;
    const histogram: Map<number, number> = histograms[latency];
    const slot = Number.parseInt(slotText, 36);
    histogram.set(slot, (histogram.get(slot) ?? 0) + Number.parseInt(countText, 36));
  }
  return histograms;
}

/** The same counts in the shortest text, each slot once and in order. */
export function compact(text: string): string {
  const histograms = parseHistograms(text);
  return (Object.keys(LATENCIES) as Latency[])
    .flatMap((latency) =>
      [...histograms[latency]].sort(([a], [b]) => a - b).map(([slot, count]) => entry(latency, slot, count)),
    )
    .join("");
}

/** The value that `permille` thousandths of all values do not exceed; undefined if there are none. */
export function quantile(histogram: ReadonlyMap<number, number>, permille: number): number | undefined {
  const slots = [...histogram].sort(([a], [b]) => a - b);
  const total = slots.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil((total * permille) / 1000));
  let seen = 0;
  for (const [slot, count] of slots) {
    seen += count;
    if (seen >= rank) return middleOf(slot);
  }
  return undefined;
}
