// A stream of Gemini answers as chat completion chunks. Gemini has no terminal event: the stream is complete when it ends
// and every candidate has said why. So finish reasons wait for the end, and the usage, which every answer repeats, does too.
//
//   first answer of a candidate ─▶ role chunk         text, thought ─▶ content, reasoning_content
//   functionCall ─▶ one whole tool call               signature ─▶ extra_content, and a thinking block
//   end ─▶ finish_reason chunks, usage chunk where asked for, [DONE]          error ─▶ error event

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { unescapeTo } from "../../json/text";
import { sseBegin, sseEnd } from "../../sse/writer";
import { ChatChunks } from "../translation/chat-chunks";
import { ChatUsage } from "../translation/chat-usage";
import { Items, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { hasAnnotations, TEXT_BYTES_MAX, writeAnnotations } from "./chat-to-gemini-citations";
import { writeGeminiStreamError } from "./chat-to-gemini-error";
import {
  beginThinkingBlock,
  endThinkingBlock,
  writeAudio,
  writeCall,
  writeExtraContent,
  writeImage,
  writeLogprobs,
  writeRefusal,
} from "./chat-to-gemini-members";
import { answerSeconds } from "./chat-to-gemini-reply";
import {
  answerCandidates,
  answerError,
  answerId,
  answerUsage,
  beginParts,
  blockMessage,
  blockReason,
  CANDIDATES_MAX,
  candidateFinish,
  candidateFinishMessage,
  candidateIndex,
  candidateLogprobs,
  finishReason,
  isBroken,
  nextPart,
  PartKind,
  partSignature,
  partText,
  readAnswer,
  readCandidate,
  readFeedback,
} from "./gemini-answer";
import { readUsage } from "./gemini-usage";

/** What is known of one candidate. */
class Choice {
  started: bool = false;
  said: bool = false;
  calls: i32 = 0;
  images: i32 = 0;
  /** Empty until the candidate has ended. */
  finish: string = "";

  reset(): void {
    this.started = false;
    this.said = false;
    this.calls = 0;
    this.images = 0;
    this.finish = "";
  }
}

const candidates = new Items();
const parts = new Items();

export class GeminiStream {
  /** No candidate gives more than its first call. */
  oneCall: bool = false;
  private readonly chunks: ChatChunks = new ChatChunks();
  /** The first choice's text, unescaped: what it cites is told at the end, in bytes from the start. */
  private readonly text: ByteWriter = new ByteWriter(TEXT_BYTES_MAX);
  private readonly usage: ChatUsage = new ChatUsage();
  private readonly choices: Choice[] = [];
  private wantsUsage: bool = false;
  private ended: bool = false;
  /** Calls of all candidates, for the ids of those that have none. */
  private calls: i32 = 0;

  constructor() {
    for (let i = 0; i < CANDIDATES_MAX; i++) this.choices.push(new Choice());
  }

  reset(model: ByteWriter, wantsUsage: bool): void {
    this.chunks.reset(model);
    this.text.reset();
    this.usage.reset();
    for (let i = 0; i < CANDIDATES_MAX; i++) unchecked(this.choices[i]).reset();
    this.wantsUsage = wantsUsage;
    this.oneCall = false;
    this.ended = false;
    this.calls = 0;
  }

  translate(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    // A lost answer would be a hole that nobody sees.
    if (!readAnswer(data, dataLength)) return this.error(ErrorCode.UPSTREAM_INVALID_REPLY, data, dataLength, out);
    if (answerError.present) return this.error(ErrorCode.UPSTREAM_ERROR, data, dataLength, out);
    if (this.chunks.created == 0) this.identify();
    if (answerUsage.isObject) readUsage(answerUsage, this.usage);
    if (!candidates.begin(answerCandidates)) {
      return readFeedback() ? this.refuse(this.start(0, out), blockMessage, blockReason, out) : StreamSignal.PREAMBLE;
    }
    let signal = StreamSignal.PREAMBLE;
    while (signal < StreamSignal.ERROR && candidates.next()) signal = max(signal, this.candidate(out));
    return signal;
  }

  /** The stream has ended; it is whole when all that began has come to an end. */
  end(out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    let complete = false;
    for (let i = 0; i < CANDIDATES_MAX; i++) {
      const choice = unchecked(this.choices[i]);
      if (choice.started && choice.finish.length == 0) return StreamSignal.PREAMBLE;
      complete = complete || choice.started;
    }
    if (!complete) return StreamSignal.PREAMBLE;
    this.ended = true;
    for (let i = 0; i < CANDIDATES_MAX; i++) {
      if (unchecked(this.choices[i]).started) this.writeFinish(i, out);
    }
    if (this.wantsUsage) this.chunks.writeUsage(this.usage, out);
    this.chunks.writeDone(out);
    return StreamSignal.END;
  }

  /** Id and time are those of the first answer. */
  private identify(): void {
    this.chunks.created = answerSeconds();
    this.chunks.takeId(answerId);
  }

  private candidate(out: ByteWriter): StreamSignal {
    if (!readCandidate(candidates.value) || isBroken(candidateFinish)) {
      return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    }
    const index = <i32>candidateIndex.count;
    const choice = unchecked(this.choices[this.start(index, out)]);
    let signal = StreamSignal.PREAMBLE;
    beginParts(parts);
    for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
      if (this.part(kind, index, choice, out)) signal = StreamSignal.CONTENT;
    }
    if (candidateLogprobs.isObject) this.writeLogprobs(index, out);
    if (hasAnnotations()) this.annotate(index, out);
    if (!candidateFinish.isText) return signal;
    choice.finish = finishReason(candidateFinish, choice.calls > 0, choice.said);
    if (choice.said || choice.finish != "content_filter") return StreamSignal.CONTENT;
    return this.refuse(index, candidateFinishMessage, candidateFinish, out);
  }

  /** True when the client sees something of it. */
  private part(kind: i32, index: i32, choice: Choice, out: ByteWriter): bool {
    const json = this.chunks.json;
    if (kind == PartKind.CALL) {
      if (this.oneCall && choice.calls > 0) return false;
      this.sign(false, index, out);
    }
    if (kind != PartKind.NONE) this.chunks.beginDelta(out, index);
    switch (kind) {
      case PartKind.TEXT:
        json.key("content");
        partText.copyTo(json);
        if (index == 0) unescapeTo(partText.pointer, partText.length, this.text);
        break;
      case PartKind.THOUGHT:
        json.key("reasoning_content");
        partText.copyTo(json);
        break;
      case PartKind.CALL:
        this.writeToolCall(choice, out);
        break;
      case PartKind.IMAGE:
        json.key("images");
        json.arrayBegin();
        writeImage(json, out, choice.images++, partSignature);
        json.arrayEnd();
        break;
      case PartKind.AUDIO:
        json.key("audio");
        writeAudio(json, this.chunks.id, this.chunks.created);
        break;
    }
    if (kind != PartKind.NONE) this.chunks.endDelta();
    if (kind != PartKind.THOUGHT && kind != PartKind.NONE) choice.said = true;
    if (kind != PartKind.CALL && kind != PartKind.IMAGE) this.sign(true, index, out);
    return kind != PartKind.NONE;
  }

  /** Gemini sends a call whole. */
  private writeToolCall(choice: Choice, out: ByteWriter): void {
    const json = this.chunks.json;
    json.key("tool_calls");
    json.arrayBegin();
    json.objectBegin();
    json.key("index");
    json.integer(choice.calls++);
    writeCall(json, out, this.chunks.id, this.calls++);
    if (partSignature.isText) writeExtraContent(json, partSignature.pointer, partSignature.length);
    json.objectEnd();
    json.arrayEnd();
  }

  /** The part's signature as a thinking block, and, where the part is no call that has it, for the message. */
  private sign(ofMessage: bool, index: i32, out: ByteWriter): void {
    if (!partSignature.isText) return;
    const json = this.chunks.json;
    this.chunks.beginDelta(out, index);
    beginThinkingBlock(json);
    endThinkingBlock(json, out, partSignature.pointer, partSignature.length);
    if (ofMessage) writeExtraContent(json, partSignature.pointer, partSignature.length);
    this.chunks.endDelta();
  }

  private annotate(index: i32, out: ByteWriter): void {
    this.chunks.beginDelta(out, index);
    writeAnnotations(this.chunks.json, this.text, false);
    this.chunks.endDelta();
  }

  private refuse(index: i32, words: Value, reason: Value, out: ByteWriter): StreamSignal {
    unchecked(this.choices[index]).finish = "content_filter";
    this.chunks.beginDelta(out, index);
    this.chunks.json.key("refusal");
    writeRefusal(this.chunks.json, out, words, reason);
    this.chunks.endDelta();
    return StreamSignal.CONTENT;
  }

  /** Opens a choice with its role, once; answers its index. */
  private start(index: i32, out: ByteWriter): i32 {
    const choice = unchecked(this.choices[index]);
    if (choice.started) return index;
    choice.started = true;
    this.chunks.writeRole(out, index);
    return index;
  }

  private writeFinish(index: i32, out: ByteWriter): void {
    const choice = unchecked(this.choices[index]);
    // Older models say STOP with every piece, also before a call.
    const called = choice.calls > 0 && choice.finish == "stop";
    this.chunks.writeFinish(called ? "tool_calls" : choice.finish, out, index);
  }

  private writeLogprobs(index: i32, out: ByteWriter): void {
    this.chunks.beginDelta(out, index);
    this.chunks.endMembers();
    writeLogprobs(this.chunks.json, candidateLogprobs);
    this.chunks.endChoice("");
  }

  private fail(code: ErrorCode, out: ByteWriter): StreamSignal {
    this.ended = true;
    writeErrorEvent(Protocol.OPENAI, code, out);
    return StreamSignal.ERROR;
  }

  private error(otherwise: ErrorCode, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    const before = out.length;
    sseBegin(out, "");
    if (writeGeminiStreamError(data, dataLength, out) != TRANSLATED) {
      out.truncate(before);
      return this.fail(otherwise, out);
    }
    sseEnd(out);
    this.ended = true;
    return StreamSignal.ERROR;
  }
}
