// What Gemini's generateContent accepts, from its public reference. Throws Refusal in that API's words.
// https://ai.google.dev/api/generate-content
import * as is from "./rules.mjs";
import { Refusal } from "./rules.mjs";

const NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const MEDIA_TYPE = /^[a-z]+\/[\w.+-]+$/i;
/** Google's word for calls that no Gemini model made. */
const UNSIGNED = "skip_thought_signature_validator";
/** What this fake signs with. */
export const SIGNATURE = "RGVtb1NpZ25hdHVyZQ==";

const MODES = ["AUTO", "ANY", "NONE", "VALIDATED"];
const THRESHOLDS = ["BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"];
const RESOLUTIONS = ["MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"];
const isList = is.isListOf(is.isObject);
const isNumber = (value) => typeof value === "number";

const REQUEST = {
  contents: isList,
  systemInstruction: is.isObject,
  tools: isList,
  toolConfig: is.isObject,
  safetySettings: isList,
  generationConfig: is.isObject,
  cachedContent: is.isText,
  serviceTier: is.isOneOf("flex", "standard", "priority"),
  labels: is.isObject,
  store: is.isFlag,
};
const CONTENT = { role: is.isText, parts: isList };
const PART = {
  text: is.isText,
  inlineData: is.isObject,
  fileData: is.isObject,
  functionCall: is.isObject,
  functionResponse: is.isObject,
  thought: is.isFlag,
  thoughtSignature: is.isText,
  mediaResolution: is.isObject,
  videoMetadata: is.isObject,
};
const DATA = ["text", "inlineData", "fileData", "functionCall", "functionResponse"];
const BLOB = { mimeType: is.isText, data: is.isText, displayName: is.isText };
const FILE = { mimeType: is.isText, fileUri: is.isText };
const CALL = { id: is.isText, name: is.isText, args: is.isObject };
const RESPONSE = { id: is.isText, name: is.isText, response: is.isObject, parts: isList, willContinue: is.isFlag };
const TOOL = {
  functionDeclarations: isList,
  googleSearch: is.isObject,
  codeExecution: is.isObject,
  urlContext: is.isObject,
};
const FUNCTION = {
  name: is.isText,
  description: is.isText,
  parameters: is.isObject,
  parametersJsonSchema: is.isObject,
};
const TOOL_CONFIG = { functionCallingConfig: is.isObject, retrievalConfig: is.isObject };
const CALLING = { mode: is.isOneOf(...MODES), allowedFunctionNames: is.isListOf(is.isText) };
const SAFETY = { category: is.isText, threshold: is.isOneOf(...THRESHOLDS) };
const CONFIG = {
  maxOutputTokens: is.isCount(1),
  temperature: is.isNumberIn(0, 2),
  topP: is.isNumberIn(0, 1),
  topK: isNumber,
  candidateCount: is.isCount(1, 8),
  seed: is.isCount(-(2 ** 31), 2 ** 31 - 1),
  presencePenalty: is.isNumberIn(-2, 2),
  frequencyPenalty: is.isNumberIn(-2, 2),
  stopSequences: (list) => is.isListOf(is.isText)(list) && list.length <= 5,
  responseLogprobs: is.isFlag,
  logprobs: is.isCount(0, 20),
  responseMimeType: is.isOneOf("text/plain", "application/json", "text/x.enum"),
  responseSchema: is.isObject,
  responseJsonSchema: is.isObject,
  responseModalities: is.isListOf(is.isOneOf("TEXT", "IMAGE", "AUDIO")),
  mediaResolution: is.isOneOf(...RESOLUTIONS),
  thinkingConfig: is.isObject,
  speechConfig: is.isObject,
  imageConfig: is.isObject,
};
const THINKING = {
  includeThoughts: is.isFlag,
  thinkingBudget: is.isCount(-1, 32_768),
  thinkingLevel: is.isOneOf("MINIMAL", "LOW", "MEDIUM", "HIGH"),
};

function refuse(message) {
  throw new Refusal(400, message);
}

