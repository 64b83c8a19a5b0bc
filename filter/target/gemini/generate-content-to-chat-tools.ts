// Tools and the choice among them, from Gemini to chat. Tools that Google itself runs are refused by name. Where only some
// functions are allowed, the others are not sent: every provider understands that.
//
//   {"functionDeclarations":[{name,description,parameters}]}  ─▶  {"type":"function","function":{name,description,parameters}}

import { equalBytes } from "../../bytes/compare";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { writeJsonSchema } from "./generate-content-to-chat-schema";

const tool = new Fields("tools[].", true);
const declarations = tool.add("functionDeclarations", Use.MAPPED);
const builtIn: Value[] = [
  tool.add("googleSearch", Use.REFUSED),
  tool.add("googleSearchRetrieval", Use.REFUSED),
  tool.add("codeExecution", Use.REFUSED),
  tool.add("urlContext", Use.REFUSED),
  tool.add("computerUse", Use.REFUSED),
  tool.add("fileSearch", Use.REFUSED),
  tool.add("googleMaps", Use.REFUSED),
  tool.add("mcpServers", Use.REFUSED),
  tool.add("retrieval", Use.REFUSED),
  tool.add("enterpriseWebSearch", Use.REFUSED),
];

const declaration = new Fields("tools[].functionDeclarations[].", true);
const name = declaration.add("name", Use.NATIVE);
const description = declaration.add("description", Use.NATIVE);
const parameters = declaration.add("parameters", Use.MAPPED);
const parametersJsonSchema = declaration.add("parametersJsonSchema", Use.MAPPED);
declaration.add("response", Use.DROPPED);
declaration.add("responseJsonSchema", Use.DROPPED);
declaration.add("behavior", Use.DROPPED);

const config = new Fields("toolConfig.", true);
const callingConfig = config.add("functionCallingConfig");
config.add("retrievalConfig", Use.DROPPED);
config.add("includeServerSideToolInvocations", Use.DROPPED);
const calling = new Fields("toolConfig.functionCallingConfig.", true);
const mode = calling.add("mode", Use.MAPPED);
const allowed = calling.add("allowedFunctionNames", Use.MAPPED);

export const toolFields: Fields[] = [tool, declaration, config, calling];

const items = new Items();
const functions = new Items();
const names = new Items();
let written: i32 = 0;

/** `tools` and `tool_choice`; a choice without tools is an error at OpenAI and is left out. */
export function writeTools(t: Translation, tools: Value, toolConfig: Value): bool {
  if (!readChoice(t, toolConfig)) return false;
  if (!tools.present || tools.isEmpty) return true;
  if (!items.begin(tools)) return t.refuseType("tools", "an array");
  written = 0;
  while (items.next()) {
    t.enter("tools", items.index);
    if (!tool.readValue(items.value)) return t.refuseType("", "an object");
    for (let i = 0; i < builtIn.length; i++) {
      if (unchecked(builtIn[i]).present) return t.refuseField(unchecked(builtIn[i]).name, "declare a function.");
    }
    if (!writeDeclarations(t) || !t.dropRest(tool)) return false;
  }
  t.leave();
  if (written == 0) return !allowed.present || t.refuseField("toolConfig", "allow a function that is declared.");
  t.json.arrayEnd();
  return writeChoice(t);
}

/** Without tools there may still be a choice, which then says nothing. */
function readChoice(t: Translation, toolConfig: Value): bool {
  if (!config.readValue(toolConfig) && toolConfig.present) return t.refuseType("toolConfig", "an object");
  if (!calling.readValue(callingConfig) && callingConfig.present) {
    return t.refuseType("toolConfig.functionCallingConfig", "an object");
  }
  if (allowed.isEmpty) allowed.clear();
  if (allowed.present && !allowed.isArray) return t.refuseType("allowedFunctionNames", "an array of strings");
  return t.dropRest(config) && t.dropRest(calling);
}

function writeDeclarations(t: Translation): bool {
  if (!functions.begin(declarations)) {
    return !declarations.present || t.refuseType("functionDeclarations", "an array");
  }
  while (functions.next()) {
    t.enterPart("functionDeclarations", functions.index);
    if (!declaration.readValue(functions.value)) return t.refuseType("", "an object");
    if (!name.isText) return t.refuseType("name", "a string");
    if (isAllowed() && !writeFunction(t)) return false;
    if (!t.dropRest(declaration)) return false;
  }
  t.enter("tools", items.index);
  return true;
}

function isAllowed(): bool {
  if (!names.begin(allowed)) return true;
  while (names.next()) {
    if (equalBytes(names.value.pointer, names.value.length, name.pointer, name.length)) return true;
  }
  return false;
}

function writeFunction(t: Translation): bool {
  const json = t.json;
  if (written++ == 0) {
    json.key("tools");
    json.arrayBegin();
  }
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
  if (parametersJsonSchema.present) {
    json.key("parameters");
    parametersJsonSchema.copyTo(json);
  } else if (parameters.present) {
    json.key("parameters");
    if (!writeJsonSchema(t, "parameters", parameters)) return false;
  }
  json.objectEnd();
  json.objectEnd();
  return true;
}

/** `VALIDATED` is `AUTO` whose calls keep to their schema. */
function writeChoice(t: Translation): bool {
  if (!mode.present || mode.is("MODE_UNSPECIFIED")) return true;
  const any = mode.is("ANY");
  const none = mode.is("NONE");
  if (!any && !none && !mode.is("AUTO") && !mode.is("VALIDATED")) {
    return t.refuseValue("toolConfig.functionCallingConfig.mode", mode, "use AUTO, ANY or NONE.");
  }
  t.json.key("tool_choice");
  t.json.ascii(any ? "required" : none ? "none" : "auto");
  return true;
}
