// Anthropic Messages client, OpenAI chat provider. This file ties the three parts together; docs/translation.md says
// what becomes what, what is refused and what is left out.

import { ByteWriter } from "../../bytes/byte-writer";
import { Dialect, ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, Translator } from "../translator";
import { writeMessagesError } from "./messages-to-chat-errors";
import { writeMessagesReply } from "./messages-to-chat-reply";
import { requestFields, writeChatRequest } from "./messages-to-chat-request";
import { MessagesStream } from "./messages-to-chat-stream";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

export class MessagesToChat extends Translator {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private readonly stream: MessagesStream = new MessagesStream();

  private inChain: bool = false;
  /** Anthropic's own API refuses thinking without its signature: where the route leads there too, none is shown. */
  private showsUnsigned: bool = false;

  reset(plan: Plan, inChain: bool): void {
    this.inChain = inChain;
    this.showsUnsigned = plan.dialect == Dialect.BEDROCK || !leadsToClaude(plan);
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.stream.reset(this.showsUnsigned);
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/chat/completions");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeChatRequest(plan, this.inChain, body, length, out, this.notes);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeMessagesReply(this.model, this.showsUnsigned, body, length, out);
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

/** Whether a target speaks Messages itself, so that what this client gives back reaches it as it is. */
function leadsToClaude(plan: Plan): bool {
  return (
    plan.leadsTo(Dialect.ANTHROPIC) || plan.leadsTo(Dialect.ANTHROPIC_BEDROCK) || plan.leadsTo(Dialect.ANTHROPIC_VERTEX)
  );
}
