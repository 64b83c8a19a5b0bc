// What an agent platform answers, as chat: chunk by chunk for a client that streams, gathered into one reply for one that
// does not. The platform's reader of events says what it has read (`say`, `think`, `end`, `refuse`, `fail`) and need not
// know which of the two it is.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol, TRANSLATED_REPLY_BYTES_MAX } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { sseBegin, sseEnd } from "../../sse/writer";
import { isCredentialStatus } from "../reply";
import { ChatChunks } from "../translation/chat-chunks";
import { writeChatErrorBody } from "../translation/chat-error";
import { beginChatReply, endChatReply, endChoices, writeFinishReason } from "../translation/chat-reply";
import { ChatUsage } from "../translation/chat-usage";
import { Value } from "../translation/value";
import { FAILED, StreamSignal, TRANSLATED } from "../translator";

const nowhere = new ByteWriter(0);

export class AgentAnswer {
  readonly chunks: ChatChunks = new ChatChunks();
  readonly usage: ChatUsage = new ChatUsage();
  /** Nothing that the platform still sends counts. */
  ended: bool = false;
  /** Of the event that was read last. */
  signal: StreamSignal = StreamSignal.PREAMBLE;
  /** Of a whole reply: `TRANSLATED`, `FAILED` with this status, or an `ErrorCode`. */
  result: i32 = ErrorCode.UPSTREAM_STREAM_CUT;
  status: i32 = 0;
  private model: ByteWriter = nowhere;
  private wantsUsage: bool = false;
  private folding: bool = false;
  private started: bool = false;
  private out: ByteWriter = nowhere;
  private readonly text: ByteWriter = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);
  private readonly thought: ByteWriter = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);

  reset(model: ByteWriter, wantsUsage: bool): void {
    this.model = model;
    this.wantsUsage = wantsUsage;
    this.chunks.reset(model);
    this.clear(false);
  }

  /** The next event writes to `out`. */
  beginEvent(out: ByteWriter): void {
    this.out = out;
    this.signal = StreamSignal.PREAMBLE;
  }

  /** From here on all is gathered; the end writes one reply to `out`. */
  beginReply(out: ByteWriter): void {
    this.clear(true);
    this.out = out;
  }

  /** Takes back what was said, where that is still possible. */
  forget(): void {
    this.text.reset();
  }

  say(text: Value): void {
    if (!text.isText) return;
    if (this.folding) this.text.writeBytes(text.pointer, text.length);
    else this.write("content", text);
  }

  /** The same within two pieces of raw string content. */
  sayBetween(before: string, text: Value, after: string): void {
    const folded = this.text;
    if (this.folding) {
      folded.writeAscii(before);
      folded.writeBytes(text.pointer, text.length);
      folded.writeAscii(after);
      return;
    }
    this.start();
    const out = this.out;
    this.chunks.beginDelta(out);
    this.chunks.json.key("content");
    this.chunks.json.stringBegin();
    out.writeAscii(before);
    out.writeBytes(text.pointer, text.length);
    out.writeAscii(after);
    this.chunks.json.stringEnd();
    this.chunks.endDelta();
    this.signal = StreamSignal.CONTENT;
  }

  think(text: Value): void {
    if (!text.isText) return;
    if (this.folding) this.thought.writeBytes(text.pointer, text.length);
    else this.write("reasoning_content", text);
  }

  end(finish: string): void {
    this.ended = true;
    if (this.folding) {
      this.writeReply(finish);
      return;
    }
    this.start();
    this.chunks.writeFinish(finish, this.out);
    if (this.wantsUsage) this.chunks.writeUsage(this.usage, this.out);
    this.chunks.writeDone(this.out);
    this.signal = StreamSignal.END;
  }

  /** An error in the platform's own words; what it says of the gateway's credential is not for clients. */
  refuse(status: i32, words: Value, code: Value): void {
    if (isCredentialStatus(status) || !words.isText) {
      this.fail(words.isText ? ErrorCode.UPSTREAM_CREDENTIAL_REJECTED : ErrorCode.UPSTREAM_ERROR);
      return;
    }
    this.ended = true;
    const json = this.chunks.json;
    if (this.folding) {
      writeChatErrorBody(json.reset(this.out), status, words, code);
      this.result = FAILED;
      this.status = status;
      return;
    }
    sseBegin(this.out, "");
    writeChatErrorBody(json.reset(this.out), status, words, code);
    sseEnd(this.out);
    this.signal = StreamSignal.ERROR;
  }

  fail(code: ErrorCode): void {
    this.ended = true;
    this.result = code;
    if (this.folding) return;
    writeErrorEvent(Protocol.OPENAI, code, this.out);
    this.signal = StreamSignal.ERROR;
  }

  private clear(folding: bool): void {
    this.folding = folding;
    this.started = false;
    this.ended = false;
    this.result = ErrorCode.UPSTREAM_STREAM_CUT;
    this.usage.reset();
    this.text.reset();
    this.thought.reset();
  }

  private start(): void {
    if (!this.started) this.chunks.writeRole(this.out);
    this.started = true;
  }

  private write(member: string, text: Value): void {
    this.start();
    this.chunks.writeText(member, text, this.out);
    this.signal = StreamSignal.CONTENT;
  }

  private writeReply(finish: string): void {
    const json = this.chunks.json.reset(this.out);
    beginChatReply(json, this.chunks.id.pointer, this.chunks.id.length, this.model);
    json.objectBegin();
    json.key("role");
    json.ascii("assistant");
    json.key("content");
    json.rawString(this.text.pointer, this.text.length);
    json.key("refusal");
    json.nil();
    if (this.thought.length > 0) {
      json.key("reasoning_content");
      json.rawString(this.thought.pointer, this.thought.length);
    }
    json.objectEnd();
    json.key("logprobs");
    json.nil();
    writeFinishReason(json, finish);
    endChoices(json);
    endChatReply(json, this.usage);
    const tooLarge = this.text.overflow || this.thought.overflow || this.out.overflow;
    this.result = tooLarge ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
  }
}
