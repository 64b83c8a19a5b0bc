// The content blocks of a Messages reply from a chat message: what the model thought, what it said with its citations.
// Thinking that comes with a signature is shown with it. Thinking without one is shown as well, unless the model route also
// leads to Anthropic's own API: that would refuse the block when the client gives it back.
//
//   thinking_blocks, reasoning_content ─▶ thinking, redacted_thinking      annotations ─▶ citations of the text

import { JsonWriter } from "../../json/writer";
import { citationQuote, citationTitle, citationUrl, readCitation } from "../translation/annotations";
import { Fields, Items, Value } from "../translation/value";

const block = new Fields();
const type = block.add("type");
const thinking = block.add("thinking");
const signature = block.add("signature");
const data = block.add("data");

const blocks = new Items();
const annotations = new Items();

/** Blocks of thinking; false when there were none. */
export function writeThinkingBlocks(json: JsonWriter, from: Value, showsUnsigned: bool): bool {
  let written = false;
  blocks.begin(from);
  while (blocks.next()) {
    if (!block.readValue(blocks.value)) continue;
    if (type.is("redacted_thinking") && data.isText) writeRedacted(json, data);
    else if (!type.is("thinking") || !(signature.isText || (showsUnsigned && thinking.isText))) continue;
    else writeThinking(json, thinking, signature);
    written = true;
  }
  return written;
}

/** `signature` may be absent: SDKs want it to be there. */
export function writeThinking(json: JsonWriter, text: Value | null, signed: Value | null): void {
  json.objectBegin();
  json.key("type");
  json.ascii("thinking");
  json.key("thinking");
  if (text != null && text.isString) text.copyTo(json);
  else json.ascii("");
  json.key("signature");
  if (signed != null && signed.isString) signed.copyTo(json);
  else json.ascii("");
  json.objectEnd();
}

function writeRedacted(json: JsonWriter, secret: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("redacted_thinking");
  json.key("data");
  secret.copyTo(json);
  json.objectEnd();
}

/** The members of the first thinking block of a stream's delta; `nextThinking` then walks on. */
export function beginThinking(from: Value): bool {
  return blocks.begin(from);
}
export function nextThinking(): bool {
  while (blocks.next()) if (block.readValue(blocks.value)) return true;
  return false;
}
export function thinkingSignature(): Value {
  if (!type.is("thinking")) signature.clear();
  return signature;
}
export function redactedData(): Value {
  if (!type.is("redacted_thinking")) data.clear();
  return data;
}

/** Walks the citations of the web among annotations; `writeCitation` writes the one it stands at. */
export function beginCitations(from: Value): bool {
  return annotations.begin(from);
}
export function nextCitation(): bool {
  while (annotations.next()) if (readCitation(annotations.value)) return true;
  return false;
}

/** What Anthropic's own search would say of it; its index is a secret of theirs that clients only give back. */
export function writeCitation(json: JsonWriter): void {
  json.objectBegin();
  json.key("type");
  json.ascii("web_search_result_location");
  json.key("url");
  citationUrl.copyTo(json);
  json.key("title");
  if (citationTitle.isText) citationTitle.copyTo(json);
  else json.nil();
  json.key("cited_text");
  const quote = citationQuote();
  if (quote.isText) quote.copyTo(json);
  else json.ascii("");
  json.key("encrypted_index");
  json.ascii("");
  json.objectEnd();
}
