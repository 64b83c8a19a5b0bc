// The last step: writes the plan (ARCHITECTURE.md §2.3) and the first target's cluster to filter state, where the target
// root and Envoy's route find them, and hands the request's retry limits to Envoy.

import { ByteWriter } from "../bytes/byte-writer";
import { retryStatuses } from "../config/route-view";
import {
  ErrorCode,
  LENGTH_UNKNOWN,
  Operation,
  PLAN_FORMAT,
  PLAN_HEADER_BYTES,
  PlanFlag,
  PROPERTY_PLAN,
  PROPERTY_PLAN_LENGTH,
  PROPERTY_TARGET,
  PROPERTY_TARGET_LENGTH,
  RETRY_STATUSES_BYTES,
  ROUTE_PER_TRY_TIMEOUT_MS,
  RouteFlag,
  TARGET_HEADER_BYTES,
} from "../contract";
import { DIALECT_HEADERS, Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";
import { escapeTo } from "../json/text";
import { serves } from "../routing/route-request";
import { HeaderMap, setHeader, setHeaderLiteral, setProperty, utf8 } from "../sdk";
import { passedTotal } from "../telemetry/metrics";
import { Account } from "../usage/account";

const PLAN_BYTES_MAX: i32 = 64 * 1024;
const MAX_RETRIES = utf8("x-envoy-max-retries");
const RETRY_ON = utf8("x-envoy-retry-on");
const RESET = utf8("reset");
const PER_TRY_TIMEOUT = utf8("x-envoy-upstream-rq-per-try-timeout-ms");

const plan = new ByteWriter(PLAN_BYTES_MAX);
const number = new ByteWriter(20);
const escaped = new ByteWriter(PLAN_BYTES_MAX);

export function makePlan(exchange: Exchange): Outcome {
  const config = exchange.config!;
  const targets = exchange.targetCount;
  const account = exchange.account!;
  writeHeader(exchange, targets, account);
  writeClientHeaders(exchange);
  if (plan.overflow || exchange.dialectHeaders.overflow) return refuse(exchange, ErrorCode.BAD_REQUEST);
  store<u16>(plan.pointer, <u16>plan.length, 6);
  const first = plan.length;
  for (let i = 0; i < targets; i++) {
    const record = exchange.targets[i];
    plan.writeBytes(record, load<u16>(record));
    account.addTarget(record);
  }
  if (plan.overflow) return refuse(exchange, ErrorCode.INTERNAL_ERROR);
  const cluster = plan.pointer + <usize>first + TARGET_HEADER_BYTES;
  setProperty(PROPERTY_PLAN, PROPERTY_PLAN_LENGTH, plan.pointer, plan.length);
  setProperty(PROPERTY_TARGET, PROPERTY_TARGET_LENGTH, cluster + 2, load<u16>(cluster));
  limitRetries(targets, config.routePerTryTimeoutMs(exchange.route));
  return Outcome.NEXT;
}

/** What is not known may cost anything: it is done once, at one target. */
export function pinPassed(exchange: Exchange): Outcome {
  const config = exchange.config!;
  if ((config.routeFlags(exchange.route) & RouteFlag.PASS_UNKNOWN) == 0) {
    return refuse(exchange, ErrorCode.UNKNOWN_OPERATION);
  }
  for (let i = 0; i < config.routeTargetCount(exchange.route) && exchange.pinnedTarget == 0; i++) {
    const record = config.routeTarget(exchange.route, i);
    if (serves(record, exchange)) exchange.pinnedTarget = record;
  }
  if (exchange.pinnedTarget != 0) passedTotal.add(1);
  return Outcome.NEXT;
}

function writeHeader(exchange: Exchange, targets: i32, account: Account): void {
  let flags: u32 = 0;
  if (exchange.streaming) flags |= PlanFlag.STREAM;
  if (exchange.streamUsage) flags |= PlanFlag.STREAM_USAGE;
  if (exchange.isForm) flags |= PlanFlag.MULTIPART;
  if ((exchange.config!.routeFlags(exchange.route) & RouteFlag.STRICT) != 0) flags |= PlanFlag.STRICT;
  plan.reset().reserve(PLAN_HEADER_BYTES);
  const at = plan.pointer;
  memory.fill(at, 0, PLAN_HEADER_BYTES);
  store<u8>(at, <u8>PLAN_FORMAT);
  store<u8>(at, <u8>exchange.protocol, 1);
  store<u8>(at, <u8>exchange.operation, 2);
  store<u8>(at, <u8>flags, 3);
  store<u8>(at, <u8>targets, 4);
  store<u32>(at, exchange.modelStart, 8);
  store<u32>(at, exchange.modelEnd, 12);
  store<u64>(at, exchange.config!.revision, 16);
  store<u32>(at, bodyLengthOf(exchange), 24);
  store<u32>(at, account.index, 28);
  store<u64>(at, account.ticket, 32);
  store<u32>(at, exchange.usageAskStart, 40);
  store<u16>(at, <u16>(exchange.usageAskEnd - exchange.usageAskStart), 44);
  store<u8>(at, <u8>exchange.usageAsk, 46);
  const config = exchange.config!;
  memory.copy(at + 48, retryStatuses(config.base, exchange.route), RETRY_STATUSES_BYTES);
  plan.length = PLAN_HEADER_BYTES;
}

function writeClientHeaders(exchange: Exchange): void {
  writeModel(exchange);
  const sent = exchange.dialectHeaders;
  if (sent.length > 0) plan.writeBytes(sent.pointer, sent.length);
  else for (let i = 0; i < DIALECT_HEADERS; i++) plan.writeU16(0);
  plan.writeString16(exchange.passedPath.pointer, exchange.passedPath.length);
  writeSealKey(exchange);
}

function bodyLengthOf(exchange: Exchange): u32 {
  if (!exchange.isForm) return exchange.bodyLength;
  return exchange.formLength < 0 ? LENGTH_UNKNOWN : <u32>min<i64>(exchange.formLength, LENGTH_UNKNOWN);
}

/** Only replies of the Responses API name state that a provider keeps. */
function writeSealKey(exchange: Exchange): void {
  const key = exchange.lease!.sealKey;
  if (exchange.operation == Operation.RESPONSES) plan.writeString16(key + 2, load<u16>(key));
  else plan.writeU16(0);
}

/** As the body has it; a name that comes from the path is escaped like one. */
function writeModel(exchange: Exchange): void {
  if (exchange.modelEnd > 0 && !exchange.isForm) {
    plan.writeString16(exchange.body + <usize>exchange.modelStart + 1, exchange.modelEnd - exchange.modelStart - 2);
    return;
  }
  escapeTo(exchange.modelPointer, exchange.modelLength, escaped.reset());
  plan.writeString16(escaped.pointer, escaped.length);
}

/**
 * Any header edit also makes Envoy choose the route again, now by the target in filter state, so this must come last.
 * A reset is only worth an attempt that goes elsewhere: the same provider may have charged for the first.
 */
function limitRetries(targets: i32, perTryTimeoutMs: u32): void {
  const retries = max(targets - 1, 1);
  if (targets > 1) setHeaderLiteral(HeaderMap.REQUEST, RETRY_ON, RESET);
  if (perTryTimeoutMs != ROUTE_PER_TRY_TIMEOUT_MS) {
    number.reset().writeUnsigned(perTryTimeoutMs);
    setHeader(HeaderMap.REQUEST, PER_TRY_TIMEOUT, number.pointer, number.length);
  }
  number.reset().writeUnsigned(retries);
  setHeader(HeaderMap.REQUEST, MAX_RETRIES, number.pointer, number.length);
}
