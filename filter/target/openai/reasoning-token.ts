// What a model thought, as the opaque `encrypted_content` of a reasoning item: a provider's signatures travel through the
// client and come back as they were. One JSON object in base64url behind a mark; it is not secret, and the provider checks
// its own signature.
//
//   {"type":"thinking","thinking":"…","signature":"…"} | {"type":"redacted_thinking","data":"…"}
//   {"type":"call_signature","thought_signature":"…"}    of the function call that follows
//   {"type":"message_signature","thought_signature":"…"} of the turn

import { decodeBase64Url, encodeBase64Url } from "../../bytes/base64";
import { ByteWriter } from "../../bytes/byte-writer";
import { utf8 } from "../../sdk";
import { Value } from "../translation/value";

const MARK = utf8("slc1_");

/** Writes the content of a JSON string: base64url needs no escapes. */
export function writeReasoningToken(block: usize, length: i32, out: ByteWriter): void {
  out.writeLiteral(MARK);
  encodeBase64Url(block, length, out);
}

/** Whether it was written here; anything else is another provider's secret. */
export function isReasoningToken(value: Value): bool {
  return value.isString && value.length > MARK.length && MARK.equals(value.pointer, MARK.length);
}

/** The JSON text in a token; it may be anything, because it comes from the client. */
export function readReasoningToken(value: Value, out: ByteWriter): bool {
  const mark = MARK.length;
  return decodeBase64Url(value.pointer + <usize>mark, value.length - mark, out) && !out.overflow;
}
