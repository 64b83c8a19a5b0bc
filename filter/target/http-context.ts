// One attempt at one target, on the upstream side. It turns the request into the target's, and the reply into the
// client's. Until the first content it holds the reply, and it alone decides whether the plan's next target gets a try.
// Without a plan (a mirror, a callout, a health check) it touches nothing.
//
//   reply  ─┬─ error, may be retried ─▶ RETRY header, Envoy drops it
//           ├─ error, last target ───▶ ERROR   held whole, given the client protocol's shape
//           ├─ JSON, same dialect ───▶ PASS    untouched
//           ├─ JSON, translated ─────▶ REPLY   held whole
//           └─ event stream ─────────▶ HELD ─ first content ─▶ EVENTS ─ end without terminal event ─▶ error event

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
import { writeErrorBody } from "../errors/error-body";
import { redactKeys } from "../errors/redact";
import {
  Action,
  BufferKind,
  closeSoon,
  closeStream,
  getBuffer,
  getProperty,
  HeaderCursor,
  HeaderMap,
  hostLength,
  hostPointer,
  removeHeader,
  replaceBuffer,
  StreamContext,
  StreamKind,
  utf8,
} from "../sdk";
import { failoversTotal, streamsCutTotal } from "../telemetry/metrics";
import { UNCUT } from "../usage/account";
import { Meter } from "../usage/meter";
import { AttemptRequest, GOES_ON, WAITS } from "./attempt-request";
import { isErrorBody, writeError } from "./error-shape";
import { EventReader } from "./event-reader";
import {
  answerLocally,
  markAbandoned,
  markDroppedFields,
  markError,
  markRetry,
  replaceAbandonedBody,
  STATUS_ABANDONED,
  setReplyEvents,
  setReplyJson,
  setReplyLength,
  setReplyStatus,
} from "./mark-reply";
import { changePassed, replaceStripped } from "./passing-events";
import { Plan } from "./plan";
import { PlanMemory } from "./plan-memory";
import { isCredentialStatus, isErrorStatus, Reply } from "./reply";
import { ReplyHeaders, stripTrailers } from "./reply-headers";
import { moveOn } from "./request";
import { FAILED, passesErrors, StreamSignal, TRANSLATED, Translator } from "./translator";
import { giveTranslator, takeTranslator } from "./translators";
import { judgeReply, kindOfSuccess, WholeReply } from "./whole-reply";

const CONTENT_LENGTH = utf8("content-length");
const CONTENT_ENCODING = utf8("content-encoding");

/** An error's text is not worth more memory than this. */
const ERROR_BYTES_MAX: i32 = 64 * 1024;

const plan = new Plan();
const headers = new ReplyHeaders();
const trailers = new HeaderCursor();
/** What one callback writes to a buffer; a stream that is held keeps its own. */
const scratch = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);

export class TargetStream extends StreamContext {
  private planned: bool = false;
  private protocol: i32 = 0;
  private operation: i32 = 0;
  private streaming: bool = false;
  private hasNext: bool = false;
  private readonly memory: PlanMemory = new PlanMemory();
  private readonly request: AttemptRequest = new AttemptRequest();
  private translator: Translator | null = null;
  /** The same, unless the provider answers in the client's protocol although it wants requests of its own. */
  private replyTranslator: Translator | null = null;

