// What stands beside the parts of a candidate: probabilities of its tokens, and the sources that it cites.
//
//   annotations [{"url_citation":{"start_index":0,"end_index":5,"url":"…","title":"…"}}]
//     ─▶ groundingMetadata {groundingChunks: [{web: {uri, title}}], groundingSupports: [{segment, groundingChunkIndices}]}

import { JsonWriter } from "../../json/writer";
import { citationEnd, citationStart, citationTitle, citationUrl, readCitation } from "../translation/annotations";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";

const logprobs = new Fields();
const logprobsContent = logprobs.add("content");
const token = new Fields();
const tokenText = token.add("token");
const tokenLogprob = token.add("logprob");
const tokenTop = token.add("top_logprobs");
const top = new Fields();
const topText = top.add("token");
const topLogprob = top.add("logprob");

const items = new Items();
const tops = new Items();

export function hasLogprobs(value: Value): bool {
  return logprobs.readValue(value) && logprobsContent.isArray && !logprobsContent.isEmpty;
}

/** The member `logprobsResult`, if the choice has such. */
export function writeLogprobs(value: Value, json: JsonWriter): void {
  if (!hasLogprobs(value)) return;
  json.key("logprobsResult");
  json.objectBegin();
  json.key("chosenCandidates");
  json.arrayBegin();
  items.begin(logprobsContent);
  while (items.next()) if (token.readValue(items.value)) writeToken(tokenText, tokenLogprob, json);
  json.arrayEnd();
  json.key("topCandidates");
  json.arrayBegin();
  items.begin(logprobsContent);
  while (items.next()) {
    json.objectBegin();
    json.key("candidates");
    json.arrayBegin();
    if (token.readValue(items.value)) writeTop(json);
    json.arrayEnd();
    json.objectEnd();
  }
  json.arrayEnd();
  json.objectEnd();
}

function writeTop(json: JsonWriter): void {
  tops.begin(tokenTop);
  while (tops.next()) if (top.readValue(tops.value)) writeToken(topText, topLogprob, json);
}

function writeToken(text: Value, logprob: Value, json: JsonWriter): void {
  json.objectBegin();
  json.key("token");
  if (text.isString) text.copyTo(json);
  else json.ascii("");
  if (logprob.isNumber) {
    json.key("logProbability");
    logprob.copyTo(json);
  }
  json.objectEnd();
}

/** The member `groundingMetadata`, if there are citations. Places are told where the whole text is at hand. */
export function writeGrounding(annotations: Value, content: Value | null, t: Translation, json: JsonWriter): void {
  if (countSources(annotations) == 0) return;
  json.key("groundingMetadata");
  json.objectBegin();
  json.key("groundingChunks");
  json.arrayBegin();
  items.begin(annotations);
  while (items.next()) if (readCitation(items.value)) writeChunk(json);
  json.arrayEnd();
  if (content != null && t.unescape(content)) writeSupports(annotations, t, json);
  json.objectEnd();
}

export function countSources(annotations: Value): i32 {
  let count = 0;
  items.begin(annotations);
  while (items.next()) if (readCitation(items.value)) count++;
  return count;
}

function writeChunk(json: JsonWriter): void {
  json.objectBegin();
  json.key("web");
  json.objectBegin();
  json.key("uri");
  citationUrl.copyTo(json);
  if (citationTitle.isText) {
    json.key("title");
    citationTitle.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
}

/** Chat counts characters, Gemini bytes. */
function writeSupports(annotations: Value, t: Translation, json: JsonWriter): void {
  json.key("groundingSupports");
  json.arrayBegin();
  let index = 0;
  items.begin(annotations);
  while (items.next()) {
    if (!readCitation(items.value)) continue;
    if (citationStart.isNumber && citationEnd.isNumber) {
      json.objectBegin();
      json.key("segment");
      json.objectBegin();
      json.key("startIndex");
      json.integer(byteOffset(t.textPointer, t.textLength, citationStart.count));
      json.key("endIndex");
      json.integer(byteOffset(t.textPointer, t.textLength, citationEnd.count));
      json.objectEnd();
      json.key("groundingChunkIndices");
      json.arrayBegin();
      json.integer(index);
      json.arrayEnd();
      json.objectEnd();
    }
    index++;
  }
  json.arrayEnd();
}

/** Where the character with this number begins. */
function byteOffset(text: usize, length: i32, characters: i64): i32 {
  let at = 0;
  let count: i64 = -1;
  for (; at < length; at++) {
    if ((<u32>load<u8>(text + <usize>at) & 0xc0) != 0x80 && ++count == characters) break;
  }
  return at;
}
