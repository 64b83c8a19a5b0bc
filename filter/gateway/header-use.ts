// The allow-list of the client's headers: what each is for. What is not named here does not pass.

import { HEADER_MODEL, HEADER_MODEL_LENGTH } from "../contract";
import { Literal, utf8 } from "../sdk";

/** What a header of the client's is for. */
export enum HeaderUse {
  REMOVE = 0,
  KEEP = 1,
  METHOD = 2,
  PATH = 3,
  CONTENT_LENGTH = 4,
  AUTHORIZATION = 5,
  X_API_KEY = 6,
  OTHER_CREDENTIAL = 7,
  ANTHROPIC_VERSION = 8,
  ANTHROPIC_BETA = 9,
  OPENAI_BETA = 10,
  CONTENT_TYPE = 11,
  GOOGLE_KEY = 12,
  MODEL = 13,
  UPGRADE = 14,
}

const METHOD = utf8(":method");
export const PATH = utf8(":path");
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
export const CONTENT_TYPE = utf8("content-type");
const CONTENT_LENGTH = utf8("content-length");
const ANTHROPIC_BETA = utf8("anthropic-beta");
const X_GOOG_API_KEY = utf8("x-goog-api-key");
const IDEMPOTENCY_KEY = utf8("idempotency-key");
const ANTHROPIC_VERSION = utf8("anthropic-version");
// Envoy puts this one on by itself, and its route takes it off again behind the filter.
const X_FORWARDED_PROTO = utf8("x-forwarded-proto");
const UPGRADE = utf8("upgrade");
const X_SLUICE_MODEL = new Literal(HEADER_MODEL, HEADER_MODEL_LENGTH);

function is(name: usize, literal: Literal, use: HeaderUse): HeaderUse {
  return memory.compare(name, literal.pointer, literal.length) == 0 ? use : HeaderUse.REMOVE;
}

/** Envoy gives names in lower case. The length decides which names are compared. */
export function useOf(name: usize, length: i32): HeaderUse {
  switch (length) {
    case 5:
      return is(name, PATH, HeaderUse.PATH);
    case 6:
      return is(name, ACCEPT, HeaderUse.KEEP);
    case 7:
      if (load<u8>(name) == 0x75) return is(name, UPGRADE, HeaderUse.UPGRADE);
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
      if (load<u8>(name, 2) == 0x73) return is(name, X_SLUICE_MODEL, HeaderUse.MODEL);
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
