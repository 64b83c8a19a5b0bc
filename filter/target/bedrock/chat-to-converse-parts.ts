// One part of a message's content, from chat to Converse: text, image, document, video, sound. Bytes travel as base64 in
// both; what lies in S3 is named by its s3:// address. Converse fetches nothing from the web, so other URLs are refused.
//
//   {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}
//     ─▶ {"image":{"format":"png","source":{"bytes":"AAAA"}}}

import { COMMA } from "../../bytes/ascii";
import { equalsAsciiIgnoreCase, startsWithAscii } from "../../bytes/compare";
import { JsonWriter } from "../../json/writer";
import { isBlank } from "../translation/blank";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";
import { writeDocumentName } from "./document-name";
import { Block, findEnding, findMediaType, formatBlock, formatName } from "./media-format";

export const partFields = new Fields("messages[].content[].");
const type = partFields.add("type");
const text = partFields.add("text", Use.NATIVE);
const refusal = partFields.add("refusal", Use.MAPPED);
const imageUrl = partFields.add("image_url", Use.MAPPED);
const videoUrl = partFields.add("video_url", Use.MAPPED);
const inputAudio = partFields.add("input_audio", Use.MAPPED);
const file = partFields.add("file", Use.MAPPED);
const cacheControl = partFields.add("cache_control", Use.MAPPED);
const cache = new Fields();
const cacheTtl = cache.add("ttl");
const place = new Fields("messages[].content[].image_url.");
const url = place.add("url");
const detail = place.add("detail", Use.DROPPED);
const sound = new Fields();
const soundData = sound.add("data");
const soundFormat = sound.add("format");
const attachment = new Fields("messages[].content[].file.");
const fileData = attachment.add("file_data", Use.MAPPED);
const filename = attachment.add("filename", Use.MAPPED);
const fileId = attachment.add("file_id", Use.REFUSED);

const DATA_SCHEME: i32 = 5; // data:
const BASE64_SUFFIX: i32 = 7; // ;base64
const SEMICOLON: u32 = 0x3b;
const SEND_DATA: string = "send a base64 data URL or an s3:// address.";

/** Documents of one request so far: Converse wants each under a name of its own. */
let documents: i32 = 0;

export function beginParts(): void {
  documents = 0;
}

/** Takes a part to look at; `partIsBlank` and `writePart` then speak of it. */
export function readPart(t: Translation, value: Value): bool {
  if (!partFields.readValue(value)) return t.refuseType("", "an object");
  if (!type.isString) return t.refuseType("type", "a string");
  return t.dropRest(partFields);
}

/** A text that Converse would refuse for holding nothing visible. */
export function partIsBlank(): bool {
  if (type.is("text")) return text.isString && isBlank(text);
  return type.is("refusal") && refusal.isString && isBlank(refusal);
}

/** The part as a block, and its mark as a cache point behind it. */
export function writePart(t: Translation, json: JsonWriter, textOnly: bool): bool {
  if (!writeBlock(t, json, textOnly)) return false;
  writeCachePoint(json, cacheControl);
  return true;
}

/** A part of what a tool gave. Its mark cannot stand within a result: `partMark` is for the caller. */
export function writeResultPart(t: Translation, json: JsonWriter): bool {
  if (type.is("input_audio")) return t.refuseValue("type", type);
  return writeBlock(t, json, false);
}

/** `cache_control` of the part that was read last. */
export function partMark(): Value {
  return cacheControl;
}

export function writeText(json: JsonWriter, value: Value): void {
  json.objectBegin();
  json.key("text");
  value.copyTo(json);
  json.objectEnd();
}

