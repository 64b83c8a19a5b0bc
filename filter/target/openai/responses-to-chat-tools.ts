// Tools and the choice among them, from Responses to chat: the same, but flat. Tools that OpenAI itself runs or defines
// (web_search, file_search, mcp, computer, code_interpreter, image_generation, custom …) are refused by name.
//
//   {"type":"function",name,description,parameters,strict}  ─▶  {"type":"function","function":{name,…}}

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const FUNCTIONS_ONLY = "only functions can be called.";

const tool = new Fields("tools[].");
const toolType = tool.add("type");
const toolName = tool.add("name", Use.MAPPED);
const toolText = tool.add("description", Use.MAPPED);
const toolSchema = tool.add("parameters", Use.MAPPED);
const toolStrict = tool.add("strict", Use.MAPPED);

const choice = new Fields("tool_choice.");
const choiceType = choice.add("type");
const choiceName = choice.add("name");
const choiceMode = choice.add("mode");
const choiceTools = choice.add("tools");
const allowed = new Fields();
const allowedType = allowed.add("type");
const allowedName = allowed.add("name");

const items = new Items();

export const toolFields: Fields = tool;

/** `tools` and `tool_choice`; a choice without tools is an error in chat and is left out. */
export function writeTools(t: Translation, tools: Value, toolChoice: Value): bool {
  if (!tools.present || tools.isEmpty) return true;
  if (!items.begin(tools)) return t.refuseType("tools", "an array");
  t.json.key("tools");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("tools", items.index);
    if (!writeTool(t, items.value)) return false;
  }
  t.leave();
  t.json.arrayEnd();
  return !toolChoice.present || writeChoice(t, toolChoice);
}

function writeTool(t: Translation, value: Value): bool {
  if (!tool.readValue(value)) return t.refuseType("", "an object");
  if (!toolType.is("function")) return t.refuseValue("type", toolType, FUNCTIONS_ONLY);
  if (!toolName.isText) return t.refuseType("name", "a string");
  const json = t.json;
  json.objectBegin();
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  toolName.copyTo(json);
  copy(t, toolText);
  copy(t, toolSchema);
  copy(t, toolStrict);
  json.objectEnd();
  json.objectEnd();
  return t.dropRest(tool);
}

function copy(t: Translation, value: Value): void {
  if (!value.present) return;
  t.json.key(value.name);
  value.copyTo(t.json);
}

function writeChoice(t: Translation, toolChoice: Value): bool {
  const json = t.json;
  if (toolChoice.is("auto") || toolChoice.is("none") || toolChoice.is("required")) {
    json.key("tool_choice");
    toolChoice.copyTo(json);
    return true;
  }
  if (!choice.readValue(toolChoice)) return t.refuseType("tool_choice", "auto, none, required or an object");
  if (choiceType.is("allowed_tools")) return writeAllowed(t);
  if (!choiceType.is("function")) return t.refuseValue("tool_choice.type", choiceType, FUNCTIONS_ONLY);
  if (!choiceName.isText) return t.refuseType("tool_choice.name", "a string");
  json.key("tool_choice");
  writeFunction(t, choiceName);
  return true;
}

function writeFunction(t: Translation, name: Value): void {
  const json = t.json;
  json.objectBegin();
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  name.copyTo(json);
  json.objectEnd();
  json.objectEnd();
}

function writeAllowed(t: Translation): bool {
  if (!choiceMode.isString) return t.refuseType("tool_choice.mode", "auto or required");
  if (!items.begin(choiceTools)) return t.refuseType("tool_choice.tools", "an array");
  const json = t.json;
  json.key("tool_choice");
  json.objectBegin();
  json.key("type");
  json.ascii("allowed_tools");
  json.key("allowed_tools");
  json.objectBegin();
  json.key("mode");
  choiceMode.copyTo(json);
  json.key("tools");
  json.arrayBegin();
  while (items.next()) {
    if (!allowed.readValue(items.value)) return t.refuseType("tool_choice.tools", "an array of objects");
    if (!allowedType.is("function")) return t.refuseValue("tool_choice.tools", allowedType, FUNCTIONS_ONLY);
    if (!allowedName.isText) return t.refuseType("tool_choice.tools", "an array of functions with a name");
    writeFunction(t, allowedName);
  }
  json.arrayEnd();
  json.objectEnd();
  json.objectEnd();
  return true;
}
