// One part of a user message, from Messages to chat: text, image, document. Files that only Anthropic holds are refused.
//
//   {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}
//     ─▶ {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}

import { Translation } from "../translation/translation";
import { Fields, Value } from "../translation/value";

const source = new Fields();
const type = source.add("type");
const url = source.add("url");
const mediaType = source.add("media_type");
const data = source.add("data");

export function writeTextPart(t: Translation, text: Value): void {
  beginPart(t, "text");
  text.copyTo(t.json);
  t.json.objectEnd();
}

export function writeImage(t: Translation, from: Value): bool {
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
  t.json.objectEnd();
  return true;
}

/** A PDF as a file, a plain text as text. */
export function writeDocument(t: Translation, from: Value, title: Value): bool {
  if (!source.readValue(from)) return t.refuseType("source", "an object");
  if (type.is("text") && data.isString) {
    writeTextPart(t, data);
    return true;
  }
  if (!type.is("base64") || !mediaType.isText || !data.isText) {
    return t.refuseValue("source.type", type, "send a document as base64 or text.");
  }
  beginPart(t, "file");
  t.json.objectBegin();
  t.json.key("filename");
  if (title.isText) title.copyTo(t.json);
  else t.json.ascii("document.pdf");
  t.json.key("file_data");
  writeDataUrl(t);
  t.json.objectEnd();
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
