// Token counts of a Messages reply in OpenAI's form. A stream tells them in pieces: the numbers only grow.

import { JsonWriter } from "../../json/writer";
import { ChatUsage } from "../translation/chat-usage";
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

export class MessagesUsage extends ChatUsage {
  private tier: Tier = Tier.UNKNOWN;
  private uncached: i64 = 0;

  reset(): void {
    super.reset();
    this.tier = Tier.UNKNOWN;
    this.uncached = 0;
    this.cached = 0;
    this.cacheWritten = 0;
    this.reasoning = 0;
  }

  /**
   * Takes what the object names; some providers repeat a number as 0 at the end. Messages counts cached tokens beside the
   * others, chat among them.
   */
  read(value: Value): void {
    usage.readValue(value);
    this.uncached = max(this.uncached, input.count);
    this.output = max(this.output, output.count);
    this.cacheWritten = max(this.cacheWritten, cacheCreation.count);
    this.cached = max(this.cached, cacheRead.count);
    this.input = this.uncached + this.cacheWritten + this.cached;
    if (serviceTier.is("standard")) this.tier = Tier.STANDARD;
    else if (serviceTier.is("priority")) this.tier = Tier.PRIORITY;
    details.readValue(outputDetails);
    this.reasoning = max(this.reasoning, thinking.count);
  }

  /** How the request was served, in OpenAI's words; a member of the reply itself. */
  writeServiceTier(json: JsonWriter): void {
    if (this.tier == Tier.UNKNOWN) return;
    json.key("service_tier");
    json.ascii(this.tier == Tier.PRIORITY ? "priority" : "default");
  }
}
