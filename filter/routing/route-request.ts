// Which targets are tried for a request, and in which order: the rule that it matches, that rule's tiers, and in each tier what the
// strategy says of those that can serve it and are not out. What the tenant prefers comes in front.

import {
  attemptsMax,
  expiresAt,
  memberAt,
  memberCount,
  recordOf,
  retryBudgetPercent,
  strategyOf,
  tierAt,
  tierCount,
  weightAt,
} from "../config/route-view";
import { ErrorCode, LeftOut, RouteFlag, Strategy } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse, refuseFor } from "../gateway/local-reply";
import { outs } from "../health/outs";
import { countRequest } from "../health/retry-budget";
import { canServe, metersTokens } from "../operations";
import { outputOf } from "../quota/forecast";
import { covers, Lease } from "../state/lease";
import { monotonicMs } from "../state/monotonic";
import { Candidates, Question, tagOf } from "./candidates";
import { considered } from "./considered";
import { conversationHash } from "./conversation";
import { facts } from "./facts";
import { findRule } from "./rules";

const CONTEXT_TOKENS: usize = 12;
const candidates = new Candidates();
const question = new Question();

export function routeRequest(exchange: Exchange): Outcome {
  // The steps run again after a wait, and a plan that was begun with stays.
  if (exchange.targetCount > 0) return Outcome.NEXT;
  const base = exchange.config!.base;
  facts.begin(exchange.body, exchange.bodyLength);
  considered.begin();
  ask(exchange);
  const rule = findRule(exchange);
  const account = exchange.account!;
  const watches = (exchange.config!.routeFlags(exchange.route) & RouteFlag.NO_OUTLIERS) == 0;
  account.hasAlternatives = watches && hasSeveral(base, rule);
  // A target that stands alone is never left out for how it does: then nothing shared is looked at, and no clock.
  let nowMs: i64 = 0;
  if (account.hasAlternatives) {
    nowMs = monotonicMs();
    outs.load();
    account.sawOuts = outs.hasAny;
  }
  for (let i = 0; i < tierCount(rule); i++) takeTier(exchange, base, tierAt(base, rule, i), nowMs);
  if (exchange.targetCount == 0) takeRecovering(exchange);
  if (exchange.targetCount == 0) return refuseAll(exchange, nowMs);
  if (exchange.targetCount > 1) prefer(exchange, exchange.lease!);
  const mayRetry = countRequest(question.nowMs, retryBudgetPercent(exchange.route));
  exchange.targetCount = mayRetry ? min(exchange.targetCount, attemptsMax(exchange.route)) : 1;
  return Outcome.NEXT;
}

/** Whether a target has the operation, and what the request continues. A target record's dialect is its third byte. */
export function serves(record: usize, exchange: Exchange): bool {
  if (exchange.pinnedTarget != 0) return record == exchange.pinnedTarget;
  return canServe(load<u8>(record, 2), exchange.operation, exchange.protocol);
}

function hasSeveral(base: usize, rule: usize): bool {
  return tierCount(rule) > 1 || memberCount(tierAt(base, rule, 0)) > 1;
}

function ask(exchange: Exchange): void {
  const account = exchange.account;
  question.nowMs = account == null ? 0 : account.startedMs;
  question.streams = exchange.streaming;
}

function takeTier(exchange: Exchange, base: usize, tier: usize, nowMs: i64): void {
  candidates.clear();
  const strategy = strategyOf(tier);
  for (let i = 0; i < memberCount(tier); i++) {
    const member = memberAt(base, tier, i);
    const record = recordOf(base, member);
    const reason = judge(exchange, strategy == Strategy.WEIGHTED, member, record, nowMs);
    considered.add(record, reason);
    if (reason == LeftOut.NONE) candidates.add(member, record);
  }
  if (candidates.count > 1) prepare(exchange, strategy);
  candidates.order(strategy, tier, question);
  for (let i = 0; i < candidates.count && exchange.targetCount < exchange.targets.length; i++) {
    exchange.targets[exchange.targetCount++] = candidates.recordAt(i);
  }
}

