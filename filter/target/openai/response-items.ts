// The items of a Response's output as JSON, from texts that are already raw string content. Written alike for whole
// replies and for the `done` events of streams.

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { citationEnd, citationStart, citationTitle, citationUrl, readCitation } from "../translation/annotations";
import { Fields, Items, Value } from "../translation/value";
import { writeReasoningToken } from "./reasoning-token";
import { ResponseHead } from "./response-object";

export const MESSAGE_PREFIX: string = "msg_";
export const REASONING_PREFIX: string = "rs_";
export const CALL_PREFIX: string = "fc_";

const extra = new Fields();
const extraGoogle = extra.add("google");
const google = new Fields();
const googleSignature = google.add("thought_signature");
const list = new Items();
const blockJson = new JsonWriter(new ByteWriter(0));

/** Up to the value of the item's first own member. */
export function beginItem(
  json: JsonWriter,
  out: ByteWriter,
  head: ResponseHead,
  prefix: string,
  place: i32,
  type: string,
  status: string,
): void {
  json.objectBegin();
  json.key("id");
  head.itemId(json, out, prefix, place);
  json.key("type");
  json.ascii(type);
  if (status.length == 0) return;
  json.key("status");
  json.ascii(status);
}

/** A part of a message: `name` is output_text with text, annotations and logprobs, or refusal. */
export function writeTextPart(
  json: JsonWriter,
  text: usize,
  length: i32,
  annotations: ByteWriter,
  logprobs: ByteWriter,
): void {
  json.objectBegin();
  json.key("type");
  json.ascii("output_text");
  json.key("text");
  json.rawString(text, length);
  json.key("annotations");
  writeList(json, annotations);
  json.key("logprobs");
  writeList(json, logprobs);
  json.objectEnd();
}

export function writeRefusalPart(json: JsonWriter, text: usize, length: i32): void {
  json.objectBegin();
  json.key("type");
  json.ascii("refusal");
  json.key("refusal");
  json.rawString(text, length);
  json.objectEnd();
}

export function writeSummaryPart(json: JsonWriter, text: usize, length: i32): void {
  json.objectBegin();
  json.key("type");
  json.ascii("summary_text");
  json.key("text");
  json.rawString(text, length);
  json.objectEnd();
}

/** `block` is what the provider needs back (`reasoning-token.ts`); empty when there is nothing. */
export function writeReasoning(
  json: JsonWriter,
  out: ByteWriter,
  head: ResponseHead,
  place: i32,
  text: usize,
  length: i32,
  block: ByteWriter,
): void {
  beginItem(json, out, head, REASONING_PREFIX, place, "reasoning", "");
  json.key("summary");
  json.arrayBegin();
  if (length > 0) writeSummaryPart(json, text, length);
  json.arrayEnd();
  if (block.length > 0) {
    json.key("encrypted_content");
    json.stringBegin();
    writeReasoningToken(block.pointer, block.length, out);
    json.stringEnd();
  }
  json.objectEnd();
}

/** The members of a call behind its status. */
export function writeCallRest(json: JsonWriter, callId: ByteWriter, name: ByteWriter, text: usize, length: i32): void {
  json.key("call_id");
  json.rawString(callId.pointer, callId.length);
  json.key("name");
  json.rawString(name.pointer, name.length);
  json.key("arguments");
  json.rawString(text, length);
  json.objectEnd();
}

/** An array of what `writer` holds, divided by commas. */
export function writeList(json: JsonWriter, writer: ByteWriter): void {
  json.arrayBegin();
  if (writer.length > 0) json.raw(writer.pointer, writer.length);
  json.arrayEnd();
}

/** Appends the elements of an array, whose elements are JSON already, without its brackets. */
export function appendElements(array: Value, to: ByteWriter): void {
  if (!list.begin(array)) return;
  while (list.next()) {
    if (to.length > 0) to.writeAscii(",");
    const value = list.value;
    const quotes = value.isString ? 1 : 0;
    to.writeBytes(value.pointer - <usize>quotes, value.length + 2 * quotes);
  }
}

/** One of chat's annotations in the flat form of Responses; false for kinds that it does not have. */
export function writeAnnotation(json: JsonWriter, value: Value): bool {
  if (!readCitation(value)) return false;
  json.objectBegin();
  json.key("type");
  json.ascii("url_citation");
  json.key("start_index");
  json.integer(citationStart.count);
  json.key("end_index");
  json.integer(citationEnd.count);
  json.key("url");
  citationUrl.copyTo(json);
  json.key("title");
  if (citationTitle.isString) citationTitle.copyTo(json);
  else json.ascii("");
  json.objectEnd();
  return true;
}

/** The block (`reasoning-token.ts`) for what Gemini signed, from chat's `extra_content`; false when there is none. */
export function writeSignatureBlock(type: string, from: Value, block: ByteWriter): bool {
  if (!extra.readValue(from) || !google.readValue(extraGoogle) || !googleSignature.isText) return false;
  blockJson.reset(block);
  blockJson.objectBegin();
  blockJson.key("type");
  blockJson.ascii(type);
  blockJson.key("thought_signature");
  googleSignature.copyTo(blockJson);
  blockJson.objectEnd();
  return true;
}

/** The block of a thought whose text came in pieces. */
export function writeThinkingBlock(text: usize, length: i32, signature: Value, block: ByteWriter): void {
  blockJson.reset(block);
  blockJson.objectBegin();
  blockJson.key("type");
  blockJson.ascii("thinking");
  blockJson.key("thinking");
  blockJson.rawString(text, length);
  blockJson.key("signature");
  signature.copyTo(blockJson);
  blockJson.objectEnd();
}
