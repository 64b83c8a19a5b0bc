// Usage events as lines of JSON (control-plane/usage/event.ts says what they hold): one when an exchange is over, one for
// every attempt that was given up. They go to the control plane in batches, and to Envoy's access log with the exchange.

import { LINE_FEED } from "../bytes/ascii";
import { ByteWriter } from "../bytes/byte-writer";
import {
  ErrorCode,
  errorCodeName,
  operationName,
  PROPERTY_USAGE,
  PROPERTY_USAGE_LENGTH,
  protocolName,
} from "../contract";
import { textLength } from "../errors/error-body";
import { settleHealth } from "../health/attempts";
import { JsonWriter } from "../json/writer";
import { metersTokens } from "../operations";
import { nowMs, setProperty } from "../sdk";
import { Lease } from "../state/lease";
import { randomBytes } from "../state/random";
import { Series, seriesOf } from "../telemetry/exchange-metrics";
import { Account, Attempt } from "./account";
import { costOf, currencyOf, providerOf } from "./bill";
import { usageQueue } from "./queue";
import { TokenUsage } from "./token-usage";

const LINE_BYTES_MAX: i32 = 16 * 1024;
const NONCE_BYTES: i32 = 8;
/** Bytes of a request's JSON that make a token, about. */
const BYTES_A_TOKEN: i64 = 4;

const line = new ByteWriter(LINE_BYTES_MAX);
const json = new JsonWriter(line);
const charged = new TokenUsage();
const nonce: usize = heap.alloc(NONCE_BYTES);
let sequence: u64 = 0;
/** Of the event that is being made. */
let durationMs: i64 = 0;
let cost: i64 = 0;

/** Call once the VM may make host calls. */
export function startEvents(): void {
  randomBytes(nonce, NONCE_BYTES);
}

/** An attempt is given up. `status` is the provider's, 0 when no reply of it was seen. */
export function emitAttempt(account: Account, status: i32): void {
  account.attempt = Attempt.ABANDONED;
  measure(account, status < 400);
  begin(account, "attempt", account.attemptStartedMs);
  finish(account, status, true);
  charge(account, 0, true);
  const series = seriesOfAccount(account);
  series.addAttempt();
  series.addTokens(max<i64>(charged.input, 0), max<i64>(charged.output, 0), cost);
  usageQueue.push(line);
  if (!account.config!.logsUsage) return;
  account.attemptLines.writeBytes(line.pointer, line.length);
  account.attemptLines.writeByte(LINE_FEED);
}

/**
 * The exchange is over. `status` is what the client got, 0 if nothing; `error` the code of an error that Envoy gave, empty
 * where the account knows better. Only in `onLog`: the line goes to filter state too.
 */
export function emitExchange(account: Account, status: i32, error: usize, errorLength: i32): void {
  settleHealth(account, status);
  // What an error cost nobody has said; a stream that broke was charged for what had come.
  const failed = status >= 400 && account.firstContentMs == 0;
  const isOpen = account.attempt == Attempt.OPEN || account.attempt == Attempt.ANSWERED;
  const estimated =
    isOpen && !failed && !(account.complete && (account.reader.told || !metersTokens(account.operation)));
  measure(account, estimated);
  begin(account, "exchange", account.startedMs);
  if (account.firstContentMs != 0) count("firstTokenMs", account.firstContentMs - account.startedMs);
  if (account.error >= 0) {
    const name = errorCodeName(<ErrorCode>account.error);
    text("error", name, textLength(name));
  } else if (errorLength > 0) {
    text("error", error, errorLength);
  }
  finish(account, status, estimated);
  charge(account, account.attempts > 0 ? 1 : 0, estimated);
  countExchange(account, status);
  usageQueue.push(line);
  if (!account.config!.logsUsage) return;
  const logged = account.attemptLines;
  if (logged.length > 0) logged.writeBytes(line.pointer, line.length);
  const lines = logged.length > 0 && !logged.overflow ? logged : line;
  setProperty(PROPERTY_USAGE, PROPERTY_USAGE_LENGTH, lines.pointer, lines.length);
}

function charge(account: Account, requests: i64, estimated: bool): void {
  const reservation = account.reservation;
  if (reservation != null) reservation.charge(charged, cost, requests, estimated);
  const admission = account.admission;
  if (admission != null) admission.used += max<i64>(charged.input, 0) + max<i64>(charged.output, 0);
}