/** What only some strategies ask. */
function prepare(exchange: Exchange, strategy: i32): void {
  if (strategy == Strategy.CONSISTENT_HASH) {
    question.hash = conversationHash(exchange.body, exchange.body == 0 ? 0 : exchange.bodyLength);
  } else if (strategy == Strategy.CHEAPEST) {
    question.inputTokens = facts.inputTokens;
    question.outputTokens = metersTokens(exchange.operation) ? outputOf(exchange, false) : 0;
  }
}

function judge(exchange: Exchange, isWeighted: bool, member: usize, record: usize, nowMs: i64): LeftOut {
  if (!serves(record, exchange)) return exchange.pinnedTarget != 0 ? LeftOut.PINNED : LeftOut.OPERATION;
  if (isWeighted && weightAt(member, <u32>(question.nowMs / 1000)) == 0) return LeftOut.WEIGHT;
  const end = expiresAt(member);
  if (end != 0 && question.nowMs >= <u64>end * 1000) return LeftOut.EXPIRED;
  if (!holdsRequest(exchange, load<u32>(record, CONTEXT_TOKENS))) return LeftOut.CONTEXT;
  // Only one target has what the request continues: it is asked whatever is known of it.
  if (exchange.pinnedTarget != 0 || nowMs == 0) return LeftOut.NONE;
  return outs.reasonFor(tagOf(record), nowMs);
}

/** A token is at least one byte: most requests need not be counted. */
function holdsRequest(exchange: Exchange, contextTokens: u32): bool {
  if (contextTokens == 0 || exchange.isForm || exchange.body == 0) return true;
  const output = max<i64>(exchange.outputCap, 0);
  if (<i64>exchange.bodyLength + output <= <i64>contextTokens) return true;
  return facts.inputTokens + output <= <i64>contextTokens;
}

/** Better than nobody. */
function takeRecovering(exchange: Exchange): void {
  if (!considered.has(LeftOut.RECOVERING)) return;
  for (let i = 0; i < considered.count && exchange.targetCount < exchange.targets.length; i++) {
    if (considered.reasonAt(i) != LeftOut.RECOVERING) continue;
    exchange.targets[exchange.targetCount++] = considered.recordAt(i);
  }
}

/** Moves those in front whose model the tenant prefers, in the tenant's order; among equals the order stays. */
function prefer(exchange: Exchange, lease: Lease): void {
  let place = 0;
  let pattern = lease.firstPreference;
  for (let left = lease.preferenceCount; left > 0; left--) {
    for (let i = place; i < exchange.targetCount; i++) {
      const model = exchange.config!.targetModel(exchange.targets[i]);
      if (covers(pattern + 2, load<u16>(pattern), model + 2, load<u16>(model))) exchange.moveTarget(i, place++);
    }
    pattern += 2 + <usize>load<u16>(pattern);
  }
}

/** Nobody is left. What passes comes first: who waits for it is served. */
function refuseAll(exchange: Exchange, nowMs: i64): Outcome {
  if (isOut()) {
    let soonest = i64.MAX_VALUE;
    for (let i = 0; i < considered.count; i++) {
      const reason = considered.reasonAt(i);
      if (reason < LeftOut.THROTTLED || reason > LeftOut.SLOW) continue;
      soonest = min(soonest, max<i64>(outs.backAtMs(tagOf(considered.recordAt(i))) - nowMs, 0));
    }
    return refuseFor(exchange, ErrorCode.NO_TARGET_AVAILABLE, soonest);
  }
  if (considered.has(LeftOut.CONTEXT)) return refuse(exchange, ErrorCode.CONTEXT_LENGTH_EXCEEDED);
  if (considered.has(LeftOut.EXPIRED)) return refuse(exchange, ErrorCode.NO_TARGET_AVAILABLE);
  return refuse(exchange, ErrorCode.OPERATION_NOT_SUPPORTED);
}

function isOut(): bool {
  return considered.has(LeftOut.THROTTLED) || considered.has(LeftOut.FAILING) || considered.has(LeftOut.SLOW);
}
