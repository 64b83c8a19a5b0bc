// A stream of chat completion chunks as GenerateContentResponses. A call goes out whole, when its choice has finished: Gemini
// has no pieces of arguments. The end waits for [DONE], because the usage comes behind the finish reason, and Gemini's
// clients read both from the last event.
//
//   content ─▶ event     tool_calls[i]: gathered     finish_reason ─▶ event with the calls     [DONE] ─▶ finishReason, usage

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Translation } from "../translation/translation";
import { Fields, Items } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { CallDrafts } from "./generate-content-to-chat-calls";
import { writeGeminiStreamError } from "./generate-content-to-chat-errors";
import { countSources, hasLogprobs, writeGrounding, writeLogprobs } from "./generate-content-to-chat-extras";
import {
  annotations,
  finishReason,
  isReadable,
  ReplyHead,
  readMessage,
  refusal,
  speaks,
  thinks,
  toolCalls,
  writeEmptyPart,
  writeParts,
} from "./generate-content-to-chat-parts";
import { UsageMetadata } from "./generate-content-to-chat-usage";

/** More than any provider gives. */
const CANDIDATES_MAX: i32 = 128;
const ID_BYTES_MAX: i32 = 1024;

const chunk = new Fields();
const chunkId = chunk.add("id");
const chunkChoices = chunk.add("choices");
const chunkUsage = chunk.add("usage");
const chunkError = chunk.add("error");

const choice = new Fields();
const choiceIndex = choice.add("index");
const choiceDelta = choice.add("delta");
const choiceFinish = choice.add("finish_reason");
const choiceLogprobs = choice.add("logprobs");

const choices = new Items();
const t = new Translation();
const json = new JsonWriter(new ByteWriter(0));

/** One choice on its way. */
class Candidate {
  readonly calls: CallDrafts = new CallDrafts();
  refused: bool = false;
  /** Empty until the model has ended. */
  finish: string = "";

  reset(): void {
    this.calls.reset();
    this.refused = false;
    this.finish = "";
  }
}

export class GenerateContentStream {
  private ended: bool = false;
  private readonly candidates: Candidate[] = [];
  /** How many of them this stream has. */
  private count: i32 = 0;
  private readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  private readonly usage: UsageMetadata = new UsageMetadata();

  constructor(private readonly head: ReplyHead) {}

  reset(): void {
    this.ended = false;
    this.count = 0;
    this.id.reset();
    this.usage.reset();
  }

  translate(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    if (equalsAscii(data, dataLength, "[DONE]")) return this.end(out);
    // A lost event would be a hole in the answer that nobody sees.
    if (!chunk.read(data, dataLength)) return this.fail(out);
    if (chunkError.present) return this.error(data, dataLength, out);
    if (this.id.length == 0 && chunkId.isText && chunkId.length <= ID_BYTES_MAX) {
      this.id.writeBytes(chunkId.pointer, chunkId.length);
    }
    this.usage.read(chunkUsage);
    let strongest = StreamSignal.PREAMBLE;
    choices.begin(chunkChoices);
    while (choices.next()) {
      const signal = this.choice(out);
      if (signal == StreamSignal.ERROR) return signal;
      strongest = max(strongest, signal);
    }
    return strongest;
  }

  private choice(out: ByteWriter): StreamSignal {
    if (!choice.readValue(choices.value)) return this.fail(out);
    const index = choiceIndex.isNumber ? choiceIndex.count : <i64>choices.index;
    if (index >= CANDIDATES_MAX) return this.fail(out);
    const candidate = this.candidate(<i32>index);
    let signal = StreamSignal.PREAMBLE;
    if (readMessage(choiceDelta)) {
      if (!isReadable()) return this.fail(out);
      if (refusal.isText) candidate.refused = true;
      if (speaks(this.head) || hasLogprobs(choiceLogprobs) || countSources(annotations) > 0) {
        this.writeDelta(<i32>index, out);
        signal = StreamSignal.CONTENT;
      } else if (thinks()) {
        // Nothing to show, but the model works: the reply is this provider's.
        signal = StreamSignal.CONTENT;
      }
      if (toolCalls.isArray && !toolCalls.isEmpty) {
        if (!candidate.calls.take(toolCalls)) return this.fail(out);
        signal = StreamSignal.CONTENT;
      }
    }
    if (!choiceFinish.isString) return signal;
    candidate.finish = finishReason(choiceFinish, candidate.refused);
    return this.writeCalls(<i32>index, candidate, out) ? signal : this.fail(out);
  }

