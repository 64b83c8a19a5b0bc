// Gemini's thought signatures on their way through a Messages client, which knows no such member: as redacted thinking
// right before the block that they belong to, because clients give that back as it is. They are in the tokens of
// `reasoning-token.ts`.
//
//   {"type":"redacted_thinking","data":"slc1_…"} · tool_use  ◀─▶  tool_calls[].extra_content.google.thought_signature

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";
import { isReasoningToken, readReasoningToken, writeReasoningToken } from "./reasoning-token";

/** Signatures have a few kilobytes; a longer one is none. */
const SIGNATURE_BYTES_MAX: i32 = 256 * 1024;
/** With the member around it. */
const TOKEN_BYTES_MAX: i32 = SIGNATURE_BYTES_MAX + 64;

const extra = new Fields();
const extraGoogle = extra.add("google");
const google = new Fields();
const googleSignature = google.add("thought_signature");
const held = new Fields();
const heldSignature = held.add("thought_signature");
const token = new ByteWriter(TOKEN_BYTES_MAX);
const tokenJson = new JsonWriter(token);

/** The signature in a chat member `extra_content`; absent without one. */
export function signatureOf(extraContent: Value): Value {
  googleSignature.clear();
  if (extra.readValue(extraContent)) google.readValue(extraGoogle);
  if (googleSignature.length > SIGNATURE_BYTES_MAX) googleSignature.clear();
  return googleSignature;
}

/** Whether redacted thinking holds a signature of ours; `writeSignature` then writes it. */
export function readSignature(data: Value): bool {
  if (!isReasoningToken(data) || !readReasoningToken(data, token.reset())) return false;
  return held.read(token.pointer, token.length) && heldSignature.isText;
}

export function writeSignature(json: JsonWriter): void {
  json.key("extra_content");
  json.objectBegin();
  json.key("google");
  json.objectBegin();
  json.key("thought_signature");
  heldSignature.copyTo(json);
  json.objectEnd();
  json.objectEnd();
}

/** The members of a block of redacted thinking with the signature (raw string content) in it. */
export function writeSignatureBlock(json: JsonWriter, out: ByteWriter, signature: usize, length: i32): void {
  tokenJson.reset(token.reset()).objectBegin();
  tokenJson.key("thought_signature");
  tokenJson.rawString(signature, length);
  tokenJson.objectEnd();
  json.key("type");
  json.ascii("redacted_thinking");
  json.key("data");
  json.stringBegin();
  writeReasoningToken(token.pointer, token.length, out);
  json.stringEnd();
}
