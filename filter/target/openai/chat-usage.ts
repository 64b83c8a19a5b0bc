// Token counts of a chat completion reply in Messages' form. Providers have several names for the tokens that they found in
// their cache.

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const prompt = usage.add("prompt_tokens");
const completion = usage.add("completion_tokens");
const promptDetails = usage.add("prompt_tokens_details");
const completionDetails = usage.add("completion_tokens_details");
const cachedOutside = usage.add("cached_tokens");
const cacheHit = usage.add("prompt_cache_hit_tokens");
const details = new Fields();
const cached = details.add("cached_tokens");
const cacheWrite = details.add("cache_write_tokens");
const outputDetails = new Fields();
const reasoning = outputDetails.add("reasoning_tokens");

export class ChatUsage {
  private prompt: i64 = 0;
  private completion: i64 = 0;
  private cached: i64 = 0;
  private cacheWrite: i64 = 0;
  private reasoning: i64 = 0;
  private tier: string = "";

  reset(): void {
    this.prompt = 0;
    this.completion = 0;
    this.cached = 0;
    this.cacheWrite = 0;
    this.reasoning = 0;
    this.tier = "";
  }

  /** True when the value was a usage object. */
  read(value: Value): bool {
    if (!usage.readValue(value)) return false;
    this.prompt = prompt.count;
    this.completion = completion.count;
    details.readValue(promptDetails);
    outputDetails.readValue(completionDetails);
    const hits = max(cached.count, max(cachedOutside.count, cacheHit.count));
    this.cached = min(hits, this.prompt);
    this.cacheWrite = min(cacheWrite.count, this.prompt - this.cached);
    this.reasoning = reasoning.count;
    return true;
  }

  /** How the request was served: a member of the reply in chat, of the usage in Messages. */
  readServiceTier(tier: Value): void {
    if (tier.is("default")) this.tier = "standard";
    else if (tier.is("priority") || tier.is("scale")) this.tier = "priority";
  }

  /** OpenAI counts cached tokens among the others, Messages beside them. */
  write(json: JsonWriter): void {
    json.objectBegin();
    json.key("input_tokens");
    json.integer(this.prompt - this.cached - this.cacheWrite);
    json.key("cache_creation_input_tokens");
    json.integer(this.cacheWrite);
    json.key("cache_read_input_tokens");
    json.integer(this.cached);
    json.key("output_tokens");
    json.integer(this.completion);
    if (this.reasoning > 0) {
      json.key("output_tokens_details");
      json.objectBegin();
      json.key("thinking_tokens");
      json.integer(this.reasoning);
      json.objectEnd();
    }
    if (this.tier.length > 0) {
      json.key("service_tier");
      json.ascii(this.tier);
    }
    json.objectEnd();
  }
}
