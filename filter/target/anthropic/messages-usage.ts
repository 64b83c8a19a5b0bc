// Token counts of a Messages reply in OpenAI's form. A stream tells them in pieces: later numbers replace earlier ones.

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const input = usage.add("input_tokens");
const output = usage.add("output_tokens");
const cacheCreation = usage.add("cache_creation_input_tokens");
const cacheRead = usage.add("cache_read_input_tokens");

export class MessagesUsage {
  private input: i64 = 0;
  private output: i64 = 0;
  private cacheCreation: i64 = 0;
  private cacheRead: i64 = 0;

  reset(): void {
    this.input = 0;
    this.output = 0;
    this.cacheCreation = 0;
    this.cacheRead = 0;
  }

  /** Takes what the object names. */
  read(value: Value): void {
    if (!usage.readValue(value)) return;
    if (input.present) this.input = input.count;
    if (output.present) this.output = output.count;
    if (cacheCreation.present) this.cacheCreation = cacheCreation.count;
    if (cacheRead.present) this.cacheRead = cacheRead.count;
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
    json.objectEnd();
    json.objectEnd();
  }
}
