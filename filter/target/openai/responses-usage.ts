// Token counts of a chat completion reply in the form of Responses.

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const prompt = usage.add("prompt_tokens");
const completion = usage.add("completion_tokens");
const promptDetails = usage.add("prompt_tokens_details");
const completionDetails = usage.add("completion_tokens_details");
const details = new Fields();
const cached = details.add("cached_tokens");
const cacheWrite = details.add("cache_write_tokens");
const reasoning = details.add("reasoning_tokens");

export class ResponsesUsage {
  private known: bool = false;
  private prompt: i64 = 0;
  private completion: i64 = 0;
  private cached: i64 = 0;
  private cacheWrite: i64 = 0;
  private reasoning: i64 = 0;

  reset(): void {
    this.known = false;
  }

  /** Keeps what it knew when the value is no usage object. */
  read(value: Value): void {
    if (!usage.readValue(value)) return;
    this.known = true;
    this.prompt = prompt.count;
    this.completion = completion.count;
    details.readValue(promptDetails);
    this.cached = cached.count;
    this.cacheWrite = cacheWrite.count;
    details.readValue(completionDetails);
    this.reasoning = reasoning.count;
  }

  write(json: JsonWriter): void {
    if (!this.known) {
      json.nil();
      return;
    }
    json.objectBegin();
    json.key("input_tokens");
    json.integer(this.prompt);
    json.key("input_tokens_details");
    json.objectBegin();
    json.key("cached_tokens");
    json.integer(this.cached);
    if (this.cacheWrite > 0) {
      json.key("cache_write_tokens");
      json.integer(this.cacheWrite);
    }
    json.objectEnd();
    json.key("output_tokens");
    json.integer(this.completion);
    json.key("output_tokens_details");
    json.objectBegin();
    json.key("reasoning_tokens");
    json.integer(this.reasoning);
    json.objectEnd();
    json.key("total_tokens");
    json.integer(this.prompt + this.completion);
    json.objectEnd();
  }
}
