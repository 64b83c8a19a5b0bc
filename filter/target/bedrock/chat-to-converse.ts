// OpenAI chat client, AWS Bedrock's Converse API. This file ties the parts together; docs/translation.md says what
// becomes what, what is refused and what is left out.

import { ByteWriter } from "../../bytes/byte-writer";
import { writePathSegment } from "../../bytes/percent";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { Framing, StreamSignal, Translator } from "../translator";
import { messageFields } from "./chat-to-converse-conversation";
import { partFields } from "./chat-to-converse-parts";
import { writeChatReply } from "./chat-to-converse-reply";
import { requestFields, writeConverseRequest } from "./chat-to-converse-request";
import { ConverseStream } from "./chat-to-converse-stream";
import { definitionFields, toolFields } from "./chat-to-converse-tools";
import { writeConverseError } from "./converse-errors";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

export class ChatToConverse extends Translator {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly stream: ConverseStream = new ConverseStream();

  reset(plan: Plan, inChain: bool): void {
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.stream.reset(this.model, plan.streamUsage || inChain);
    this.notes.reset(plan.strict);
  }

  /** A model is named by an id or an ARN, with colons and slashes in it. */
  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/model/");
    writePathSegment(plan.modelPointer, plan.modelLength, out);
    out.writeAscii(plan.streaming ? "/converse-stream" : "/converse");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeConverseRequest(plan, body, length, out, this.notes);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatReply(this.model, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeConverseError(status, body, length, out);
  }

  get framing(): Framing {
    return Framing.AWS_EVENT_STREAM;
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(type, typeLength, data, dataLength, out);
  }

  translateEnd(out: ByteWriter): StreamSignal {
    return this.stream.end(out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.OPENAI, code, out);
  }

  get requestFields(): Fields[] {
    return [requestFields, messageFields, partFields, toolFields, definitionFields];
  }
}
