// OpenAI chat client, Gemini provider (Google AI Studio and Vertex AI: the bodies are the same). This file ties the parts
// together; docs/translation.md says what becomes what, what is refused and what is left out.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, Translator } from "../translator";
import { writeGeminiError } from "./chat-to-gemini-error";
import { writeGeminiReply } from "./chat-to-gemini-reply";
import { geminiRequestFields, wantsOneCall, writeGeminiRequest } from "./chat-to-gemini-request";
import { GeminiStream } from "./chat-to-gemini-stream";
import { writeGeminiPath } from "./path";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

export class ChatToGemini extends Translator {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly stream: GeminiStream = new GeminiStream();
  /** Calls behind the first one are left out: with its result before it the model asks for the next. */
  private oneCall: bool = false;

  reset(plan: Plan, inChain: bool): void {
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.stream.reset(this.model, plan.streamUsage || inChain);
    this.oneCall = false;
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    writeGeminiPath(plan, out);
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    const code = writeGeminiRequest(plan, body, length, out, this.notes);
    this.oneCall = wantsOneCall();
    this.stream.oneCall = this.oneCall;
    return code;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeGeminiReply(this.model, this.oneCall, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeGeminiError(status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(data, dataLength, out);
  }

  translateEnd(out: ByteWriter): StreamSignal {
    return this.stream.end(out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.OPENAI, code, out);
  }

  get requestFields(): Fields[] {
    return geminiRequestFields();
  }
}
