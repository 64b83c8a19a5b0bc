// Token counts in chat's words, whatever the provider calls them. What a provider does not tell is left out.

import { JsonWriter } from "../../json/writer";

/** A count that the provider has not told. */
export const UNTOLD: i64 = -1;

export class ChatUsage {
  /** All that the model read, cached or not. */
  input: i64 = 0;
  /** All that the model wrote, thoughts among them. */
  output: i64 = 0;
  /** Of the input: read from the provider's cache, written to it, sound. */
  cached: i64 = UNTOLD;
  cacheWritten: i64 = UNTOLD;
  inputAudio: i64 = UNTOLD;
  /** Of the output: thoughts, sound. */
  reasoning: i64 = UNTOLD;
  outputAudio: i64 = UNTOLD;

  reset(): void {
    this.input = 0;
    this.output = 0;
    this.cached = UNTOLD;
    this.cacheWritten = UNTOLD;
    this.inputAudio = UNTOLD;
    this.reasoning = UNTOLD;
    this.outputAudio = UNTOLD;
  }

  /** `{"prompt_tokens":…}` */
  write(json: JsonWriter): void {
    json.objectBegin();
    writeCount(json, "prompt_tokens", this.input);
    writeCount(json, "completion_tokens", this.output);
    writeCount(json, "total_tokens", this.input + this.output);
    if (max(max(this.cached, this.cacheWritten), this.inputAudio) > UNTOLD) {
      json.key("prompt_tokens_details");
      json.objectBegin();
      writeCount(json, "cached_tokens", this.cached);
      writeCount(json, "cache_write_tokens", this.cacheWritten);
      writeCount(json, "audio_tokens", this.inputAudio);
      json.objectEnd();
    }
    if (max(this.reasoning, this.outputAudio) > UNTOLD) {
      json.key("completion_tokens_details");
      json.objectBegin();
      writeCount(json, "reasoning_tokens", this.reasoning);
      writeCount(json, "audio_tokens", this.outputAudio);
      json.objectEnd();
    }
    json.objectEnd();
  }
}

function writeCount(json: JsonWriter, name: string, count: i64): void {
  if (count == UNTOLD) return;
  json.key(name);
  json.integer(count);
}