/** Anthropic's mark "cache up to here", if it is one. */
export function writeCachePoint(json: JsonWriter, mark: Value): void {
  if (!cache.readValue(mark)) return;
  json.objectBegin();
  json.key("cachePoint");
  json.objectBegin();
  json.key("type");
  json.ascii("default");
  if (cacheTtl.is("5m") || cacheTtl.is("1h")) {
    json.key("ttl");
    cacheTtl.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
}

function writeBlock(t: Translation, json: JsonWriter, textOnly: bool): bool {
  if (type.is("text")) {
    if (!text.isString) return t.refuseType("text", "a string");
    writeText(json, text);
    return true;
  }
  if (textOnly && type.is("refusal")) {
    if (!refusal.isString) return t.refuseType("refusal", "a string");
    writeText(json, refusal);
    return true;
  }
  if (textOnly) return t.refuseValue("type", type);
  if (type.is("image_url")) return writePlaced(t, json, imageUrl, "image_url.url", Block.IMAGE);
  if (type.is("video_url")) return writePlaced(t, json, videoUrl, "video_url.url", Block.VIDEO);
  if (type.is("input_audio")) return writeSound(t, json);
  if (type.is("file")) return writeFile(t, json);
  return t.refuseValue("type", type);
}

function writePlaced(t: Translation, json: JsonWriter, value: Value, field: string, block: Block): bool {
  if (!place.readValue(value) || !url.isString) return t.refuseType(field, "a string");
  if (!t.dropRest(place) || !t.unescape(url)) return false;
  return writeMedia(t, json, field, block);
}

function writeSound(t: Translation, json: JsonWriter): bool {
  if (!sound.readValue(inputAudio) || !soundData.isString) return t.refuseType("input_audio.data", "a string");
  if (!soundFormat.is("wav") && !soundFormat.is("mp3")) return t.refuseValue("input_audio.format", soundFormat);
  beginMedia(json, Block.AUDIO, soundFormat.is("wav") ? "wav" : "mp3");
  json.key("bytes");
  soundData.copyTo(json);
  endMedia(json);
  return true;
}

function writeFile(t: Translation, json: JsonWriter): bool {
  if (!attachment.readValue(file)) return t.refuseType("file", "an object");
  if (fileId.present || !fileData.isString) {
    return t.refuseField("file", "send the file itself as file.file_data, or its s3:// address there.");
  }
  if (!t.dropRest(attachment) || !t.unescape(fileData)) return false;
  return writeMedia(t, json, "file.file_data", Block.NONE);
}

/** The text that was unescaped last, as bytes or as a place in S3. `only` is what the part says it is; NONE = any file. */
function writeMedia(t: Translation, json: JsonWriter, field: string, only: Block): bool {
  const start = t.textPointer;
  const length = t.textLength;
  if (startsWithAscii(start, length, "s3://")) {
    if (!findEnding(start, length) || !isOf(only)) {
      return t.refuseField(field, "its name must end with a format that Converse knows, such as .png or .pdf.");
    }
    beginMedia(json, formatBlock, formatName);
    json.key("s3Location");
    json.objectBegin();
    json.key("uri");
    json.string(start, length);
    json.objectEnd();
    endMedia(json);
    return true;
  }
  const comma = findByte(start, length, COMMA);
  if (comma < DATA_SCHEME + BASE64_SUFFIX || !equalsAsciiIgnoreCase(start, DATA_SCHEME, "data:")) {
    return t.refuseField(field, SEND_DATA);
  }
  if (!equalsAsciiIgnoreCase(start + <usize>(comma - BASE64_SUFFIX), BASE64_SUFFIX, ";base64")) {
    return t.refuseField(field, "encode the data URL as base64.");
  }
  const mediaType = start + <usize>DATA_SCHEME;
  const typeLength = findByte(mediaType, comma - DATA_SCHEME, SEMICOLON);
  if (!findMediaType(mediaType, typeLength) || !isOf(only)) {
    return t.refuseField(field, "its media type is none that Converse knows.");
  }
  beginMedia(json, formatBlock, formatName);
  json.key("bytes");
  json.string(start + <usize>comma + 1, length - comma - 1);
  endMedia(json);
  return true;
}

function isOf(only: Block): bool {
  return only == Block.NONE || only == formatBlock;
}

/** Up to the open source. */
function beginMedia(json: JsonWriter, block: Block, format: string): void {
  json.objectBegin();
  json.key(memberOf(block));
  json.objectBegin();
  json.key("format");
  json.ascii(format);
  if (block == Block.DOCUMENT) writeDocumentName(json, filename, ++documents);
  json.key("source");
  json.objectBegin();
}

function endMedia(json: JsonWriter): void {
  json.objectEnd();
  json.objectEnd();
  json.objectEnd();
}

function memberOf(block: Block): string {
  switch (block) {
    case Block.IMAGE:
      return "image";
    case Block.VIDEO:
      return "video";
    case Block.AUDIO:
      return "audio";
    default:
      return "document";
  }
}

/** Offset of the byte in the text, or -1. */
function findByte(pointer: usize, length: i32, byte: u32): i32 {
  for (let i = 0; i < length; i++) {
    if (<u32>load<u8>(pointer + <usize>i) == byte) return i;
  }
  return -1;
}
