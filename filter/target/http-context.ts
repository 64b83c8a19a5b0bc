// One attempt at one target, on the upstream side. It turns the request into the target's, and the reply into the
// client's. Until the first content it holds the reply, and it alone decides whether the plan's next target gets a try.
// Without a plan (a mirror, a callout, a health check) it touches nothing.
//
//   reply  ─┬─ error, may be retried ─▶ RETRY header, Envoy drops it
//           ├─ error, last target ───▶ ERROR   held whole, given the client protocol's shape
//           ├─ JSON, same dialect ───▶ PASS    untouched
//           ├─ JSON, translated ─────▶ REPLY   held whole
//           └─ event stream ─────────▶ HELD ─ first content ─▶ EVENTS ─ end without terminal event ─▶ error event

import { EventStreamFramer } from "../aws/event-stream-framer";
import { ByteWriter } from "../bytes/byte-writer";
import {
  ErrorCode,
  errorStatus,
  HOLD_BYTES_MAX,
  PROPERTY_PLAN,
  PROPERTY_PLAN_LENGTH,
  Protocol,
  TRANSLATED_REPLY_BYTES_MAX,
} from "../contract";
import { writeErrorBody, writeErrorEvent } from "../errors/error-body";
import {
  Action,
  appendToBuffer,
  BufferKind,
  closeStream,
  getBuffer,
  getProperty,
  HeaderCursor,
  HeaderList,
  HeaderMap,
  hostLength,
  hostPointer,
  removeHeader,
  replaceBuffer,
  StreamContext,
  StreamKind,
  sendLocalReply,
  utf8,
} from "../sdk";
import { EventFramer } from "../sse/event-framer";
import { SseFramer } from "../sse/framer";
import { failoversTotal, streamsCutTotal } from "../telemetry/metrics";
import { isErrorBody } from "./error-shape";
import { signalOf } from "./first-content";
import {
  addErrorHeaders,
  markDroppedFields,
  markError,
  markRetry,
  markTarget,
  setReplyEvents,
  setReplyJson,
  setReplyLength,
  setReplyStatus,
} from "./mark-reply";
import { Plan } from "./plan";
import { isCredentialStatus, isErrorStatus, isWorthRetry, Reply } from "./reply";
import { ReplyHeaders, stripTrailers } from "./reply-headers";
import { keepsModel, ModelEdit, moveOn, writeContentLength, writeRequestHeaders } from "./request";
import { StreamTail } from "./stream-tail";
import { Framing, StreamSignal, TRANSLATED, Translator } from "./translator";
import { giveTranslator, takeTranslator } from "./translators";

const CONTENT_LENGTH = utf8("content-length");
const CONTENT_ENCODING = utf8("content-encoding");

const TARGET_ID_BYTES_MAX: i32 = 128;
/** Twice what the gateway root writes at most. */
const PLAN_BYTES_MAX: i32 = 128 * 1024;
/** An error's text is not worth more memory than this. */
const ERROR_BYTES_MAX: i32 = 64 * 1024;
const STATUS_ABANDONED: i32 = 500;

const plan = new Plan();
const headers = new ReplyHeaders();
const trailers = new HeaderCursor();
const local = new HeaderList();
/** What one callback writes to a buffer; a stream that is held keeps its own. */
const scratch = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);
/** The size of a request was limited before. */
const request = new ByteWriter(i32.MAX_VALUE);

export class TargetStream extends StreamContext {
  private planned: bool = false;
  private protocol: i32 = 0;
  private dialect: i32 = 0;
  private hasNext: bool = false;
  private requestDone: bool = false;
  private translator: Translator | null = null;
  /** The same, unless the provider answers in the client's protocol although it wants requests of its own. */
  private replyTranslator: Translator | null = null;
  private readonly edit: ModelEdit = new ModelEdit();
  /** As it was at the headers, for the translation at the body's end: the host's bytes last for one callback only. */
  private readonly keptPlan: ByteWriter = new ByteWriter(PLAN_BYTES_MAX);
  private readonly targetId: usize = heap.alloc(TARGET_ID_BYTES_MAX);
  private targetIdLength: i32 = 0;

