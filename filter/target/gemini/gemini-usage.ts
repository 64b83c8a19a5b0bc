// Token counts of a Gemini reply in OpenAI's form. In a stream every chunk tells the counts up to there: the last one counts.

import { TokenUsage } from "../../usage/token-usage";
import { Fields, Items, Value } from "../translation/value";

const usage = new Fields();
const prompt = usage.add("promptTokenCount");
const toolUse = usage.add("toolUsePromptTokenCount");
const cached = usage.add("cachedContentTokenCount");
const candidates = usage.add("candidatesTokenCount");
const thoughts = usage.add("thoughtsTokenCount");
const promptDetails = usage.add("promptTokensDetails");
const candidatesDetails = usage.add("candidatesTokensDetails");

const detail = new Fields();
const modality = detail.add("modality");
const tokenCount = detail.add("tokenCount");
const details = new Items();

/** Leaves zeros where Gemini tells nothing. It counts thoughts beside the answer, chat within it. */
export function readUsage(value: Value, into: TokenUsage): void {
  into.reset();
  usage.readValue(value);
  // What tools of Google's put into the prompt is charged as prompt, and counted beside it.
  into.input = prompt.count + toolUse.count;
  into.cached = cached.count;
  into.inputAudio = audioTokens(promptDetails);
  into.reasoning = thoughts.count;
  into.output = candidates.count + into.reasoning;
  into.outputAudio = audioTokens(candidatesDetails);
}

/** Of `[{"modality":"AUDIO","tokenCount":9}]`. */
function audioTokens(list: Value): i64 {
  let tokens: i64 = 0;
  details.begin(list);
  while (details.next()) if (detail.readValue(details.value) && modality.is("AUDIO")) tokens += tokenCount.count;
  return tokens;
}
