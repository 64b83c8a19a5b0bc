// Which part of every target's capacity each Envoy may use: as much as any other that lives. One that comes counts at once, one that goes
// only after a while: a lost stream is back in seconds, and two shares of the same capacity would be too much.
import { createHash } from "node:crypto";
import { CAPACITIES_MAX } from "../contract.js";
import type { CapacityBook, CapacityShares, EnvoyStatus } from "../ports.js";
import type { Target } from "../resources/target.js";
import { string16 } from "../string16.js";
import { capacityRecord } from "./shares.js";

const GONE_AFTER_MS = 10_000;
/** Every worker asks once a second, and to count Envoys takes a while where there are many. */
const COUNTED_FOR_MS = 250;
/** So long after the start other Envoys may still be on their way back. */
const SETTLED_AFTER_MS = 5_000;

export interface CapacityBookParts {
  readonly targets: () => readonly Target[];
  readonly envoys: () => readonly Pick<EnvoyStatus, "nodeId" | "connected" | "lastSeen">[];
  /** From the highest to the lowest. */
  readonly classes: readonly string[];
  /** Unix ms. */
  readonly now?: () => number;
}

function sharesOf(targets: readonly Target[], classes: readonly string[], index: number, of: number): CapacityShares {
  const declared = targets.filter(({ capacity }) => capacity !== undefined).slice(0, CAPACITIES_MAX);
  const records = declared.map((target) => capacityRecord(target, classes, { index, of }));
  const bytes = Buffer.concat([...classes.map(string16), ...records]);
  const version = createHash("sha256").update(bytes).digest().readBigUInt64LE() | 1n; // 0 = none
  return { version, classes: classes.length, count: declared.length, bytes };
}

export class LiveCapacityBook implements CapacityBook {
  readonly #parts: CapacityBookParts;
  readonly #now: () => number;
  readonly #startedMs: number;
  /** Ids of Envoys that live. */
  #live: { readonly nodes: readonly string[]; readonly countedMs: number } | undefined;
  /** By index, of the targets and the number of Envoys for which they were made. */
  #made = new Map<number, CapacityShares>();
  #madeFor: { readonly targets: readonly Target[]; readonly envoys: number } | undefined;

  constructor(parts: CapacityBookParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#startedMs = this.#now();
  }

  sharesOf(nodeId: string, known: bigint): CapacityShares | undefined {
    const nowMs = this.#now();
    if (known !== 0n && nowMs - this.#startedMs < SETTLED_AFTER_MS) return undefined;
    const nodes = this.#nodesWith(nodeId, nowMs);
    const shares = this.#make(nodes.indexOf(nodeId), nodes.length);
    return shares.version === known ? undefined : shares;
  }

  /** In ascending order. */
  #nodesWith(nodeId: string, nowMs: number): readonly string[] {
    const known = this.#live;
    if (known !== undefined && nowMs - known.countedMs < COUNTED_FOR_MS && known.nodes.includes(nodeId)) {
      return known.nodes;
    }
    const live = this.#parts
      .envoys()
      .filter(({ connected, lastSeen }) => connected || nowMs - lastSeen < GONE_AFTER_MS)
      .map((envoy) => envoy.nodeId);
    const nodes = [...new Set([...live, nodeId])].sort();
    this.#live = { nodes, countedMs: nowMs };
    return nodes;
  }

  #make(index: number, envoys: number): CapacityShares {
    const targets = this.#parts.targets();
    if (this.#madeFor?.targets !== targets || this.#madeFor.envoys !== envoys) {
      this.#made = new Map();
      this.#madeFor = { targets, envoys };
    }
    const shares = this.#made.get(index) ?? sharesOf(targets, this.#parts.classes, index, envoys);
    this.#made.set(index, shares);
    return shares;
  }
}
