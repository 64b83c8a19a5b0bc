// One pass over the client's header map: finds what the exchange needs (path, method, credential, protocol marks) and
// removes every header that no provider may see. Allow-list only: what is not named here does not pass.

import { ByteWriter } from "../bytes/byte-writer";
import { equalsAscii, startsWithAscii } from "../bytes/compare";
import { HeaderCursor, HeaderMap, Literal, removeHeaderBytes, setHeader, setHeaderLiteral, utf8 } from "../sdk";

/** Where the client put its key; each protocol accepts some of these. */
export enum CredentialPlace {
  NONE = 0,
  AUTHORIZATION = 1,
  X_API_KEY = 2,
  /** `x-goog-api-key` or `?key=` */
  GOOGLE = 3,
  /** A header that no API here uses (`api-key`). */
  ELSEWHERE = 4,
}

enum HeaderUse {
  REMOVE = 0,
  KEEP = 1,
  METHOD = 2,
  PATH = 3,
  CONTENT_LENGTH = 4,
  AUTHORIZATION = 5,
  X_API_KEY = 6,
  OTHER_CREDENTIAL = 7,
  GOOGLE_KEY = 12,
  ANTHROPIC_VERSION = 8,
  ANTHROPIC_BETA = 9,
  OPENAI_BETA = 10,
  CONTENT_TYPE = 11,
}

const METHOD = utf8(":method");
const PATH = utf8(":path");
const SCHEME = utf8(":scheme");
const ACCEPT = utf8("accept");
const AUTHORITY = utf8(":authority");
const API_KEY = utf8("api-key");
const X_API_KEY = utf8("x-api-key");
const AUTHORIZATION = utf8("authorization");
const USER_AGENT = utf8("user-agent");
const TRACEPARENT = utf8("traceparent");
const TRACESTATE = utf8("tracestate");
const OPENAI_BETA = utf8("openai-beta");
const X_REQUEST_ID = utf8("x-request-id");
const CONTENT_TYPE = utf8("content-type");
const CONTENT_LENGTH = utf8("content-length");
const ANTHROPIC_BETA = utf8("anthropic-beta");
const X_GOOG_API_KEY = utf8("x-goog-api-key");
const IDEMPOTENCY_KEY = utf8("idempotency-key");
const ANTHROPIC_VERSION = utf8("anthropic-version");
// Envoy puts this one on by itself, and its route takes it off again behind the filter.
const X_FORWARDED_PROTO = utf8("x-forwarded-proto");

const BEARER = utf8("bearer ");
const JSON_TYPE = utf8("application/json");

class HeaderValue {
  pointer: usize = 0;
  length: i32 = 0;

  set(pointer: usize, length: i32): void {
    this.pointer = pointer;
    this.length = length;
  }
}

export class RequestHeaders {
  methodPointer: usize = 0;
  methodLength: i32 = 0;
  pathPointer: usize = 0;
  /** Without the query. */
  pathLength: i32 = 0;
  keyPointer: usize = 0;
  keyLength: i32 = 0;
  keyPlace: CredentialPlace = CredentialPlace.NONE;
  /** The client sent a key where only Gemini's clients do, whichever key counts. */
  hasGoogleKey: bool = false;
  /** `?alt=sse`: a stream is wanted as events. */
  asksForEvents: bool = false;
  /** Body length that the client announced; -1 = none, or not a number. */
  contentLength: i64 = -1;
  private keyInQuery: bool = false;
  private readonly anthropicVersion: HeaderValue = new HeaderValue();
  private readonly anthropicBeta: HeaderValue = new HeaderValue();
  private readonly openaiBeta: HeaderValue = new HeaderValue();
  private readonly cursor: HeaderCursor = new HeaderCursor();

