// Token counts of a Gemini reply in OpenAI's form. In a stream every chunk tells the counts up to there: the last one counts.

import { JsonWriter } from "../../json/writer";
import { Fields, Items, Value } from "../translation/value";

const usage = new Fields();
const prompt = usage.add("promptTokenCount");
const toolUse = usage.add("toolUsePromptTokenCount");
const cached = usage.add("cachedContentTokenCount");
const candidates = usage.add("candidatesTokenCount");
const thoughts = usage.add("thoughtsTokenCount");
const promptDetails = usage.add("promptTokensDetails");
const candidatesDetails = usage.add("candidatesTokensDetails");

const detail = new Fields();
const modality = detail.add("modality");
const tokenCount = detail.add("tokenCount");
const details = new Items();

export class GeminiUsage {
  private prompt: i64 = 0;
  private output: i64 = 0;
  private cached: i64 = 0;
  private thoughts: i64 = 0;
  private promptAudio: i64 = 0;
  private outputAudio: i64 = 0;

  reset(): void {
    this.prompt = 0;
    this.output = 0;
    this.cached = 0;
    this.thoughts = 0;
    this.promptAudio = 0;
    this.outputAudio = 0;
  }

  read(value: Value): void {
    if (!usage.readValue(value)) return;
    // What tools of Google's put into the prompt is charged as prompt, and counted beside it.
    this.prompt = prompt.count + toolUse.count;
    this.thoughts = thoughts.count;
    this.output = candidates.count + this.thoughts;
    this.cached = cached.count;
    this.promptAudio = audioTokens(promptDetails);
    this.outputAudio = audioTokens(candidatesDetails);
  }

  /** Gemini counts thoughts beside the answer, OpenAI within it. */
  write(json: JsonWriter): void {
    json.objectBegin();
    writeCount(json, "prompt_tokens", this.prompt);
    writeCount(json, "completion_tokens", this.output);
    writeCount(json, "total_tokens", this.prompt + this.output);
    json.key("prompt_tokens_details");
    json.objectBegin();
    writeCount(json, "cached_tokens", this.cached);
    writeCount(json, "audio_tokens", this.promptAudio);
    json.objectEnd();
    json.key("completion_tokens_details");
    json.objectBegin();
    writeCount(json, "reasoning_tokens", this.thoughts);
    writeCount(json, "audio_tokens", this.outputAudio);
    json.objectEnd();
    json.objectEnd();
  }
}

/** Of `[{"modality":"AUDIO","tokenCount":9}]`. */
function audioTokens(list: Value): i64 {
  let tokens: i64 = 0;
  details.begin(list);
  while (details.next()) if (detail.readValue(details.value) && modality.is("AUDIO")) tokens += tokenCount.count;
  return tokens;
}

function writeCount(json: JsonWriter, name: string, count: i64): void {
  json.key(name);
  json.integer(count);
}
