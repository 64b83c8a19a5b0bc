// Latency histograms as text whose concatenation is their merge: a database can add two up with `||`, and so can we.
// Slots are logarithmic, eight to an octave: a quantile is off by at most 1/16 of itself. Whole numbers only.
import type { UsageEvent } from "./event.js";

/** What is measured, by the letter that begins its entries. The last is in microseconds, the others in ms. */
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

/** A slot of one of the latencies as one number: counts of all three then fit into one map. */
type Cell = number;
const CELLS_EACH = 256;
const NAMES = Object.keys(LATENCIES) as Latency[];
const LETTERS = NAMES.map((name) => LATENCIES[name]);

function cellOf(latency: number, value: number): Cell {
  return latency * CELLS_EACH + slotOf(value);
}

/** The cells that an event counts in. None for what is no exchange: nobody waited for an abandoned attempt. */
export function cellsOf({ kind, durationMs, firstTokenMs, tokens }: UsageEvent): readonly Cell[] {
  if (kind !== "exchange") return [];
  if (firstTokenMs === undefined) return [cellOf(0, durationMs)];
  const cells = [cellOf(0, durationMs), cellOf(1, firstTokenMs)];
  if (tokens.output < 2 || durationMs < firstTokenMs) return cells;
  return [...cells, cellOf(2, ((durationMs - firstTokenMs) * 1000) / (tokens.output - 1))];
}

export type Counts = Map<Cell, number>;

export function addCells(counts: Counts, cells: readonly Cell[]): void {
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
}

/** `d2A`: a cell's letter and slot, the latter in base 36. */
function nameOf(cell: Cell): string {
  const slot = cell % CELLS_EACH;
  return `${LETTERS[(cell - slot) / CELLS_EACH]}${base36(slot)}`;
}

/** Cells by their names, for stores that count each by itself. */
export function namedCounts(counts: Counts): Record<string, number> {
  return Object.fromEntries([...counts].map(([cell, count]) => [nameOf(cell), count]));
}

/** The text of named counts. */
export function formatNamedCounts(named: Readonly<Record<string, number>>): string {
  return Object.entries(named)
    .map(([name, count]) => `${name}.${base36(count)}`)
    .join("");
}

/** `d2A.1f1B.1`: letter, slot and count in base 36, each cell once and in order. */
export function formatCounts(counts: Counts): string {
  let text = "";
  for (const [cell, count] of [...counts].sort(([a], [b]) => a - b)) {
    text += `${nameOf(cell)}.${base36(count)}`;
  }
  return text;
}

function base36(value: number): string {
  return value.toString(36).toUpperCase();
}

/** The counts of all cells, by cell. */
export type CellCounts = Float64Array;

export function newCellCounts(): CellCounts {
  return new Float64Array(CELLS_EACH * NAMES.length);
}

/** Writes the counts of a text into `counts`. By character codes: dashboards read megabytes of it. */
export function readText(text: string, counts: CellCounts): void {
  counts.fill(0);
  let cell = 0;
  let number = 0;
  let first = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46 /* . */) {
      cell = first + number;
      number = 0;
    } else if (code <= 57) number = number * 36 + code - 48;
    else if (code <= 90) number = number * 36 + code - 55;
    else {
      counts[cell] = (counts[cell] ?? 0) + number;
      first = LETTERS.indexOf(text.charAt(at) as (typeof LETTERS)[number]) * CELLS_EACH;
      number = 0;
    }
  }
  counts[cell] = (counts[cell] ?? 0) + number;
}

/** The same counts in the shortest text. */
export function compact(text: string): string {
  const counts = newCellCounts();
  readText(text, counts);
  return formatCounts(new Map([...counts.entries()].filter(([, count]) => count > 0)));
}

/** The value that `permille` thousandths of a latency's values do not exceed; undefined if there are none. */
export function quantile(counts: CellCounts, latency: Latency, permille: number): number | undefined {
  const first = NAMES.indexOf(latency) * CELLS_EACH;
  const slots = counts.subarray(first, first + CELLS_EACH);
  const total = slots.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil((total * permille) / 1000));
  let seen = 0;
  const slot = slots.findIndex((count) => {
    seen += count;
    return seen >= rank;
  });
  return middleOf(slot);
}
