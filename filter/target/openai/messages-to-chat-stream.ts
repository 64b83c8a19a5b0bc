// A stream of chat completion chunks as Messages events. Messages has one content block open at a time, so a delta of
// another kind closes the block before. The end waits for [DONE], because the usage comes behind the finish reason.
//
//   first chunk ─▶ message_start     reasoning_content ─▶ thinking block     content ─▶ text block     tool_calls ─▶ tool_use
//   finish_reason, usage: kept       [DONE] ─▶ content_block_stop, message_delta, message_stop

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Fields, Items, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { ChatUsage } from "./chat-usage";
import { Block, eventJson, MessagesEvents } from "./messages-events";
import { CallStream } from "./messages-to-chat-calls";
import {
  beginCitations,
  beginThinking,
  nextCitation,
  nextThinking,
  redactedData,
  thinkingSignature,
  writeCitation,
} from "./messages-to-chat-content";
import { writeMessagesStreamError } from "./messages-to-chat-errors";
import { matchedStop, stopReason } from "./messages-to-chat-reply";
import { signatureOf, writeSignatureBlock } from "./messages-to-chat-signatures";

/** A stop text that was met; a longer one goes unnamed. */
const STOP_BYTES_MAX: i32 = 4096;

const chunk = new Fields();
const chunkId = chunk.add("id");
const chunkChoices = chunk.add("choices");
const chunkUsage = chunk.add("usage");
const chunkTier = chunk.add("service_tier");
const chunkError = chunk.add("error");

const choice = new Fields();
const choiceDelta = choice.add("delta");
const choiceFinish = choice.add("finish_reason");
const choiceStop = choice.add("stop_reason");
const choiceMatched = choice.add("matched_stop");

const delta = new Fields();
const deltaContent = delta.add("content");
const deltaRefusal = delta.add("refusal");
const deltaToolCalls = delta.add("tool_calls");
const deltaReasoningContent = delta.add("reasoning_content");
const deltaReasoning = delta.add("reasoning");
const deltaThinking = delta.add("thinking_blocks");
const deltaAnnotations = delta.add("annotations");
const deltaExtra = delta.add("extra_content");

const choices = new Items();
const calls = new Items();
const json = eventJson;

export class MessagesStream {
  private started: bool = false;
  private ended: bool = false;
  private refused: bool = false;
  /** Thinking is shown although it has no signature, or has not got it yet. */
  private showsUnsigned: bool = false;
  private stop: string = "";
  private readonly stopText: ByteWriter = new ByteWriter(STOP_BYTES_MAX);
  private readonly events: MessagesEvents = new MessagesEvents();
  private readonly calls: CallStream = new CallStream();
  private readonly usage: ChatUsage = new ChatUsage();

  reset(showsUnsigned: bool): void {
    this.started = false;
    this.ended = false;
    this.refused = false;
    this.showsUnsigned = showsUnsigned;
    this.stop = "";
    this.stopText.reset();
    this.events.reset();
    this.calls.reset(showsUnsigned);
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
    // Azure's first chunk says what its filter found in the prompt; it is the next one that names the answer.
    if (hasChoice || chunkId.isText) this.start(model, out);
    this.usage.read(chunkUsage);
    this.usage.readServiceTier(chunkTier);
    if (!hasChoice) return StreamSignal.PREAMBLE;
    const signal = delta.readValue(choiceDelta) ? this.delta(out) : StreamSignal.PREAMBLE;
    if (choiceFinish.isString) this.finish();
    return signal;
  }

  private delta(out: ByteWriter): StreamSignal {
    if (deltaContent.present && !deltaContent.isString) return this.fail(out);
    if (deltaRefusal.isText) this.refused = true;
    let signal = this.thinking(out);
    const signature = signatureOf(deltaExtra);
    if (signature.isText && this.showsUnsigned) this.messageSignature(signature, out);
    if (this.text(deltaContent, out)) signal = StreamSignal.CONTENT;
    if (this.text(deltaRefusal, out)) signal = StreamSignal.CONTENT;
    if (deltaAnnotations.isArray) this.cite(out);
    if (!calls.begin(deltaToolCalls)) return signal;
    while (calls.next()) if (!this.calls.take(calls.value, this.events, out)) return this.fail(out);
    return this.calls.any ? StreamSignal.CONTENT : signal;
  }

