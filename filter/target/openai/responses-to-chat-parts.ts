// One part of a message or of a tool's output, from Responses to chat: text, image, file, sound. Files that only OpenAI
// holds, or would fetch, are refused.
//
//   {"type":"input_image","image_url":"data:…","detail":"low"}
//     ─▶ {"type":"image_url","image_url":{"url":"data:…","detail":"low"}}

import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const part = new Fields("input[].content[].");
const type = part.add("type");
const text = part.add("text", Use.MAPPED);
const refusal = part.add("refusal", Use.MAPPED);
const imageUrl = part.add("image_url", Use.MAPPED);
const detail = part.add("detail", Use.MAPPED);
const fileId = part.add("file_id", Use.REFUSED);
const fileUrl = part.add("file_url", Use.REFUSED);
const fileData = part.add("file_data", Use.MAPPED);
const filename = part.add("filename", Use.MAPPED);
const inputAudio = part.add("input_audio", Use.NATIVE);
const cacheControl = part.add("cache_control", Use.MAPPED);
// What an earlier answer said beside its text: no model reads it.
part.add("annotations");
part.add("logprobs");

const parts = new Items();
/** The member that the parts are in: a constant. */
let list: string = "content";

export const partFields: Fields = part;

/** Reads the next part of the content that `beginParts` took; false behind the last one, or when it was refused. */
export function nextPart(t: Translation): bool {
  if (!parts.next()) return false;
  t.enterPart(list, parts.index);
  if (!part.readValue(parts.value)) return t.refuseType("", "an object");
  return t.dropRest(part);
}

/** False when it is no array. */
export function beginParts(content: Value): bool {
  list = content.name;
  return parts.begin(content);
}

/** Of the part just read. */
export function isText(): bool {
  return type.is("input_text") || type.is("output_text") || type.is("text");
}
export function isRefusal(): bool {
  return type.is("refusal");
}
export function partText(): Value {
  return isRefusal() ? refusal : text;
}
export function refusePart(t: Translation): bool {
  return type.isString ? t.refuseValue("type", type) : t.refuseType("type", "a string");
}

/** Whether the content is one plain text, which chat then gets as a string. It is that part afterwards. */
export function isOneText(content: Value): bool {
  if (!parts.begin(content) || !parts.next() || !part.readValue(parts.value)) return false;
  if (!isText() || !text.isString || cacheControl.present || part.unknownCount > 0) return false;
  return !parts.next();
}

/** The part just read, for a user message or, `textOnly`, for an instruction. */
export function writePart(t: Translation, json: JsonWriter, inChain: bool, textOnly: bool): bool {
  if (isText()) {
    if (!text.isString) return t.refuseType("text", "a string");
    begin(json, "text");
    text.copyTo(json);
  } else if (textOnly) {
    return refusePart(t);
  } else if (type.is("input_image")) {
    if (!writeImage(t, json)) return false;
  } else if (type.is("input_file")) {
    if (!writeFile(t, json)) return false;
  } else if (type.is("input_audio")) {
    if (!inputAudio.isObject) return t.refuseType("input_audio", "an object");
    begin(json, "input_audio");
    inputAudio.copyTo(json);
  } else {
    return refusePart(t);
  }
  if (inChain && cacheControl.present) {
    json.key("cache_control");
    cacheControl.copyTo(json);
  }
  json.objectEnd();
  return true;
}

function writeImage(t: Translation, json: JsonWriter): bool {
  if (!imageUrl.isText) {
    if (fileId.present) return t.refuseField("file_id", "send the image itself as image_url.");
    return t.refuseType("image_url", "a string");
  }
  begin(json, "image_url");
  json.objectBegin();
  json.key("url");
  imageUrl.copyTo(json);
  if (detail.isString) {
    json.key("detail");
    detail.copyTo(json);
  }
  json.objectEnd();
  return true;
}

function writeFile(t: Translation, json: JsonWriter): bool {
  if (!fileData.isText) {
    if (fileId.present) return t.refuseField("file_id", "send the file itself as file_data.");
    if (fileUrl.present) return t.refuseField("file_url", "send the file itself as file_data.");
    return t.refuseType("file_data", "a string");
  }
  begin(json, "file");
  json.objectBegin();
  json.key("filename");
  if (filename.isText) filename.copyTo(json);
  else json.ascii("document.pdf");
  json.key("file_data");
  fileData.copyTo(json);
  json.objectEnd();
  return true;
}

/** Up to the value that is named like the part's type. */
function begin(json: JsonWriter, name: string): void {
  json.objectBegin();
  json.key("type");
  json.ascii(name);
  json.key(name);
}
