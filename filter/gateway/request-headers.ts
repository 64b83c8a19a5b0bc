// One pass over the client's header map: finds what the exchange needs (path, method, credential, protocol marks) and
// removes every header that no provider may see. Allow-list only (header-use.ts).

import { ByteWriter } from "../bytes/byte-writer";
import { equalsAscii, startsWithAscii } from "../bytes/compare";
import { findBoundary } from "../multipart/part-headers";
import { HeaderCursor, HeaderMap, removeHeaderBytes, setHeader, setHeaderLiteral, utf8 } from "../sdk";
import { Exchange } from "./exchange";
import { CONTENT_TYPE, HeaderUse, PATH, useOf } from "./header-use";
import { provenIdentity } from "./proven-identity";
import { keepRoutingHeaders } from "./routing-headers";

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

const BEARER = utf8("bearer ");
const JSON_TYPE = utf8("application/json");

const trailers = new HeaderCursor();

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
  /** With it, and with a key that it may have. */
  wholePathLength: i32 = 0;
  keyPointer: usize = 0;
  keyLength: i32 = 0;
  keyPlace: CredentialPlace = CredentialPlace.NONE;
  /** The client sent a key where only Gemini's clients do, whichever key counts. */
  hasGoogleKey: bool = false;
  /** `?alt=sse`: a stream is wanted as events. */
  asksForEvents: bool = false;
  /** Body length that the client announced; -1 = none, or not a number. */
  contentLength: i64 = -1;
  /** `x-sluice-model`: the model of a request whose body is not read. */
  modelPointer: usize = 0;
  modelLength: i32 = 0;
  /** The client wants another protocol on this connection (WebSocket). */
  wantsUpgrade: bool = false;
  private contentType: usize = 0;
  private contentTypeLength: i32 = 0;
  private keyInQuery: bool = false;
  private readonly anthropicVersion: HeaderValue = new HeaderValue();
  private readonly anthropicBeta: HeaderValue = new HeaderValue();
  private readonly openaiBeta: HeaderValue = new HeaderValue();
  private readonly cursor: HeaderCursor = new HeaderCursor();

  /** Pointers stay valid until the callback returns. */
  readAndStrip(exchange: Exchange): void {
    keepRoutingHeaders(exchange);
    this.keyPlace = CredentialPlace.NONE;
    this.hasGoogleKey = false;
    this.asksForEvents = false;
    this.keyInQuery = false;
    this.keyLength = 0;
    this.methodLength = 0;
    this.pathLength = 0;
    this.contentLength = -1;
    this.modelLength = 0;
    this.wantsUpgrade = false;
    this.contentTypeLength = 0;
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

  /** In place of a bearer token that is no API key: whom Envoy has proven by it. False if that is nobody. */
  takeProvenIdentity(): bool {
    if (this.keyPlace != CredentialPlace.AUTHORIZATION) return false;
    const identity = provenIdentity();
    if (identity == null) return false;
    this.keyPointer = identity.pointer;
    this.keyLength = identity.length;
    return true;
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

  /** For operations that take JSON alone, whatever the client's tool calls it by default. */
  declareJson(): void {
    if (this.contentTypeLength > 0 && !this.isJson) setHeaderLiteral(HeaderMap.REQUEST, CONTENT_TYPE, JSON_TYPE);
  }

  get isJson(): bool {
    const length = this.contentTypeLength;
    return length >= JSON_TYPE.length && JSON_TYPE.equals(this.contentType, JSON_TYPE.length);
  }

  /** Whether the body is a multipart form; then `boundaryPointer` of multipart/part-headers says what parts it. */
  get isForm(): bool {
    return findBoundary(this.contentType, this.contentTypeLength);
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
        this.contentType = value;
        this.contentTypeLength = length;
        return false;
      case HeaderUse.MODEL:
        this.modelPointer = value;
        this.modelLength = length;
        return true;
      case HeaderUse.UPGRADE:
        this.wantsUpgrade = true;
        return true;
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
    this.wholePathLength = length;
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

/** No trailer is on the allow-list. */
export function stripRequestTrailers(): void {
  trailers.read(HeaderMap.REQUEST_TRAILERS);
  while (trailers.next()) {
    removeHeaderBytes(HeaderMap.REQUEST_TRAILERS, trailers.namePointer, trailers.nameLength);
  }
}
