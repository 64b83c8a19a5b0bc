// Gemini generateContent client, OpenAI chat provider. This file ties the parts together; docs/translation.md says what
// becomes what, what is refused and what is left out. No state is kept between requests.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, Translator } from "../translator";
import { writeGeminiError } from "./generate-content-to-chat-errors";
import { ReplyHead } from "./generate-content-to-chat-parts";
import { writeGenerateContentReply } from "./generate-content-to-chat-reply";
import { includesThoughts, requestFields, writeChatRequest } from "./generate-content-to-chat-request";
import { GenerateContentStream } from "./generate-content-to-chat-stream";

export class GenerateContentToChat extends Translator {
  private readonly head: ReplyHead = new ReplyHead();
  private readonly stream: GenerateContentStream = new GenerateContentStream(this.head);
  private inChain: bool = false;

  reset(plan: Plan, inChain: bool): void {
    this.inChain = inChain;
    this.head.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.head.includeThoughts = false;
    this.stream.reset();
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/chat/completions");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    const code = writeChatRequest(plan, this.inChain, body, length, out, this.notes);
    this.head.includeThoughts = includesThoughts();
    return code;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeGenerateContentReply(this.head, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return writeGeminiError(status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(data, dataLength, out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.GEMINI, code, out);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }
}
