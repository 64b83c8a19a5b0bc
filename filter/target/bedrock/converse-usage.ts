// Token counts of a Converse reply in OpenAI's form.

import { TokenUsage } from "../../usage/token-usage";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const input = usage.add("inputTokens");
const output = usage.add("outputTokens");
const cacheRead = usage.add("cacheReadInputTokens");
const cacheWrite = usage.add("cacheWriteInputTokens");

/** Converse counts cached tokens beside the others, chat among them. Leaves zeros where it tells nothing. */
export function readUsage(value: Value, into: TokenUsage): void {
  into.reset();
  usage.readValue(value);
  into.cached = cacheRead.count;
  into.cacheWritten = cacheWrite.count;
  into.input = input.count + into.cached + into.cacheWritten;
  into.output = output.count;
}
