// What a client is told of its budgets: the headers that OpenAI has for it, of the budget of each kind with the least left, and a
// warning where one runs out. Of a budget that refused, when to come back.

import { ByteWriter } from "../bytes/byte-writer";
import { BudgetMeasure, HEADER_BUDGET_WARNING, HEADER_BUDGET_WARNING_LENGTH } from "../contract";
import { HeaderMap, Literal, setHeader, utf8 } from "../sdk";
import { monotonicMs } from "../state/monotonic";
import { idOf, measureOf, warnAtPercent } from "./budget";
import { NONE, Reservation, Standing, UNKNOWN } from "./reservation";

const LIMIT_REQUESTS = utf8("x-ratelimit-limit-requests");
const REMAINING_REQUESTS = utf8("x-ratelimit-remaining-requests");
const RESET_REQUESTS = utf8("x-ratelimit-reset-requests");
const LIMIT_TOKENS = utf8("x-ratelimit-limit-tokens");
const REMAINING_TOKENS = utf8("x-ratelimit-remaining-tokens");
const RESET_TOKENS = utf8("x-ratelimit-reset-tokens");
const RETRY_AFTER = utf8("retry-after");
const WARNING = new Literal(HEADER_BUDGET_WARNING, HEADER_BUDGET_WARNING_LENGTH);

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/** A level falls as soon as any request ends. */
const LEVEL_RETRY_SECONDS: i64 = 1;

const value = new ByteWriter(1024);

export function writeLimitHeaders(reservation: Reservation): void {
  const requests = tightest(reservation, false);
  const tokens = tightest(reservation, true);
  const nowMs = monotonicMs();
  if (requests != NONE) writeKind(reservation, requests, nowMs, LIMIT_REQUESTS, REMAINING_REQUESTS, RESET_REQUESTS);
  if (tokens != NONE) writeKind(reservation, tokens, nowMs, LIMIT_TOKENS, REMAINING_TOKENS, RESET_TOKENS);
  writeWarning(reservation);
  if (reservation.standing == Standing.SPENT) writeRetryAfter(reservation, nowMs);
}

/** The budget of this kind with the least left; NONE when there is none. */
function tightest(reservation: Reservation, ofTokens: bool): i32 {
  let found = NONE;
  for (let i = 0; i < reservation.count; i++) {
    const measure = measureOf(reservation.budget(i));
    const isKind = ofTokens ? measure <= BudgetMeasure.WEIGHTED_TOKENS : measure == BudgetMeasure.REQUESTS;
    if (!isKind || reservation.isVoid(i) || reservation.limitOf(i) == UNKNOWN) continue;
    if (found == NONE || reservation.remainderOf(i) < reservation.remainderOf(found)) found = i;
  }
  return found;
}

function writeKind(
  reservation: Reservation,
  i: i32,
  nowMs: i64,
  limit: Literal,
  remaining: Literal,
  reset: Literal,
): void {
  write(limit, reservation.limitOf(i));
  write(remaining, reservation.remainderOf(i));
  const end = reservation.endOf(i);
  if (end == i64.MAX_VALUE) return;
  writeDuration(max<i64>(end - nowMs, 0));
  setHeader(HeaderMap.RESPONSE, reset, value.pointer, value.length);
}

function write(name: Literal, amount: i64): void {
  value.reset().writeDecimal(amount);
  setHeader(HeaderMap.RESPONSE, name, value.pointer, value.length);
}

/** As `6h3m20s`, or `20ms` below a second. */
function writeDuration(ms: i64): void {
  value.reset();
  if (ms < SECOND) {
    value.writeDecimal(ms);
    value.writeAscii("ms");
    return;
  }
  if (ms >= HOUR) {
    value.writeDecimal(ms / HOUR);
    value.writeAscii("h");
  }
  if (ms >= MINUTE) {
    value.writeDecimal((ms % HOUR) / MINUTE);
    value.writeAscii("m");
  }
  value.writeDecimal((ms % MINUTE) / SECOND);
  value.writeAscii("s");
}

/** `team-month;used=83`, several with commas between. */
function writeWarning(reservation: Reservation): void {
  value.reset();
  for (let i = 0; i < reservation.count; i++) {
    const budget = reservation.budget(i);
    const limit = reservation.limitOf(i);
    const percent = warnAtPercent(budget);
    if (percent == 0 || limit <= 0) continue;
    const used = ((limit - reservation.remainderOf(i)) * 100) / limit;
    if (used < percent) continue;
    if (value.length > 0) value.writeAscii(", ");
    const id = idOf(budget);
    value.writeBytes(id + 2, load<u16>(id));
    value.writeAscii(";used=");
    value.writeDecimal(used);
  }
  if (value.length > 0 && !value.overflow) setHeader(HeaderMap.RESPONSE, WARNING, value.pointer, value.length);
}

/** Whole seconds, at least one; nothing where no time helps. */
function writeRetryAfter(reservation: Reservation, nowMs: i64): void {
  const i = reservation.refusedBy;
  const isLevel = measureOf(reservation.budget(i)) == BudgetMeasure.CONCURRENT_REQUESTS;
  const end = reservation.endOf(i);
  if (isLevel) write(RETRY_AFTER, LEVEL_RETRY_SECONDS);
  else if (end != i64.MAX_VALUE) write(RETRY_AFTER, max<i64>((end - nowMs + SECOND - 1) / SECOND, 1));
}
