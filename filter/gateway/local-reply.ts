// Answers that the gateway root gives by itself: errors in the client protocol's shape, and small JSON documents.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode, errorCodeName, errorStatus, HEADER_ERROR, HEADER_ERROR_LENGTH } from "../contract";
import { textLength, writeErrorBody } from "../errors/error-body";
import { HeaderList, Literal, sendLocalReply, utf8 } from "../sdk";
import { refusedTotal } from "../telemetry/metrics";
import { Exchange, Outcome } from "./exchange";

const BODY_BYTES_MAX: i32 = 4 * 1024 * 1024; // a list of 20,000 models fits
const CONTENT_TYPE = utf8("content-type");
const JSON_TYPE = utf8("application/json");
const ERROR_HEADER = new Literal(HEADER_ERROR, HEADER_ERROR_LENGTH);
const RETRY_AFTER = utf8("retry-after");
const SECOND: i64 = 1000;

const headers = new HeaderList();
const seconds = new ByteWriter(20);
const body = new ByteWriter(BODY_BYTES_MAX);

/** Ends the exchange with an error. `detail` is UTF-8 text for the client, behind the error's own message. */
export function refuse(exchange: Exchange, code: ErrorCode, detail: usize = 0, detailLength: i32 = 0): Outcome {
  prepare(exchange, code, detail, detailLength);
  sendLocalReply(errorStatus(code), headers, body.pointer, body.length);
  return Outcome.ANSWERED;
}

/** An error that passes: `retryAfterMs` says when, in whole seconds and at least one. */
export function refuseFor(exchange: Exchange, code: ErrorCode, retryAfterMs: i64): Outcome {
  prepare(exchange, code, 0, 0);
  seconds.reset().writeDecimal(max<i64>((retryAfterMs + SECOND - 1) / SECOND, 1));
  headers.add(RETRY_AFTER, seconds.pointer, seconds.length);
  sendLocalReply(errorStatus(code), headers, body.pointer, body.length);
  return Outcome.ANSWERED;
}

function prepare(exchange: Exchange, code: ErrorCode, detail: usize, detailLength: i32): void {
  refusedTotal.add(1);
  const account = exchange.account;
  if (account != null) {
    account.status = errorStatus(code);
    account.error = code;
  }
  writeErrorBody(exchange.protocol, code, detail, detailLength, body.reset());
  const name = errorCodeName(code);
  headers.reset().addLiteral(CONTENT_TYPE, JSON_TYPE).add(ERROR_HEADER, name, textLength(name));
}

/** An empty writer for `answerJson`; one answer at a time. */
export function answerWriter(): ByteWriter {
  return body.reset();
}

/** Ends the exchange with the JSON document in `answerWriter()`. */
export function answerJson(exchange: Exchange): Outcome {
  if (body.overflow) return refuse(exchange, ErrorCode.OVERLOADED);
  headers.reset().addLiteral(CONTENT_TYPE, JSON_TYPE);
  sendLocalReply(200, headers, body.pointer, body.length);
  return Outcome.ANSWERED;
}
