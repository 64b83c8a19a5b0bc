// The result of a tool, from chat to Gemini: its text as output or error, images and files beside it.
//
//   {"role":"tool","tool_call_id":"a","content":"15 °C"}
//     ─▶ {"functionResponse":{"id":"a","name":"get_weather","response":{"output":"15 °C"}}}

import { Translation } from "../translation/translation";
import { Items, Value } from "../translation/value";
import { dropPartRest, partIsText, partText, readPart, writeMedia } from "./chat-to-gemini-parts";

const parts = new Items();

export function writeFunctionResponse(t: Translation, id: Value, name: Value, content: Value, failed: bool): bool {
  t.json.objectBegin();
  t.json.key("functionResponse");
  t.json.objectBegin();
  t.json.key("id");
  id.copyTo(t.json);
  t.json.key("name");
  name.copyTo(t.json);
  t.json.key("response");
  t.json.objectBegin();
  t.json.key(failed ? "error" : "output");
  if (!writeOutput(t, content)) return false;
  t.json.objectEnd();
  if (!content.isString && content.present && !writeResultMedia(t, content)) return false;
  t.json.objectEnd();
  t.json.objectEnd();
  return true;
}

/** The text as a string, even where it is JSON: Gemini's structures would round its numbers. */
function writeOutput(t: Translation, content: Value): bool {
  if (content.isString) {
    content.copyTo(t.json);
    return true;
  }
  if (content.present && !parts.begin(content)) return t.refuseType("content", "a string or an array");
  t.json.stringBegin();
  let texts = 0;
  while (content.present && parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value) || !dropPartRest(t)) return false;
    if (!partIsText()) continue;
    if (!partText().isString) return t.refuseType("text", "a string");
    if (texts++ > 0) t.out.writeAscii("\\n\\n");
    t.out.writeBytes(partText().pointer, partText().length);
  }
  t.json.stringEnd();
  return true;
}

function writeResultMedia(t: Translation, content: Value): bool {
  let count = 0;
  parts.begin(content);
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (partIsText()) continue;
    if (count++ == 0) {
      t.json.key("parts");
      t.json.arrayBegin();
    }
    t.json.objectBegin();
    if (!writeMedia(t, t.json)) return false;
    t.json.objectEnd();
  }
  if (count > 0) t.json.arrayEnd();
  return true;
}
