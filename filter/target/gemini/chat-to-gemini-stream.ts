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
import { Items, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { ChatChunk, chunkJson } from "./chat-to-gemini-chunk";
import { hasAnnotations, TEXT_BYTES_MAX, writeAnnotations } from "./chat-to-gemini-citations";
import { writeGeminiStreamError } from "./chat-to-gemini-error";
import {
  beginThinkingBlock,
  endThinkingBlock,
  writeAudio,
  writeCall,
  writeExtraContent,
  writeImage,
  writeRefusal,
} from "./chat-to-gemini-members";
import {
  answerCandidates,
  answerError,
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
import { GeminiUsage } from "./gemini-usage";

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
const json = chunkJson;

export class GeminiStream {
  /** No candidate gives more than its first call. */
  oneCall: bool = false;
  private readonly chunk: ChatChunk = new ChatChunk();
  /** The first choice's text, unescaped: what it cites is told at the end, in bytes from the start. */
  private readonly text: ByteWriter = new ByteWriter(TEXT_BYTES_MAX);
  private readonly usage: GeminiUsage = new GeminiUsage();
  private readonly choices: Choice[] = [];
  private wantsUsage: bool = false;
  private ended: bool = false;
  /** Calls of all candidates, for the ids of those that have none. */
  private calls: i32 = 0;

  constructor() {
    for (let i = 0; i < CANDIDATES_MAX; i++) this.choices.push(new Choice());
  }

  reset(wantsUsage: bool): void {
    this.chunk.reset();
    this.text.reset();
    this.usage.reset();
    for (let i = 0; i < CANDIDATES_MAX; i++) unchecked(this.choices[i]).reset();
    this.wantsUsage = wantsUsage;
    this.oneCall = false;
    this.ended = false;
    this.calls = 0;
  }

  translate(model: ByteWriter, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    // A lost answer would be a hole that nobody sees.
    if (!readAnswer(data, dataLength)) return this.error(ErrorCode.UPSTREAM_INVALID_REPLY, data, dataLength, out);
    if (answerError.present) return this.error(ErrorCode.UPSTREAM_ERROR, data, dataLength, out);
    this.chunk.identify();
    this.usage.read(answerUsage);
    if (!candidates.begin(answerCandidates)) {
      return readFeedback()
        ? this.refuse(this.start(0, model, out), model, blockMessage, blockReason, out)
        : StreamSignal.PREAMBLE;
    }
    let signal = StreamSignal.PREAMBLE;
    while (signal < StreamSignal.ERROR && candidates.next()) signal = max(signal, this.candidate(model, out));
    return signal;
  }

  /** The stream has ended; it is whole when all that began has come to an end. */
  end(model: ByteWriter, out: ByteWriter): StreamSignal {
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
      if (unchecked(this.choices[i]).started) this.writeFinish(i, model, out);
    }
    if (this.wantsUsage) this.chunk.writeUsage(this.usage, model, out);
    out.writeAscii("data: [DONE]\n\n");
    return StreamSignal.END;
  }

  private candidate(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!readCandidate(candidates.value) || isBroken(candidateFinish)) {
      return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    }
    const index = <i32>candidateIndex.count;
    const choice = unchecked(this.choices[this.start(index, model, out)]);
    let signal = StreamSignal.PREAMBLE;
    beginParts(parts);
    for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
      if (this.part(kind, index, choice, model, out)) signal = StreamSignal.CONTENT;
    }
    if (candidateLogprobs.isObject) this.writeLogprobs(index, model, out);
    if (hasAnnotations()) this.annotate(index, model, out);
    if (!candidateFinish.isText) return signal;
    choice.finish = finishReason(candidateFinish, choice.calls > 0, choice.said);
    if (choice.said || choice.finish != "content_filter") return StreamSignal.CONTENT;
    return this.refuse(index, model, candidateFinishMessage, candidateFinish, out);
  }

  /** True when the client sees something of it. */
  private part(kind: i32, index: i32, choice: Choice, model: ByteWriter, out: ByteWriter): bool {
    if (kind == PartKind.CALL) {
      if (this.oneCall && choice.calls > 0) return false;
      this.sign(false, index, model, out);
    }
    if (kind != PartKind.NONE) this.chunk.beginDelta(index, model, out);
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
        writeAudio(json, this.chunk.id, this.chunk.created);
        break;
    }
    if (kind != PartKind.NONE) this.chunk.endDelta("", out);
    if (kind != PartKind.THOUGHT && kind != PartKind.NONE) choice.said = true;
    if (kind != PartKind.CALL && kind != PartKind.IMAGE) this.sign(true, index, model, out);
    return kind != PartKind.NONE;
  }

  /** Gemini sends a call whole. */
  private writeToolCall(choice: Choice, out: ByteWriter): void {
    json.key("tool_calls");
    json.arrayBegin();
    json.objectBegin();
    json.key("index");
    json.integer(choice.calls++);
    writeCall(json, out, this.chunk.id, this.calls++);
    if (partSignature.isText) writeExtraContent(json, partSignature.pointer, partSignature.length);
    json.objectEnd();
    json.arrayEnd();
  }

  /** The part's signature as a thinking block, and, where the part is no call that has it, for the message. */
  private sign(ofMessage: bool, index: i32, model: ByteWriter, out: ByteWriter): void {
    if (!partSignature.isText) return;
    this.chunk.beginDelta(index, model, out);
    beginThinkingBlock(json);
    endThinkingBlock(json, out, partSignature.pointer, partSignature.length);
    if (ofMessage) writeExtraContent(json, partSignature.pointer, partSignature.length);
    this.chunk.endDelta("", out);
  }

  private annotate(index: i32, model: ByteWriter, out: ByteWriter): void {
    this.chunk.beginDelta(index, model, out);
    writeAnnotations(json, this.text, false);
    this.chunk.endDelta("", out);
  }

  private refuse(index: i32, model: ByteWriter, words: Value, reason: Value, out: ByteWriter): StreamSignal {
    unchecked(this.choices[index]).finish = "content_filter";
    this.chunk.beginDelta(index, model, out);
    json.key("refusal");
    writeRefusal(json, out, words, reason);
    this.chunk.endDelta("", out);
    return StreamSignal.CONTENT;
  }

  /** Opens a choice with its role, once; answers its index. */
  private start(index: i32, model: ByteWriter, out: ByteWriter): i32 {
    const choice = unchecked(this.choices[index]);
    if (choice.started) return index;
    choice.started = true;
    this.chunk.beginDelta(index, model, out);
    json.key("role");
    json.ascii("assistant");
    json.key("content");
    json.ascii("");
    this.chunk.endDelta("", out);
    return index;
  }

  private writeFinish(index: i32, model: ByteWriter, out: ByteWriter): void {
    const choice = unchecked(this.choices[index]);
    // Older models say STOP with every piece, also before a call.
    const called = choice.calls > 0 && choice.finish == "stop";
    this.chunk.beginDelta(index, model, out);
    this.chunk.endDelta(called ? "tool_calls" : choice.finish, out);
  }

  private writeLogprobs(index: i32, model: ByteWriter, out: ByteWriter): void {
    this.chunk.beginDelta(index, model, out);
    this.chunk.endLogprobs(candidateLogprobs, out);
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
