// One part of a message's content, from chat to Messages: text, image, PDF. Sound and references to files that only the
// other provider has are refused.
//
//   {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}
//     ─▶ {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}

import { COMMA } from "../../bytes/ascii";
import { equalsAscii, equalsAsciiIgnoreCase, startsWithAscii } from "../../bytes/compare";
import { JsonWriter } from "../../json/writer";
import { isBlank } from "../translation/blank";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";

const part = new Fields("messages[].content[].");
const type = part.add("type");
const text = part.add("text", Use.NATIVE);
const refusal = part.add("refusal", Use.MAPPED);
const imageUrl = part.add("image_url");
const file = part.add("file");
part.add("input_audio", Use.REFUSED);
const cacheControl = part.add("cache_control", Use.NATIVE);
const image = new Fields("messages[].content[].image_url.");
const url = image.add("url", Use.MAPPED);
const detail = image.add("detail", Use.DROPPED);
const attachment = new Fields("messages[].content[].file.");
const fileData = attachment.add("file_data", Use.MAPPED);
const filename = attachment.add("filename", Use.MAPPED);
const fileId = attachment.add("file_id", Use.REFUSED);

export const partFields: Fields[] = [part, image, attachment];

const DATA_SCHEME: i32 = 5; // data:
const BASE64_SUFFIX: i32 = 7; // ;base64

/** Takes a part to look at; `partIsBlank` and `writePart` then speak of it. */
export function readPart(t: Translation, value: Value): bool {
  if (!part.readValue(value)) return t.refuseType("", "an object");
  if (!type.isString) return t.refuseType("type", "a string");
  return t.dropRest(part);
}

/** A text that Messages would refuse for holding nothing visible. */
export function partIsBlank(): bool {
  if (type.is("text")) return text.isString && isBlank(text);
  return type.is("refusal") && refusal.isString && isBlank(refusal);
}

/** `outer` is the caching mark of the whole message, for the last of its parts; a part's own goes before it. */
export function writePart(t: Translation, json: JsonWriter, textOnly: bool, outer: Value | null): bool {
  const cache = cacheControl.isObject ? cacheControl : outer;
  if (type.is("text")) {
    if (!text.isString) return t.refuseType("text", "a string");
    writeText(json, text, cache);
    return true;
  }
  if (textOnly && type.is("refusal")) {
    if (!refusal.isString) return t.refuseType("refusal", "a string");
    writeText(json, refusal, cache);
    return true;
  }
  if (!textOnly && type.is("image_url")) return writeImage(t, json, cache);
  if (!textOnly && type.is("file")) return writeFile(t, json, cache);
  return t.refuseValue("type", type);
}

export function writeText(json: JsonWriter, value: Value, cache: Value | null = null): void {
  json.objectBegin();
  writeMember(json, "type", "text");
  json.key("text");
  value.copyTo(json);
  writeCacheControl(json, cache);
  json.objectEnd();
}

export function writeCacheControl(json: JsonWriter, cache: Value | null): void {
  if (cache == null || !cache.isObject) return;
  json.key("cache_control");
  cache.copyTo(json);
}

function writeImage(t: Translation, json: JsonWriter, cache: Value | null): bool {
  if (!image.readValue(imageUrl) || !url.isString) return t.refuseType("image_url.url", "a string");
  if (detail.is("auto")) detail.clear();
  if (!t.dropRest(image) || !t.unescape(url)) return false;
  json.objectBegin();
  writeMember(json, "type", "image");
  if (isRemote(t)) writeUrlSource(json, url);
  else if (!writeDataSource(t, json, "image_url.url", "")) return false;
  writeCacheControl(json, cache);
  json.objectEnd();
  return true;
}

function writeFile(t: Translation, json: JsonWriter, cache: Value | null): bool {
  if (!attachment.readValue(file)) return t.refuseType("file", "an object");
  if (fileId.present || !fileData.isString) {
    return t.refuseField("file", "send the file itself as file.file_data.");
  }
  if (!t.dropRest(attachment) || !t.unescape(fileData)) return false;
  json.objectBegin();
  writeMember(json, "type", "document");
  if (isRemote(t)) writeUrlSource(json, fileData);
  else if (!writeDataSource(t, json, "file.file_data", "application/pdf")) return false;
  if (filename.isText) {
    json.key("title");
    filename.copyTo(json);
  }
  writeCacheControl(json, cache);
  json.objectEnd();
  return true;
}

/** Whether the text that was unescaped last is an address on the web. */
function isRemote(t: Translation): bool {
  const text = t.textPointer;
  return startsWithAscii(text, t.textLength, "https://") || startsWithAscii(text, t.textLength, "http://");
}

function writeUrlSource(json: JsonWriter, address: Value): void {
  json.key("source");
  json.objectBegin();
  writeMember(json, "type", "url");
  json.key("url");
  address.copyTo(json);
  json.objectEnd();
}

/** `data:<media type>[;parameter];base64,<data>` as a source; the URL is the text that was unescaped last. */
function writeDataSource(t: Translation, json: JsonWriter, field: string, mediaType: string): bool {
  const start = t.textPointer;
  const comma = findByte(start, t.textLength, COMMA);
  if (comma < DATA_SCHEME + BASE64_SUFFIX || !equalsAsciiIgnoreCase(start, DATA_SCHEME, "data:")) {
    return t.refuseField(field, "send an https URL or a base64 data URL.");
  }
  if (!equalsAsciiIgnoreCase(start + <usize>(comma - BASE64_SUFFIX), BASE64_SUFFIX, ";base64")) {
    return t.refuseField(field, "encode the data URL as base64.");
  }
  const type = start + <usize>DATA_SCHEME;
  const typeLength = min(findByte(type, comma - DATA_SCHEME, 0x3b), comma - DATA_SCHEME - BASE64_SUFFIX); // up to a ;
  if (mediaType.length > 0 && !equalsAscii(type, typeLength, mediaType)) {
    return t.refuseField(field, "only PDF files can be sent.");
  }
  json.key("source");
  json.objectBegin();
  writeMember(json, "type", "base64");
  json.key("media_type");
  // A name that many clients use and that is registered nowhere.
  if (equalsAsciiIgnoreCase(type, typeLength, "image/jpg")) json.ascii("image/jpeg");
  else json.string(type, typeLength);
  json.key("data");
  json.string(start + <usize>comma + 1, t.textLength - comma - 1);
  json.objectEnd();
  return true;
}

function writeMember(json: JsonWriter, name: string, value: string): void {
  json.key(name);
  json.ascii(value);
}

/** Offset of the byte in the text, or -1. */
function findByte(pointer: usize, length: i32, byte: u32): i32 {
  for (let i = 0; i < length; i++) {
    if (<u32>load<u8>(pointer + <usize>i) == byte) return i;
  }
  return -1;
}
