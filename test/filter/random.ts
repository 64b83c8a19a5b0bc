// Seeded randomness for the property tests: a failure names its seed, and SLUICE_TEST_SEED repeats it.

import { randomInt } from "node:crypto";

export class Random {
  constructor(private state: number) {}

  /** 0 … below - 1 (mulberry32). */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** Runs `check` with many seeds in a row; the first failing one is named in the error. */
export function property(runs: number, check: (random: Random) => void): void {
  const fixed = process.env.SLUICE_TEST_SEED;
  const first = fixed ? Number(fixed) : randomInt(2 ** 31);
  for (let run = 0; run < (fixed ? 1 : runs); run++) {
    const seed = first + run;
    try {
      check(new Random(seed));
    } catch (error) {
      throw new Error(`failed; repeat with SLUICE_TEST_SEED=${seed}`, { cause: error });
    }
  }
}
