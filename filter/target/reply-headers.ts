// One pass over a provider's reply headers: takes what the target root decides by, and removes every header that clients
// have no use for or must not see (cookies, rate limits of our account, the provider's internals). Allow-list only.

import { HeaderCursor, HeaderMap, Literal, removeHeaderBytes, utf8 } from "../sdk";
import { RateLimits } from "./rate-limits";

const STATUS = utf8(":status");
const DATE = utf8("date");
const REQUEST_ID = utf8("request-id");
const RETRY_AFTER = utf8("retry-after");
const X_REQUEST_ID = utf8("x-request-id");
const CONTENT_TYPE = utf8("content-type");
const CACHE_CONTROL = utf8("cache-control");
const CONTENT_LENGTH = utf8("content-length");
const RETRY_AFTER_MS = utf8("retry-after-ms");
const CONTENT_ENCODING = utf8("content-encoding");

const limits = new RateLimits();

const EVENT_STREAM = utf8("text/event-stream");
const AWS_EVENT_STREAM = utf8("application/vnd.amazon.eventstream");
const JSON_TYPE = utf8("application/json");
const IDENTITY = utf8("identity");

enum HeaderUse {
  REMOVE = 0,
  KEEP = 1,
  STATUS = 2,
  CONTENT_TYPE = 3,
  CONTENT_ENCODING = 4,
}

export class ReplyHeaders {
  status: i32 = 0;
  isEventStream: bool = false;
  isAwsEventStream: bool = false;
  isJson: bool = false;
  /** The body is compressed although nobody asked for it: it can only be passed through. */
  isEncoded: bool = false;
  /** For how long the provider takes no more, by what it says; 0 = it does not. */
  throttledMs: i64 = 0;
  private readonly cursor: HeaderCursor = new HeaderCursor();

  readAndStrip(): void {
    this.status = 0;
    this.isEventStream = false;
    this.isAwsEventStream = false;
    this.isJson = false;
    this.isEncoded = false;
    limits.begin();
    const cursor = this.cursor;
    cursor.read(HeaderMap.RESPONSE);
    while (cursor.next()) {
      const value = cursor.valuePointer;
      const length = cursor.valueLength;
      limits.take(cursor.namePointer, cursor.nameLength, value, length);
      switch (useOf(cursor.namePointer, cursor.nameLength)) {
        case HeaderUse.REMOVE:
          removeHeaderBytes(HeaderMap.RESPONSE, cursor.namePointer, cursor.nameLength);
          break;
        case HeaderUse.STATUS:
          this.status = parseStatus(value, length);
          break;
        case HeaderUse.CONTENT_TYPE:
          this.isEventStream = startsWith(value, length, EVENT_STREAM);
          this.isAwsEventStream = startsWith(value, length, AWS_EVENT_STREAM);
          this.isJson = startsWith(value, length, JSON_TYPE);
          break;
        case HeaderUse.CONTENT_ENCODING:
          this.isEncoded = length != IDENTITY.length || !IDENTITY.equals(value, length);
          break;
        default:
      }
    }
    this.throttledMs = limits.throttledMs(this.status);
  }
}

/** Removes all trailers of a reply: none is on the list. */
export function stripTrailers(cursor: HeaderCursor): void {
  cursor.read(HeaderMap.RESPONSE_TRAILERS);
  while (cursor.next()) {
    removeHeaderBytes(HeaderMap.RESPONSE_TRAILERS, cursor.namePointer, cursor.nameLength);
  }
}

/** A media type may have parameters behind it. */
function startsWith(value: usize, length: i32, type: Literal): bool {
  return length >= type.length && type.equals(value, type.length);
}

function parseStatus(value: usize, length: i32): i32 {
  if (length != 3) return 0;
  return (<i32>load<u8>(value) - 48) * 100 + (<i32>load<u8>(value, 1) - 48) * 10 + (<i32>load<u8>(value, 2) - 48);
}

function is(name: usize, literal: Literal, use: HeaderUse): HeaderUse {
  return memory.compare(name, literal.pointer, literal.length) == 0 ? use : HeaderUse.REMOVE;
}

/** The allow-list. Envoy gives names in lower case. The length decides which names are compared. */
function useOf(name: usize, length: i32): HeaderUse {
  switch (length) {
    case 4:
      return is(name, DATE, HeaderUse.KEEP);
    case 7:
      return is(name, STATUS, HeaderUse.STATUS);
    case 10:
      return is(name, REQUEST_ID, HeaderUse.KEEP);
    case 11:
      return is(name, RETRY_AFTER, HeaderUse.KEEP);
    case 12:
      if (load<u8>(name) == 0x78) return is(name, X_REQUEST_ID, HeaderUse.KEEP);
      return is(name, CONTENT_TYPE, HeaderUse.CONTENT_TYPE);
    case 13:
      return is(name, CACHE_CONTROL, HeaderUse.KEEP);
    case 14:
      if (load<u8>(name) == 0x63) return is(name, CONTENT_LENGTH, HeaderUse.KEEP);
      return is(name, RETRY_AFTER_MS, HeaderUse.KEEP);
    case 16:
      return is(name, CONTENT_ENCODING, HeaderUse.CONTENT_ENCODING);
    default:
      return HeaderUse.REMOVE;
  }
}
