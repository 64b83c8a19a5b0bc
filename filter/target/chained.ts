// Two translators in a row: what the front makes of the client's request is what the back makes the provider's of, and
// replies go the other way. Between them is chat with its extensions (or Messages, for a provider that hosts Claude).

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode, SSE_EVENT_BYTES_MAX, TRANSLATED_REPLY_BYTES_MAX } from "../contract";
import { SseFramer } from "../sse/framer";
import { Plan } from "./plan";
import { Fields } from "./translation/value";
import { FAILED, Framing, StreamSignal, TRANSLATED, Translator } from "./translator";

/** A request grows by escapes and by names at most; the body's own limit was checked before. */
const REQUEST_BYTES_MAX: i32 = i32.MAX_VALUE;

export class Chained extends Translator {
  private readonly between: ByteWriter = new ByteWriter(REQUEST_BYTES_MAX);
  private readonly framer: SseFramer = new SseFramer();

  constructor(
    readonly front: Translator,
    readonly back: Translator,
  ) {
    super();
  }

  reset(plan: Plan, inChain: bool): void {
    this.front.reset(plan, !this.back.speaksChat);
    this.back.reset(plan, true);
    this.notes.reset(this.front.notes.strict);
    this.framer.reset();
  }

  writePath(plan: Plan, out: ByteWriter): void {
    this.back.writePath(plan, out);
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    const between = this.between.reset();
    const code = this.front.translateRequest(plan, body, length, between);
    this.takeNotes(this.front);
    if (code != TRANSLATED) return code;
    if (between.overflow) return ErrorCode.OVERLOADED;
    const backCode = this.back.translateRequest(plan, between.pointer, between.length, out);
    this.takeNotes(this.back);
    return backCode;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    if (this.back.passesReply) return this.front.translateReply(body, length, out);
    const between = this.between.reset();
    const code = this.back.translateReply(body, length, between);
    if (code == FAILED && !between.overflow) return this.translateFailure(out);
    if (code != TRANSLATED) return code;
    if (between.length > <i32>TRANSLATED_REPLY_BYTES_MAX || between.overflow) return ErrorCode.REPLY_TOO_LARGE;
    const frontCode = this.front.translateReply(between.pointer, between.length, out);
    return frontCode;
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    if (this.back.passesErrors) return this.front.translateError(status, body, length, out);
    const between = this.between.reset();
    const code = this.back.translateError(status, body, length, between);
    if (code != TRANSLATED) return code;
    if (between.overflow) return ErrorCode.UPSTREAM_ERROR;
    return this.front.translateError(status, between.pointer, between.length, out);
  }

  get foldsReply(): bool {
    return this.back.foldsReply;
  }

  get framing(): Framing {
    return this.back.framing;
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.back.passesReply) return this.front.translateEvent(type, typeLength, data, dataLength, out);
    const between = this.between.reset();
    const signal = this.back.translateEvent(type, typeLength, data, dataLength, between);
    return this.passOn(signal, out);
  }

  translateEnd(out: ByteWriter): StreamSignal {
    if (this.back.passesReply) return this.front.translateEnd(out);
    const between = this.between.reset();
    return this.passOn(this.back.translateEnd(between), out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    this.front.writeStreamError(code, out);
  }

  get requestFields(): Fields[] {
    return this.front.requestFields;
  }

  /** The error that the back has written, in the client's shape. */
  private translateFailure(out: ByteWriter): i32 {
    const between = this.between;
    this.failureStatus = this.back.failureStatus;
    const code = this.front.translateError(this.failureStatus, between.pointer, between.length, out);
    return code == TRANSLATED ? FAILED : code;
  }

  /** The events that the back has written, one by one through the front. The stronger signal of the two counts. */
  private passOn(signal: StreamSignal, out: ByteWriter): StreamSignal {
    const between = this.between;
    if (between.length == 0) return signal;
    if (between.overflow || between.length > <i32>SSE_EVENT_BYTES_MAX) return this.fail(out);
    const framer = this.framer;
    framer.push(between.pointer, between.length);
    let strongest = StreamSignal.PREAMBLE;
    while (strongest < StreamSignal.END && framer.next()) {
      const own = this.front.translateEvent(
        framer.typePointer,
        framer.typeLength,
        framer.dataPointer,
        framer.dataLength,
        out,
      );
      strongest = max(strongest, own);
    }
    return framer.failed ? this.fail(out) : strongest;
  }

  private fail(out: ByteWriter): StreamSignal {
    this.front.writeStreamError(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    return StreamSignal.ERROR;
  }

  private takeNotes(part: Translator): void {
    const notes = this.notes;
    if (part.notes.detail.length > 0) {
      notes.detail.reset().writeBytes(part.notes.detail.pointer, part.notes.detail.length);
    }
    if (part.notes.dropped.length > 0) {
      if (notes.dropped.length > 0) notes.dropped.writeAscii(", ");
      notes.dropped.writeBytes(part.notes.dropped.pointer, part.notes.dropped.length);
    }
    notes.droppedCount += part.notes.droppedCount;
  }
}
