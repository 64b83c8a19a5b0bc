// One part of a message, from Messages to chat: text, image, document. Files that only Anthropic holds are refused.
//
//   {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}
//     ─▶ {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}

import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";

const source = new Fields("messages[].content[].source.");
const type = source.add("type", Use.MAPPED);
const url = source.add("url", Use.MAPPED);
const mediaType = source.add("media_type", Use.MAPPED);
const data = source.add("data", Use.MAPPED);
source.add("file_id", Use.REFUSED);
source.add("content", Use.REFUSED);

const citing = new Fields();
const enabled = citing.add("enabled");

export const partFields: Fields[] = [source];

/** Citations that the client does not ask for are not lost. */
export function dropCitations(citations: Value): bool {
  if (citing.readValue(citations) && !enabled.isTrue) citations.clear();
  return true;
}

export function writeCacheControl(t: Translation, cache: Value | null): void {
  if (cache == null || !cache.isObject) return;
  t.json.key("cache_control");
  cache.copyTo(t.json);
}

export function writeTextPart(t: Translation, text: Value, cache: Value | null): void {
  beginPart(t, "text");
  text.copyTo(t.json);
  writeCacheControl(t, cache);
  t.json.objectEnd();
}

export function writeImage(t: Translation, from: Value, cache: Value | null): bool {
  if (!source.readValue(from)) return t.refuseType("source", "an object");
  const inline = type.is("base64");
  if (!inline && !type.is("url")) return t.refuseValue("source.type", type, "use base64 or url.");
  if (inline ? !mediaType.isText || !data.isText : !url.isText) {
    return t.refuseType("source", "an image with media_type and data, or with a url");
  }
  beginPart(t, "image_url");
  t.json.objectBegin();
  t.json.key("url");
  if (inline) writeDataUrl(t);
  else url.copyTo(t.json);
  t.json.objectEnd();
  writeCacheControl(t, cache);
  t.json.objectEnd();
  return true;
}

/** A PDF as a file, a plain text as text; what is said about it stands before it. */
export function writeDocument(
  t: Translation,
  inChain: bool,
  from: Value,
  title: Value,
  context: Value,
  cache: Value | null,
): bool {
  if (!source.readValue(from)) return t.refuseType("source", "an object");
  if (context.isText) writeTextPart(t, context, null);
  if (type.is("text") && data.isString) {
    if (title.isText) writeTextPart(t, title, null);
    writeTextPart(t, data, cache);
    return true;
  }
  const remote = inChain && type.is("url") && url.isText;
  if (!remote && (!type.is("base64") || !mediaType.isText || !data.isText)) {
    return t.refuseValue("source.type", type, "send a document as base64 or text.");
  }
  beginPart(t, "file");
  t.json.objectBegin();
  t.json.key("filename");
  if (title.isText) title.copyTo(t.json);
  else t.json.ascii("document.pdf");
  t.json.key("file_data");
  if (remote) url.copyTo(t.json);
  else writeDataUrl(t);
  t.json.objectEnd();
  writeCacheControl(t, cache);
  t.json.objectEnd();
  return true;
}

/** Up to the value that is named like the part's type. */
function beginPart(t: Translation, name: string): void {
  t.json.objectBegin();
  t.json.key("type");
  t.json.ascii(name);
  t.json.key(name);
}

function writeDataUrl(t: Translation): void {
  t.json.stringBegin();
  t.out.writeAscii("data:");
  t.out.writeBytes(mediaType.pointer, mediaType.length);
  t.out.writeAscii(";base64,");
  t.out.writeBytes(data.pointer, data.length);
  t.json.stringEnd();
}
