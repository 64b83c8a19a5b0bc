// Types of figures.mjs for the tests.
export interface Figure {
  key: string;
  label: string;
  kind: "ratio" | "added";
  better?: "more" | "less";
  bar?: number;
}
export interface Workload {
  id: string;
  title: string;
  baseline?: string;
  figures: Figure[];
}
export interface Row extends Figure {
  id: string;
  title: string;
  plain: number;
  other: number;
  value: number;
  /** What the rounds gave one by one: lowest, median, highest. */
  spread: [number, number, number];
  /** Undefined without a bar. */
  met: boolean | undefined;
}
/** Workload id → target name → one measurement a round. */
export type Results = Record<string, Record<string, Record<string, number | string>[]>>;
export function median(values: readonly number[]): number;
export function rowsFor(target: string, workloads: readonly Workload[], results: Results): Row[];
export function failures(target: string, workloads: readonly Workload[], results: Results): string[];
