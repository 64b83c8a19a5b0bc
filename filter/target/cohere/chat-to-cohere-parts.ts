// One part of a message's content, from chat to Cohere: text, image, and Cohere's own document in a tool's result. Sound
// and files are refused: Cohere reads neither.

import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";

const part = new Fields("messages[].content[].");
const type = part.add("type", Use.NATIVE);
const text = part.add("text", Use.NATIVE);
const refusal = part.add("refusal", Use.MAPPED);
const imageUrl = part.add("image_url", Use.NATIVE);
const document = part.add("document", Use.NATIVE);
part.add("cache_control", Use.DROPPED);
part.add("input_audio", Use.REFUSED);
part.add("file", Use.REFUSED);
const image = new Fields();
const url = image.add("url");
const detail = image.add("detail");

export const partFields = part;

/** Takes a part to look at; `writePart` and `partText` then speak of it. */
export function readPart(t: Translation, value: Value): bool {
  if (!part.readValue(value)) return t.refuseType("", "an object");
  if (!type.isString) return t.refuseType("type", "a string");
  return t.dropRest(part);
}

/** The text of a part that must have one; null after a refusal. */
export function partText(t: Translation): Value | null {
  const isText = type.is("text");
  if (!isText && !type.is("refusal")) {
    t.refuseValue("type", type, "send its text.");
    return null;
  }
  const value = isText ? text : refusal;
  if (value.isString) return value;
  t.refuseType(isText ? "text" : "refusal", "a string");
  return null;
}

/** What a role may say beside text. */
export enum Beside {
  NOTHING = 0,
  IMAGES = 1,
  DOCUMENTS = 2,
}

export function writePart(t: Translation, beside: Beside): bool {
  if (beside == Beside.IMAGES && type.is("image_url")) return writeImage(t);
  if (beside == Beside.DOCUMENTS && type.is("document") && document.isObject) {
    writeDocument(t.json);
    return true;
  }
  const value = partText(t);
  if (value == null) return false;
  writeTextPart(t.json, value);
  return true;
}

export function writeTextPart(json: JsonWriter, value: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("text");
  json.key("text");
  value.copyTo(json);
  json.objectEnd();
}

function writeImage(t: Translation): bool {
  const json = t.json;
  if (!image.readValue(imageUrl) || !url.isString) return t.refuseType("image_url.url", "a string");
  json.objectBegin();
  json.key("type");
  json.ascii("image_url");
  json.key("image_url");
  json.objectBegin();
  json.key("url");
  url.copyTo(json);
  if (detail.isText) {
    json.key("detail");
    detail.copyTo(json);
  }
  json.objectEnd();
  json.objectEnd();
  return true;
}

function writeDocument(json: JsonWriter): void {
  json.objectBegin();
  json.key("type");
  json.ascii("document");
  json.key("document");
  document.copyTo(json);
  json.objectEnd();
}