  private reply: Reply = Reply.PASS;
  private status: i32 = 0;
  /** Bytes of the held reply that were looked at. */
  private seen: i32 = 0;
  private isJson: bool = false;
  private isEncoded: bool = false;
  private readonly sseFramer: SseFramer = new SseFramer();
  private readonly awsFramer: EventStreamFramer = new EventStreamFramer();
  private framer: EventFramer = this.sseFramer;
  private readonly tail: StreamTail = new StreamTail();
  private readonly held: ByteWriter = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);

  begin(): TargetStream {
    this.planned = false;
    this.protocol = Protocol.OPENAI;
    this.requestDone = false;
    this.reply = Reply.PASS;
    this.seen = 0;
    return this;
  }

  onRequestHeaders(count: i32, endOfStream: bool): Action {
    if (!getProperty(PROPERTY_PLAN, PROPERTY_PLAN_LENGTH)) return Action.CONTINUE;
    if (!plan.read(hostPointer(), hostLength())) return this.refuse(ErrorCode.FILTER_VERSION_SKEW);
    this.planned = true;
    this.protocol = plan.protocol;
    this.dialect = plan.dialect;
    this.tail.begin(plan.dialect);
    this.hasNext = plan.hasNext;
    this.targetIdLength = min(plan.targetLength, TARGET_ID_BYTES_MAX);
    memory.copy(this.targetId, plan.targetPointer, this.targetIdLength);
    const translator = takeTranslator(plan);
    this.translator = translator;
    if (translator != null) {
      this.framer = translator.framing == Framing.SSE ? this.sseFramer : this.awsFramer;
      translator.reset(plan, false);
      this.keptPlan.reset().writeBytes(plan.pointer, plan.length);
    }
    this.replyTranslator = translator == null || translator.passesReply ? null : translator;
    writeRequestHeaders(plan, translator);
    this.requestDone = translator == null && keepsModel(plan);
    if (translator == null && !this.requestDone) this.edit.take(plan);
    moveOn(plan);
    return translator == null ? Action.CONTINUE : Action.PAUSE;
  }

  onRequestBody(size: i32, endOfStream: bool): Action {
    if (!this.planned || this.requestDone) return Action.CONTINUE;
    if (this.translator != null) return endOfStream ? this.translateRequest(size) : this.waitForBody(size);
    if (!this.edit.isWithin(size)) return Action.PAUSE;
    this.requestDone = true;
    return this.edit.apply() ? Action.CONTINUE : this.refuse(ErrorCode.OVERLOADED);
  }

  onRequestTrailers(count: i32): Action {
    if (!this.planned || this.requestDone || this.translator == null) return Action.CONTINUE;
    return this.translateRequest(this.seen);
  }

  onResponseHeaders(count: i32, endOfStream: bool): Action {
    if (!this.planned || this.reply == Reply.DONE) return Action.CONTINUE;
    headers.readAndStrip();
    this.seen = 0;
    this.status = headers.status;
    this.isJson = headers.isJson;
    this.isEncoded = headers.isEncoded;
    const succeeded = headers.status >= 200 && headers.status < 300;
    if (!succeeded && this.hasNext && isWorthRetry(headers.status)) return this.abandonHeaders(endOfStream);
    markTarget(this.targetId, this.targetIdLength);
    markDroppedFields(this.translator);
    this.reply = this.kindOf(succeeded);
    if (this.reply == Reply.PASS) return Action.CONTINUE;
    return endOfStream ? this.finishEmpty() : Action.PAUSE;
  }

  onResponseBody(size: i32, endOfStream: bool): Action {
    switch (this.reply) {
      case Reply.ERROR:
        return endOfStream ? this.finishError(size) : this.holdWhole(size, ERROR_BYTES_MAX);
      case Reply.REPLY:
        return endOfStream ? this.finishReply(size) : this.holdWhole(size, TRANSLATED_REPLY_BYTES_MAX);
      case Reply.HELD:
        return this.holdEvents(size, endOfStream);
      case Reply.EVENTS:
        return this.passEvents(size, endOfStream);
      case Reply.DROPPED:
        if (endOfStream) return this.failWhole(ErrorCode.REPLY_TOO_LARGE, size);
        replaceBuffer(BufferKind.RESPONSE_BODY, size, 0, 0);
        return Action.PAUSE;
      case Reply.ENDED:
        replaceBuffer(BufferKind.RESPONSE_BODY, size, 0, 0);
        return Action.CONTINUE;
      case Reply.ABANDONED:
        this.replaceAbandoned(size, endOfStream);
        return Action.CONTINUE;
      default:
        return Action.CONTINUE;
    }
  }

  /** The end of a body that has trailers. A stream that passes can no longer be added to, so a cut one is closed. */
  onResponseTrailers(count: i32): Action {
    if (!this.planned) return Action.CONTINUE;
    stripTrailers(trailers);
    if (this.reply != Reply.EVENTS) return this.onResponseBody(this.seen, true);
    if (!this.isComplete()) {
      streamsCutTotal.add(1);
      closeStream(StreamKind.RESPONSE);
    }
    return Action.CONTINUE;
  }

  onDelete(): void {
    const translator = this.translator;
    if (translator != null) giveTranslator(translator);
    this.translator = null;
    this.replyTranslator = null;
    this.framer.reset();
    this.framer = this.sseFramer;
    this.tail.reset();
    this.held.release();
    pool.push(this);
  }

  // Request

  private waitForBody(size: i32): Action {
    this.seen = size;
    return Action.PAUSE;
  }

  private translateRequest(size: i32): Action {
    const translator = this.translator!;
    const kept = this.keptPlan;
    if (kept.overflow || !plan.read(kept.pointer, kept.length)) return this.refuse(ErrorCode.OVERLOADED);
    if (!getBuffer(BufferKind.REQUEST_BODY, 0, size)) return this.refuse(ErrorCode.OVERLOADED);
    const code = translator.translateRequest(plan, hostPointer(), size, request.reset());
    if (code != TRANSLATED) return this.refuse(code);
    if (request.overflow) return this.refuse(ErrorCode.OVERLOADED);
    writeContentLength(request.length);
    replaceBuffer(BufferKind.REQUEST_BODY, size, request.pointer, request.length);
    this.requestDone = true;
    return Action.CONTINUE;
  }

  /** Answers the client from here: there is no retry behind it. */
  private refuse(code: ErrorCode): Action {
    this.reply = Reply.DONE;
    this.requestDone = true;
    const translator = this.translator;
    const detail = translator != null ? translator.notes.detail.pointer : 0;
    const detailLength = translator != null ? translator.notes.detail.length : 0;
    writeErrorBody(this.protocol, code, detail, detailLength, scratch.reset());
    sendLocalReply(errorStatus(code), addErrorHeaders(code, local.reset()), scratch.pointer, scratch.length);
    return Action.PAUSE;
  }

  // Reply

  private kindOf(succeeded: bool): Reply {
    if (!succeeded) return this.passesEncodedError() ? Reply.PASS : Reply.ERROR;
    if (this.isEncoded) return this.replyTranslator == null ? Reply.PASS : Reply.ERROR;
    if (this.framer == this.sseFramer ? headers.isEventStream : headers.isAwsEventStream) {
      if (this.framer != this.sseFramer) setReplyEvents();
      // Events may be added or rewritten: no length is known before the end.
      removeHeader(HeaderMap.RESPONSE, CONTENT_LENGTH);
      return Reply.HELD;
    }
    return this.replyTranslator == null ? Reply.PASS : Reply.REPLY;
  }

  /** The provider speaks the client's dialect, and the client can decode what nobody asked for. */
  private passesEncodedError(): bool {
    return (
      this.isEncoded && this.replyTranslator == null && isErrorStatus(this.status) && !isCredentialStatus(this.status)
    );
  }

  // Envoy makes no further attempt once the provider has sent an interim reply (1xx). What is abandoned is therefore an
  // error in the client's shape already. Its status is 500, which says nothing about the health of the endpoint.

  private abandonHeaders(endOfStream: bool): Action {
    failoversTotal.add(1);
    markRetry();
    this.reply = Reply.ABANDONED;
    markError(ErrorCode.UPSTREAM_ERROR);
    setReplyJson();
    removeHeader(HeaderMap.RESPONSE, CONTENT_ENCODING);
    if (!endOfStream) removeHeader(HeaderMap.RESPONSE, CONTENT_LENGTH);
    if (!isErrorStatus(this.status)) setReplyStatus(STATUS_ABANDONED);
    return Action.CONTINUE;
  }

  private abandonWhole(size: i32): Action {
    failoversTotal.add(1);
    markRetry();
    return this.answerError(ErrorCode.UPSTREAM_ERROR, STATUS_ABANDONED, size);
  }

  private replaceAbandoned(size: i32, endOfStream: bool): void {
    scratch.reset();
    if (endOfStream) writeErrorBody(this.protocol, ErrorCode.UPSTREAM_ERROR, 0, 0, scratch);
    replaceBuffer(BufferKind.RESPONSE_BODY, size, scratch.pointer, scratch.length);
  }

  private holdWhole(size: i32, bytesMax: i32): Action {
    this.seen = size;
    if (size <= bytesMax) return Action.PAUSE;
    this.reply = Reply.DROPPED;
    replaceBuffer(BufferKind.RESPONSE_BODY, size, 0, 0);
    this.seen = 0;
    return Action.PAUSE;
  }

  /** A reply of headers alone has no body that could be replaced, so the client is answered from here. */
  private finishEmpty(): Action {
    if (this.hasNext) return this.abandonHeaders(true);
    if (isCredentialStatus(this.status)) return this.refuse(ErrorCode.UPSTREAM_CREDENTIAL_REJECTED);
    return this.refuse(isErrorStatus(this.status) ? ErrorCode.UPSTREAM_ERROR : ErrorCode.UPSTREAM_INVALID_REPLY);
  }

  private finishReply(size: i32): Action {
    if (!getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return this.failWhole(ErrorCode.OVERLOADED, size);
    const code = this.replyTranslator!.translateReply(hostPointer(), size, scratch.reset());
    if (code != TRANSLATED) return this.failWhole(code, size);
    if (scratch.overflow) return this.failWhole(ErrorCode.REPLY_TOO_LARGE, size);
    return this.answerWhole(this.status, size);
  }

  /** Nobody is left to ask: the client gets the provider's error in its own protocol's shape. */
  private finishError(size: i32): Action {
    if (isCredentialStatus(this.status)) return this.failWhole(ErrorCode.UPSTREAM_CREDENTIAL_REJECTED, size);
    if (!isErrorStatus(this.status)) return this.failWhole(ErrorCode.UPSTREAM_INVALID_REPLY, size);
    if (this.isEncoded) return this.answerError(ErrorCode.UPSTREAM_ERROR, this.status, size);
    if (size > 0 && !getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return this.failWhole(ErrorCode.OVERLOADED, size);
    const body: usize = size > 0 ? hostPointer() : 0;
    const translator = this.replyTranslator;
    if (translator == null && this.isJson && isErrorBody(this.protocol, body, size)) {
      this.reply = Reply.DONE;
      return Action.CONTINUE;
    }
    scratch.reset();
    if (translator != null && this.isJson) {
      if (translator.translateError(this.status, body, size, scratch) == TRANSLATED && !scratch.overflow) {
        return this.answerWhole(this.status, size);
      }
    }
    return this.answerError(ErrorCode.UPSTREAM_ERROR, this.status, size);
  }

  /** Gives a held reply up: for the next target, or with an error of ours. */
  private failWhole(code: ErrorCode, size: i32): Action {
    return this.hasNext ? this.abandonWhole(size) : this.answerError(code, errorStatus(code), size);
  }

  private answerError(code: ErrorCode, status: i32, size: i32): Action {
    writeErrorBody(this.protocol, code, 0, 0, scratch.reset(), status);
    markError(code);
    return this.answerWhole(status, size);
  }

  /** Lets the headers go, with `scratch` as the whole body in place of the `size` bytes that are held. */
  private answerWhole(status: i32, size: i32): Action {
    this.reply = Reply.ENDED;
    if (status != this.status) setReplyStatus(status);
    if (!this.isJson) setReplyJson();
    if (this.isEncoded) removeHeader(HeaderMap.RESPONSE, CONTENT_ENCODING);
    setReplyLength(scratch.length);
    replaceBuffer(BufferKind.RESPONSE_BODY, size, scratch.pointer, scratch.length);
    return Action.CONTINUE;
  }

  // Event streams

  /** Reads what is new in the held bytes; lets all go at the first content, or when too much is held. */
  private holdEvents(size: i32, endOfStream: bool): Action {
    const fresh = size - this.seen;
    let signal = StreamSignal.PREAMBLE;
    if (fresh > 0) {
      if (!getBuffer(BufferKind.RESPONSE_BODY, this.seen, fresh)) return this.failWhole(ErrorCode.OVERLOADED, size);
      this.seen = size;
      signal = this.readEvents(hostPointer(), fresh, this.held);
    }
    // What passes untouched is only read up to its first content; its end is the tail's matter.
    const readable = this.replyTranslator == null ? StreamSignal.CONTENT : StreamSignal.END;
    if (endOfStream && signal < readable) signal = this.readEnd(signal, this.held);
    if (signal == StreamSignal.ERROR && this.hasNext) return this.abandonWhole(size);
    if (this.framer.failed || this.held.overflow) return this.failWhole(ErrorCode.UPSTREAM_INVALID_REPLY, size);
    if (signal == StreamSignal.PREAMBLE) {
      if (endOfStream) return this.failWhole(ErrorCode.UPSTREAM_STREAM_CUT, size);
      if (size < <i32>HOLD_BYTES_MAX) return Action.PAUSE;
    }
    return this.release(signal, size, endOfStream);
  }

  private release(signal: StreamSignal, size: i32, endOfStream: bool): Action {
    this.reply = Reply.EVENTS;
    this.seen = 0;
    if (this.replyTranslator == null) {
      this.framer.reset();
      if (endOfStream && !this.tail.isComplete(this.dialect)) this.appendCut(size);
      return Action.CONTINUE;
    }
    const ended = signal == StreamSignal.END || signal == StreamSignal.ERROR;
    if (endOfStream && !ended) this.writeCut(this.held);
    if (ended) this.reply = Reply.ENDED;
    replaceBuffer(BufferKind.RESPONSE_BODY, size, this.held.pointer, this.held.length);
    this.held.release();
    return Action.CONTINUE;
  }

  private passEvents(size: i32, endOfStream: bool): Action {
    if (this.replyTranslator == null) {
      this.tail.note(size);
      if (endOfStream && !this.tail.isComplete(this.dialect)) this.appendCut(size);
      return Action.CONTINUE;
    }
    scratch.reset();
    let signal = StreamSignal.PREAMBLE;
    if (size > 0) {
      if (!getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return this.breakStream(size);
      signal = this.readEvents(hostPointer(), size, scratch);
    }
    if (endOfStream && signal < StreamSignal.END) signal = this.readEnd(signal, scratch);
    if (this.framer.failed || scratch.overflow) return this.breakStream(size);
    if (signal >= StreamSignal.END) this.reply = Reply.ENDED;
    else if (endOfStream) this.writeCut(scratch);
    replaceBuffer(BufferKind.RESPONSE_BODY, size, scratch.pointer, scratch.length);
    return Action.CONTINUE;
  }

  /** Feeds bytes to the framer and handles whole events; answers the strongest signal among them. */
  private readEvents(pointer: usize, length: i32, out: ByteWriter): StreamSignal {
    this.framer.push(pointer, length);
    if (this.replyTranslator == null) this.tail.take(pointer, length);
    let strongest = StreamSignal.PREAMBLE;
    // What passes untouched is of no further interest after its first content.
    const enough = this.replyTranslator == null ? StreamSignal.CONTENT : StreamSignal.END;
    while (strongest < enough && this.framer.next()) strongest = max(strongest, this.handleEvent(out));
    return strongest;
  }

  /** The provider's stream has ended: one more event may be whole now, and a dialect may have no terminal event. */
  private readEnd(before: StreamSignal, out: ByteWriter): StreamSignal {
    let signal = before;
    if (this.framer.finish()) signal = max(signal, this.handleEvent(out));
    const translator = this.replyTranslator;
    if (translator == null || signal >= StreamSignal.END) return signal;
    return max(signal, translator.translateEnd(out));
  }

  private handleEvent(out: ByteWriter): StreamSignal {
    const framer = this.framer;
    const translator = this.replyTranslator;
    if (translator == null) {
      return signalOf(this.dialect, framer.typePointer, framer.typeLength, framer.dataPointer, framer.dataLength);
    }
    return translator.translateEvent(framer.typePointer, framer.typeLength, framer.dataPointer, framer.dataLength, out);
  }

  private isComplete(): bool {
    return this.replyTranslator == null && this.tail.isComplete(this.dialect);
  }

  /** The provider ended a translated stream too early. */
  private writeCut(out: ByteWriter): void {
    streamsCutTotal.add(1);
    this.replyTranslator!.writeStreamError(ErrorCode.UPSTREAM_STREAM_CUT, out);
    this.reply = Reply.ENDED;
  }

  /** The same for a stream that passes untouched: the error goes behind what is in the buffer. */
  private appendCut(size: i32): void {
    streamsCutTotal.add(1);
    writeErrorEvent(this.protocol, ErrorCode.UPSTREAM_STREAM_CUT, scratch.reset());
    appendToBuffer(BufferKind.RESPONSE_BODY, size, scratch.pointer, scratch.length);
  }

  /** A stream that can no longer be understood: the client gets an error event, then nothing more. */
  private breakStream(size: i32): Action {
    streamsCutTotal.add(1);
    this.replyTranslator!.writeStreamError(ErrorCode.UPSTREAM_INVALID_REPLY, scratch.reset());
    this.reply = Reply.ENDED;
    replaceBuffer(BufferKind.RESPONSE_BODY, size, scratch.pointer, scratch.length);
    return Action.CONTINUE;
  }
}

/** Contexts that no stream uses; as many as were ever needed at once. */
const pool: TargetStream[] = [];

export function takeTargetStream(): TargetStream {
  const stream = pool.length > 0 ? pool.pop() : new TargetStream();
  return stream.begin();
}
