// One part of a message's content, from chat to Gemini: text, image, video, sound, file. Data stays inline, addresses that
// Google can read (http, https, gs) stay addresses.
//
//   {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}
//     ─▶ {"inlineData":{"mimeType":"image/png","data":"AAAA"}}

import { COMMA } from "../../bytes/ascii";
import { equalsAsciiIgnoreCase, startsWithAscii } from "../../bytes/compare";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";
import { mediaTypeOfUrl } from "./media-type";

const part = new Fields("messages[].content[].");
const type = part.add("type");
const text = part.add("text", Use.NATIVE);
const refusal = part.add("refusal", Use.MAPPED);
const imageUrl = part.add("image_url", Use.MAPPED);
const videoUrl = part.add("video_url", Use.MAPPED);
const inputAudio = part.add("input_audio", Use.MAPPED);
const file = part.add("file", Use.MAPPED);
part.add("cache_control", Use.DROPPED);

const image = new Fields("messages[].content[].image_url.");
const url = image.add("url", Use.MAPPED);
const detail = image.add("detail", Use.MAPPED);
const sound = new Fields("messages[].content[].input_audio.");
const soundData = sound.add("data", Use.NATIVE);
const soundFormat = sound.add("format", Use.MAPPED);
const attachment = new Fields("messages[].content[].file.");
const fileData = attachment.add("file_data", Use.MAPPED);
const fileId = attachment.add("file_id", Use.MAPPED);
const fileFormat = attachment.add("format", Use.NATIVE);
attachment.add("filename", Use.DROPPED);

/** A type that is not given: what the URL says must do. */
const unnamed = new Value("");

const DATA_SCHEME: i32 = 5; // data:
const BASE64_SUFFIX: i32 = 7; // ;base64
const SEMICOLON: u32 = 0x3b;

/** How finely the images of this conversation are to be looked at. Gemini takes one answer for all of them. */
let images: i32 = 0;
let lows: i32 = 0;
let highs: i32 = 0;

export function partFields(): Fields[] {
  return [part, image, sound, attachment];
}

export function resetResolution(): void {
  images = 0;
  lows = 0;
  highs = 0;
}

/** `MEDIA_RESOLUTION_…`, or empty for the model's own choice: no image is looked at more coarsely than it asked for. */
export function requestedResolution(): string {
  if (highs > 0) return "MEDIA_RESOLUTION_HIGH";
  return images > 0 && lows == images ? "MEDIA_RESOLUTION_LOW" : "";
}

/** Takes a part to look at; `partIsText`, `partIsEmpty` and `writePart` then speak of it. */
export function readPart(t: Translation, value: Value): bool {
  if (!part.readValue(value)) return t.refuseType("", "an object");
  return type.isString || t.refuseType("type", "a string");
}

/** What the part has beside; once for each part, however often it was read. */
export function dropPartRest(t: Translation): bool {
  return t.dropRest(part);
}

export function partIsText(): bool {
  return type.is("text") || type.is("refusal");
}

/** The text of a text part. */
export function partText(): Value {
  return type.is("text") ? text : refusal;
}

/** An empty text, which Gemini refuses. */
export function partIsEmpty(): bool {
  return partIsText() && partText().isString && partText().length == 0;
}

/** Writes the member of a Gemini part that holds the data; the caller opens and closes the object around it. */
export function writePart(t: Translation, json: JsonWriter): bool {
  if (partIsText()) {
    if (!partText().isString) return t.refuseType(partText().name, "a string");
    json.key("text");
    partText().copyTo(json);
    return true;
  }
  return writeMedia(t, json);
}

/** The same for anything but text. */
export function writeMedia(t: Translation, json: JsonWriter): bool {
  if (type.is("image_url")) return writeImage(t, json, imageUrl);
  if (type.is("video_url")) return writeImage(t, json, videoUrl);
  if (type.is("input_audio")) return writeSound(t, json);
  if (type.is("file")) return writeFile(t, json);
  return t.refuseValue("type", type);
}

