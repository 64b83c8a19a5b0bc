// Members of a chat answer that whole replies and streams have in common: signatures, calls, images, refusals, logprobs.

import { BACKSLASH, QUOTE, SPACE } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { escapeTo } from "../../json/text";
import { JsonWriter } from "../../json/writer";
import { Fields, Items, Value } from "../translation/value";
import { SIGNATURE_MARK } from "./chat-to-gemini-signatures";
import { blobData, blobType, callArguments, callId, callName } from "./gemini-answer";

const logprobs = new Fields();
const chosenCandidates = logprobs.add("chosenCandidates");
const topCandidates = logprobs.add("topCandidates");
const chosen = new Fields();
const chosenToken = chosen.add("token");
const chosenLogprob = chosen.add("logProbability");
const alternatives = new Fields();
const alternativeCandidates = alternatives.add("candidates");

const tokens = new Items();
const tops = new Items();
const others = new Items();

/** `extra_content` of a call, message, image or delta: the signature of the part that it was. */
export function writeExtraContent(json: JsonWriter, pointer: usize, length: i32): void {
  if (length == 0) return;
  json.key("extra_content");
  json.objectBegin();
  json.key("google");
  json.objectBegin();
  json.key("thought_signature");
  json.rawString(pointer, length);
  json.objectEnd();
  json.objectEnd();
}

/** The end of a thinking block, for clients whose API has a place for a signature only there. The text's string is open. */
export function endThinkingBlock(json: JsonWriter, out: ByteWriter, pointer: usize, length: i32): void {
  json.stringEnd();
  json.key("signature");
  json.stringBegin();
  out.writeAscii(SIGNATURE_MARK);
  out.writeBytes(pointer, length);
  json.stringEnd();
  json.objectEnd();
  json.arrayEnd();
}

/** `thinking_blocks` up to the text of the one block, as an open string. */
export function beginThinkingBlock(json: JsonWriter): void {
  json.key("thinking_blocks");
  json.arrayBegin();
  json.objectBegin();
  json.key("type");
  json.ascii("thinking");
  json.key("thinking");
  json.stringBegin();
}

/** The members of a tool call from the part read last. Calls without an id get one of the answer's and their number. */
export function writeCall(json: JsonWriter, out: ByteWriter, answerId: ByteWriter, number: i32): void {
  json.key("id");
  if (callId.isText) {
    callId.copyTo(json);
  } else {
    json.stringBegin();
    out.writeAscii("call_");
    out.writeBytes(answerId.pointer, answerId.length);
    out.writeAscii("_");
    out.writeDecimal(number);
    json.stringEnd();
  }
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  if (callName.isString) callName.copyTo(json);
  else json.ascii("");
  json.key("arguments");
  if (callArguments.isObject) writeCompact(json, out, callArguments);
  else json.ascii("{}");
  json.objectEnd();
}

/** JSON as a string of JSON, without the white space by which Google lays it out. */
function writeCompact(json: JsonWriter, out: ByteWriter, value: Value): void {
  const end = value.pointer + <usize>value.length;
  let start = value.pointer;
  let inString = false;
  json.stringBegin();
  for (let at = start; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE) inString = !inString;
    if (inString && byte == BACKSLASH) at++;
    if (inString || byte > SPACE) continue;
    escapeTo(start, <i32>(at - start), out);
    start = at + 1;
  }
  escapeTo(start, <i32>(end - start), out);
  json.stringEnd();
}

/** `data:image/png;base64,…` of the part read last, as the URL of an image. */
export function writeImage(json: JsonWriter, out: ByteWriter, index: i32, signature: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("image_url");
  json.key("index");
  json.integer(index);
  json.key("image_url");
  json.objectBegin();
  json.key("url");
  json.stringBegin();
  out.writeAscii("data:");
  out.writeBytes(blobType.pointer, blobType.length);
  out.writeAscii(";base64,");
  out.writeBytes(blobData.pointer, blobData.length);
  json.stringEnd();
  json.objectEnd();
  if (signature.isText) writeExtraContent(json, signature.pointer, signature.length);
  json.objectEnd();
}

/** What the model spoke, from the part read last: 16-bit PCM in base64, as chat's `pcm16`. */
export function writeAudio(json: JsonWriter, id: ByteWriter, expiresAt: i64): void {
  json.objectBegin();
  json.key("id");
  json.rawString(id.pointer, id.length);
  json.key("data");
  blobData.copyTo(json);
  json.key("expires_at");
  json.integer(expiresAt);
  json.key("transcript");
  json.ascii("");
  json.objectEnd();
}

/** Why there is no answer: the provider's words, or its reason. */
export function writeRefusal(json: JsonWriter, out: ByteWriter, words: Value, reason: Value): void {
  if (words.isText) {
    words.copyTo(json);
    return;
  }
  json.stringBegin();
  out.writeAscii("The provider gave no answer: ");
  out.writeBytes(reason.pointer, reason.length);
  out.writeAscii(".");
  json.stringEnd();
}

/** Log probabilities of the tokens; null where there are none. */
export function writeLogprobs(json: JsonWriter, value: Value): void {
  if (!logprobs.readValue(value) || !tokens.begin(chosenCandidates)) {
    json.nil();
    return;
  }
  tops.begin(topCandidates);
  json.objectBegin();
  json.key("content");
  json.arrayBegin();
  while (tokens.next()) {
    const hasOthers = tops.next() && alternatives.readValue(tops.value);
    if (!chosen.readValue(tokens.value)) continue;
    json.objectBegin();
    writeToken(json);
    json.key("top_logprobs");
    json.arrayBegin();
    if (hasOthers) writeAlternatives(json);
    json.arrayEnd();
    json.objectEnd();
  }
  json.arrayEnd();
  json.key("refusal");
  json.nil();
  json.objectEnd();
}

function writeAlternatives(json: JsonWriter): void {
  others.begin(alternativeCandidates);
  while (others.next()) {
    if (!chosen.readValue(others.value)) continue;
    json.objectBegin();
    writeToken(json);
    json.objectEnd();
  }
}

function writeToken(json: JsonWriter): void {
  json.key("token");
  if (chosenToken.isString) chosenToken.copyTo(json);
  else json.ascii("");
  json.key("logprob");
  if (chosenLogprob.isNumber) chosenLogprob.copyTo(json);
  else json.integer(0);
  json.key("bytes");
  json.nil();
}
