// The conversation, from Responses to chat: instructions first, then the input, which is a text or a row of items. The
// assistant's items become one message a turn; a tool's output becomes a tool message. Chat's tool messages are text
// alone: outside a chain images and files in an output go to a user message behind the turn's last one.
//
//   Responses  message(user) · reasoning · function_call a · function_call_output a (text, image)
//   chat       user · assistant(call a) · tool(a) · user(image)

import { ByteWriter } from "../../bytes/byte-writer";
import { startsWithAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { REASONING_PREFIX } from "./response-items";
import { beginParts, isOneText, isText, nextPart, partText, writePart } from "./responses-to-chat-parts";
import { addCall, addMessage, addReasoning, beginTurn, endTurn } from "./responses-to-chat-turn";

const item = new Fields("input[].");
const type = item.add("type");
const role = item.add("role", Use.NATIVE);
const content = item.add("content", Use.MAPPED);
const callId = item.add("call_id", Use.MAPPED);
const name = item.add("name", Use.MAPPED);
const callArguments = item.add("arguments", Use.MAPPED);
const output = item.add("output", Use.MAPPED);
const summary = item.add("summary", Use.MAPPED);
const encryptedContent = item.add("encrypted_content", Use.MAPPED);
// Labels of an earlier answer.
const id = item.add("id");
item.add("status");
item.add("phase");

const items = new Items();
const media = new ByteWriter(i32.MAX_VALUE);
const mediaJson = new JsonWriter(media);

let inChain: bool = false;

export const conversationFields: Fields = item;

export function writeConversation(t: Translation, withinChain: bool, instructions: Value, input: Value): bool {
  inChain = withinChain;
  beginTurn();
  media.reset();
  t.json.key("messages");
  t.json.arrayBegin();
  if (instructions.present) {
    if (!instructions.isString) return t.refuseType("instructions", "a string");
    writeText(t, "system", instructions);
  }
  if (input.isString) writeText(t, "user", input);
  else if (!writeItems(t, input)) return false;
  t.json.arrayEnd();
  return true;
}

function writeItems(t: Translation, input: Value): bool {
  if (!items.begin(input)) return t.refuseType("input", "a string or an array");
  while (items.next()) {
    t.enter("input", items.index);
    if (!item.readValue(items.value)) return t.refuseType("", "an object");
    if (!t.dropRest(item) || !writeItem(t)) return false;
  }
  t.leave();
  return endTurn(t) && writeMedia(t);
}

function writeItem(t: Translation): bool {
  const isMessage = type.is("message") || (!type.present && role.present);
  if (type.is("function_call_output")) return endTurn(t) && writeOutput(t);
  if (!writeMedia(t)) return false;
  if (isMessage && role.is("assistant")) return addMessage(t, content);
  if (type.is("function_call")) return addCall(t, callId, name, callArguments, inChain);
  if (type.is("reasoning")) return addReasoning(t, summary, encryptedContent, inChain);
  if (isMessage) return endTurn(t) && writeMessage(t);
  if (type.is("item_reference")) return writeReference(t);
  return type.isString ? t.refuseValue("type", type) : t.refuseType("type", "a string");
}

/** Nothing is kept here, so what is referred to is lost: thoughts may be, as those of another provider are; nothing else. */
function writeReference(t: Translation): bool {
  if (id.isString && startsWithAscii(id.pointer, id.length, REASONING_PREFIX)) return t.drop("input[].reasoning");
  return t.refuseValue("type", type, "send the item itself (with store: false your SDK does).");
}

function writeMessage(t: Translation): bool {
  const developer = role.is("developer");
  const instructs = developer || role.is("system");
  if (!instructs && !role.is("user")) {
    return role.isString ? t.refuseValue("role", role) : t.refuseType("role", "a string");
  }
  beginMessage(t, developer ? "developer" : instructs ? "system" : "user");
  if (content.isString) {
    content.copyTo(t.json);
  } else if (isOneText(content)) {
    partText().copyTo(t.json);
  } else {
    if (!beginParts(content)) return t.refuseType("content", "a string or an array");
    t.json.arrayBegin();
    while (nextPart(t)) if (!writePart(t, t.json, inChain, instructs)) return false;
    if (t.refused) return false;
    t.json.arrayEnd();
  }
  t.json.objectEnd();
  return true;
}

function writeOutput(t: Translation): bool {
  if (!callId.isText) return t.refuseType("call_id", "a string");
  beginMessage(t, "tool");
  if (output.isString) {
    output.copyTo(t.json);
  } else if (isOneText(output)) {
    partText().copyTo(t.json);
  } else {
    if (!beginParts(output)) return t.refuseType("output", "a string or an array");
    if (inChain ? !writeOutputParts(t) : !writeOutputTexts(t)) return false;
  }
  t.json.key("tool_call_id");
  callId.copyTo(t.json);
  t.json.objectEnd();
  return true;
}

function writeOutputParts(t: Translation): bool {
  t.json.arrayBegin();
  while (nextPart(t)) if (!writePart(t, t.json, true, false)) return false;
  t.json.arrayEnd();
  return !t.refused;
}

/** The texts, with an empty line between them: many providers take a string only. The rest waits for `writeMedia`. */
function writeOutputTexts(t: Translation): bool {
  let texts = 0;
  t.json.stringBegin();
  while (nextPart(t)) {
    if (isText()) {
      const said = partText();
      if (!said.isString) return t.refuseType("text", "a string");
      if (texts++ > 0) t.out.writeAscii("\\n\\n");
      t.out.writeBytes(said.pointer, said.length);
      continue;
    }
    if (media.length == 0) {
      mediaJson.reset(media);
      mediaJson.arrayBegin();
    }
    if (!writePart(t, mediaJson, false, false)) return false;
  }
  t.json.stringEnd();
  return !t.refused;
}

/** What tools gave beside texts, once all of a turn's results are written. */
function writeMedia(t: Translation): bool {
  if (media.length == 0) return true;
  mediaJson.arrayEnd();
  if (media.overflow) return t.refuse(ErrorCode.OVERLOADED);
  beginMessage(t, "user");
  t.json.raw(media.pointer, media.length);
  t.json.objectEnd();
  media.reset();
  return true;
}

function writeText(t: Translation, who: string, value: Value): void {
  beginMessage(t, who);
  value.copyTo(t.json);
  t.json.objectEnd();
}

/** Up to the content's value. */
function beginMessage(t: Translation, who: string): void {
  t.json.objectBegin();
  t.json.key("role");
  t.json.ascii(who);
  t.json.key("content");
}
