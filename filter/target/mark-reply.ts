// The headers that the target root puts on a reply: which target gave it, what the provider did not get of the request,
// which error of ours it is, that it is to be retried, its status and length.

import { ByteWriter } from "../bytes/byte-writer";
import {
  ErrorCode,
  errorCodeName,
  HEADER_DROPPED_FIELDS,
  HEADER_DROPPED_FIELDS_LENGTH,
  HEADER_ERROR,
  HEADER_ERROR_LENGTH,
  HEADER_RETRY,
  HEADER_RETRY_LENGTH,
  HEADER_TARGET,
  HEADER_TARGET_LENGTH,
} from "../contract";
import { textLength, writeErrorBody } from "../errors/error-body";
import {
  BufferKind,
  getHeader,
  HeaderList,
  HeaderMap,
  hostLength,
  hostPointer,
  Literal,
  removeHeader,
  replaceBuffer,
  sendLocalReply,
  setHeader,
  setHeaderLiteral,
  utf8,
} from "../sdk";
import { droppedFields, failoversTotal } from "../telemetry/metrics";
import { Translator } from "./translator";

const RETRY = new Literal(HEADER_RETRY, HEADER_RETRY_LENGTH);
const TARGET = new Literal(HEADER_TARGET, HEADER_TARGET_LENGTH);
const ERROR = new Literal(HEADER_ERROR, HEADER_ERROR_LENGTH);
const DROPPED_FIELDS = new Literal(HEADER_DROPPED_FIELDS, HEADER_DROPPED_FIELDS_LENGTH);
const ONE = utf8("1");
const STATUS = utf8(":status");
const CONTENT_TYPE = utf8("content-type");
const CONTENT_LENGTH = utf8("content-length");
const CONTENT_ENCODING = utf8("content-encoding");
const JSON_TYPE = utf8("application/json");
const RETRY_AFTER = utf8("retry-after");
const EVENT_STREAM = utf8("text/event-stream");

export const STATUS_ABANDONED: i32 = 500;
const ERROR_BYTES_MAX: i32 = 64 * 1024;

const number = new ByteWriter(20);
const body = new ByteWriter(ERROR_BYTES_MAX);
const local = new HeaderList();

export function markTarget(id: usize, idLength: i32): void {
  setHeader(HeaderMap.RESPONSE, TARGET, id, idLength);
}

/** Counts and names what the translation left out. */
export function markDroppedFields(translator: Translator | null): void {
  if (translator == null || translator.notes.droppedCount == 0) return;
  droppedFields.add(translator.notes.droppedCount);
  const names = translator.notes.dropped;
  if (names.length > 0) setHeader(HeaderMap.RESPONSE, DROPPED_FIELDS, names.pointer, names.length);
}

export function markRetry(): void {
  setHeaderLiteral(HeaderMap.RESPONSE, RETRY, ONE);
}

export function markError(code: ErrorCode): void {
  const name = errorCodeName(code);
  setHeader(HeaderMap.RESPONSE, ERROR, name, textLength(name));
}

/**
 * Makes a reply that Envoy will drop for a retry. Its status is an error's, which says nothing about the health of the
 * endpoint; its body is replaced as it comes.
 */
export function markAbandoned(hasErrorStatus: bool, endOfStream: bool): void {
  failoversTotal.add(1);
  markRetry();
  markError(ErrorCode.UPSTREAM_ERROR);
  setReplyJson();
  removeHeader(HeaderMap.RESPONSE, CONTENT_ENCODING);
  if (!endOfStream) removeHeader(HeaderMap.RESPONSE, CONTENT_LENGTH);
  if (!hasErrorStatus) setReplyStatus(STATUS_ABANDONED);
}

/** What comes of the body of such a reply gives way to an error, in case that it is not dropped. */
export function replaceAbandonedBody(protocol: i32, size: i32, endOfStream: bool): void {
  body.reset();
  if (endOfStream) writeErrorBody(protocol, ErrorCode.UPSTREAM_ERROR, 0, 0, body);
  replaceBuffer(BufferKind.RESPONSE_BODY, size, body.pointer, body.length);
}

/** Answers the client from here, with what the translator says of its request. When to ask again stays. */
export function answerLocally(protocol: i32, code: ErrorCode, status: i32, translator: Translator | null): void {
  const detail = translator != null ? translator.notes.detail.pointer : 0;
  const detailLength = translator != null ? translator.notes.detail.length : 0;
  const name = errorCodeName(code);
  writeErrorBody(protocol, code, detail, detailLength, body.reset(), status);
  local.reset().addLiteral(CONTENT_TYPE, JSON_TYPE).add(ERROR, name, textLength(name));
  if (getHeader(HeaderMap.RESPONSE, RETRY_AFTER)) local.add(RETRY_AFTER, hostPointer(), hostLength());
  sendLocalReply(status, local, body.pointer, body.length);
}

export function setReplyStatus(status: i32): void {
  number.reset().writeUnsigned(status);
  setHeader(HeaderMap.RESPONSE, STATUS, number.pointer, number.length);
}

export function setReplyJson(): void {
  setHeaderLiteral(HeaderMap.RESPONSE, CONTENT_TYPE, JSON_TYPE);
}

/** For a stream that the provider sends in another framing. */
export function setReplyEvents(): void {
  setHeaderLiteral(HeaderMap.RESPONSE, CONTENT_TYPE, EVENT_STREAM);
}

export function setReplyLength(length: i32): void {
  number.reset().writeUnsigned(length);
  setHeader(HeaderMap.RESPONSE, CONTENT_LENGTH, number.pointer, number.length);
}
