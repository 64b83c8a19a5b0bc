// One part of a turn, and its media as parts of a chat message. Chat takes images by data or address, PDFs by data, and WAV
// and MP3 sound; what lies in Google's own stores only Google can read.
//
//   {"inlineData":{"mimeType":"image/png","data":"AAAA"}}
//     ─▶ {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}

import { ByteWriter } from "../../bytes/byte-writer";
import { startsWithAscii } from "../../bytes/compare";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";

const GOOGLE_FILES = "https://generativelanguage.googleapis.com/";

const fields = new Fields("contents[].parts[].", true);
const text = fields.add("text", Use.NATIVE);
const thought = fields.add("thought", Use.DROPPED, "reasoning_content");
const thoughtSignature = fields.add("thoughtSignature", Use.DROPPED, "thinking_blocks");
const inlineData = fields.add("inlineData", Use.MAPPED);
const fileData = fields.add("fileData", Use.MAPPED);
const functionCall = fields.add("functionCall", Use.MAPPED);
const functionResponse = fields.add("functionResponse", Use.MAPPED);
const unknowable: Value[] = [
  fields.add("executableCode", Use.REFUSED),
  fields.add("codeExecutionResult", Use.REFUSED),
  fields.add("toolCall", Use.REFUSED),
  fields.add("toolResponse", Use.REFUSED),
  fields.add("videoMetadata", Use.REFUSED),
];
fields.add("mediaResolution", Use.DROPPED);
fields.add("partMetadata", Use.DROPPED);

export const partFields: Fields[] = [fields];

const inline = new Fields("contents[].parts[].inlineData.", true);
const inlineType = inline.add("mimeType", Use.MAPPED);
const inlineBytes = inline.add("data", Use.MAPPED);
const inlineName = inline.add("displayName", Use.MAPPED);
const file = new Fields("contents[].parts[].fileData.", true);
const fileType = file.add("mimeType", Use.MAPPED);
const fileUri = file.add("fileUri", Use.MAPPED);
file.add("displayName", Use.DROPPED);

export const mediaFields: Fields[] = [inline, file];

/** A view over the part that was read last: there is one reader of parts. */
export class Part {
  get text(): Value {
    return text;
  }
  get isThought(): bool {
    return thought.isTrue;
  }
  get signature(): Value {
    return thoughtSignature;
  }
  get call(): Value {
    return functionCall;
  }
  get response(): Value {
    return functionResponse;
  }
  get hasMedia(): bool {
    return inlineData.present || fileData.present;
  }

  get mediaName(): string {
    return inlineData.present ? inlineData.name : fileData.name;
  }

  read(t: Translation, value: Value, inChain: bool): bool {
    if (!fields.readValue(value)) return t.refuseType("", "an object");
    for (let i = 0; i < unknowable.length; i++) {
      if (unchecked(unknowable[i]).present) return t.refuseField(unchecked(unknowable[i]).name);
    }
    if (text.present && !text.isString) return t.refuseType("text", "a string");
    if (thought.isFalse) thought.clear();
    return t.dropRest(fields, inChain);
  }

  writeMedia(t: Translation, json: JsonWriter, out: ByteWriter): bool {
    return writeMedia(t, inlineData, fileData, json, out);
  }
}

export function writeMedia(t: Translation, data: Value, address: Value, json: JsonWriter, out: ByteWriter): bool {
  return data.present ? writeInline(t, data, json, out) : writeFile(t, address, json);
}

export function writeTextPart(value: Value, json: JsonWriter): void {
  beginPart("text", json);
  value.copyTo(json);
  json.objectEnd();
}

/** Up to the value that is named like the part's type. */
function beginPart(name: string, json: JsonWriter): void {
  json.objectBegin();
  json.key("type");
  json.ascii(name);
  json.key(name);
}

function writeInline(t: Translation, data: Value, json: JsonWriter, out: ByteWriter): bool {
  if (!inline.readValue(data) || !inlineType.isText || !inlineBytes.isText) {
    return t.refuseType("inlineData", "an object with mimeType and data");
  }
  if (isImage(inlineType)) {
    beginPart("image_url", json);
    json.objectBegin();
    json.key("url");
    writeDataUrl(json, out);
  } else if (inlineType.is("application/pdf")) {
    beginPart("file", json);
    json.objectBegin();
    json.key("filename");
    if (inlineName.isText) inlineName.copyTo(json);
    else json.ascii("document.pdf");
    json.key("file_data");
    writeDataUrl(json, out);
  } else {
    const format = soundFormat();
    if (format.length == 0) {
      return t.refuseValue("inlineData.mimeType", inlineType, "send an image, a PDF, WAV or MP3.");
    }
    beginPart("input_audio", json);
    json.objectBegin();
    json.key("data");
    inlineBytes.copyTo(json);
    json.key("format");
    json.ascii(format);
  }
  json.objectEnd();
  json.objectEnd();
  return t.dropRest(inline);
}

function writeFile(t: Translation, address: Value, json: JsonWriter): bool {
  if (!file.readValue(address) || !fileUri.isText) return t.refuseType("fileData", "an object with fileUri");
  if (!isPublic() || !(isImage(fileType) || !fileType.present)) {
    return t.refuseField("fileData", "send it as inlineData, or an image by its http(s) address.");
  }
  beginPart("image_url", json);
  json.objectBegin();
  json.key("url");
  fileUri.copyTo(json);
  json.objectEnd();
  json.objectEnd();
  return t.dropRest(file);
}

/** Whether anybody can fetch it: not `gs://…`, and no upload to Google's Files API. */
function isPublic(): bool {
  const pointer = fileUri.pointer;
  const length = fileUri.length;
  if (startsWithAscii(pointer, length, GOOGLE_FILES)) return false;
  return startsWithAscii(pointer, length, "https://") || startsWithAscii(pointer, length, "http://");
}

function isImage(mimeType: Value): bool {
  // A solidus may be written with a backslash.
  return startsWithAscii(mimeType.pointer, mimeType.length, "image");
}

function soundFormat(): string {
  if (inlineType.is("audio/wav") || inlineType.is("audio/x-wav")) return "wav";
  return inlineType.is("audio/mpeg") || inlineType.is("audio/mp3") ? "mp3" : "";
}

function writeDataUrl(json: JsonWriter, out: ByteWriter): void {
  json.stringBegin();
  out.writeAscii("data:");
  out.writeBytes(inlineType.pointer, inlineType.length);
  out.writeAscii(";base64,");
  out.writeBytes(inlineBytes.pointer, inlineBytes.length);
  json.stringEnd();
}
