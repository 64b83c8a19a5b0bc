// What a whole reply and the chunks of a stream have in common: the assistant's message, or a delta of it, as parts of a
// candidate, and what stands beside them. Thoughts are shown to clients that ask for them, as Gemini does.

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { JsonWriter } from "../../json/writer";
import { Fields, Items, Value } from "../translation/value";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

const message = new Fields();
export const content = message.add("content");
export const refusal = message.add("refusal");
export const toolCalls = message.add("tool_calls");
export const annotations = message.add("annotations");
const reasoningContent = message.add("reasoning_content");
const reasoning = message.add("reasoning");
const thinkingBlocks = message.add("thinking_blocks");
const messageExtra = message.add("extra_content");

const block = new Fields();
const blockType = block.add("type");
const blockThinking = block.add("thinking");
const blockSignature = block.add("signature");
const blockData = block.add("data");

const extra = new Fields();
const extraGoogle = extra.add("google");
const google = new Fields();
const signature = google.add("thought_signature");

const blocks = new Items();
const checker = new JsonReader();

/** What every reply of one exchange says of itself. */
export class ReplyHead {
  /** The model as the client wrote it, raw string content: replies name it, not the provider's. */
  readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  includeThoughts: bool = false;

  /** Behind the candidates: the reply's last members but for its usage. */
  write(id: usize, idLength: i32, json: JsonWriter): void {
    json.key("modelVersion");
    json.rawString(this.model.pointer, this.model.length);
    if (idLength == 0) return;
    json.key("responseId");
    json.rawString(id, idLength);
  }
}

export function readMessage(value: Value): bool {
  return message.readValue(value);
}

/** Parts instead of a text, as some providers send them: an answer without them would be a hole that nobody sees. */
export function isReadable(): bool {
  return !content.present || content.isString;
}

/** Whether the message that was read last says anything that becomes a part, calls aside. */
export function speaks(head: ReplyHead): bool {
  return content.isText || refusal.isText || (head.includeThoughts && thinks());
}

export function thinks(): bool {
  return reasoningContent.isText || reasoning.isText || (thinkingBlocks.isArray && !thinkingBlocks.isEmpty);
}

/**
 * The parts of a message, calls aside; answers how many. In a stream the blocks only sign what was thought before them, in
 * a whole message they hold all of it.
 */
export function writeParts(head: ReplyHead, isDelta: bool, json: JsonWriter): i32 {
  let parts = 0;
  if (head.includeThoughts) {
    const text = reasoningContent.isText ? reasoningContent : reasoning;
    const hasBlocks = blocks.begin(thinkingBlocks) && !thinkingBlocks.isEmpty;
    if (text.isText && (isDelta || !hasBlocks)) {
      writeThought(text, null, json);
      parts++;
    }
    while (hasBlocks && blocks.next()) {
      if (block.readValue(blocks.value) && writeBlock(json)) parts++;
    }
  }
  if (content.isText) {
    json.objectBegin();
    json.key("text");
    content.copyTo(json);
    if (readSignature(messageExtra)) writeSignature(signature, json);
    json.objectEnd();
    parts++;
  }
  if (refusal.isText) {
    json.objectBegin();
    json.key("text");
    refusal.copyTo(json);
    json.objectEnd();
    parts++;
  }
  return parts;
}

function writeBlock(json: JsonWriter): bool {
  if (blockType.is("redacted_thinking") && blockData.isText) {
    json.objectBegin();
    json.key("thought");
    json.boolean(true);
    writeSignature(blockData, json);
    json.objectEnd();
    return true;
  }
  if (!blockType.is("thinking")) return false;
  writeThought(blockThinking, blockSignature, json);
  return true;
}

function writeThought(text: Value, signedBy: Value | null, json: JsonWriter): void {
  json.objectBegin();
  json.key("text");
  if (text.isString) text.copyTo(json);
  else json.ascii("");
  json.key("thought");
  json.boolean(true);
  if (signedBy != null && signedBy.isText) writeSignature(signedBy, json);
  json.objectEnd();
}

/** Whether a tool call or a message has Gemini's own signature; `writeCall` and `writeParts` write it. */
function readSignature(value: Value): bool {
  return extra.readValue(value) && google.readValue(extraGoogle) && signature.isText;
}

function writeSignature(value: Value, json: JsonWriter): void {
  json.key("thoughtSignature");
  value.copyTo(json);
}

/** A call whose arguments are whole: one JSON object. */
export function writeCall(
  id: usize,
  idLength: i32,
  name: usize,
  nameLength: i32,
  args: usize,
  argsLength: i32,
  signedBy: Value,
  json: JsonWriter,
): void {
  json.objectBegin();
  json.key("functionCall");
  json.objectBegin();
  if (idLength > 0) {
    json.key("id");
    json.rawString(id, idLength);
  }
  json.key("name");
  json.rawString(name, nameLength);
  json.key("args");
  if (argsLength > 0) {
    json.raw(args, argsLength);
  } else {
    json.objectBegin();
    json.objectEnd();
  }
  json.objectEnd();
  if (readSignature(signedBy)) writeSignature(signature, json);
  json.objectEnd();
}

/** The one part of a candidate that says nothing: SDKs take a content without parts for a broken one. */
export function writeEmptyPart(json: JsonWriter): void {
  json.objectBegin();
  json.key("text");
  json.ascii("");
  json.objectEnd();
}

/** Whether the text is one JSON object and nothing else, or empty: a call without arguments. */
export function isArguments(pointer: usize, length: i32): bool {
  if (length == 0) return true;
  checker.reset(pointer, length);
  return checker.next() == JsonToken.OBJECT_BEGIN && checker.skipRest() && checker.next() == JsonToken.END;
}

/** OpenAI's finish reasons in Gemini's words. A turn that calls functions stops like any other. */
export function finishReason(reason: Value, refused: bool): string {
  if (reason.is("length")) return "MAX_TOKENS";
  return reason.is("content_filter") || refused ? "SAFETY" : "STOP";
}