  private reply: Reply = Reply.PASS;
  private status: i32 = 0;
  /** Bytes of the held reply that were looked at. */
  private seen: i32 = 0;
  private isJson: bool = false;
  private isEncoded: bool = false;
  private readonly meter: Meter = new Meter();
  private readonly events: EventReader = new EventReader();
  private readonly held: ByteWriter = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);

  begin(): TargetStream {
    this.planned = false;
    this.protocol = Protocol.OPENAI;
    this.request.begin();
    this.reply = Reply.PASS;
    this.seen = 0;
    return this;
  }

  onRequestHeaders(count: i32, endOfStream: bool): Action {
    if (!getProperty(PROPERTY_PLAN, PROPERTY_PLAN_LENGTH)) return Action.CONTINUE;
    if (!plan.read(hostPointer(), hostLength())) return this.refuse(ErrorCode.FILTER_VERSION_SKEW);
    this.planned = true;
    this.protocol = plan.protocol;
    this.operation = plan.operation;
    this.streaming = plan.streaming;
    this.meter.begin(plan.account, plan.accountTicket, plan.cursor, plan.dialect);
    this.hasNext = plan.hasNext;
    this.memory.take(plan);
    const translator = (this.translator = takeTranslator(plan));
    const decided = this.request.takeHeaders(plan, translator);
    this.replyTranslator = translator == null || translator.passesReply ? null : translator;
    this.events.begin(this.replyTranslator, plan.dialect, this.meter, this.request.asksForUsage);
    moveOn(plan);
    return this.act(decided);
  }

  onRequestBody(size: i32, endOfStream: bool): Action {
    if (!this.planned || this.request.done) return Action.CONTINUE;
    return this.act(this.request.takeBody(plan, size, endOfStream));
  }

  onRequestTrailers(count: i32): Action {
    if (!this.planned || this.request.done) return Action.CONTINUE;
    return this.act(this.request.takeTrailers(plan));
  }

  onResponseHeaders(count: i32, endOfStream: bool): Action {
    if (!this.planned || this.reply == Reply.DONE) return Action.CONTINUE;
    headers.readAndStrip();
    this.seen = 0;
    this.status = headers.status;
    this.isJson = headers.isJson;
    this.isEncoded = headers.isEncoded;
    const succeeded = headers.status >= 200 && headers.status < 300;
    if (headers.throttledMs > 0) this.meter.throttled(headers.throttledMs);
    if (!succeeded && this.hasNext && this.memory.isWorthRetry(headers.status)) return this.abandonHeaders(endOfStream);
    this.meter.answered(this.status);
    this.memory.markTarget();
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
      case Reply.CHECKED:
        return this.checkReply(size, endOfStream);
      case Reply.HELD:
        return this.holdEvents(size, endOfStream);
      case Reply.EVENTS:
        return this.passEvents(size, endOfStream);
      case Reply.DROPPED:
        if (endOfStream) return this.failWhole(ErrorCode.REPLY_TOO_LARGE, size);
        replaceBuffer(BufferKind.RESPONSE_BODY, size, 0, 0);
        return Action.PAUSE;
      case Reply.CUT:
        closeStream(StreamKind.RESPONSE);
        return Action.PAUSE;
      case Reply.ENDED:
        replaceBuffer(BufferKind.RESPONSE_BODY, size, 0, 0);
        return Action.CONTINUE;
      case Reply.ABANDONED:
        replaceAbandonedBody(this.protocol, size, endOfStream);
        return Action.CONTINUE;
      default:
        return this.pass(size, endOfStream);
    }
  }

  /** The end of a body that has trailers. A stream that passes can no longer be added to, so a cut one is closed. */
  onResponseTrailers(count: i32): Action {
    if (!this.planned) return Action.CONTINUE;
    stripTrailers(trailers);
    if (this.reply != Reply.EVENTS) return this.onResponseBody(this.seen, true);
    if (this.replyTranslator != null || !this.events.isComplete) {
      streamsCutTotal.add(1);
      closeStream(StreamKind.RESPONSE);
    }
    return Action.CONTINUE;
  }

  onDelete(): void {
    this.meter.ended();
    const translator = this.translator;
    if (translator != null) giveTranslator(translator);
    this.translator = null;
    this.replyTranslator = null;
    this.events.reset();
    this.held.release();
    pool.push(this);
  }

  // Request

  /** What the request's half has decided. */
  private act(decided: i32): Action {
    if (decided == WAITS) return Action.PAUSE;
    return decided == GOES_ON ? Action.CONTINUE : this.refuse(decided);
  }

  /** Answers the client from here: there is no retry behind it. */
  private refuse(code: ErrorCode, status: i32 = errorStatus(code)): Action {
    this.reply = Reply.DONE;
    this.request.done = true;
    this.meter.answered(status, code);
    answerLocally(this.protocol, code, status, this.translator);
    return Action.PAUSE;
  }

  // Reply

  private kindOf(succeeded: bool): Reply {
    if (!succeeded) return Reply.ERROR;
    const translator = this.replyTranslator;
    const isBinary = this.events.isBinary;
    const isEvents = isBinary ? headers.isAwsEventStream : headers.isEventStream;
    const kind = kindOfSuccess(this.operation, this.streaming, isEvents, this.isEncoded, translator);
    if (kind == Reply.HELD) {
      if (isBinary) setReplyEvents();
      // Events may be added or rewritten: no length is known before the end.
      removeHeader(HeaderMap.RESPONSE, CONTENT_LENGTH);
    }
    if (kind == Reply.PASS && this.isJson) this.meter.beginPieces();
    return kind;
  }

  /** Bytes that nobody holds any more; what they say of usage is read on the way. */
  private pass(size: i32, endOfStream: bool): Action {
    if (this.meter.scans && getBuffer(BufferKind.RESPONSE_BODY, 0, size)) this.meter.readPiece(hostPointer(), size);
    if (endOfStream) this.meter.completed();
    return Action.CONTINUE;
  }

  // Envoy makes no further attempt once the provider has sent an interim reply (1xx). What is abandoned is therefore an
  // error in the client's shape already. Its status is 500, which says nothing about the health of the endpoint.

  private abandonHeaders(endOfStream: bool): Action {
    this.reply = Reply.ABANDONED;
    this.meter.abandoned(this.status);
    markAbandoned(isErrorStatus(this.status), endOfStream);
    return Action.CONTINUE;
  }

  private abandonWhole(size: i32): Action {
    failoversTotal.add(1);
    this.meter.abandoned(this.status);
    markRetry();
    return this.answerError(ErrorCode.UPSTREAM_ERROR, STATUS_ABANDONED, size);
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
    if (!isErrorStatus(this.status)) return this.refuse(ErrorCode.UPSTREAM_INVALID_REPLY);
    return this.refuse(ErrorCode.UPSTREAM_ERROR, this.status);
  }

  private checkReply(size: i32, endOfStream: bool): Action {
    this.seen = size;
    if (!endOfStream && size <= <i32>HOLD_BYTES_MAX) return Action.PAUSE;
    if (!endOfStream) {
      this.meter.beginPieces();
    } else {
      if (!getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return this.failWhole(ErrorCode.OVERLOADED, size);
      const judged = judgeReply(this.operation, hostPointer(), size);
      if (judged == WholeReply.BROKEN) return this.failWhole(ErrorCode.UPSTREAM_INVALID_REPLY, size);
      if (judged == WholeReply.ERROR) return this.failDisguised(size);
      this.meter.takeReply(hostPointer(), size);
    }
    this.reply = Reply.DONE;
    return this.pass(size, endOfStream);
  }

  /** An error under a status of success, which no SDK would take for one. */
  private failDisguised(size: i32): Action {
    if (this.hasNext) return this.abandonWhole(size);
    this.status = errorStatus(ErrorCode.UPSTREAM_ERROR);
    setReplyStatus(this.status);
    return this.finishError(size);
  }

  private finishReply(size: i32): Action {
    if (!getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return this.failWhole(ErrorCode.OVERLOADED, size);
    this.meter.readReply(hostPointer(), size);
    const code = this.replyTranslator!.translateReply(hostPointer(), size, scratch.reset());
    const status = this.replyTranslator!.failureStatus;
    if (code == FAILED && !(this.hasNext && this.memory.isWorthRetry(status))) return this.answerWhole(status, size);
    if (code != TRANSLATED) return this.failWhole(code, size);
    if (scratch.overflow) return this.failWhole(ErrorCode.REPLY_TOO_LARGE, size);
    this.meter.completed();
    return this.answerWhole(this.status, size);
  }

  /** Nobody is left to ask: the client gets the provider's error in its own protocol's shape. */
  private finishError(size: i32): Action {
    if (isCredentialStatus(this.status)) return this.failWhole(ErrorCode.UPSTREAM_CREDENTIAL_REJECTED, size);
    if (!isErrorStatus(this.status)) return this.failWhole(ErrorCode.UPSTREAM_INVALID_REPLY, size);
    if (this.isEncoded) return this.answerError(ErrorCode.UPSTREAM_ERROR, this.status, size);
    if (size > 0 && !getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return this.failWhole(ErrorCode.OVERLOADED, size);
    const body: usize = size > 0 ? hostPointer() : 0;
    const hadKey = redactKeys(body, size);
    if (passesErrors(this.translator) && this.isJson && isErrorBody(this.protocol, body, size)) {
      this.reply = Reply.DONE;
      if (hadKey) replaceBuffer(BufferKind.RESPONSE_BODY, size, body, size);
      return Action.CONTINUE;
    }
    scratch.reset();
    if (this.isJson) {
      const code = writeError(this.translator, this.protocol, this.status, body, size, scratch);
      if (code == TRANSLATED && !scratch.overflow) return this.answerWhole(this.status, size);
      if (code == ErrorCode.UPSTREAM_CREDENTIAL_REJECTED) return this.failWhole(code, size);
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
    this.meter.failed(code);
    return this.answerWhole(status, size);
  }

  /** Lets the headers go, with `scratch` as the whole body in place of the `size` bytes that are held. */
  private answerWhole(status: i32, size: i32): Action {
    this.reply = Reply.ENDED;
    if (status != this.status) {
      setReplyStatus(status);
      this.meter.answered(status);
    }
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
      signal = this.events.read(hostPointer(), fresh, this.held);
    }
    if (endOfStream) signal = this.events.end(signal, this.held);
    if (signal == StreamSignal.ERROR && this.hasNext) return this.abandonWhole(size);
    if (this.events.failed || this.held.overflow) return this.failWhole(ErrorCode.UPSTREAM_INVALID_REPLY, size);
    if (signal == StreamSignal.PREAMBLE) {
      if (endOfStream) return this.failWhole(ErrorCode.UPSTREAM_STREAM_CUT, size);
      if (size < <i32>HOLD_BYTES_MAX) return Action.PAUSE;
    }
    return this.release(signal, size, endOfStream);
  }

  private release(signal: StreamSignal, size: i32, endOfStream: bool): Action {
    this.reply = Reply.EVENTS;
    this.seen = 0;
    this.meter.firstContent();
    if (this.replyTranslator == null) return this.letPass(this.held, size, endOfStream);
    if (signal == StreamSignal.END) this.meter.completed();
    const ended = signal == StreamSignal.END || signal == StreamSignal.ERROR;
    if (endOfStream && !ended) this.writeCut(ErrorCode.UPSTREAM_STREAM_CUT, this.held);
    if (ended) this.reply = Reply.ENDED;
    replaceBuffer(BufferKind.RESPONSE_BODY, size, this.held.pointer, this.held.length);
    this.held.release();
    return Action.CONTINUE;
  }

  private passEvents(size: i32, endOfStream: bool): Action {
    scratch.reset();
    let signal = StreamSignal.PREAMBLE;
    if (this.replyTranslator == null) {
      if (size > 0 && getBuffer(BufferKind.RESPONSE_BODY, 0, size)) this.events.read(hostPointer(), size, scratch);
      if (endOfStream) this.events.end(signal, scratch);
      return this.letPass(scratch, size, endOfStream);
    }
    if (size > 0) {
      if (!getBuffer(BufferKind.RESPONSE_BODY, 0, size)) return this.breakStream(size);
      signal = this.events.read(hostPointer(), size, scratch);
    }
    if (endOfStream) signal = this.events.end(signal, scratch);
    if (this.events.failed || scratch.overflow) return this.breakStream(size);
    if (signal == StreamSignal.END) this.meter.completed();
    if (signal >= StreamSignal.END) this.reply = Reply.ENDED;
    else if (endOfStream) this.writeCut(ErrorCode.UPSTREAM_STREAM_CUT, scratch);
    else this.judge(scratch);
    replaceBuffer(BufferKind.RESPONSE_BODY, size, scratch.pointer, scratch.length);
    return Action.CONTINUE;
  }

  /** The bytes of a stream that nobody translates. */
  private letPass(stripped: ByteWriter, size: i32, endOfStream: bool): Action {
    const events = this.events;
    if (events.isComplete) this.meter.completed();
    const ending = events.isComplete || events.failed ? UNCUT : this.endingOf(endOfStream);
    if (events.takeChanged()) replaceStripped(stripped, this.protocol, size, events.hasError, ending);
    else if (ending != UNCUT || events.hasError) changePassed(this.protocol, size, events.hasError, ending);
    stripped.reset();
    return Action.CONTINUE;
  }

  /** The error that ends a stream which is not complete; UNCUT while it may go on. */
  private endingOf(endOfStream: bool): i32 {
    const ending = endOfStream ? <i32>ErrorCode.UPSTREAM_STREAM_CUT : this.meter.judge(this.id);
    if (ending == UNCUT) return UNCUT;
    this.meter.failed(ending);
    if (endOfStream) streamsCutTotal.add(1);
    else this.cut();
    return ending;
  }

  /** Ends a translated stream whose budget is spent. */
  private judge(out: ByteWriter): void {
    const ending = this.meter.judge(this.id);
    if (ending == UNCUT) return;
    this.meter.failed(ending);
    this.replyTranslator!.writeStreamError(ending, out);
    this.cut();
  }

  private cut(): void {
    this.reply = Reply.CUT;
    closeSoon(this.id);
  }

  /** A translated stream ends too early. */
  private writeCut(code: ErrorCode, out: ByteWriter): void {
    streamsCutTotal.add(1);
    this.meter.failed(code);
    this.replyTranslator!.writeStreamError(code, out);
    this.reply = Reply.ENDED;
  }

  /** A stream that can no longer be understood: the client gets an error event, then nothing more. */
  private breakStream(size: i32): Action {
    this.writeCut(ErrorCode.UPSTREAM_INVALID_REPLY, scratch.reset());
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