  /** Pointers stay valid until the callback returns. */
  readAndStrip(): void {
    this.keyPlace = CredentialPlace.NONE;
    this.hasGoogleKey = false;
    this.asksForEvents = false;
    this.keyInQuery = false;
    this.keyLength = 0;
    this.methodLength = 0;
    this.pathLength = 0;
    this.contentLength = -1;
    this.anthropicVersion.length = 0;
    this.anthropicBeta.length = 0;
    this.openaiBeta.length = 0;
    const cursor = this.cursor;
    cursor.read(HeaderMap.REQUEST);
    while (cursor.next()) {
      const use = useOf(cursor.namePointer, cursor.nameLength);
      if (use == HeaderUse.KEEP) continue;
      if (this.take(use, cursor.valuePointer, cursor.valueLength)) {
        removeHeaderBytes(HeaderMap.REQUEST, cursor.namePointer, cursor.nameLength);
      }
    }
    // Nobody behind this point, and no log, gets to see it.
    if (this.keyInQuery) setHeader(HeaderMap.REQUEST, PATH, this.pathPointer, this.pathLength);
  }

  get hasAnthropicVersion(): bool {
    return this.anthropicVersion.length > 0;
  }

  /** The headers that only targets of one dialect get, in the order of the plan; nothing when the client sent none. */
  writeDialectHeaders(out: ByteWriter): void {
    if (this.anthropicVersion.length + this.anthropicBeta.length + this.openaiBeta.length == 0) return;
    out.writeString16(this.anthropicVersion.pointer, this.anthropicVersion.length);
    out.writeString16(this.anthropicBeta.pointer, this.anthropicBeta.length);
    out.writeString16(this.openaiBeta.pointer, this.openaiBeta.length);
  }

  /** Every operation with a body takes JSON, whatever the client's tool calls it by default. */
  private takeContentType(value: usize, length: i32): void {
    if (length >= JSON_TYPE.length && JSON_TYPE.equals(value, JSON_TYPE.length)) return;
    setHeaderLiteral(HeaderMap.REQUEST, CONTENT_TYPE, JSON_TYPE);
  }

  /** Records a header's value; answers whether the header must go. */
  private take(use: HeaderUse, value: usize, length: i32): bool {
    switch (use) {
      case HeaderUse.METHOD:
        this.methodPointer = value;
        this.methodLength = length;
        return false;
      case HeaderUse.PATH:
        this.takePath(value, length);
        return false;
      case HeaderUse.CONTENT_LENGTH:
        this.contentLength = parseLength(value, length);
        return false;
      case HeaderUse.CONTENT_TYPE:
        this.takeContentType(value, length);
        return false;
      case HeaderUse.ANTHROPIC_VERSION:
        this.anthropicVersion.set(value, length);
        return true;
      case HeaderUse.ANTHROPIC_BETA:
        this.anthropicBeta.set(value, length);
        return true;
      case HeaderUse.OPENAI_BETA:
        this.openaiBeta.set(value, length);
        return true;
      case HeaderUse.AUTHORIZATION:
        this.takeBearer(value, length);
        return true;
      case HeaderUse.X_API_KEY:
        this.takeKey(CredentialPlace.X_API_KEY, value, length);
        return true;
      case HeaderUse.OTHER_CREDENTIAL:
        this.takeKey(CredentialPlace.ELSEWHERE, value, length);
        return true;
      case HeaderUse.GOOGLE_KEY:
        this.hasGoogleKey = true;
        this.takeKey(CredentialPlace.GOOGLE, value, length);
        return true;
      default:
        return true;
    }
  }

  private takePath(value: usize, length: i32): void {
    this.pathPointer = value;
    let end = 0;
    while (end < length && load<u8>(value + <usize>end) != 0x3f /* ? */) end++;
    this.pathLength = end;
    let start = end + 1;
    while (start < length) {
      end = start;
      while (end < length && load<u8>(value + <usize>end) != 0x26 /* & */) end++;
      this.takeParameter(value + <usize>start, end - start);
      start = end + 1;
    }
  }

  private takeParameter(parameter: usize, length: i32): void {
    if (startsWithAscii(parameter, length, "key=")) {
      this.hasGoogleKey = true;
      this.keyInQuery = true;
      this.takeKey(CredentialPlace.GOOGLE, parameter + 4, length - 4);
    } else if (equalsAscii(parameter, length, "alt=sse") || equalsAscii(parameter, length, "$alt=sse")) {
      this.asksForEvents = true;
    }
  }

