// A stream of chat completion chunks as Messages events. Messages has one content block open at a time, so a delta of
// another kind closes the block before. The end waits for [DONE], because the usage comes behind the finish reason.
//
//   first chunk ─▶ message_start     content ─▶ text block     tool_calls[i] ─▶ tool_use block
//   finish_reason, usage: kept       [DONE] ─▶ content_block_stop, message_delta, message_stop

import { ByteWriter } from "../../bytes/byte-writer";
import { equalBytes, equalsAscii } from "../../bytes/compare";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Fields, Items, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { ChatUsage } from "./chat-usage";
import { stopReason, writeMessagesStreamError } from "./messages-to-chat-reply";

const NO_BLOCK: i32 = -1;
const TEXT_BLOCK: i32 = -2;
/** Ids are a few dozen bytes. */
const ID_BYTES_MAX: i32 = 1024;

const chunk = new Fields();
const chunkId = chunk.add("id");
const chunkChoices = chunk.add("choices");
const chunkUsage = chunk.add("usage");
const chunkError = chunk.add("error");

const choice = new Fields();
const choiceDelta = choice.add("delta");
const choiceFinish = choice.add("finish_reason");

const delta = new Fields();
const deltaContent = delta.add("content");
const deltaRefusal = delta.add("refusal");
const deltaToolCalls = delta.add("tool_calls");
const deltaReasoningContent = delta.add("reasoning_content");
const deltaReasoning = delta.add("reasoning");

const call = new Fields();
const callIndex = call.add("index");
const callId = call.add("id");
const callFunction = call.add("function");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const choices = new Items();
const calls = new Items();
const json = new JsonWriter(new ByteWriter(0));

export class MessagesStream {
  private started: bool = false;
  private ended: bool = false;
  /** Index of the block that is open or was last, from 0. */
  private block: i32 = -1;
  /** `NO_BLOCK`, `TEXT_BLOCK`, or the provider's index of the tool call that is open. */
  private open: i32 = NO_BLOCK;
  private readonly openId: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  private hasCalls: bool = false;
  private refused: bool = false;
  private stop: string = "";
  private readonly usage: ChatUsage = new ChatUsage();

  reset(): void {
    this.started = false;
    this.ended = false;
    this.block = -1;
    this.open = NO_BLOCK;
    this.hasCalls = false;
    this.refused = false;
    this.stop = "";
    this.usage.reset();
  }

  translate(model: ByteWriter, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    if (equalsAscii(data, dataLength, "[DONE]")) return this.end(out);
    // A lost event would be a hole in the answer that nobody sees.
    if (!chunk.read(data, dataLength)) return this.fail(out);
    if (chunkError.present) return this.error(data, dataLength, out);
    const hasChoice = choices.begin(chunkChoices) && choices.next() && choice.readValue(choices.value);
    // Azure opens with a verdict on the prompt, which has neither an id nor a choice.
    if (hasChoice || chunkId.isText) this.start(model, out);
    this.usage.read(chunkUsage);
    if (!hasChoice) return StreamSignal.PREAMBLE;
    const signal = delta.readValue(choiceDelta) ? this.delta(out) : StreamSignal.PREAMBLE;
    if (choiceFinish.isString) this.stop = stopReason(choiceFinish, this.hasCalls, this.refused);
    return signal;
  }

  private delta(out: ByteWriter): StreamSignal {
    if (deltaContent.present && !deltaContent.isString) return this.fail(out);
    if (deltaRefusal.isText) this.refused = true;
    const said = this.text(deltaContent, out) || this.text(deltaRefusal, out);
    if (calls.begin(deltaToolCalls)) {
      while (calls.next()) {
        if (!call.readValue(calls.value)) return this.fail(out);
        callee.readValue(callFunction);
        if (!this.toolCall(out)) return this.fail(out);
      }
      if (this.hasCalls) return StreamSignal.CONTENT;
    }
    if (said) return StreamSignal.CONTENT;
    return deltaReasoningContent.isText || deltaReasoning.isText ? this.keepAlive(out) : StreamSignal.PREAMBLE;
  }

  /** The provider thinks aloud, which Messages has no place for without a signature: the client sees that it lives. */
  private keepAlive(out: ByteWriter): StreamSignal {
    this.begin("ping", out);
    this.finish(out);
    return StreamSignal.CONTENT;
  }

  private start(model: ByteWriter, out: ByteWriter): void {
    if (this.started) return;
    this.started = true;
    this.begin("message_start", out);
    json.key("message");
    json.objectBegin();
    json.key("id");
    if (chunkId.isText) chunkId.copyTo(json);
    else json.ascii("msg");
    json.key("type");
    json.ascii("message");
    json.key("role");
    json.ascii("assistant");
    json.key("model");
    json.rawString(model.pointer, model.length);
    json.key("content");
    json.arrayBegin();
    json.arrayEnd();
    json.key("stop_reason");
    json.nil();
    json.key("stop_sequence");
    json.nil();
    json.key("usage");
    this.usage.write(json);
    json.objectEnd();
    this.finish(out);
  }