/** `value` is an `image_url` object; videos have the same one. */
export function writeImage(t: Translation, json: JsonWriter, value: Value): bool {
  if (!image.readValue(value) || !url.isString) return t.refuseType("image_url.url", "a string");
  images++;
  if (detail.is("low")) lows++;
  if (detail.is("high") || detail.is("original")) highs++;
  return writeSource(t, json, "image_url.url", url, unnamed) && t.dropRest(image);
}

function writeSound(t: Translation, json: JsonWriter): bool {
  if (!sound.readValue(inputAudio)) return t.refuseType("input_audio", "an object");
  if (!soundData.isString) return t.refuseType("input_audio.data", "a string");
  const mediaType = soundType();
  if (mediaType.length == 0) return t.refuseValue("input_audio.format", soundFormat, "use wav, mp3, flac, ogg or aac.");
  json.key("inlineData");
  json.objectBegin();
  json.key("mimeType");
  json.ascii(mediaType);
  json.key("data");
  soundData.copyTo(json);
  json.objectEnd();
  return t.dropRest(sound);
}

function soundType(): string {
  if (soundFormat.is("wav")) return "audio/wav";
  if (soundFormat.is("mp3")) return "audio/mp3";
  if (soundFormat.is("flac")) return "audio/flac";
  if (soundFormat.is("ogg")) return "audio/ogg";
  if (soundFormat.is("aac")) return "audio/aac";
  return soundFormat.is("aiff") ? "audio/aiff" : "";
}

function writeFile(t: Translation, json: JsonWriter): bool {
  if (!attachment.readValue(file)) return t.refuseType("file", "an object");
  const written = fileData.isString
    ? writeSource(t, json, "file.file_data", fileData, fileFormat)
    : fileId.isString
      ? writeSource(t, json, "file.file_id", fileId, fileFormat)
      : t.refuseType("file.file_data", "a string");
  return written && t.dropRest(attachment);
}

function writeSource(t: Translation, json: JsonWriter, field: string, source: Value, mediaType: Value): bool {
  if (!t.unescape(source)) return false;
  if (t.textLength >= DATA_SCHEME && equalsAsciiIgnoreCase(t.textPointer, DATA_SCHEME, "data:")) {
    return writeInline(t, json, field);
  }
  if (!isAddress(t)) return t.refuseField(field, "send a base64 data URL, or an http, https or gs URL.");
  json.key("fileData");
  json.objectBegin();
  json.key("fileUri");
  source.copyTo(json);
  const guess = mediaTypeOfUrl(t.textPointer, t.textLength);
  if (mediaType.isText) {
    json.key("mimeType");
    mediaType.copyTo(json);
  } else if (guess.length > 0) {
    json.key("mimeType");
    json.ascii(guess);
  }
  json.objectEnd();
  return true;
}

function isAddress(t: Translation): bool {
  const at = t.textPointer;
  const length = t.textLength;
  return (
    startsWithAscii(at, length, "https://") ||
    startsWithAscii(at, length, "http://") ||
    startsWithAscii(at, length, "gs://")
  );
}

/** `data:<media type>[;parameter];base64,<data>`; the URL is the text that was unescaped last. */
function writeInline(t: Translation, json: JsonWriter, field: string): bool {
  const start = t.textPointer;
  const comma = findByte(start, t.textLength, COMMA);
  const suffix = comma - BASE64_SUFFIX;
  if (suffix < DATA_SCHEME || !equalsAsciiIgnoreCase(start + <usize>suffix, BASE64_SUFFIX, ";base64")) {
    return t.refuseField(field, "encode the data URL as base64.");
  }
  const named = start + <usize>DATA_SCHEME;
  const parameter = findByte(named, suffix - DATA_SCHEME, SEMICOLON);
  const length = parameter < 0 ? suffix - DATA_SCHEME : parameter;
  if (length == 0) return t.refuseField(field, "name the media type in the data URL.");
  json.key("inlineData");
  json.objectBegin();
  json.key("mimeType");
  json.string(named, length);
  json.key("data");
  json.string(start + <usize>comma + 1, t.textLength - comma - 1);
  json.objectEnd();
  return true;
}

/** Offset of the byte in the text, or -1. */
function findByte(pointer: usize, length: i32, byte: u32): i32 {
  for (let i = 0; i < length; i++) {
    if (<u32>load<u8>(pointer + <usize>i) == byte) return i;
  }
  return -1;
}
