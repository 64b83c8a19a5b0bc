// A reply, or one chunk of a stream, whose contents begin with reasoning in <think> tags: the reasoning becomes
// `reasoning_content`, as most chat APIs call it. What has that member already passes, as does every other byte.
//
//   "message":{"role":"assistant","content":"<think>so</think>\n\nYes"}
//   "message":{"reasoning_content":"so","role":"assistant","content":"Yes"}

import { COMMA, QUOTE } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, TRANSLATED_REPLY_BYTES_MAX } from "../../contract";
import { JsonToken } from "../../json/token";
import { JsonCopy, Members } from "../translation/members";
import { Fields, Items, Value } from "../translation/value";
import { TRANSLATED } from "../translator";
import { ThinkText } from "./think-text";

/** Choices of a stream that are told apart; OpenAI allows as many. */
const CHOICES_MAX: i64 = 128;

const reply = new Fields();
const replyChoices = reply.add("choices");
const replyError = reply.add("error");

const choice = new Fields();
const choiceIndex = choice.add("index");
const choiceMessage = choice.add("message");
const choiceDelta = choice.add("delta");
const finishReason = choice.add("finish_reason");

const message = new Fields();
const content = message.add("content");
const reasoningContent = message.add("reasoning_content");

const items = new Items();
const copy = new JsonCopy();
const members = new Members(copy);
const reasoning = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);
const text = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);
const whole = new ThinkText();
let isTooLarge: bool = false;

export function writeQuirkyReply(body: usize, length: i32, out: ByteWriter): i32 {
  if (!reply.read(body, length)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  isTooLarge = false;
  copy.begin(body, out);
  items.begin(replyChoices);
  while (items.next()) {
    if (!choice.readValue(items.value)) continue;
    whole.reset();
    splitMessage(choiceMessage, whole, true);
  }
  copy.upTo(body + <usize>length);
  return out.overflow || isTooLarge ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

/** False when it is no JSON object. */
export function readChunk(data: usize, length: i32): bool {
  return reply.read(data, length);
}

export function chunkHasError(): bool {
  return replyError.present;
}

/** The chunk that was just read, with what was held back of the chunks before. False when it is too large. */
export function writeChunk(data: usize, length: i32, texts: ThinkText[], out: ByteWriter): bool {
  isTooLarge = false;
  copy.begin(data, out);
  items.begin(replyChoices);
  while (items.next()) {
    if (!choice.readValue(items.value) || choiceIndex.count >= CHOICES_MAX) continue;
    splitMessage(choiceDelta, textOf(texts, <i32>choiceIndex.count), finishReason.present);
  }
  copy.upTo(data + <usize>length);
  return !out.overflow && !isTooLarge;
}

function textOf(texts: ThinkText[], index: i32): ThinkText {
  while (texts.length <= index) texts.push(new ThinkText());
  return unchecked(texts[index]);
}

/** Writes a message or delta, its content split. Members that it does not have come in front. */
function splitMessage(value: Value, splitter: ThinkText, isLast: bool): void {
  if (!message.readValue(value) || reasoningContent.present) return;
  reasoning.reset();
  text.reset();
  if (content.isString) splitter.take(content.pointer, content.length, reasoning, text);
  if (isLast) splitter.finish(reasoning, text);
  if (reasoning.overflow || text.overflow) isTooLarge = true;
  const isEmpty = value.isEmpty;
  const addsContent = content.token == JsonToken.NONE && text.length > 0;
  copy.upTo(value.pointer + 1);
  if (reasoningContent.token == JsonToken.NONE && reasoning.length > 0) {
    writeMember("reasoning_content", reasoning, isEmpty && !addsContent);
  }
  if (addsContent) writeMember("content", text, isEmpty);
  members.begin(value.pointer, value.length);
  while (members.next()) {
    if (members.is("reasoning_content") && reasoning.length > 0) {
      members.replaceValue();
      writeString(reasoning);
    } else if (members.is("content") && (content.isString || text.length > 0)) {
      members.replaceValue();
      if (text.length == 0 && reasoning.length > 0) copy.out.writeAscii("null");
      else writeString(text);
    }
  }
}

function writeMember(name: string, value: ByteWriter, isOnly: bool): void {
  const out = copy.out;
  out.writeByte(QUOTE);
  out.writeAscii(name);
  out.writeAscii('":');
  writeString(value);
  if (!isOnly) out.writeByte(COMMA);
}

function writeString(value: ByteWriter): void {
  copy.out.writeByte(QUOTE);
  copy.out.writeBytes(value.pointer, value.length);
  copy.out.writeByte(QUOTE);
}
