// What a request may use, before anybody knows: the most that is possible, or what is likely. Both are counted without a tokenizer.
// The most that is possible: a token stands for at least one byte of text; what a request only refers to (a picture by its address)
// is taken for the largest that providers make of one; the answer is as long as its cap, in every choice, at the dearest target.

import { BudgetFlag, BudgetMeasure } from "../contract";
import { Exchange } from "../gateway/exchange";
import { UNCAPPED } from "../json/envelope";
import { canServe, metersTokens } from "../operations";
import { costOf } from "../usage/bill";
import { TokenUsage, UNTOLD } from "../usage/token-usage";
import { amountOf, hasFlag, measureOf } from "./budget";
import { countReferences } from "./media-references";

/** What an answer is capped at where a strict budget counts it and the request does not say. */
export const DEFAULT_CAP: i64 = 4096;
const LIKELY_OUTPUT: i64 = 512;
const BYTES_A_TOKEN: i64 = 4;
/** A picture in high detail, with room. */
const REFERENCE_TOKENS: i64 = 4096;
const CAP_MAX: i64 = 1 << 31;
const CHOICES_MAX: i64 = 1024;

const usage = new TokenUsage();

/** Whether the answer must be capped for the budget to hold. */
export function countsOutput(budget: usize): bool {
  const measure = measureOf(budget);
  return (
    measure != BudgetMeasure.INPUT_TOKENS &&
    measure != BudgetMeasure.REQUESTS &&
    measure != BudgetMeasure.CONCURRENT_REQUESTS
  );
}

/** What is to be set aside of a budget. */
export function forecast(exchange: Exchange, budget: usize): i64 {
  const isStrict = hasFlag(budget, BudgetFlag.STRICT);
  usage.reset();
  if (metersTokens(exchange.operation)) {
    usage.input = isStrict ? mostInput(exchange) : (<i64>exchange.bodyLength + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN;
    usage.output = outputOf(exchange, isStrict);
  }
  const costs = measureOf(budget) == BudgetMeasure.COST;
  return amountOf(budget, usage, costs ? dearest(exchange, isStrict) : 0, 1);
}

/** Tokens of output that `forecast` has reckoned with. */
export function outputOf(exchange: Exchange, isStrict: bool): i64 {
  if (!metersTokens(exchange.operation)) return 0;
  const choices = min(max<i64>(exchange.choices, 1), CHOICES_MAX);
  if (exchange.outputCap == UNCAPPED) return (isStrict ? DEFAULT_CAP : LIKELY_OUTPUT) * choices;
  const cap = min(exchange.outputCap, CAP_MAX) * choices;
  return isStrict ? cap : min(cap, LIKELY_OUTPUT * choices);
}

function mostInput(exchange: Exchange): i64 {
  return <i64>exchange.bodyLength + countReferences(exchange.body, exchange.bodyLength) * REFERENCE_TOKENS;
}

/** Billionths of the currency at the dearest of the targets that may be asked. */
function dearest(exchange: Exchange, isStrict: bool): i64 {
  const config = exchange.config!;
  const account = exchange.account!;
  let most: i64 = 0;
  for (let i = 0; i < config.routeTargetCount(exchange.route); i++) {
    const record = config.routeTarget(exchange.route, i);
    if (!canServe(load<u8>(record, 2), exchange.operation, exchange.protocol)) continue;
    most = max(most, costOf(record, usage, account.startedMs));
    if (!isStrict) continue;
    // Writing to a provider's cache costs more than reading without one, and sound more than text.
    usage.cacheWritten = usage.input;
    most = max(most, costOf(record, usage, account.startedMs));
    usage.cacheWritten = UNTOLD;
    usage.outputAudio = usage.output;
    most = max(most, costOf(record, usage, account.startedMs));
    usage.outputAudio = UNTOLD;
    usage.reasoning = usage.output;
    most = max(most, costOf(record, usage, account.startedMs));
    usage.reasoning = UNTOLD;
  }
  return most;
}
