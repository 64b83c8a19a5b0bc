// The bodies of Gemini's own operations that name the model once more: Google refuses a name there that is not the path's.
// Only those names change; every other byte passes, and replies pass untouched.
//
//   {"requests":[{"model":"models/public","content":{…}}]}  ─▶  {"requests":[{"model":"models/gemini-embedding-001",…}]}

import { ByteWriter } from "../../bytes/byte-writer";
import { startsWithAscii } from "../../bytes/compare";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { Plan } from "../plan";
import { StreamSignal, TRANSLATED, Translator } from "../translator";
import { writeGeminiPath } from "./path";

const MODELS = "models/";
/** `generateContentRequest` and the items of `requests` name the model; what is in them does not. */
const LEVELS_MAX: i32 = 2;

const reader = new JsonReader();

export class GeminiNames extends Translator {
  private body: usize = 0;
  /** Offset of the first byte that was not copied. */
  private copied: i32 = 0;

  reset(plan: Plan, inChain: bool): void {
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    writeGeminiPath(plan, out);
  }

  /** The gateway root has read the body: it is a JSON object. */
  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    this.body = body;
    this.copied = 0;
    reader.reset(body, length).next();
    this.rename(plan, 1, out);
    this.copyTo(length, out);
    return out.overflow ? <i32>ErrorCode.OVERLOADED : TRANSLATED;
  }

  get passesReply(): bool {
    return true;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return ErrorCode.INTERNAL_ERROR;
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return ErrorCode.INTERNAL_ERROR;
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return StreamSignal.CONTENT;
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.GEMINI, code, out);
  }

  /** The members of the object that was just opened. */
  private rename(plan: Plan, level: i32, out: ByteWriter): void {
    while (reader.next() == JsonToken.KEY) {
      const isModel = reader.keyEquals("model");
      const isInner = reader.keyEquals("requests") || isContentRequest();
      const token = reader.next();
      if (isModel && token == JsonToken.STRING) this.writeName(plan, out);
      else if (isInner && level < LEVELS_MAX && token == JsonToken.OBJECT_BEGIN) this.rename(plan, level + 1, out);
      else if (isInner && level < LEVELS_MAX && token == JsonToken.ARRAY_BEGIN) this.renameItems(plan, level + 1, out);
      else reader.skipRest();
    }
  }

  private renameItems(plan: Plan, level: i32, out: ByteWriter): void {
    while (true) {
      const token = reader.next();
      if (token == JsonToken.ARRAY_END || token == JsonToken.ERROR || token == JsonToken.END) return;
      if (token == JsonToken.OBJECT_BEGIN) this.rename(plan, level, out);
      else reader.skipRest();
    }
  }

  /** In place of the string that was just read, with the prefix that it had. */
  private writeName(plan: Plan, out: ByteWriter): void {
    const hadPrefix = startsWithAscii(reader.tokenPointer, reader.tokenLength, MODELS);
    this.copyTo(reader.tokenStart, out);
    if (hadPrefix && !startsWithAscii(plan.modelPointer, plan.modelLength, MODELS)) out.writeAscii(MODELS);
    out.writeBytes(plan.modelPointer, plan.modelLength);
    this.copied = reader.tokenEnd;
  }

  private copyTo(end: i32, out: ByteWriter): void {
    out.writeBytes(this.body + <usize>this.copied, end - this.copied);
    this.copied = end;
  }
}

function isContentRequest(): bool {
  return reader.keyEquals("generateContentRequest") || reader.keyEquals("generate_content_request");
}
