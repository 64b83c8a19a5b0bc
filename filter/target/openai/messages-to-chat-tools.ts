// Tools and the choice among them, from Messages to chat. Tools that Anthropic itself runs or defines are refused.
//
//   {name,description,input_schema,strict}  ─▶  {"type":"function","function":{name,description,parameters,strict}}

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { writeCacheControl } from "./messages-to-chat-parts";

const tool = new Fields("tools[].");
const toolType = tool.add("type", Use.REFUSED);
const toolName = tool.add("name", Use.NATIVE);
const toolText = tool.add("description", Use.NATIVE);
const toolSchema = tool.add("input_schema", Use.MAPPED);
const toolStrict = tool.add("strict", Use.NATIVE);
const toolCache = tool.add("cache_control", Use.DROPPED, "cache_control");
tool.add("input_examples", Use.DROPPED);
tool.add("defer_loading", Use.DROPPED);
tool.add("eager_input_streaming", Use.DROPPED);
tool.add("allowed_callers", Use.DROPPED);

const choice = new Fields("tool_choice.");
const choiceType = choice.add("type", Use.MAPPED);
const choiceName = choice.add("name", Use.MAPPED);
const choiceSingle = choice.add("disable_parallel_tool_use", Use.MAPPED, "parallel_tool_calls");

export const toolFields: Fields[] = [tool, choice];

const items = new Items();

/** `tools`, `tool_choice` and `parallel_tool_calls`; a choice without tools is an error at OpenAI and is left out. */
export function writeTools(t: Translation, inChain: bool, tools: Value, toolChoice: Value): bool {
  if (!tools.present || tools.isEmpty) return true;
  if (!items.begin(tools)) return t.refuseType("tools", "an array");
  t.json.key("tools");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("tools", items.index);
    if (!writeTool(t, inChain, items.value)) return false;
  }
  t.leave();
  t.json.arrayEnd();
  return !toolChoice.present || writeChoice(t, toolChoice);
}

function writeTool(t: Translation, inChain: bool, value: Value): bool {
  if (!tool.readValue(value)) return t.refuseType("", "an object");
  if (toolType.present && !toolType.is("custom"))
    return t.refuseValue("type", toolType, "describe it as a custom tool.");
  if (!toolName.isText) return t.refuseType("name", "a string");
  if (!t.dropRest(tool, inChain)) return false;
  const json = t.json;
  json.objectBegin();
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  toolName.copyTo(json);
  if (toolText.isText) {
    json.key("description");
    toolText.copyTo(json);
  }
  if (toolSchema.isObject) {
    json.key("parameters");
    toolSchema.copyTo(json);
  }
  if (toolStrict.isTrue) {
    json.key("strict");
    json.boolean(true);
  }
  json.objectEnd();
  if (inChain) writeCacheControl(t, toolCache);
  json.objectEnd();
  return true;
}

function writeChoice(t: Translation, toolChoice: Value): bool {
  if (!choice.readValue(toolChoice)) return t.refuseType("tool_choice", "an object");
  const json = t.json;
  json.key("tool_choice");
  if (choiceType.is("auto")) {
    json.ascii("auto");
  } else if (choiceType.is("any")) {
    json.ascii("required");
  } else if (choiceType.is("none")) {
    json.ascii("none");
  } else if (choiceType.is("tool") && choiceName.isText) {
    json.objectBegin();
    json.key("type");
    json.ascii("function");
    json.key("function");
    json.objectBegin();
    json.key("name");
    choiceName.copyTo(json);
    json.objectEnd();
    json.objectEnd();
  } else {
    return t.refuseType("tool_choice.type", "auto, any, none or tool with a name");
  }
  if (choiceSingle.isTrue) {
    json.key("parallel_tool_calls");
    json.boolean(false);
  }
  return true;
}
