// What a tool gave, from Messages to chat: the content of a tool message. Plain chat takes texts only, and has no flag for a
// failed tool, so the text says it; within a chain every block keeps its place and its caching mark.

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { dropCitations, writeDocument, writeImage, writeTextPart } from "./messages-to-chat-parts";

const inner = new Fields("messages[].content[].content[].");
const innerType = inner.add("type");
const innerText = inner.add("text", Use.NATIVE);
const innerSource = inner.add("source", Use.MAPPED);
const innerTitle = inner.add("title", Use.MAPPED);
const innerContext = inner.add("context", Use.MAPPED);
const innerCitations = inner.add("citations", Use.DROPPED);
const innerCache = inner.add("cache_control", Use.DROPPED, "cache_control");
inner.add("transformations", Use.DROPPED);

export const resultFields: Fields[] = [inner];

const inners = new Items();

/** Texts with an empty line between them: many providers take a string only. Other blocks are passed over. */
export function writeJoined(t: Translation, value: Value, prefix: string = ""): bool {
  t.json.stringBegin();
  t.out.writeAscii(prefix);
  if (value.isString) t.out.writeBytes(value.pointer, value.length);
  let texts = 0;
  inners.begin(value);
  while (inners.next()) {
    if (!inner.readValue(inners.value) || !innerType.is("text")) continue;
    if (texts++ > 0) t.out.writeAscii("\\n\\n");
    t.out.writeBytes(innerText.pointer, innerText.length);
  }
  t.json.stringEnd();
  return true;
}

/** The value of a tool message's content. */
export function writeResultContent(t: Translation, inChain: bool, value: Value, isError: Value): bool {
  if (value.present && !value.isString && !value.isArray) return t.refuseType("content", "a string or an array");
  inners.begin(value);
  while (inners.next()) if (!checkBlock(t, inChain)) return false;
  if (!inChain || !value.isArray || value.isEmpty)
    return writeJoined(t, value, isError.isTrue && !inChain ? "Error: " : "");
  t.json.arrayBegin();
  inners.begin(value);
  while (inners.next()) if (inner.readValue(inners.value) && !writeBlock(t, true)) return false;
  t.json.arrayEnd();
  return true;
}

function checkBlock(t: Translation, inChain: bool): bool {
  if (!inner.readValue(inners.value)) return t.refuseType("content", "an array of objects");
  if (innerType.is("text")) {
    if (!innerText.isString) return t.refuseType("content", "an array of blocks with a text");
  } else if (!isMedium()) {
    return t.refuseValue("content", innerType);
  }
  return dropCitations(innerCitations) && t.dropRest(inner, inChain);
}

function isMedium(): bool {
  return innerType.is("image") || innerType.is("document");
}

function writeBlock(t: Translation, inChain: bool): bool {
  const cache = inChain ? innerCache : null;
  if (innerType.is("image")) return writeImage(t, innerSource, cache);
  if (innerType.is("document")) return writeDocument(t, inChain, innerSource, innerTitle, innerContext, cache);
  writeTextPart(t, innerText, cache);
  return true;
}

export function countMedia(result: Value): i32 {
  let media = 0;
  inners.begin(result);
  while (inners.next()) if (inner.readValue(inners.value) && isMedium()) media++;
  return media;
}

/** Images and documents as parts of a user message. */
export function writeResultMedia(t: Translation, result: Value): bool {
  inners.begin(result);
  while (inners.next()) {
    if (inner.readValue(inners.value) && isMedium() && !writeBlock(t, false)) return false;
  }
  return true;
}
