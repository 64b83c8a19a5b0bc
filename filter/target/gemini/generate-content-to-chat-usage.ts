// Token counts of a chat completion as usageMetadata. OpenAI counts thoughts among the answer's tokens, Gemini beside them.

import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

const usage = new Fields();
const prompt = usage.add("prompt_tokens");
const completion = usage.add("completion_tokens");
const total = usage.add("total_tokens");
const promptDetails = usage.add("prompt_tokens_details");
const completionDetails = usage.add("completion_tokens_details");
const inputDetails = new Fields();
const cached = inputDetails.add("cached_tokens");
const promptAudio = inputDetails.add("audio_tokens");
const outputDetails = new Fields();
const reasoning = outputDetails.add("reasoning_tokens");
const completionAudio = outputDetails.add("audio_tokens");

export class UsageMetadata {
  known: bool = false;
  private prompt: i64 = 0;
  private answer: i64 = 0;
  private total: i64 = 0;
  private cached: i64 = 0;
  private thoughts: i64 = 0;
  private promptAudio: i64 = 0;
  private answerAudio: i64 = 0;

  reset(): void {
    this.known = false;
  }

  /** Keeps the last counts that were told. */
  read(value: Value): void {
    if (!usage.readValue(value)) return;
    inputDetails.readValue(promptDetails);
    outputDetails.readValue(completionDetails);
    this.known = true;
    this.prompt = prompt.count;
    this.cached = min(cached.count, prompt.count);
    this.promptAudio = min(promptAudio.count, prompt.count);
    this.thoughts = min(reasoning.count, completion.count);
    this.answer = completion.count - this.thoughts;
    this.answerAudio = min(completionAudio.count, this.answer);
    this.total = total.isNumber ? total.count : prompt.count + completion.count;
  }

  /** The member `usageMetadata`, when anything was told. */
  write(json: JsonWriter): void {
    if (!this.known) return;
    json.key("usageMetadata");
    json.objectBegin();
    writeCount("promptTokenCount", this.prompt, json);
    writeCount("candidatesTokenCount", this.answer, json);
    writeCount("totalTokenCount", this.total, json);
    if (this.cached > 0) writeCount("cachedContentTokenCount", this.cached, json);
    if (this.thoughts > 0) writeCount("thoughtsTokenCount", this.thoughts, json);
    if (this.promptAudio > 0) writeDetails("promptTokensDetails", this.prompt, this.promptAudio, json);
    if (this.answerAudio > 0) writeDetails("candidatesTokensDetails", this.answer, this.answerAudio, json);
    json.objectEnd();
  }
}

function writeCount(name: string, count: i64, json: JsonWriter): void {
  json.key(name);
  json.integer(count);
}

/** What is no sound is text, as far as chat tells. */
function writeDetails(name: string, all: i64, audio: i64, json: JsonWriter): void {
  json.key(name);
  json.arrayBegin();
  if (all > audio) writeModality("TEXT", all - audio, json);
  writeModality("AUDIO", audio, json);
  json.arrayEnd();
}

function writeModality(name: string, count: i64, json: JsonWriter): void {
  json.objectBegin();
  json.key("modality");
  json.ascii(name);
  writeCount("tokenCount", count, json);
  json.objectEnd();
}
