// OpenAI chat client, or a front that has written chat, and a provider that speaks chat with documented deviations (the
// target's quirks, docs/catalog.md). Only the members that a quirk is about change; every other byte passes. Replies pass
// too, unless the provider writes its reasoning into the content.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol, Quirk } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { passError } from "../error-shape";
import { Plan } from "../plan";
import { StreamSignal, Translator } from "../translator";
import { asksForUsage } from "../usage-ask";
import { writeQuirkyReply } from "./chat-quirks-reply";
import { writeQuirkyRequest } from "./chat-quirks-request";
import { QuirkyStream } from "./chat-quirks-stream";

/** Whether a target's quirks change a chat request or its reply; the others are about other operations. */
export function hasChatQuirks(quirks: u32): bool {
  return (quirks & ~(<u32>(Quirk.RESPONSES | Quirk.THINKING_BUDGET))) != 0;
}

export class ChatQuirks extends Translator {
  private hasReasoningInContent: bool = false;
  private readonly stream: QuirkyStream = new QuirkyStream();

  reset(plan: Plan, inChain: bool): void {
    this.hasReasoningInContent = (plan.quirks & Quirk.REASONING_IN_CONTENT) != 0;
    this.asksForUsage = asksForUsage(plan);
    this.stream.reset(this.asksForUsage);
    this.notes.reset(plan.strict);
  }

  get speaksChat(): bool {
    return true;
  }

  get passesReply(): bool {
    return !this.hasReasoningInContent;
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/chat/completions");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeQuirkyRequest(plan, body, length, out, this.notes);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeQuirkyReply(body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return passError(Protocol.OPENAI, status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(data, dataLength, out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.OPENAI, code, out);
  }
}
