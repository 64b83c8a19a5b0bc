// Tools and the choice among them, from chat to Cohere. A named function has no counterpart as a choice: the tools are
// narrowed to that one and a call is required. `strict` holds for all tools at once at Cohere, so one strict tool makes
// all of them strict: a promise kept for more than it was asked for.
//
//   {"type":"function","function":{name,description,parameters,strict}} ─▶ {"type":"function","function":{…}}, strict_tools

import { equalBytes } from "../../bytes/compare";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const tool = new Fields("tools[].");
const toolType = tool.add("type", Use.NATIVE);
const toolFunction = tool.add("function");
tool.add("cache_control", Use.DROPPED);
const definition = new Fields("tools[].function.");
const name = definition.add("name", Use.NATIVE);
const description = definition.add("description", Use.NATIVE);
const parameters = definition.add("parameters", Use.NATIVE);
const strict = definition.add("strict", Use.MAPPED);

const choice = new Fields("tool_choice.");
const choiceType = choice.add("type");
const choiceFunction = choice.add("function", Use.MAPPED);
const named = new Fields();
const namedName = named.add("name");

const items = new Items();

export const toolFields: Fields[] = [tool, definition, choice];

/** `tools`, `strict_tools` and `tool_choice`. A choice without tools means nothing: it is left out. */
export function writeTools(t: Translation, tools: Value, toolChoice: Value): bool {
  if (!tools.present || tools.isEmpty) return true;
  if (!readChoice(t, toolChoice)) return false;
  if (!items.begin(tools)) return t.refuseType("tools", "an array");
  let anyStrict = false;
  let written = 0;
  t.json.key("tools");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("tools", items.index);
    if (!readTool(t, items.value)) return false;
    if (namedName.isString && !isNamed()) continue;
    writeTool(t);
    written++;
    if (strict.isTrue) anyStrict = true;
  }
  t.leave();
  t.json.arrayEnd();
  if (written == 0) return t.refuseValue("tool_choice.function.name", namedName, "name one of the tools.");
  if (anyStrict) {
    t.json.key("strict_tools");
    t.json.boolean(true);
  }
  writeChoice(t, toolChoice);
  return true;
}

/** Leaves the function that must be called in `namedName`. */
function readChoice(t: Translation, toolChoice: Value): bool {
  namedName.clear();
  if (!toolChoice.present || toolChoice.is("auto") || toolChoice.is("none") || toolChoice.is("required")) return true;
  if (toolChoice.isString) return t.refuseValue("tool_choice", toolChoice, "use auto, none, required or a function.");
  if (!choice.readValue(toolChoice)) return t.refuseType("tool_choice", "a string or an object");
  if (!choiceType.is("function")) return t.refuseValue("tool_choice.type", choiceType, "name a function.");
  if (named.readValue(choiceFunction) && namedName.isString) return true;
  return t.refuseType("tool_choice.function.name", "a string");
}

function readTool(t: Translation, value: Value): bool {
  if (!tool.readValue(value)) return t.refuseType("", "an object");
  if (!toolType.is("function")) return t.refuseValue("type", toolType, "use a function.");
  if (!definition.readValue(toolFunction)) return t.refuseType("function", "an object");
  if (!name.isString) return t.refuseType("function.name", "a string");
  if (parameters.present && !parameters.isObject) return t.refuseType("function.parameters", "an object");
  return t.dropRest(tool) && t.dropRest(definition);
}

function isNamed(): bool {
  return equalBytes(name.pointer, name.length, namedName.pointer, namedName.length);
}

function writeTool(t: Translation): void {
  const json = t.json;
  json.objectBegin();
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  name.copyTo(json);
  if (description.isText) {
    json.key("description");
    description.copyTo(json);
  }
  json.key("parameters");
  if (parameters.present && !parameters.isEmpty) {
    parameters.copyTo(json);
  } else {
    json.objectBegin();
    json.key("type");
    json.ascii("object");
    json.key("properties");
    json.objectBegin();
    json.objectEnd();
    json.objectEnd();
  }
  json.objectEnd();
  json.objectEnd();
}

/** To let the model decide is what Cohere does without a choice. */
function writeChoice(t: Translation, toolChoice: Value): void {
  if (!toolChoice.present || toolChoice.is("auto")) return;
  t.json.key("tool_choice");
  if (toolChoice.is("none")) t.json.ascii("NONE");
  else t.json.ascii("REQUIRED");
}
