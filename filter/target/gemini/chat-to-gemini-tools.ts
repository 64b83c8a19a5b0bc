// Tools and the choice among them, from chat to Gemini. Functions, and the provider's own web search.
//
//   {"type":"function","function":{name,description,parameters,strict}}  ─▶  {name,description,parametersJsonSchema}
//   tool_choice  auto · none · required · a function · allowed_tools     ─▶  mode AUTO · NONE · ANY, with allowedFunctionNames

import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";

const tool = new Fields("tools[].");
const toolType = tool.add("type");
const toolFunction = tool.add("function", Use.MAPPED);
tool.add("cache_control", Use.DROPPED);
const definition = new Fields("tools[].function.");
const name = definition.add("name", Use.NATIVE);
const description = definition.add("description", Use.NATIVE);
const parameters = definition.add("parameters", Use.MAPPED);
const strict = definition.add("strict", Use.MAPPED);

const choice = new Fields("tool_choice.");
const choiceType = choice.add("type");
const choiceFunction = choice.add("function", Use.MAPPED);
const choiceAllowed = choice.add("allowed_tools", Use.MAPPED);
const allowed = new Fields("tool_choice.allowed_tools.");
const allowedMode = allowed.add("mode", Use.MAPPED);
const allowedTools = allowed.add("tools", Use.MAPPED);
const named = new Fields();
const namedName = named.add("name");

const search = new Fields("web_search_options.");
search.add("search_context_size", Use.DROPPED);
search.add("user_location", Use.DROPPED);

const items = new Items();
/** Whether a tool wants its arguments to follow the schema to the letter. */
let anyStrict: bool = false;

export function toolFields(): Fields[] {
  return [tool, definition, choice, allowed, search];
}

/** `tools` and `toolConfig`. A choice without tools means nothing: it is left out. */
export function writeTools(t: Translation, tools: Value, toolChoice: Value, webSearch: Value): bool {
  const hasFunctions = tools.present && !tools.isEmpty;
  if (!hasFunctions && !webSearch.present) return true;
  t.json.key("tools");
  t.json.arrayBegin();
  if (hasFunctions && !writeFunctions(t, tools)) return false;
  if (webSearch.present && !writeSearch(t, webSearch)) return false;
  t.json.arrayEnd();
  return !hasFunctions || writeChoice(t, toolChoice);
}

function writeSearch(t: Translation, webSearch: Value): bool {
  if (!search.readValue(webSearch)) return t.refuseType("web_search_options", "an object");
  t.json.objectBegin();
  t.json.key("googleSearch");
  t.json.objectBegin();
  t.json.objectEnd();
  t.json.objectEnd();
  return t.dropRest(search);
}

function writeFunctions(t: Translation, tools: Value): bool {
  if (!items.begin(tools)) return t.refuseType("tools", "an array");
  anyStrict = false;
  t.json.objectBegin();
  t.json.key("functionDeclarations");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("tools", items.index);
    if (!writeFunction(t, items.value)) return false;
  }
  t.leave();
  t.json.arrayEnd();
  t.json.objectEnd();
  return true;
}

function writeFunction(t: Translation, value: Value): bool {
  if (!tool.readValue(value)) return t.refuseType("", "an object");
  if (!toolType.is("function")) return t.refuseValue("type", toolType, "use a function.");
  if (!definition.readValue(toolFunction)) return t.refuseType("function", "an object");
  if (!name.isString) return t.refuseType("function.name", "a string");
  if (parameters.present && !parameters.isObject) return t.refuseType("function.parameters", "an object");
  if (strict.isTrue) anyStrict = true;
  t.json.objectBegin();
  t.json.key("name");
  name.copyTo(t.json);
  if (description.isText) {
    t.json.key("description");
    description.copyTo(t.json);
  }
  // `parameters` would be Google's own kind of schema; this one is JSON Schema, as in chat.
  if (parameters.isObject && !parameters.isEmpty) {
    t.json.key("parametersJsonSchema");
    parameters.copyTo(t.json);
  }
  t.json.objectEnd();
  return t.dropRest(tool) && t.dropRest(definition);
}

function writeChoice(t: Translation, toolChoice: Value): bool {
  if (!toolChoice.present || toolChoice.is("auto")) {
    // VALIDATED is AUTO with the schemas enforced.
    if (!toolChoice.present && !anyStrict) return true;
    writeMode(t, anyStrict ? "VALIDATED" : "AUTO");
  } else if (toolChoice.is("none")) {
    writeMode(t, "NONE");
  } else if (toolChoice.is("required")) {
    writeMode(t, "ANY");
  } else if (toolChoice.isString) {
    return t.refuseValue("tool_choice", toolChoice, "use auto, none, required or a function.");
  } else if (!writeNamedChoice(t, toolChoice)) {
    return false;
  }
  t.json.objectEnd();
  t.json.objectEnd();
  return true;
}

/** Up to the end of the mode; two objects stay open. */
function writeMode(t: Translation, mode: string): void {
  t.json.key("toolConfig");
  t.json.objectBegin();
  t.json.key("functionCallingConfig");
  t.json.objectBegin();
  t.json.key("mode");
  t.json.ascii(mode);
}

function writeNamedChoice(t: Translation, toolChoice: Value): bool {
  if (!choice.readValue(toolChoice)) return t.refuseType("tool_choice", "a string or an object");
  if (choiceType.is("allowed_tools")) return writeAllowed(t) && t.dropRest(choice);
  if (!choiceType.is("function")) return t.refuseValue("tool_choice.type", choiceType, "name a function.");
  if (!named.readValue(choiceFunction) || !namedName.isString) {
    return t.refuseType("tool_choice.function.name", "a string");
  }
  writeMode(t, "ANY");
  t.json.key("allowedFunctionNames");
  t.json.arrayBegin();
  namedName.copyTo(t.json);
  t.json.arrayEnd();
  return t.dropRest(choice);
}

/** AUTO takes no list of names; VALIDATED does. */
function writeAllowed(t: Translation): bool {
  if (!allowed.readValue(choiceAllowed)) return t.refuseType("tool_choice.allowed_tools", "an object");
  const required = allowedMode.is("required");
  if (!required && !allowedMode.is("auto")) return t.refuseValue("tool_choice.allowed_tools.mode", allowedMode);
  if (!items.begin(allowedTools)) return t.refuseType("tool_choice.allowed_tools.tools", "an array");
  writeMode(t, required ? "ANY" : "VALIDATED");
  t.json.key("allowedFunctionNames");
  t.json.arrayBegin();
  while (items.next()) {
    const isFunction = tool.readValue(items.value) && toolType.is("function") && named.readValue(toolFunction);
    if (!isFunction || !namedName.isString) {
      return t.refuseType("tool_choice.allowed_tools.tools", "an array of functions");
    }
    namedName.copyTo(t.json);
  }
  t.json.arrayEnd();
  return t.dropRest(allowed);
}