/** Google names the members of its protocol buffers: `generation_config`, whatever the JSON says. */
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function checkObject(object, table, path) {
  const unknown = is.unknownField(object, Object.keys(table));
  const at = path === "" ? "" : ` at '${path}'`;
  if (unknown) refuse(`Invalid JSON payload received. Unknown name "${unknown}"${at}: Cannot find field.`);
  for (const [name, check] of Object.entries(table)) {
    if (object[name] === undefined || check(object[name])) continue;
    const field = path === "" ? snake(name) : `${path}.${snake(name)}`;
    refuse(`Invalid value at '${field}', ${JSON.stringify(object[name]).slice(0, 100)}`);
  }
}

/** @param {string} model  its name says how it is told to think */
export function checkGenerateContent(body, model) {
  if (!is.isObject(body)) refuse("Invalid JSON payload received. Unexpected end of string.");
  checkObject(body, REQUEST, "");
  if (body.contents === undefined || body.contents.length === 0) {
    refuse("* GenerateContentRequest.contents: contents is not specified\n");
  }
  for (const [index, content] of body.contents.entries()) checkContent(content, `contents[${index}]`);
  if (body.systemInstruction) checkSystem(body.systemInstruction);
  checkTurns(body.contents);
  if (!model.startsWith("gemini-2")) checkSignatures(body.contents);
  checkTools(body);
  for (const [index, setting] of (body.safetySettings ?? []).entries()) {
    checkObject(setting, SAFETY, `safety_settings[${index}]`);
    if (!/^HARM_CATEGORY_/.test(setting.category)) refuse(`Invalid value at 'safety_settings[${index}].category'`);
  }
  if (body.generationConfig) checkConfig(body.generationConfig, model);
}

function checkSystem(content) {
  checkContent({ ...content, role: "user" }, "system_instruction");
  if (content.parts.some(({ text }) => text === undefined)) refuse("System instructions may only hold text.");
}

function checkContent(content, path) {
  checkObject(content, CONTENT, path);
  if (content.role !== "user" && content.role !== "model") refuse("Please use a valid role: user, model.");
  if (!content.parts?.length) refuse(`* GenerateContentRequest.${path}.parts: contents.parts must not be empty.\n`);
  for (const [index, part] of content.parts.entries()) checkPart(part, content.role, `${path}.parts[${index}]`);
}

function checkPart(part, role, path) {
  checkObject(part, PART, path);
  const kinds = DATA.filter((name) => part[name] !== undefined);
  if (kinds.length > 1) refuse(`Invalid value at '${path}' (oneof), oneof field 'data' is already set.`);
  const empty = kinds.length === 0 || part.text === "";
  if (empty && part.thoughtSignature === undefined) {
    refuse(`* GenerateContentRequest.${path}.data: required oneof field 'data' must have one initialized field\n`);
  }
  if (
    part.thoughtSignature !== undefined &&
    part.thoughtSignature !== UNSIGNED &&
    part.thoughtSignature !== SIGNATURE
  ) {
    refuse("Corrupted thought signature.");
  }
  if (part.inlineData) checkBlob(part.inlineData, `${path}.inline_data`);
  if (part.fileData) checkObject(part.fileData, FILE, `${path}.file_data`);
  if (part.functionCall) checkCall(part.functionCall, role, `${path}.function_call`);
  if (part.functionResponse) checkResponse(part.functionResponse, role, `${path}.function_response`);
}

function checkBlob(blob, path) {
  checkObject(blob, BLOB, path);
  if (!MEDIA_TYPE.test(blob.mimeType ?? "")) refuse(`Unsupported MIME type: ${blob.mimeType}`);
  if (!BASE64.test(blob.data ?? "")) refuse(`Invalid value at '${path}.data' (TYPE_BYTES), Base64 decoding failed`);
}

function checkCall(call, role, path) {
  checkObject(call, CALL, path);
  if (role !== "model") refuse("Function call is only allowed in the role model.");
  if (!NAME.test(call.name ?? "")) refuse(`* GenerateContentRequest.${path}.name: Name cannot be empty.\n`);
}

