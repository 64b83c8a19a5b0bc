// Token counts of a Messages reply in OpenAI's form. A stream tells them in pieces: the numbers only grow.

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const input = usage.add("input_tokens");
const output = usage.add("output_tokens");
const cacheCreation = usage.add("cache_creation_input_tokens");
const cacheRead = usage.add("cache_read_input_tokens");
const serviceTier = usage.add("service_tier");
const outputDetails = usage.add("output_tokens_details");
const details = new Fields();
const thinking = details.add("thinking_tokens");

enum Tier {
  UNKNOWN = 0,
  STANDARD = 1,
  PRIORITY = 2,
}

export class MessagesUsage {
  private tier: Tier = Tier.UNKNOWN;
  private input: i64 = 0;
  private output: i64 = 0;
  private cacheCreation: i64 = 0;
  private cacheRead: i64 = 0;
  private thinking: i64 = 0;

  reset(): void {
    this.tier = Tier.UNKNOWN;
    this.input = 0;
    this.output = 0;
    this.cacheCreation = 0;
    this.cacheRead = 0;
    this.thinking = 0;
  }

  /** Takes what the object names; some providers repeat a number as 0 at the end. */
  read(value: Value): void {
    usage.readValue(value);
    this.input = max(this.input, input.count);
    this.output = max(this.output, output.count);
    this.cacheCreation = max(this.cacheCreation, cacheCreation.count);
    this.cacheRead = max(this.cacheRead, cacheRead.count);
    if (serviceTier.is("standard")) this.tier = Tier.STANDARD;
    else if (serviceTier.is("priority")) this.tier = Tier.PRIORITY;
    details.readValue(outputDetails);
    this.thinking = max(this.thinking, thinking.count);
  }

  /** Messages counts cached tokens beside the others, OpenAI among them. */
  write(json: JsonWriter): void {
    const prompt = this.input + this.cacheCreation + this.cacheRead;
    json.objectBegin();
    json.key("prompt_tokens");
    json.integer(prompt);
    json.key("completion_tokens");
    json.integer(this.output);
    json.key("total_tokens");
    json.integer(prompt + this.output);
    json.key("prompt_tokens_details");
    json.objectBegin();
    json.key("cached_tokens");
    json.integer(this.cacheRead);
    json.key("cache_write_tokens");
    json.integer(this.cacheCreation);
    json.objectEnd();
    json.key("completion_tokens_details");
    json.objectBegin();
    json.key("reasoning_tokens");
    json.integer(this.thinking);
    json.objectEnd();
    json.objectEnd();
  }

  /** How the request was served, in OpenAI's words; a member of the reply itself. */
  writeServiceTier(json: JsonWriter): void {
    if (this.tier == Tier.UNKNOWN) return;
    json.key("service_tier");
    json.ascii(this.tier == Tier.PRIORITY ? "priority" : "default");
  }
}
