// OpenAI chat client, Anthropic Messages provider. This file ties the three parts together; docs/translation.md says
// what becomes what, what is refused and what is left out.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, Translator } from "../translator";
import { writeChatError, writeChatReply } from "./chat-to-messages-reply";
import { requestFields, writeMessagesRequest } from "./chat-to-messages-request";
import { ChatStream } from "./chat-to-messages-stream";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

export class ChatToMessages extends Translator {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly stream: ChatStream = new ChatStream();

  reset(plan: Plan, inChain: bool): void {
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.stream.reset(this.model, plan.streamUsage || inChain);
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/messages");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeMessagesRequest(plan, body, length, out, this.notes);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatReply(this.model, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatError(body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(data, dataLength, out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.OPENAI, code, out);
  }
}