function checkResponse(response, role, path) {
  checkObject(response, RESPONSE, path);
  if (role !== "user") refuse("Function response is only allowed in the role user.");
  if (!NAME.test(response.name ?? "")) refuse(`* GenerateContentRequest.${path}.name: Name cannot be empty.\n`);
  if (response.response === undefined) refuse(`* GenerateContentRequest.${path}.response: Response is required.\n`);
  for (const part of response.parts ?? []) {
    checkObject(part, { inlineData: is.isObject, fileData: is.isObject }, `${path}.parts`);
    if (part.inlineData) checkBlob(part.inlineData, `${path}.parts.inline_data`);
  }
}

const callsOf = ({ parts }) => parts.flatMap(({ functionCall }) => functionCall ?? []);
const responsesOf = ({ parts }) => parts.flatMap(({ functionResponse }) => functionResponse ?? []);

/** Calls are answered in the very next turn, as many as there were, and by the same names. */
function checkTurns(contents) {
  for (const [index, content] of contents.entries()) {
    const responses = responsesOf(content);
    const calls = index > 0 ? callsOf(contents[index - 1]) : [];
    if (calls.length !== responses.length) {
      refuse(
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
      );
    }
    const names = (list) => list.map(({ id, name }) => `${id} ${name}`).sort();
    if (String(names(calls)) !== String(names(responses))) {
      refuse("Please ensure that function response parts have the ids and names of their function call parts.");
    }
  }
  if (callsOf(contents.at(-1)).length > 0) {
    refuse(
      "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
    );
  }
}

/** Since the user last spoke, the first call of every step has to be signed. */
function checkSignatures(contents) {
  const spoken = contents.findLastIndex(({ role, parts }) => role === "user" && parts.some(({ text }) => text));
  for (const content of contents.slice(spoken + 1)) {
    const first = content.parts.find(({ functionCall }) => functionCall);
    if (first && first.thoughtSignature === undefined) {
      refuse(
        `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly. Additional data, function call \`${first.functionCall.name}\`.`,
      );
    }
  }
}

function checkTools({ tools = [], toolConfig }) {
  const functions = [];
  for (const [index, tool] of tools.entries()) {
    checkObject(tool, TOOL, `tools[${index}]`);
    for (const [at, declaration] of (tool.functionDeclarations ?? []).entries()) {
      const path = `tools[${index}].function_declarations[${at}]`;
      checkObject(declaration, FUNCTION, path);
      if (!NAME.test(declaration.name ?? "")) refuse(`* GenerateContentRequest.${path}.name: Invalid function name.\n`);
      functions.push(declaration.name);
    }
  }
  const repeated = functions.find((name, index) => functions.indexOf(name) < index);
  if (repeated) refuse(`Duplicate function declaration found: ${repeated}`);
  if (toolConfig) checkToolConfig(toolConfig, functions);
}

function checkToolConfig(toolConfig, functions) {
  checkObject(toolConfig, TOOL_CONFIG, "tool_config");
  const { functionCallingConfig: calling } = toolConfig;
  if (calling === undefined) return;
  checkObject(calling, CALLING, "tool_config.function_calling_config");
  if (functions.length === 0) refuse("Function calling config is set without function_declarations.");
  const { mode, allowedFunctionNames: allowed } = calling;
  if (allowed === undefined) return;
  if (mode !== "ANY" && mode !== "VALIDATED")
    refuse("Allowed function names may only be set with the mode ANY or VALIDATED.");
  const stray = allowed.find((name) => !functions.includes(name));
  if (stray) refuse(`Allowed function name ${stray} is not in the function declarations.`);
}

function checkConfig(config, model) {
  checkObject(config, CONFIG, "generation_config");
  const json = config.responseMimeType === "application/json";
  if ((config.responseJsonSchema || config.responseSchema) && !json) {
    refuse("Response schema is only supported with response MIME type 'application/json'.");
  }
  if (config.logprobs !== undefined && !config.responseLogprobs) refuse("Logprobs needs response_logprobs.");
  const thinking = config.thinkingConfig;
  if (thinking === undefined) return;
  checkObject(thinking, THINKING, "generation_config.thinking_config");
  if (thinking.thinkingBudget !== undefined && thinking.thinkingLevel !== undefined) {
    refuse("You can only set only one of thinking budget and thinking level.");
  }
  if (thinking.thinkingLevel !== undefined && model.startsWith("gemini-2")) {
    refuse("Thinking level is not supported for this model.");
  }
}
