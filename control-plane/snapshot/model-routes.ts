// Model routes as the filter's tables: routes, their rules, tiers and members (ARCHITECTURE.md §2.4).
import {
  MEMBER_BYTES,
  MODEL_ROUTE_BYTES,
  RETRY_STATUS_FIRST,
  RETRY_STATUSES_BYTES,
  RouteFlag,
  RULE_BYTES,
  Strategy,
  TARGETS_MAX,
  TargetKind,
  TIER_BYTES,
} from "../contract.js";
import type { ModelRoute } from "../resources/model-route.js";
import type { Rule } from "../resources/route-rule.js";
import { membersOf, type RouteTarget, type Tier, tiersOf } from "../resources/route-targets.js";
import { routingHeaders } from "../resources/routing-headers.js";
import { string16 } from "../string16.js";
import type { Block } from "./block.js";
import { conditionsOf } from "./conditions.js";
import type { FilterConfigInput, ResolvedTarget } from "./filter-config.js";

/** Name in explanations of where requests go that no rule matches. */
const DEFAULT_RULE = "default";
const RETRY_BUDGET_PERCENT = 100;
/** Statuses after which another target may do better. */
const RETRIED = [401, 403, 404, 408, 429, ...Array.from({ length: 100 }, (_, index) => 500 + index)];

interface Parts {
  readonly block: Block;
  readonly input: FilterConfigInput;
  readonly headers: readonly string[];
  /** Offsets of target records by id. */
  readonly records: ReadonlyMap<string, number>;
  readonly routes: ReadonlyMap<string, ModelRoute>;
  /** Offsets of what most routes have alike. */
  readonly defaultRule: number;
  readonly retried: number;
  /** Tiers so far: each has a number of its own. */
  readonly tiers: { count: number };
}

const secondsOf = (instant: string | undefined) => (instant === undefined ? 0 : Math.floor(Date.parse(instant) / 1000));
const constantCase = (name: string) => name.toUpperCase().replaceAll("-", "_");

function memberRecord(parts: Parts, { target, weight = 1, shift }: RouteTarget): Buffer {
  const resolved: ResolvedTarget | undefined = parts.input.targets.get(target);
  const bytes = Buffer.alloc(MEMBER_BYTES);
  const kind = constantCase(resolved?.kind ?? "pay-as-you-go") as keyof typeof TargetKind;
  const words = [
    parts.records.get(target) ?? 0,
    weight,
    shift?.to ?? weight,
    secondsOf(shift?.from),
    secondsOf(shift?.until),
    resolved?.expiresAt ?? 0,
    TargetKind[kind],
  ];
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4);
  return bytes;
}

function putTiers(parts: Parts, tiers: readonly Tier[]): number {
  const rows = Buffer.alloc(tiers.length * TIER_BYTES);
  for (const [index, { strategy = "ordered", targets }] of tiers.entries()) {
    const at = index * TIER_BYTES;
    rows.writeUInt8(Strategy[constantCase(strategy) as keyof typeof Strategy], at);
    rows.writeUInt16LE(targets.length, at + 2);
    rows.writeUInt32LE(parts.block.put(Buffer.concat(targets.map((member) => memberRecord(parts, member)))), at + 4);
    rows.writeUInt32LE(parts.tiers.count++, at + 8);
  }
  return parts.block.put(rows);
}

/** Where a rule leads: its own tiers, or those of the model route that it names. */
function tiersOfRule({ routes }: Parts, rule: Rule): readonly Tier[] {
  const other = rule.modelRoute === undefined ? undefined : routes.get(rule.modelRoute);
  return tiersOf(other ?? rule);
}

function putRules(parts: Parts, route: ModelRoute): number {
  const rules = [
    ...(route.rules ?? []).map((rule) => ({
      name: parts.block.put(string16(rule.name)),
      conditions: conditionsOf(rule.when, parts.headers),
      tiers: tiersOfRule(parts, rule),
    })),
    { name: parts.defaultRule, conditions: [], tiers: tiersOf(route) },
  ];
  const rows = Buffer.alloc(rules.length * RULE_BYTES);
  for (const [index, { name, conditions, tiers }] of rules.entries()) {
    const words = [
      name,
      parts.block.put(Buffer.concat(conditions)),
      conditions.length,
      tiers.length,
      putTiers(parts, tiers),
    ];
    for (const [place, word] of words.entries()) rows.writeUInt32LE(word, index * RULE_BYTES + place * 4);
  }
  return parts.block.put(rows);
}

function retryStatuses(statuses: readonly number[]): Buffer {
  const bytes = Buffer.alloc(RETRY_STATUSES_BYTES);
  for (const status of statuses) {
    const bit = status - RETRY_STATUS_FIRST;
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) | (1 << (bit & 7)), bit >> 3);
  }
  return bytes;
}

function flagsOf({ unknownOperations, onUnsupported, failover = {} }: ModelRoute): number {
  return (
    (unknownOperations === "pass" ? RouteFlag.PASS_UNKNOWN : 0) |
    (onUnsupported === "refuse" ? RouteFlag.STRICT : 0) |
    (failover.outlierDetection === "off" ? RouteFlag.NO_OUTLIERS : 0)
  );
}

/** Every target that some rule leads to, once; those of the route's own tiers first. */
function everyTarget(parts: Parts, route: ModelRoute): readonly string[] {
  const places = [route, ...(route.rules ?? []).map((rule) => ({ tiers: tiersOfRule(parts, rule) }))];
  return [...new Set(places.flatMap((place) => membersOf(place).map(({ member }) => member.target)))];
}

/** Answers the offset of the table of routes. */
export function putModelRoutes(block: Block, input: FilterConfigInput, records: ReadonlyMap<string, number>): number {
  const { modelRoutes } = input;
  const parts: Parts = {
    block,
    input,
    headers: routingHeaders(modelRoutes),
    records,
    routes: new Map(modelRoutes.map((route) => [route.id, route])),
    defaultRule: block.put(string16(DEFAULT_RULE)),
    retried: block.put(retryStatuses(RETRIED)),
    tiers: { count: 0 },
  };
  const rows = Buffer.alloc(modelRoutes.length * MODEL_ROUTE_BYTES);
  for (const [index, route] of modelRoutes.entries()) {
    const targets = everyTarget(parts, route);
    const { failover = {} } = route;
    const words = [
      block.put(string16(route.id)),
      flagsOf(route),
      route.perTryTimeoutMs,
      targets.length,
      block.putWords(targets.map((target) => records.get(target) ?? 0)),
      input.routesCreated.get(route.id) ?? 0,
      (route.rules ?? []).length + 1,
      putRules(parts, route),
      failover.maxAttempts ?? TARGETS_MAX,
      failover.statuses === undefined ? parts.retried : block.put(retryStatuses(failover.statuses)),
      failover.retryBudgetPercent ?? RETRY_BUDGET_PERCENT,
    ];
    for (const [place, word] of words.entries()) rows.writeUInt32LE(word, index * MODEL_ROUTE_BYTES + place * 4);
  }
  return block.put(rows);
}
