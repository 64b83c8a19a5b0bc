// The gateway root's configuration as bytes: flat tables that the filter uses in place (ARCHITECTURE.md §2.4). It trusts
// its input: references are checked before.
import {
  CALLOUT_CLUSTER,
  CONFIG_FORMAT,
  CONFIG_HEADER_BYTES,
  CONFIG_MAGIC,
  ConfigFlag,
  Dialect,
  MODEL_ROUTE_BYTES,
  RouteFlag,
  TARGET_HEADER_BYTES,
} from "../contract.js";
import type { ModelRoute } from "../resources/model-route.js";
import type { EffectiveModel } from "../resources/target.js";
import { string16 } from "../string16.js";
import { billRecord } from "./bill.js";

/** A target together with where it is. */
export interface ResolvedTarget {
  readonly id: string;
  readonly cluster: string;
  readonly dialect: keyof typeof Dialect;
  /** Value of :authority. */
  readonly authority: string;
  /** Path in front of the operation's, without a trailing slash. */
  readonly basePath: string;
  readonly model: string;
  readonly defaultMaxTokens: number;
  /** Bits of the enumeration Quirk. */
  readonly quirks: number;
  /** What every request has behind the "?" of its path; mostly empty. */
  readonly query: string;
  /** Id of its provider, for usage. */
  readonly provider: string;
  readonly effective: EffectiveModel;
}

export interface FilterConfigInput {
  readonly revision: bigint;
  readonly modelRoutes: readonly ModelRoute[];
  /** Unix seconds by id. */
  readonly routesCreated: ReadonlyMap<string, number>;
  readonly targets: ReadonlyMap<string, ResolvedTarget>;
  readonly requestBodyBytesMax: number;
  readonly calloutTimeoutMs: number;
  /** Envoy's access log takes usage events from filter state. */
  readonly logsUsage: boolean;
}

/** Grows at its end; offsets of what was put never change. */
class Block {
  private readonly parts: Buffer[] = [];
  length: number;

  constructor(start: number) {
    this.length = start;
  }

  put(bytes: Buffer): number {
    const offset = this.length;
    this.parts.push(bytes);
    this.length += bytes.length;
    return offset;
  }

  putWords(words: readonly number[]): number {
    const bytes = Buffer.alloc(words.length * 4);
    for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4);
    return this.put(bytes);
  }

  finish(header: Buffer): Buffer {
    return Buffer.concat([header, ...this.parts], this.length);
  }
}

function targetRecord(target: ResolvedTarget): Buffer {
  const escapedModel = JSON.stringify(target.model).slice(1, -1);
  const strings = [target.cluster, target.id, target.authority, target.basePath, escapedModel, target.query].map(
    string16,
  );
  const header = Buffer.alloc(TARGET_HEADER_BYTES);
  header.writeUInt16LE(TARGET_HEADER_BYTES + strings.reduce((sum, { length }) => sum + length, 0), 0);
  header.writeUInt8(Dialect[target.dialect], 2);
  header.writeUInt32LE(target.defaultMaxTokens, 4);
  header.writeUInt32LE(target.quirks, 8);
  return Buffer.concat([header, ...strings]);
}

/** FNV-1a, 32 bit. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** Open addressing at most half full: route index + 1, 0 = empty. */
function hashSlots(names: readonly string[]): number[] {
  let count = 2;
  while (count < names.length * 2) count *= 2;
  const slots = new Array<number>(count).fill(0);
  for (const [index, name] of names.entries()) {
    let slot = hash(Buffer.from(name, "utf8")) & (count - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (count - 1);
    slots[slot] = index + 1;
  }
  return slots;
}

function flagsOf({ unknownOperations, onUnsupported }: ModelRoute): number {
  return (
    (unknownOperations === "pass" ? RouteFlag.PASS_UNKNOWN : 0) | (onUnsupported === "refuse" ? RouteFlag.STRICT : 0)
  );
}

export function encodeFilterConfig(input: FilterConfigInput): Buffer {
  const block = new Block(CONFIG_HEADER_BYTES);
  const calloutCluster = block.put(string16(CALLOUT_CLUSTER));
  const calloutAuthority = block.put(string16("sluice"));
  const records = new Map(
    [...input.targets].map(([id, target]) => [
      id,
      block.put(Buffer.concat([targetRecord(target), billRecord(target.provider, target.effective)])),
    ]),
  );
  const rows = Buffer.alloc(input.modelRoutes.length * MODEL_ROUTE_BYTES);
  for (const [index, route] of input.modelRoutes.entries()) {
    const at = index * MODEL_ROUTE_BYTES;
    rows.writeUInt32LE(block.put(string16(route.id)), at);
    rows.writeUInt32LE(flagsOf(route), at + 4);
    rows.writeUInt32LE(route.perTryTimeoutMs, at + 8);
    rows.writeUInt32LE(route.targets.length, at + 12);
    rows.writeUInt32LE(block.putWords(route.targets.map(({ target }) => records.get(target) ?? 0)), at + 16);
    rows.writeUInt32LE(input.routesCreated.get(route.id) ?? 0, at + 20);
  }
  const routeTable = block.put(rows);
  const slots = hashSlots(input.modelRoutes.map(({ id }) => id));
  const slotTable = block.putWords(slots);

  const header = Buffer.alloc(CONFIG_HEADER_BYTES);
  header.writeUInt32LE(CONFIG_MAGIC, 0);
  header.writeUInt16LE(CONFIG_FORMAT, 4);
  header.writeBigUInt64LE(input.revision, 8);
  const words = [
    block.length,
    input.modelRoutes.length,
    routeTable,
    slots.length,
    slotTable,
    input.requestBodyBytesMax,
    input.calloutTimeoutMs,
    input.logsUsage ? ConfigFlag.LOGS_USAGE : 0,
    calloutCluster,
    calloutAuthority,
  ];
  for (const [index, word] of words.entries()) header.writeUInt32LE(word, 16 + index * 4);
  return block.finish(header);
}
