// Token counts of a chat completion reply in Messages' form.

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const prompt = usage.add("prompt_tokens");
const completion = usage.add("completion_tokens");
const promptDetails = usage.add("prompt_tokens_details");
const details = new Fields();
const cached = details.add("cached_tokens");

export class ChatUsage {
  private prompt: i64 = 0;
  private completion: i64 = 0;
  private cached: i64 = 0;

  reset(): void {
    this.prompt = 0;
    this.completion = 0;
    this.cached = 0;
  }

  /** True when the value was a usage object. */
  read(value: Value): bool {
    if (!usage.readValue(value)) return false;
    this.prompt = prompt.count;
    this.completion = completion.count;
    this.cached = details.readValue(promptDetails) ? min(cached.count, this.prompt) : 0;
    return true;
  }

  /** OpenAI counts cached tokens among the others, Messages beside them. */
  write(json: JsonWriter): void {
    json.objectBegin();
    json.key("input_tokens");
    json.integer(this.prompt - this.cached);
    json.key("cache_creation_input_tokens");
    json.integer(0);
    json.key("cache_read_input_tokens");
    json.integer(this.cached);
    json.key("output_tokens");
    json.integer(this.completion);
    json.objectEnd();
  }
}
