// The gateway root's configuration as bytes: flat tables that the filter uses in place (ARCHITECTURE.md §2.4). It trusts
// its input: references are checked before.
import { createHash } from "node:crypto";
import { builtInClassifier } from "../classifier/built-in.js";
import {
  CALLOUT_CLUSTER,
  CONFIG_FORMAT,
  CONFIG_HEADER_BYTES,
  CONFIG_MAGIC,
  ConfigFlag,
  Dialect,
  TARGET_HEADER_BYTES,
} from "../contract.js";
import type { ModelRoute } from "../resources/model-route.js";
import { routingHeaders } from "../resources/routing-headers.js";
import type { EffectiveModel, Target } from "../resources/target.js";
import { list16, string16 } from "../string16.js";
import { billRecord } from "./bill.js";
import { Block } from "./block.js";
import { putModelRoutes } from "./model-routes.js";
import { putRouteNames } from "./route-names.js";

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
  /** Bits of the enumeration TargetFlag. */
  readonly flags: number;
  /** Slower on average, and the target is left for a while; 0 = it may be as slow as it likes. */
  readonly timeToFirstTokenMsMax: number;
  readonly tokensPerSecondMin: number;
  readonly kind: NonNullable<Target["kind"]>;
  /** Unix seconds; 0 = never. */
  readonly expiresAt: number;
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

/** By which workers tell targets apart in shared data. */
function tagOf(id: string): bigint {
  return createHash("sha256").update(id).digest().readBigUInt64LE(0);
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
  header.writeUInt8(target.flags, 3);
  header.writeUInt32LE(target.quirks, 8);
  header.writeUInt32LE(target.effective.contextTokens ?? 0, 12);
  header.writeBigUInt64LE(tagOf(target.id), 16);
  header.writeUInt32LE(target.timeToFirstTokenMsMax, 24);
  header.writeUInt32LE(target.tokensPerSecondMin, 28);
  return Buffer.concat([header, ...strings]);
}

function asksForTasks(routes: readonly ModelRoute[]): boolean {
  return routes.some(({ rules = [] }) => rules.some(({ when }) => when.taskClass !== undefined));
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
  const routes = putModelRoutes(block, input, records);
  const names = putRouteNames(block, input.modelRoutes);
  const headers = block.put(list16(routingHeaders(input.modelRoutes)));
  const classifier = asksForTasks(input.modelRoutes) ? builtInClassifier().blob : undefined;
  const classifierAt = classifier === undefined ? 0 : block.put(classifier);

  const header = Buffer.alloc(CONFIG_HEADER_BYTES);
  header.writeUInt32LE(CONFIG_MAGIC, 0);
  header.writeUInt16LE(CONFIG_FORMAT, 4);
  header.writeBigUInt64LE(input.revision, 8);
  const words = [
    block.length,
    input.modelRoutes.length,
    routes,
    names.slotCount,
    names.slots,
    input.requestBodyBytesMax,
    input.calloutTimeoutMs,
    input.logsUsage ? ConfigFlag.LOGS_USAGE : 0,
    calloutCluster,
    calloutAuthority,
    names.table,
    names.count,
    names.prefixes,
    names.prefixCount,
    headers,
    classifierAt,
    classifier?.length ?? 0,
  ];
  for (const [index, word] of words.entries()) header.writeUInt32LE(word, 16 + index * 4);
  return block.finish(header);
}