  private text(value: Value, out: ByteWriter): bool {
    if (!value.isText) return false;
    if (this.open != TEXT_BLOCK) {
      this.openBlock(TEXT_BLOCK, out);
      json.ascii("text");
      json.key("text");
      json.ascii("");
      json.objectEnd();
      this.finish(out);
    }
    this.beginDelta("text_delta", "text", out);
    value.copyTo(json);
    this.endDelta(out);
    return true;
  }

  /** The first delta of a call has its id and name; those that follow have its index. False when it belongs to none. */
  private toolCall(out: ByteWriter): bool {
    // Some providers give no index, or 0 to every call: then a new id begins a new call.
    const index = callIndex.isNumber ? <i32>min<i64>(callIndex.count, i32.MAX_VALUE) : max(this.open, 0);
    const isNew = callId.isText && (this.open != index || !this.isOpenId());
    if (isNew) this.openCall(index, out);
    if (this.open != index) return false;
    if (calleeArguments.isText) {
      this.beginDelta("input_json_delta", "partial_json", out);
      calleeArguments.copyTo(json);
      this.endDelta(out);
    }
    return true;
  }

  private openCall(index: i32, out: ByteWriter): void {
    this.openBlock(index, out);
    this.hasCalls = true;
    this.openId.reset().writeBytes(callId.pointer, callId.length);
    json.ascii("tool_use");
    json.key("id");
    callId.copyTo(json);
    json.key("name");
    if (calleeName.isString) calleeName.copyTo(json);
    else json.ascii("");
    json.key("input");
    json.objectBegin();
    json.objectEnd();
    json.objectEnd();
    this.finish(out);
  }

  private isOpenId(): bool {
    return equalBytes(this.openId.pointer, this.openId.length, callId.pointer, callId.length);
  }

  private end(out: ByteWriter): StreamSignal {
    // An end without a beginning is no answer.
    if (!this.started) return this.fail(out);
    this.ended = true;
    this.closeBlock(out);
    this.begin("message_delta", out);
    json.key("delta");
    json.objectBegin();
    json.key("stop_reason");
    json.ascii(this.stop.length > 0 ? this.stop : "end_turn");
    json.key("stop_sequence");
    json.nil();
    json.objectEnd();
    json.key("usage");
    this.usage.write(json);
    this.finish(out);
    this.begin("message_stop", out);
    this.finish(out);
    return StreamSignal.END;
  }

  private fail(out: ByteWriter): StreamSignal {
    this.ended = true;
    writeErrorEvent(Protocol.ANTHROPIC, ErrorCode.UPSTREAM_INVALID_REPLY, out);
    return StreamSignal.ERROR;
  }

  private error(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    this.ended = true;
    const before = out.length;
    sseBegin(out, "error");
    if (writeMessagesStreamError(data, dataLength, out) == TRANSLATED) {
      sseEnd(out);
    } else {
      out.truncate(before);
      writeErrorEvent(Protocol.ANTHROPIC, ErrorCode.UPSTREAM_ERROR, out);
    }
    return StreamSignal.ERROR;
  }

  /** Up to the value of the new block's type. */
  private openBlock(kind: i32, out: ByteWriter): void {
    this.closeBlock(out);
    this.open = kind;
    this.block++;
    this.begin("content_block_start", out);
    json.key("index");
    json.integer(this.block);
    json.key("content_block");
    json.objectBegin();
    json.key("type");
  }

  private closeBlock(out: ByteWriter): void {
    if (this.open == NO_BLOCK) return;
    this.open = NO_BLOCK;
    this.begin("content_block_stop", out);
    json.key("index");
    json.integer(this.block);
    this.finish(out);
  }

  private beginDelta(type: string, field: string, out: ByteWriter): void {
    this.begin("content_block_delta", out);
    json.key("index");
    json.integer(this.block);
    json.key("delta");
    json.objectBegin();
    json.key("type");
    json.ascii(type);
    json.key(field);
  }

  private endDelta(out: ByteWriter): void {
    json.objectEnd();
    this.finish(out);
  }

  /** An event whose data begins with its own type. */
  private begin(type: string, out: ByteWriter): void {
    sseBegin(out, type);
    json.reset(out).objectBegin();
    json.key("type");
    json.ascii(type);
  }

  private finish(out: ByteWriter): void {
    json.objectEnd();
    sseEnd(out);
  }
}