  /** A scheme other than Bearer is no key of ours, and says nothing about where a key belongs. */
  private takeBearer(value: usize, length: i32): void {
    if (length <= BEARER.length) return;
    for (let i = 0; i < BEARER.length; i++) {
      const byte = load<u8>(value + <usize>i);
      if ((byte | 0x20) != load<u8>(BEARER.pointer + <usize>i)) return;
    }
    let start = BEARER.length;
    while (start < length && load<u8>(value + <usize>start) == 0x20) start++;
    this.takeKey(CredentialPlace.AUTHORIZATION, value + <usize>start, length - start);
  }

  /** Of several credentials the one in the most specific place wins (the enum's order). */
  private takeKey(place: CredentialPlace, value: usize, length: i32): void {
    if (length == 0) return;
    if (this.keyPlace != CredentialPlace.NONE && this.keyPlace <= place) return;
    this.keyPlace = place;
    this.keyPointer = value;
    this.keyLength = length;
  }
}

function parseLength(value: usize, length: i32): i64 {
  if (length == 0 || length > 18) return length > 18 ? i64.MAX_VALUE : -1;
  let result: i64 = 0;
  for (let i = 0; i < length; i++) {
    const digit = <i64>load<u8>(value + <usize>i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    result = result * 10 + digit;
  }
  return result;
}

function is(name: usize, literal: Literal, use: HeaderUse): HeaderUse {
  return memory.compare(name, literal.pointer, literal.length) == 0 ? use : HeaderUse.REMOVE;
}

/** The allow-list. Envoy gives names in lower case. The length decides which names are compared. */
function useOf(name: usize, length: i32): HeaderUse {
  switch (length) {
    case 5:
      return is(name, PATH, HeaderUse.PATH);
    case 6:
      return is(name, ACCEPT, HeaderUse.KEEP);
    case 7:
      if (load<u8>(name) != 0x3a) return is(name, API_KEY, HeaderUse.OTHER_CREDENTIAL);
      return load<u8>(name, 1) == 0x6d ? is(name, METHOD, HeaderUse.METHOD) : is(name, SCHEME, HeaderUse.KEEP);
    case 9:
      return is(name, X_API_KEY, HeaderUse.X_API_KEY);
    case 10:
      if (load<u8>(name) == 0x3a) return is(name, AUTHORITY, HeaderUse.KEEP);
      return load<u8>(name) == 0x75 ? is(name, USER_AGENT, HeaderUse.KEEP) : is(name, TRACESTATE, HeaderUse.KEEP);
    case 11:
      return load<u8>(name) == 0x74
        ? is(name, TRACEPARENT, HeaderUse.KEEP)
        : is(name, OPENAI_BETA, HeaderUse.OPENAI_BETA);
    case 12:
      return load<u8>(name) == 0x78
        ? is(name, X_REQUEST_ID, HeaderUse.KEEP)
        : is(name, CONTENT_TYPE, HeaderUse.CONTENT_TYPE);
    case 13:
      return is(name, AUTHORIZATION, HeaderUse.AUTHORIZATION);
    case 14:
      if (load<u8>(name) == 0x61) return is(name, ANTHROPIC_BETA, HeaderUse.ANTHROPIC_BETA);
      if (load<u8>(name) == 0x78) return is(name, X_GOOG_API_KEY, HeaderUse.GOOGLE_KEY);
      return is(name, CONTENT_LENGTH, HeaderUse.CONTENT_LENGTH);
    case 15:
      return is(name, IDEMPOTENCY_KEY, HeaderUse.KEEP);
    case 17:
      if (load<u8>(name) == 0x61) return is(name, ANTHROPIC_VERSION, HeaderUse.ANTHROPIC_VERSION);
      return is(name, X_FORWARDED_PROTO, HeaderUse.KEEP);
    default:
      return HeaderUse.REMOVE;
  }
}
