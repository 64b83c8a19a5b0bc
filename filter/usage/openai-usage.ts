// Token counts as OpenAI's APIs and their likes tell them: chat's names, those of Responses, images and speech, and what
// other providers call the tokens that they found in their cache.

import { Fields, Value } from "../target/translation/value";
import { TokenUsage } from "./token-usage";

const usage = new Fields();
const prompt = usage.add("prompt_tokens");
const completion = usage.add("completion_tokens");
const input = usage.add("input_tokens");
const output = usage.add("output_tokens");
const total = usage.add("total_tokens");
const promptDetails = usage.add("prompt_tokens_details");
const completionDetails = usage.add("completion_tokens_details");
const inputDetails = usage.add("input_tokens_details");
const outputDetails = usage.add("output_tokens_details");
const cachedOutside = usage.add("cached_tokens");
const cacheHit = usage.add("prompt_cache_hit_tokens");

const details = new Fields();
const cached = details.add("cached_tokens");
const cacheWrite = details.add("cache_write_tokens");
const audio = details.add("audio_tokens");
const reasoning = details.add("reasoning_tokens");

/** False when the value is no object, or names no count of tokens. */
export function readOpenAiUsage(value: Value, into: TokenUsage): bool {
  if (!usage.readValue(value)) return false;
  if (!prompt.isNumber && !input.isNumber && !total.isNumber) return false;
  into.reset();
  into.input = prompt.isNumber ? prompt.count : input.count;
  into.output = completion.isNumber ? completion.count : output.count;
  // Embeddings and rerankers have one number.
  if (into.input == 0 && into.output == 0) into.input = total.count;
  const hits = max(cachedOutside.count, cacheHit.count);
  if (hits > 0) into.cached = hits;
  if (details.readValue(promptDetails.isObject ? promptDetails : inputDetails)) {
    if (cached.isNumber) into.cached = max(cached.count, hits);
    if (cacheWrite.isNumber) into.cacheWritten = cacheWrite.count;
    if (audio.isNumber) into.inputAudio = audio.count;
  }
  if (details.readValue(completionDetails.isObject ? completionDetails : outputDetails)) {
    if (reasoning.isNumber) into.reasoning = reasoning.count;
    if (audio.isNumber) into.outputAudio = audio.count;
  }
  return true;
}
