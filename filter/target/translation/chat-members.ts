// Members of an assistant's message that several backs write: tool calls, and what the model thought.

import { JsonWriter } from "../../json/writer";
import { Value } from "./value";

/** A call of a whole reply up to the value of `arguments`, which is a string that holds JSON. */
export function beginToolCall(json: JsonWriter, id: Value, name: Value): void {
  json.objectBegin();
  json.key("id");
  id.isString ? id.copyTo(json) : json.ascii("call");
  json.key("type");
  json.ascii("function");
  json.key("function");
  json.objectBegin();
  json.key("name");
  name.isString ? name.copyTo(json) : json.ascii("");
  json.key("arguments");
}

export function endToolCall(json: JsonWriter): void {
  json.objectEnd();
  json.objectEnd();
}

/** Arguments that the provider gives as JSON and not as a string. */
export function writeObjectArguments(json: JsonWriter, input: Value): void {
  if (input.isObject) json.string(input.pointer, input.length);
  else json.ascii("{}");
}

/** `thinking` is null in a stream, where the text came before the signature. */
export function writeThinkingBlock(json: JsonWriter, thinking: Value | null, signature: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("thinking");
  json.key("thinking");
  if (thinking != null && thinking.isString) thinking.copyTo(json);
  else json.ascii("");
  if (signature.isText) {
    json.key("signature");
    signature.copyTo(json);
  }
  json.objectEnd();
}

export function writeRedactedBlock(json: JsonWriter, data: Value): void {
  json.objectBegin();
  json.key("type");
  json.ascii("redacted_thinking");
  json.key("data");
  data.copyTo(json);
  json.objectEnd();
}
