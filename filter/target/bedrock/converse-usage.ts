// Token counts of a Converse reply in OpenAI's form.

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const input = usage.add("inputTokens");
const output = usage.add("outputTokens");
const cacheRead = usage.add("cacheReadInputTokens");
const cacheWrite = usage.add("cacheWriteInputTokens");

export class ConverseUsage {
  private input: i64 = 0;
  private output: i64 = 0;
  private cacheRead: i64 = 0;
  private cacheWrite: i64 = 0;

  reset(): void {
    this.input = 0;
    this.output = 0;
    this.cacheRead = 0;
    this.cacheWrite = 0;
  }

  read(value: Value): void {
    usage.readValue(value);
    this.input = input.count;
    this.output = output.count;
    this.cacheRead = cacheRead.count;
    this.cacheWrite = cacheWrite.count;
  }

  /** Converse counts cached tokens beside the others, OpenAI among them. */
  write(json: JsonWriter): void {
    const prompt = this.input + this.cacheRead + this.cacheWrite;
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
    json.integer(this.cacheWrite);
    json.objectEnd();
    json.objectEnd();
  }
}
