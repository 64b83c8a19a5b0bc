// Tools and the choice among them, from chat to Messages. Function tools only: every other kind runs at the provider.
//
//   {"type":"function","function":{name,description,parameters,strict}}  ─▶  {name,description,input_schema,strict}

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const tool = new Fields("tools[].");
const toolType = tool.add("type");
const toolFunction = tool.add("function");
tool.add("custom", Use.REFUSED);
const toolCacheControl = tool.add("cache_control", Use.NATIVE);
const definition = new Fields("tools[].function.");
const name = definition.add("name", Use.NATIVE);
const description = definition.add("description", Use.NATIVE);
const parameters = definition.add("parameters", Use.MAPPED);
const strict = definition.add("strict", Use.NATIVE);
const schema = new Fields();
const schemaType = schema.add("type");

const choice = new Fields("tool_choice.");
const choiceType = choice.add("type");
const choiceFunction = choice.add("function", Use.MAPPED);
choice.add("allowed_tools", Use.REFUSED);
choice.add("custom", Use.REFUSED);
const named = new Fields();
const namedName = named.add("name");

export const toolFields: Fields[] = [tool, definition, choice];

const items = new Items();

/** `tools` and `tool_choice`. A choice without tools means nothing in chat and is an error in Messages: it is left out. */
export function writeTools(t: Translation, tools: Value, toolChoice: Value, parallel: Value): bool {
  if (!tools.present || tools.isEmpty) return true;
  t.json.key("tools");
  if (!items.begin(tools)) return t.refuseType("tools", "an array");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("tools", items.index);
    if (!writeTool(t, items.value)) return false;
  }
  t.leave();
  t.json.arrayEnd();
  return writeChoice(t, toolChoice, parallel.present && !parallel.isTrue);
}

function writeTool(t: Translation, value: Value): bool {
  if (!tool.readValue(value)) return t.refuseType("", "an object");
  if (!toolType.is("function")) return t.refuseValue("type", toolType, "use a function.");
  if (!t.dropRest(tool)) return false;
  if (!definition.readValue(toolFunction)) return t.refuseType("function", "an object");
  if (!name.isString) return t.refuseType("function.name", "a string");
  if (!t.dropRest(definition)) return false;
  t.json.objectBegin();
  t.json.key("name");
  name.copyTo(t.json);
  if (description.isText) {
    t.json.key("description");
    description.copyTo(t.json);
  }
  t.json.key("input_schema");
  if (!writeSchema(t)) return false;
  if (strict.isTrue) {
    t.json.key("strict");
    t.json.boolean(true);
  }
  if (toolCacheControl.isObject) {
    t.json.key("cache_control");
    toolCacheControl.copyTo(t.json);
  }
  t.json.objectEnd();
  return true;
}

/** The parameters as they stand; Messages insists on `"type":"object"`, which chat lets one leave out. */
function writeSchema(t: Translation): bool {
  if (!parameters.present || parameters.isEmpty) {
    t.json.objectBegin();
    t.json.key("type");
    t.json.ascii("object");
    t.json.key("properties");
    t.json.objectBegin();
    t.json.objectEnd();
    t.json.objectEnd();
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

function writeChoice(t: Translation, toolChoice: Value, single: bool): bool {
  if (!toolChoice.present && !single) return true;
  t.json.key("tool_choice");
  t.json.objectBegin();
  t.json.key("type");
  const none = toolChoice.is("none");
  if (!toolChoice.present || toolChoice.is("auto")) {
    t.json.ascii("auto");
  } else if (none) {
    t.json.ascii("none");
  } else if (toolChoice.is("required")) {
    t.json.ascii("any");
  } else if (!writeNamedChoice(t, toolChoice)) {
    return false;
  }
  if (single && !none) {
    t.json.key("disable_parallel_tool_use");
    t.json.boolean(true);
  }
  t.json.objectEnd();
  return true;
}

function writeNamedChoice(t: Translation, toolChoice: Value): bool {
  if (toolChoice.isString) return t.refuseValue("tool_choice", toolChoice, "use auto, none, required or a function.");
  if (!choice.readValue(toolChoice)) return t.refuseType("tool_choice", "a string or an object");
  if (!choiceType.is("function")) return t.refuseValue("tool_choice.type", choiceType, "name a function.");
  if (!named.readValue(choiceFunction) || !namedName.isString) {
    return t.refuseType("tool_choice.function.name", "a string");
  }
  t.json.ascii("tool");
  t.json.key("name");
  namedName.copyTo(t.json);
  return true;
}
