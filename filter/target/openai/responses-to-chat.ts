// OpenAI Responses client, OpenAI chat provider. This file ties the parts together; docs/translation.md says what becomes
// what, what is refused and what is left out. No state is kept between requests.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, Translator } from "../translator";
import { ResponseHead } from "./response-object";
import { writeDefaultEcho } from "./responses-to-chat-echo";
import { writeResponsesError } from "./responses-to-chat-errors";
import { writeResponse } from "./responses-to-chat-reply";
import { requestFields, writeChatRequest } from "./responses-to-chat-request";
import { ResponsesStream } from "./responses-to-chat-stream";

export class ResponsesToChat extends Translator {
  private readonly head: ResponseHead = new ResponseHead();
  private readonly stream: ResponsesStream = new ResponsesStream(this.head);
  private inChain: bool = false;

  reset(plan: Plan, inChain: bool): void {
    this.inChain = inChain;
    this.head.reset();
    this.head.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    writeDefaultEcho(this.head.echo);
    this.stream.reset();
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/chat/completions");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatRequest(plan, this.inChain, body, length, out, this.notes, this.head.echo);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeResponse(this.head, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeResponsesError(status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(data, dataLength, out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    this.stream.writeError(code, out);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }
}
