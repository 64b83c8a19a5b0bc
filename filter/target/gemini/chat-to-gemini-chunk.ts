// Chunks of a chat completion stream from Gemini's: the envelope around the delta of one choice.
//
//   beginDelta(index, model, out)  …members of the delta…  endDelta(finish, out)     data: {"id":…,"choices":[{…}]}

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Value } from "../translation/value";
import { writeLogprobs } from "./chat-to-gemini-members";
import { answerSeconds, writeAnswerId } from "./chat-to-gemini-reply";
import { GeminiUsage } from "./gemini-usage";

const ID_BYTES_MAX: i32 = 1024;

/** Writes the members of the chunk that was begun last. */
export const chunkJson = new JsonWriter(new ByteWriter(0));
const json = chunkJson;

export class ChatChunk {
  readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  created: i64 = 0;

  reset(): void {
    this.id.reset();
    this.created = 0;
  }

  /** Takes id and time of the answer read last, if it is the first. */
  identify(): void {
    if (this.created != 0) return;
    this.created = answerSeconds();
    writeAnswerId(this.created, this.id);
  }

  beginDelta(index: i32, model: ByteWriter, out: ByteWriter): void {
    this.begin(model, out);
    json.objectBegin();
    json.key("index");
    json.integer(index);
    json.key("delta");
    json.objectBegin();
  }

  /** `finish` is empty until the model has ended. */
  endDelta(finish: string, out: ByteWriter): void {
    json.objectEnd();
    json.key("logprobs");
    json.nil();
    json.key("finish_reason");
    if (finish.length == 0) json.nil();
    else json.ascii(finish);
    this.end(out);
  }

  /** Ends a delta that has nothing but log probabilities beside it. */
  endLogprobs(logprobs: Value, out: ByteWriter): void {
    json.objectEnd();
    json.key("logprobs");
    writeLogprobs(json, logprobs);
    json.key("finish_reason");
    json.nil();
    this.end(out);
  }

  writeUsage(usage: GeminiUsage, model: ByteWriter, out: ByteWriter): void {
    this.begin(model, out);
    json.arrayEnd();
    json.key("usage");
    usage.write(json);
    json.objectEnd();
    sseEnd(out);
  }

  /** Up to the open array of choices. */
  private begin(model: ByteWriter, out: ByteWriter): void {
    sseBegin(out, "");
    json.reset(out).objectBegin();
    json.key("id");
    json.rawString(this.id.pointer, this.id.length);
    json.key("object");
    json.ascii("chat.completion.chunk");
    json.key("created");
    json.integer(this.created);
    json.key("model");
    json.rawString(model.pointer, model.length);
    json.key("choices");
    json.arrayBegin();
  }

  private end(out: ByteWriter): void {
    json.objectEnd();
    json.arrayEnd();
    json.objectEnd();
    sseEnd(out);
  }
}
