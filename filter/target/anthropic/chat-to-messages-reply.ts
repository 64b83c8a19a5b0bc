// A Messages reply, and a Messages error, as chat completion ones.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { countCharacters } from "../translation/characters";
import { beginChatError, beginChatErrorCode, endChatError } from "../translation/chat-error";
import {
  beginToolCall,
  endToolCall,
  writeObjectArguments,
  writeRedactedBlock,
  writeThinkingBlock,
} from "../translation/chat-members";
import { beginChatReply, endChatReply, endChoices, writeFinishReason } from "../translation/chat-reply";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { TRANSLATED } from "../translator";
import { hasAnnotations, writeAnnotations } from "./chat-to-messages-annotations";
import { MessagesUsage } from "./messages-usage";

const t = new Translation();
const json = t.json;

const reply = new Fields();
const replyType = reply.add("type");
const replyId = reply.add("id");
const replyContent = reply.add("content");
const replyStop = reply.add("stop_reason");
const replyStopSequence = reply.add("stop_sequence");
const replyStopDetails = reply.add("stop_details");
const replyUsage = reply.add("usage");

const block = new Fields();
const blockType = block.add("type");
const blockText = block.add("text");
const blockCitations = block.add("citations");
const blockThinking = block.add("thinking");
const blockSignature = block.add("signature");
const blockData = block.add("data");
const blockId = block.add("id");
const blockName = block.add("name");
const blockInput = block.add("input");

const details = new Fields();
const explanation = details.add("explanation");

const failure = new Fields();
const failureError = failure.add("error");
const failureDetail = new Fields();
const failureType = failureDetail.add("type");
const failureMessage = failureDetail.add("message");

const blocks = new Items();
const usage = new MessagesUsage();

/** Messages' stop reasons in OpenAI's words. */
export function finishReason(stopReason: Value): string {
  if (stopReason.is("tool_use")) return "tool_calls";
  if (stopReason.is("max_tokens") || stopReason.is("model_context_window_exceeded")) return "length";
  return stopReason.is("refusal") ? "content_filter" : "stop";
}

export function writeChatReply(model: ByteWriter, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!reply.read(body, length) || !replyType.is("message") || !replyContent.isArray) {
    return ErrorCode.UPSTREAM_INVALID_REPLY;
  }
  usage.reset();
  usage.read(replyUsage);
  beginChatReply(json, replyId.pointer, replyId.isText ? replyId.length : 0, model);
  writeMessage();
  json.key("logprobs");
  json.nil();
  writeFinishReason(json, finishReason(replyStop));
  writeStopMatched(json, replyStop, replyStopSequence);
  endChoices(json);
  usage.writeServiceTier(json);
  endChatReply(json, usage);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

function writeMessage(): void {
  json.objectBegin();
  json.key("role");
  json.ascii("assistant");
  json.key("content");
  const hasCalls = has("tool_use");
  if (hasCalls && !has("text")) json.nil();
  else writeJoined("text", blockText);
  json.key("refusal");
  writeRefusal(json, replyStop, replyStopDetails);
  if (has("thinking")) {
    json.key("reasoning_content");
    writeJoined("thinking", blockThinking);
  }
  if (has("thinking") || has("redacted_thinking")) writeThinkingBlocks();
  writeCitations();
  if (hasCalls) writeToolCalls();
  json.objectEnd();
}

/** Which of the client's stop texts was met: as vLLM names it, because chat itself has no place for it. */
export function writeStopMatched(json: JsonWriter, stopReason: Value, stopSequence: Value): void {
  if (!stopReason.is("stop_sequence") || !stopSequence.isString) return;
  json.key("stop_reason");
  stopSequence.copyTo(json);
}

/** The provider's reason for a refusal, or null. */
export function writeRefusal(json: JsonWriter, stopReason: Value, stopDetails: Value): void {
  const explained = stopReason.is("refusal") && details.readValue(stopDetails) && explanation.isText;
  if (explained) explanation.copyTo(json);
  else json.nil();
}

/** As they stand, with their signatures: the client gives them back with its next request. */
function writeThinkingBlocks(): void {
  json.key("thinking_blocks");
  json.arrayBegin();
  blocks.begin(replyContent);
  while (blocks.next()) {
    if (!block.readValue(blocks.value)) continue;
    if (blockType.is("thinking")) writeThinkingBlock(json, blockThinking, blockSignature);
    else if (blockType.is("redacted_thinking") && blockData.isString) writeRedactedBlock(json, blockData);
  }
  json.arrayEnd();
}

function writeCitations(): void {
  let cited = false;
  blocks.begin(replyContent);
  while (blocks.next()) {
    if (block.readValue(blocks.value) && blockType.is("text") && hasAnnotations(blockCitations)) cited = true;
  }
  if (!cited) return;
  json.key("annotations");
  json.arrayBegin();
  let start = 0;
  blocks.begin(replyContent);
  while (blocks.next()) {
    if (!block.readValue(blocks.value) || !blockType.is("text") || !blockText.isString) continue;
    const end = start + countCharacters(blockText.pointer, blockText.length);
    writeAnnotations(json, blockCitations, start, end);
    start = end;
  }
  json.arrayEnd();
}

function has(type: string): bool {
  blocks.begin(replyContent);
  while (blocks.next()) if (block.readValue(blocks.value) && blockType.is(type)) return true;
  return false;
}

/** The texts of all blocks of a type as one string: the model wrote them as one, with nothing between them. */
function writeJoined(type: string, text: Value): void {
  json.stringBegin();
  blocks.begin(replyContent);
  while (blocks.next()) {
    if (block.readValue(blocks.value) && blockType.is(type) && text.isString) {
      t.out.writeBytes(text.pointer, text.length);
    }
  }
  json.stringEnd();
}

function writeToolCalls(): void {
  json.key("tool_calls");
  json.arrayBegin();
  blocks.begin(replyContent);
  while (blocks.next()) {
    if (!block.readValue(blocks.value) || !blockType.is("tool_use")) continue;
    beginToolCall(json, blockId, blockName);
    writeObjectArguments(json, blockInput);
    endToolCall(json);
  }
  json.arrayEnd();
}

/** `{"type":"error","error":{"type":…,"message":…}}`; the provider's own words stay. */
export function writeChatError(body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!failure.read(body, length) || !failureDetail.readValue(failureError)) return ErrorCode.UPSTREAM_ERROR;
  if (!failureMessage.isString) return ErrorCode.UPSTREAM_ERROR;
  beginChatError(json);
  failureMessage.copyTo(json);
  json.key("type");
  failureType.isString ? failureType.copyTo(json) : json.ascii("server_error");
  beginChatErrorCode(json);
  json.nil();
  endChatError(json);
  return out.overflow ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}
