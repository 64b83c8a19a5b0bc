// Tools and the choice among them, from chat to Converse. Function tools only: every other kind runs at the provider.
//
//   {"type":"function","function":{name,description,parameters,strict}}
//     ─▶ {"toolSpec":{name,description,"inputSchema":{"json":…},strict}}

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { conversationUsesTools } from "./chat-to-converse-conversation";
import { writeCachePoint } from "./chat-to-converse-parts";

export const toolFields = new Fields("tools[].");
const toolType = toolFields.add("type");
const toolFunction = toolFields.add("function");
const toolCacheControl = toolFields.add("cache_control", Use.MAPPED);
export const definitionFields = new Fields("tools[].function.");
const name = definitionFields.add("name", Use.NATIVE);
const description = definitionFields.add("description", Use.NATIVE);
const parameters = definitionFields.add("parameters", Use.MAPPED);
const strict = definitionFields.add("strict", Use.NATIVE);
const schema = new Fields();
const schemaType = schema.add("type");

const choice = new Fields();
const choiceType = choice.add("type");
const choiceFunction = choice.add("function");
const named = new Fields();
const namedName = named.add("name");

const items = new Items();

/** `toolConfig`, once the conversation is written. A choice without tools means nothing in chat: it is left out. */
export function writeTools(t: Translation, tools: Value, toolChoice: Value): bool {
  if (!tools.present || tools.isEmpty) return true;
  if (toolChoice.is("none")) {
    if (!conversationUsesTools) return true;
    return t.refuseValue("tool_choice", toolChoice, "Converse wants its tools once they were called; use auto.");
  }
  t.json.key("toolConfig");
  t.json.objectBegin();
  t.json.key("tools");
  if (!items.begin(tools)) return t.refuseType("tools", "an array");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("tools", items.index);
    if (!writeTool(t, items.value)) return false;
  }
  t.leave();
  t.json.arrayEnd();
  if (toolChoice.present && !writeChoice(t, toolChoice)) return false;
  t.json.objectEnd();
  return true;
}

function writeTool(t: Translation, value: Value): bool {
  if (!toolFields.readValue(value)) return t.refuseType("", "an object");
  if (!toolType.is("function")) return t.refuseValue("type", toolType, "use a function.");
  if (!definitionFields.readValue(toolFunction)) return t.refuseType("function", "an object");
  if (!name.isString) return t.refuseType("function.name", "a string");
  if (!t.dropRest(toolFields) || !t.dropRest(definitionFields)) return false;
  t.json.objectBegin();
  t.json.key("toolSpec");
  t.json.objectBegin();
  t.json.key("name");
  name.copyTo(t.json);
  if (description.isText) {
    t.json.key("description");
    description.copyTo(t.json);
  }
  t.json.key("inputSchema");
  t.json.objectBegin();
  t.json.key("json");
  if (!writeSchema(t)) return false;
  t.json.objectEnd();
  if (strict.isTrue) {
    t.json.key("strict");
    t.json.boolean(true);
  }
  t.json.objectEnd();
  t.json.objectEnd();
  writeCachePoint(t.json, toolCacheControl);
  return true;
}

/** The parameters as they stand; Converse insists on `"type":"object"`, which chat lets one leave out. */
function writeSchema(t: Translation): bool {
  if (!parameters.present || parameters.isEmpty) {
    t.json.literal('{"type":"object","properties":{}}');
    return true;
  }
  if (!schema.readValue(parameters)) return t.refuseType("function.parameters", "an object");
  if (schemaType.present) {
    parameters.copyTo(t.json);
    return true;
  }
  t.json.raw(parameters.pointer, 1);
  t.out.writeAscii('"type":"object",');
  t.out.writeBytes(parameters.pointer + 1, parameters.length - 1);
  return true;
}

function writeChoice(t: Translation, toolChoice: Value): bool {
  t.json.key("toolChoice");
  if (toolChoice.is("auto")) {
    t.json.literal('{"auto":{}}');
  } else if (toolChoice.is("required")) {
    t.json.literal('{"any":{}}');
  } else if (toolChoice.isString) {
    return t.refuseValue("tool_choice", toolChoice, "use auto, none, required or a function.");
  } else {
    return writeNamedChoice(t, toolChoice);
  }
  return true;
}

function writeNamedChoice(t: Translation, toolChoice: Value): bool {
  if (!choice.readValue(toolChoice)) return t.refuseType("tool_choice", "a string or an object");
  if (!choiceType.is("function")) return t.refuseValue("tool_choice.type", choiceType, "name a function.");
  if (!named.readValue(choiceFunction) || !namedName.isString) {
    return t.refuseType("tool_choice.function.name", "a string");
  }
  t.json.objectBegin();
  t.json.key("tool");
  t.json.objectBegin();
  t.json.key("name");
  namedName.copyTo(t.json);
  t.json.objectEnd();
  t.json.objectEnd();
  return true;
}
