// Walks a chat conversation for an agent platform: who speaks, the text, and the images by URL. Tool calls and their
// results are refused, as is what a platform cannot fetch for itself (data URLs, files, sound).
//
//   openMessages(t, messages);  while (nextMessage(t)) { speaker(); writeJoinedText(out); openImages(); … nextImage() }

import { ByteWriter } from "../../bytes/byte-writer";
import { startsWithAscii } from "../../bytes/compare";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const message = new Fields("messages[].");
const role = message.add("role", Use.MAPPED);
const content = message.add("content", Use.MAPPED);
const refusal = message.add("refusal", Use.MAPPED);
const toolCalls = message.add("tool_calls", Use.REFUSED);
const functionCall = message.add("function_call", Use.REFUSED);
const audio = message.add("audio", Use.REFUSED);
message.add("name", Use.DROPPED);
message.add("reasoning_content", Use.DROPPED);
message.add("thinking_blocks", Use.DROPPED);
message.add("annotations", Use.DROPPED);
message.add("cache_control", Use.DROPPED);
message.add("extra_content", Use.DROPPED);

const part = new Fields("messages[].content[].");
const partType = part.add("type", Use.MAPPED);
const partText = part.add("text", Use.MAPPED);
const partRefusal = part.add("refusal", Use.MAPPED);
const partImage = part.add("image_url", Use.MAPPED);
part.add("file", Use.REFUSED);
part.add("input_audio", Use.REFUSED);
part.add("cache_control", Use.DROPPED);
const image = new Fields();
const url = image.add("url");

const items = new Items();
const parts = new Items();
const images = new Items();

export const messageFields: Fields[] = [message, part];

export enum Speaker {
  SYSTEM = 0,
  USER = 1,
  ASSISTANT = 2,
}
let current: Speaker = Speaker.USER;
let imageCount: i32 = 0;
let anyText: bool = false;

export function openMessages(t: Translation, messages: Value): bool {
  return items.begin(messages) || t.refuseType("messages", "an array");
}

/** The next message; false behind the last one, and after a refusal. */
export function nextMessage(t: Translation): bool {
  if (t.refused || !items.next()) {
    t.leave();
    return false;
  }
  t.enter("messages", items.index);
  if (!message.readValue(items.value)) return t.refuseType("", "an object");
  return readSpeaker(t) && t.dropRest(message) && checkContent(t);
}

export function speaker(): Speaker {
  return current;
}

export function hasImages(): bool {
  return imageCount > 0;
}

export function hasText(): bool {
  return anyText;
}

/** All texts of the message as the content of an open string, with an empty line between them. */
export function writeJoinedText(out: ByteWriter): void {
  let first = true;
  if (content.isString) {
    out.writeBytes(content.pointer, content.length);
    first = content.length == 0;
  }
  parts.begin(content);
  while (parts.next()) {
    part.readValue(parts.value);
    if (!partType.is("image_url")) first = writeMore(out, first, partType.is("text") ? partText : partRefusal);
  }
  if (refusal.isText) writeMore(out, first, refusal);
}

/** The images of the message that `nextMessage` has read. */
export function openImages(): void {
  images.begin(content);
}

/** The URL of the next image, raw string content; null behind the last one. */
export function nextImage(): Value | null {
  while (images.next()) {
    if (part.readValue(images.value) && partType.is("image_url") && image.readValue(partImage)) return url;
  }
  return null;
}

function writeMore(out: ByteWriter, first: bool, text: Value): bool {
  if (!text.isText) return first;
  if (!first) out.writeAscii("\\n\\n");
  out.writeBytes(text.pointer, text.length);
  return false;
}

function readSpeaker(t: Translation): bool {
  if (toolCalls.present && !toolCalls.isEmpty)
    return t.refuseField("tool_calls", "the application has tools of its own.");
  if (functionCall.present) return t.refuseField("function_call", "the application has tools of its own.");
  if (audio.present) return t.refuseField("audio");
  if (role.is("user")) current = Speaker.USER;
  else if (role.is("assistant")) current = Speaker.ASSISTANT;
  else if (role.is("system") || role.is("developer")) current = Speaker.SYSTEM;
  else if (!role.isString) return t.refuseType("role", "a string");
  else return t.refuseValue("role", role, "use system, developer, user or assistant.");
  return true;
}

function checkContent(t: Translation): bool {
  imageCount = 0;
  anyText = content.isText || refusal.isText;
  if (content.isString || (!content.present && current == Speaker.ASSISTANT)) return true;
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!part.readValue(parts.value)) return t.refuseType("", "an object");
    if (!t.dropRest(part) || !checkPart(t)) return false;
  }
  t.enterPart("", -1);
  return true;
}

function checkPart(t: Translation): bool {
  if (partText.isText || partRefusal.isText) anyText = true;
  if (partType.is("text")) return partText.isString || t.refuseType("text", "a string");
  if (partType.is("refusal") && current == Speaker.ASSISTANT) {
    return partRefusal.isString || t.refuseType("refusal", "a string");
  }
  if (!partType.isString) return t.refuseType("type", "a string");
  if (!partType.is("image_url") || current != Speaker.USER) return t.refuseValue("type", partType, "send its text.");
  if (!image.readValue(partImage) || !url.isString) return t.refuseType("image_url.url", "a string");
  if (!t.unescape(url)) return false;
  const pointer = t.textPointer;
  const length = t.textLength;
  if (!startsWithAscii(pointer, length, "https://") && !startsWithAscii(pointer, length, "http://")) {
    return t.refuseField("image_url.url", "send an https URL.");
  }
  imageCount++;
  return true;
}