function countExchange(account: Account, status: i32): void {
  const series = seriesOfAccount(account);
  const output = max<i64>(charged.output, 0);
  const firstTokenMs: i64 = account.firstContentMs == 0 ? -1 : account.firstContentMs - account.startedMs;
  series.addTokens(max<i64>(charged.input, 0), output, cost);
  series.addExchange(status, durationMs, firstTokenMs, output);
}

function seriesOfAccount(account: Account): Series {
  const config = account.config!;
  const route = account.route;
  const target: usize = account.target == 0 ? 0 : config.targetId(account.target);
  const tenant = account.lease!.tenant;
  return seriesOf(
    route == 0 ? 0 : config.routeName(route),
    route == 0 ? 0 : config.routeNameLength(route),
    target + 2,
    target == 0 ? 0 : load<u16>(target),
    tenant + 2,
    load<u16>(tenant),
  );
}

/** What the provider told, and beyond it what can be guessed. */
function measure(account: Account, guesses: bool): void {
  const reader = account.reader;
  charged.reset();
  if (reader.told) charged.copy(reader.usage);
  if (!guesses || !account.sent || !metersTokens(account.operation)) return;
  if (charged.input == 0) charged.input = (account.requestBytes + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN;
  charged.output = max(charged.output, account.estimate.tokens);
}

function begin(account: Account, kind: string, startedMs: u64): void {
  const now = nowMs();
  durationMs = now > startedMs ? now - startedMs : 0;
  line.reset();
  json.reset(line).objectBegin();
  json.key("id");
  json.stringBegin();
  writeHex(nonce, NONCE_BYTES);
  line.writeAscii("-");
  line.writeUnsigned(++sequence);
  json.stringEnd();
  json.key("kind");
  json.ascii(kind);
  count("startedAt", startedMs);
  count("durationMs", durationMs);
}

function finish(account: Account, status: i32, estimated: bool): void {
  writeHolder(account.lease!);
  json.key("protocol");
  json.ascii(protocolName(account.protocol));
  json.key("operation");
  json.ascii(operationName(account.operation));
  json.key("streaming");
  json.boolean(account.streaming);
  text("model", account.model.pointer, account.model.length);
  const config = account.config!;
  const route = account.route;
  text("route", route == 0 ? 0 : config.routeName(route), route == 0 ? 0 : config.routeNameLength(route));
  writeTarget(account);
  count("attempts", account.attempts);
  count("status", status);
  writeTokens();
  cost = account.target == 0 ? 0 : costOf(account.target, charged, account.attemptStartedMs);
  count("costNanos", cost);
  if (account.target != 0) optional("currency", currencyOf(account.target));
  json.key("estimated");
  json.boolean(estimated);
  count("revision", config.revision);
  json.objectEnd();
}

function writeHolder(lease: Lease): void {
  optional("tenant", lease.tenant);
  optional("department", lease.department);
  optional("application", lease.application);
  optional("consumer", lease.consumer);
  optional("keyId", lease.keyId);
}

function writeTarget(account: Account): void {
  const target = account.target;
  if (target == 0) return;
  optional("target", account.config!.targetId(target));
  optional("provider", providerOf(target));
  const model = account.config!.targetModel(target);
  if (load<u16>(model) > 0) {
    json.key("requestModel");
    json.rawString(model + 2, load<u16>(model));
  }
  const answered = account.reader.model;
  if (answered.length == 0) return;
  json.key("responseModel");
  json.rawString(answered.pointer, answered.length);
}

function writeTokens(): void {
  json.key("tokens");
  json.objectBegin();
  count("input", charged.input);
  count("output", charged.output);
  detail("cachedInput", charged.cached);
  detail("cacheWrite", charged.cacheWritten);
  detail("reasoning", charged.reasoning);
  detail("audioInput", charged.inputAudio);
  detail("audioOutput", charged.outputAudio);
  json.objectEnd();
}

/** Left out where there is nothing of it. */
function detail(name: string, value: i64): void {
  if (value > 0) count(name, value);
}

function count(name: string, value: i64): void {
  json.key(name);
  json.integer(value);
}

function text(name: string, pointer: usize, length: i32): void {
  json.key(name);
  json.string(pointer, length);
}

/** A str16 that is left out where it is empty. */
function optional(name: string, string16: usize): void {
  const length: i32 = load<u16>(string16);
  if (length > 0) text(name, string16 + 2, length);
}

function writeHex(bytes: usize, length: i32): void {
  for (let i = 0; i < length; i++) {
    const value: u32 = load<u8>(bytes + <usize>i);
    line.writeByte(hexDigit(value >> 4));
    line.writeByte(hexDigit(value & 15));
  }
}

function hexDigit(value: u32): u32 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
