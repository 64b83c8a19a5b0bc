// OpenAI chat client, Cohere v2 Chat provider (base URL https://api.cohere.com/v2). This file ties the parts together;
// docs/translation.md says what becomes what, what is refused and what is left out.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, Translator } from "../translator";
import { writeChatError, writeChatReply } from "./chat-to-cohere-reply";
import { requestFields, writeCohereRequest } from "./chat-to-cohere-request";
import { ChatStream } from "./chat-to-cohere-stream";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

export class ChatToCohere extends Translator {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly stream: ChatStream = new ChatStream();

  reset(plan: Plan, inChain: bool): void {
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.stream.reset(this.model, plan.streamUsage || inChain);
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/chat");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeCohereRequest(plan, body, length, out, this.notes);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatReply(this.model, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatError(status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(data, dataLength, out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.OPENAI, code, out);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }
}
