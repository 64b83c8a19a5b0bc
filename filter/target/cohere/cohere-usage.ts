// Cohere's token counts: `tokens` is what the model read and wrote, `billed_units` what of it is charged. Chat counts tokens.

import { TokenUsage } from "../../usage/token-usage";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const tokens = usage.add("tokens");
const billedUnits = usage.add("billed_units");
const cachedTokens = usage.add("cached_tokens");

const counts = new Fields();
const input = counts.add("input_tokens");
const output = counts.add("output_tokens");

/** Leaves zeros where the provider tells nothing. */
export function readUsage(value: Value, into: TokenUsage): void {
  into.reset();
  if (!usage.readValue(value)) return;
  if (!counts.readValue(tokens) && !counts.readValue(billedUnits)) return;
  into.input = input.count;
  into.output = output.count;
  if (cachedTokens.count > 0) into.cached = min(cachedTokens.count, into.input);
}
