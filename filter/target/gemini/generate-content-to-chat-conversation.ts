// The conversation, from Gemini to chat. Neighbouring turns of the model are one message: a stream leaves a turn for every
// chunk in the client's history. Results of functions become tool messages right behind the calls, in front of what the
// user says beside them. Gemini's calls need no id: a result without one answers the first open call of its name.
//
//   Gemini   user | model(thought, text) · model(call a, call b) | user(result a, result b, text)
//   chat     user · assistant(thinking, text, calls a, b) · tool(a) · tool(b) · user(text)

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { AssistantDraft, callFields } from "./generate-content-to-chat-assistant";
import { mediaFields, Part, partFields } from "./generate-content-to-chat-content";
import { resultFields, UserDraft } from "./generate-content-to-chat-user";

const turn = new Fields("contents[].", true);
const role = turn.add("role", Use.MAPPED);
const parts = turn.add("parts");

const system = new Fields("systemInstruction.", true);
system.add("role");
const systemParts = system.add("parts");
const systemPart = new Fields("systemInstruction.parts[].", true);
const systemText = systemPart.add("text", Use.NATIVE);

export const conversationFields: Fields[] = [turn, systemPart]
  .concat(partFields)
  .concat(mediaFields)
  .concat(callFields)
  .concat(resultFields);

const turns = new Items();
const items = new Items();
const part = new Part();
const assistant = new AssistantDraft();
const user = new UserDraft(assistant.calls);

export function writeConversation(t: Translation, systemInstruction: Value, contents: Value, inChain: bool): bool {
  t.json.key("messages");
  t.json.arrayBegin();
  if (!writeSystem(t, systemInstruction)) return false;
  if (!turns.begin(contents)) return t.refuseType("contents", "an array");
  assistant.reset(inChain);
  user.reset(inChain);
  while (turns.next()) {
    t.enter("contents", turns.index);
    if (!writeTurn(t, inChain)) return false;
  }
  t.leave();
  if (turns.index < 0) return t.refuseType("contents", "an array with at least one turn");
  if (!assistant.flush(t) || !user.flush(t)) return false;
  t.json.arrayEnd();
  return true;
}

function writeTurn(t: Translation, inChain: bool): bool {
  if (!turn.readValue(turns.value)) return t.refuseType("", "an object");
  const model = role.is("model");
  // `function` is how the first version of the API called who gives results.
  const isUser = role.is("user") || role.is("function") || !role.present || (role.isString && role.length == 0);
  if (!model && !isUser) return t.refuseValue("role", role, "use user or model.");
  if (!parts.isArray && parts.present) return t.refuseType("parts", "an array");
  if (!t.dropRest(turn)) return false;
  if (model && !user.flush(t)) return false;
  if (!model && !assistant.flush(t)) return false;
  items.begin(parts);
  while (items.next()) {
    t.enterPart("parts", items.index);
    if (!part.read(t, items.value, inChain)) return false;
    if (model ? !assistant.take(t, part, turns.index, items.index) : !user.take(t, part)) return false;
  }
  t.enter("contents", turns.index);
  return model || user.endTurn(t);
}

/** One message, whose parts are paragraphs: many providers take a string only. */
function writeSystem(t: Translation, instruction: Value): bool {
  if (!system.readValue(instruction)) {
    return !instruction.present || t.refuseType("systemInstruction", "an object with parts");
  }
  if (!items.begin(systemParts)) return true;
  let texts = 0;
  while (items.next()) {
    t.enter("systemInstruction.parts", items.index);
    if (!systemPart.readValue(items.value)) return t.refuseType("", "an object");
    if (!systemText.isString) return t.refuseField("", "give a text.");
    if (systemText.length == 0) continue;
    if (texts++ == 0) {
      t.json.objectBegin();
      t.json.key("role");
      t.json.ascii("system");
      t.json.key("content");
      t.json.stringBegin();
    } else {
      t.out.writeAscii("\\n\\n");
    }
    t.out.writeBytes(systemText.pointer, systemText.length);
  }
  t.leave();
  if (texts == 0) return true;
  t.json.stringEnd();
  t.json.objectEnd();
  return true;
}
