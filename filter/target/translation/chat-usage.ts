// Token counts in chat's words, whatever the provider calls them. What a provider does not tell is left out.

import { JsonWriter } from "../../json/writer";
import { TokenUsage, UNTOLD } from "../../usage/token-usage";

export class ChatUsage extends TokenUsage {
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
