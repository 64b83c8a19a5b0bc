// Anthropic Messages client, OpenAI chat provider. This file ties the three parts together; docs/translation.md says
// what becomes what, what is refused and what is left out.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { StreamSignal, Translator } from "../translator";
import { writeMessagesError, writeMessagesReply } from "./messages-to-chat-reply";
import { writeChatRequest } from "./messages-to-chat-request";
import { MessagesStream } from "./messages-to-chat-stream";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

export class MessagesToChat extends Translator {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly stream: MessagesStream = new MessagesStream();

  reset(plan: Plan, inChain: bool): void {
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.stream.reset();
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/chat/completions");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatRequest(plan, body, length, out, this.notes);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeMessagesReply(this.model, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeMessagesError(status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(this.model, data, dataLength, out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.ANTHROPIC, code, out);
  }
}
