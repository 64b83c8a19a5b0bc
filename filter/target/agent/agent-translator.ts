// OpenAI chat client, an agent platform as the provider. The platform's application answers; whether the client wants a
// stream or one reply, the same reader of events serves both.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { redactKeys } from "../../errors/redact";
import { SseFramer } from "../../sse/framer";
import { Plan } from "../plan";
import { writeChatErrorBody } from "../translation/chat-error";
import { Translation } from "../translation/translation";
import { Fields } from "../translation/value";
import { FAILED, StreamSignal, TRANSLATED, Translator } from "../translator";
import { AgentAnswer } from "./agent-answer";

const MODEL_BYTES_MAX: i32 = 64 * 1024;
const BRACE: u32 = 0x7b;

const t = new Translation();
const framer = new SseFramer();
const failure = new Fields();
const failureCode = failure.add("code");
const failureMessage = failure.add("message");
const failureMsg = failure.add("msg"); // Coze

export abstract class AgentTranslator extends Translator {
  protected readonly answer: AgentAnswer = new AgentAnswer();
  private readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private streaming: bool = false;

  /** Reads one event of the platform's stream and tells `answer`. */
  protected abstract readEvent(type: usize, typeLength: i32, data: usize, dataLength: i32): void;

  /** The same for a reply that is one JSON document. */
  protected abstract readReply(body: usize, length: i32): void;

  reset(plan: Plan, inChain: bool): void {
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.streaming = plan.streaming;
    this.answer.reset(this.model, plan.streamUsage || inChain);
    this.notes.reset(plan.strict);
  }

  get foldsReply(): bool {
    return true;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    const answer = this.answer;
    answer.beginReply(out);
    if (isJson(body, length)) this.readReply(body, length);
    else this.foldEvents(body, length);
    this.failureStatus = answer.status;
    if (out.overflow) return ErrorCode.REPLY_TOO_LARGE;
    if (answer.result == FAILED) redactKeys(out.pointer, out.length);
    // A client that streams cannot read one reply, however good it is.
    return answer.result == TRANSLATED && this.streaming ? ErrorCode.UPSTREAM_INVALID_REPLY : answer.result;
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    t.begin(out);
    if (!failure.read(body, length)) return ErrorCode.UPSTREAM_ERROR;
    const words = failureMessage.isText ? failureMessage : failureMsg;
    if (!words.isText) return ErrorCode.UPSTREAM_ERROR;
    writeChatErrorBody(t.json, status, words, failureCode);
    return out.overflow ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    const answer = this.answer;
    if (answer.ended) return StreamSignal.END;
    answer.beginEvent(out);
    this.readEvent(type, typeLength, data, dataLength);
    return answer.signal;
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.OPENAI, code, out);
  }

  private foldEvents(body: usize, length: i32): void {
    const answer = this.answer;
    framer.reset();
    framer.push(body, length);
    while (!answer.ended && framer.next()) this.foldEvent();
    if (!answer.ended && framer.finish()) this.foldEvent();
    if (framer.failed && !answer.ended) answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    framer.reset();
  }

  private foldEvent(): void {
    this.readEvent(framer.typePointer, framer.typeLength, framer.dataPointer, framer.dataLength);
  }
}

function isJson(body: usize, length: i32): bool {
  const end = body + <usize>length;
  let at = body;
  while (at < end && <u32>load<u8>(at) <= 0x20) at++;
  return at < end && <u32>load<u8>(at) == BRACE;
}