  /** What the provider thinks aloud; where it cannot be shown, the client sees at least that it lives. */
  private thinking(out: ByteWriter): StreamSignal {
    const text = deltaReasoningContent.isText ? deltaReasoningContent : deltaReasoning;
    let signal = StreamSignal.PREAMBLE;
    if (text.isText) {
      signal = StreamSignal.CONTENT;
      if (this.showsUnsigned) {
        this.leaveCalls(out);
        this.events.openThinking(out);
        this.events.writeDelta("thinking_delta", "thinking", text, out);
      } else {
        this.events.begin("ping", out);
        this.events.end(out);
      }
    }
    if (!deltaThinking.isArray) return signal;
    beginThinking(deltaThinking);
    while (nextThinking()) {
      if (thinkingSignature().isText) this.signature(thinkingSignature(), out);
      else if (redactedData().isText) this.redacted(redactedData(), out);
    }
    return signal;
  }

  private signature(value: Value, out: ByteWriter): void {
    this.leaveCalls(out);
    this.events.openThinking(out);
    this.events.writeDelta("signature_delta", "signature", value, out);
    this.events.closeBlock(out);
  }

  private redacted(value: Value, out: ByteWriter): void {
    this.leaveCalls(out);
    this.events.openBlock(Block.REDACTED, out);
    json.key("type");
    json.ascii("redacted_thinking");
    json.key("data");
    value.copyTo(json);
    this.events.endBlock(out);
  }

  private messageSignature(value: Value, out: ByteWriter): void {
    this.leaveCalls(out);
    this.events.openBlock(Block.REDACTED, out);
    writeSignatureBlock(json, out, value.pointer, value.length);
    this.events.endBlock(out);
  }

  private text(value: Value, out: ByteWriter): bool {
    if (!value.isText) return false;
    this.leaveCalls(out);
    this.events.openText(out);
    this.events.writeDelta("text_delta", "text", value, out);
    return true;
  }

  /** Citations belong to the text that is open; there is none to give them to before a text or behind the calls. */
  private cite(out: ByteWriter): void {
    if (this.events.open != Block.TEXT || !beginCitations(deltaAnnotations)) return;
    while (nextCitation()) {
      this.events.beginDelta("citations_delta", "citation", out);
      writeCitation(json);
      this.events.endDelta(out);
    }
  }

  private leaveCalls(out: ByteWriter): void {
    if (this.events.open == Block.TOOL_USE) this.calls.flush(this.events, out);
  }

  private finish(): void {
    const matched = matchedStop(choiceStop, choiceMatched);
    const isNamed = matched.isText && matched.length <= STOP_BYTES_MAX;
    this.stop = stopReason(choiceFinish, this.calls.any, this.refused, isNamed);
    this.stopText.reset();
    if (this.stop == "stop_sequence") this.stopText.writeBytes(matched.pointer, matched.length);
  }

  private start(model: ByteWriter, out: ByteWriter): void {
    if (this.started) return;
    this.started = true;
    this.events.begin("message_start", out);
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
    this.events.end(out);
  }

  private end(out: ByteWriter): StreamSignal {
    // An end without a beginning is no answer.
    if (!this.started) return this.fail(out);
    this.ended = true;
    this.calls.flush(this.events, out);
    this.events.closeBlock(out);
    this.events.begin("message_delta", out);
    json.key("delta");
    json.objectBegin();
    json.key("stop_reason");
    json.ascii(this.stop.length > 0 ? this.stop : "end_turn");
    json.key("stop_sequence");
    if (this.stopText.length > 0) json.rawString(this.stopText.pointer, this.stopText.length);
    else json.nil();
    json.objectEnd();
    json.key("usage");
    this.usage.write(json);
    this.events.end(out);
    this.events.begin("message_stop", out);
    this.events.end(out);
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
}