  private candidate(index: i32): Candidate {
    while (this.candidates.length <= index) this.candidates.push(new Candidate());
    for (; this.count <= index; this.count++) unchecked(this.candidates[this.count]).reset();
    return unchecked(this.candidates[index]);
  }

  private writeDelta(index: i32, out: ByteWriter): void {
    this.beginEvent(out);
    this.beginCandidate();
    if (writeParts(this.head, true, json) == 0) writeEmptyPart(json);
    this.endParts(index);
    writeLogprobs(choiceLogprobs, json);
    writeGrounding(annotations, null, t, json);
    json.objectEnd();
    this.endEvent(false, out);
  }

  /** False when a call's arguments are no JSON object, but for one that was cut off by the cap: that never was. */
  private writeCalls(index: i32, candidate: Candidate, out: ByteWriter): bool {
    const calls = candidate.calls;
    if (!calls.finish(candidate.finish == "MAX_TOKENS")) return false;
    if (calls.count == 0) return true;
    this.beginEvent(out);
    this.beginCandidate();
    calls.write(json);
    this.endParts(index);
    json.objectEnd();
    this.endEvent(false, out);
    calls.reset();
    return true;
  }

  private end(out: ByteWriter): StreamSignal {
    // An end without a beginning is no answer.
    if (this.count == 0) return this.fail(out);
    for (let i = 0; i < this.count; i++) {
      if (!this.writeCalls(i, unchecked(this.candidates[i]), out)) return this.fail(out);
    }
    this.ended = true;
    this.beginEvent(out);
    for (let i = 0; i < this.count; i++) {
      const finish = unchecked(this.candidates[i]).finish;
      this.beginCandidate();
      writeEmptyPart(json);
      json.arrayEnd();
      json.key("role");
      json.ascii("model");
      json.objectEnd();
      json.key("finishReason");
      json.ascii(finish.length > 0 ? finish : "STOP");
      json.key("index");
      json.integer(i);
      json.objectEnd();
    }
    this.endEvent(true, out);
    return StreamSignal.END;
  }

  private fail(out: ByteWriter): StreamSignal {
    this.ended = true;
    writeErrorEvent(Protocol.GEMINI, ErrorCode.UPSTREAM_INVALID_REPLY, out);
    return StreamSignal.ERROR;
  }

  private error(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    this.ended = true;
    const before = out.length;
    sseBegin(out, "");
    if (writeGeminiStreamError(data, dataLength, out) == TRANSLATED) {
      sseEnd(out);
    } else {
      out.truncate(before);
      writeErrorEvent(Protocol.GEMINI, ErrorCode.UPSTREAM_ERROR, out);
    }
    return StreamSignal.ERROR;
  }

  private beginEvent(out: ByteWriter): void {
    sseBegin(out, "");
    json.reset(out).objectBegin();
    json.key("candidates");
    json.arrayBegin();
  }

  private endEvent(isLast: bool, out: ByteWriter): void {
    json.arrayEnd();
    this.head.write(this.id.pointer, this.id.length, json);
    if (isLast) this.usage.write(json);
    json.objectEnd();
    sseEnd(out);
  }

  /** Up to the first part. */
  private beginCandidate(): void {
    json.objectBegin();
    json.key("content");
    json.objectBegin();
    json.key("parts");
    json.arrayBegin();
  }

  private endParts(index: i32): void {
    json.arrayEnd();
    json.key("role");
    json.ascii("model");
    json.objectEnd();
    json.key("index");
    json.integer(index);
  }
}
