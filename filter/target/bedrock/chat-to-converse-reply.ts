// A Converse reply as a chat completion.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { countCharacters } from "../translation/characters";
import {
  beginToolCall,
  endToolCall,
  writeObjectArguments,
  writeRedactedBlock,
  writeThinkingBlock,
} from "../translation/chat-members";
import { beginChatReply, endChatReply, endChoices, writeFinishReason } from "../translation/chat-reply";
import { ChatUsage } from "../translation/chat-usage";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { readWebCitation, writeWebCitation } from "./citations";
import { readUsage } from "./converse-usage";

const t = new Translation();
const json = t.json;

const reply = new Fields();
const replyOutput = reply.add("output");
const replyStop = reply.add("stopReason");
const replyUsage = reply.add("usage");
const replyTrace = reply.add("trace");
const replyTier = reply.add("serviceTier");
const output = new Fields();
const outputMessage = output.add("message");
const message = new Fields();
const messageContent = message.add("content");

const block = new Fields();
const blockText = block.add("text");
const blockToolUse = block.add("toolUse");
const blockReasoning = block.add("reasoningContent");
const blockCitations = block.add("citationsContent");
const toolUse = new Fields();
const toolUseId = toolUse.add("toolUseId");
const toolUseName = toolUse.add("name");
const toolUseInput = toolUse.add("input");
const toolUseType = toolUse.add("type");
const reasoning = new Fields();
const reasoningText = reasoning.add("reasoningText");
const redactedContent = reasoning.add("redactedContent");
const thought = new Fields();
const thoughtText = thought.add("text");
const thoughtSignature = thought.add("signature");
const cited = new Fields();
const citedContent = cited.add("content");
const citedCitations = cited.add("citations");
const citedPart = new Fields();
const citedText = citedPart.add("text");
const tier = new Fields();
const tierType = tier.add("type");

const blocks = new Items();
const citedParts = new Items();
const citations = new Items();
const usage = new ChatUsage();

/** Converse's stop reasons in OpenAI's words. */
export function finishReason(stopReason: Value): string {
  if (stopReason.is("tool_use")) return "tool_calls";
  if (stopReason.is("max_tokens") || stopReason.is("model_context_window_exceeded")) return "length";
  return stopReason.is("guardrail_intervened") || stopReason.is("content_filtered") ? "content_filter" : "stop";
}

export function writeChatReply(model: ByteWriter, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!reply.read(body, length) || !output.readValue(replyOutput) || !message.readValue(outputMessage)) {
    return ErrorCode.UPSTREAM_INVALID_REPLY;
  }
  if (!messageContent.isArray) return ErrorCode.UPSTREAM_INVALID_REPLY;
  readUsage(replyUsage, usage);
  beginChatReply(json, 0, 0, model); // Converse gives replies no id
  writeMessage();
  json.key("logprobs");
  json.nil();
  writeFinishReason(json, finishReason(replyStop));
  endChoices(json);
  writeTier();
  if (replyTrace.isObject) {
    json.key("trace");
    replyTrace.copyTo(json);
  }
  endChatReply(json, usage);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

function writeTier(): void {
  if (!tier.readValue(replyTier) || !tierType.isText) return;
  json.key("service_tier");
  if (tierType.is("reserved")) json.ascii("scale");
  else tierType.copyTo(json);
}

function writeMessage(): void {
  let hasText = false;
  let hasCalls = false;
  let hasReasoning = false;
  blocks.begin(messageContent);
  while (blocks.next()) {
    block.readValue(blocks.value);
    if (blockText.isString || blockCitations.isObject) hasText = true;
    if (isClientCall()) hasCalls = true;
    if (blockReasoning.isObject) hasReasoning = true;
  }
  json.objectBegin();
  json.key("role");
  json.ascii("assistant");
  json.key("content");
  if (hasCalls && !hasText) json.nil();
  else writeContent();
  json.key("refusal");
  json.nil();
  if (hasReasoning) writeReasoning();
  writeAnnotations();
  if (hasCalls) writeToolCalls();
  json.objectEnd();
}

/** A tool that runs at the provider is none of the client's. */
function isClientCall(): bool {
  return toolUse.readValue(blockToolUse) && !toolUseType.is("server_tool_use");
}

/** The texts of all blocks as one string: the model wrote them as one, with nothing between them. */
function writeContent(): void {
  json.stringBegin();
  blocks.begin(messageContent);
  while (blocks.next()) {
    block.readValue(blocks.value);
    if (blockText.isString) t.out.writeBytes(blockText.pointer, blockText.length);
    if (!cited.readValue(blockCitations)) continue;
    citedParts.begin(citedContent);
    while (citedParts.next()) {
      if (citedPart.readValue(citedParts.value) && citedText.isString) {
        t.out.writeBytes(citedText.pointer, citedText.length);
      }
    }
  }
  json.stringEnd();
}

function writeReasoning(): void {
  json.key("reasoning_content");
  json.stringBegin();
  blocks.begin(messageContent);
  while (blocks.next()) {
    if (readThought() && thoughtText.isString) t.out.writeBytes(thoughtText.pointer, thoughtText.length);
  }
  json.stringEnd();
  json.key("thinking_blocks");
  json.arrayBegin();
  blocks.begin(messageContent);
  while (blocks.next()) {
    if (readThought()) writeThinkingBlock(json, thoughtText, thoughtSignature);
    else if (redactedContent.isString) writeRedactedBlock(json, redactedContent);
  }
  json.arrayEnd();
}

/** Whether the block is a thought in words. */
function readThought(): bool {
  block.readValue(blocks.value);
  reasoning.readValue(blockReasoning);
  return thought.readValue(reasoningText);
}

/** Each citation speaks of the whole text of its block. */
function writeAnnotations(): void {
  let isOpen = false;
  let offset: i64 = 0;
  blocks.begin(messageContent);
  while (blocks.next()) {
    block.readValue(blocks.value);
    if (blockText.isString) offset += countCharacters(blockText.pointer, blockText.length);
    if (!cited.readValue(blockCitations)) continue;
    const start = offset;
    citedParts.begin(citedContent);
    while (citedParts.next()) {
      if (citedPart.readValue(citedParts.value) && citedText.isString) {
        offset += countCharacters(citedText.pointer, citedText.length);
      }
    }
    citations.begin(citedCitations);
    while (citations.next()) {
      if (!readWebCitation(citations.value)) continue;
      if (!isOpen) {
        isOpen = true;
        json.key("annotations");
        json.arrayBegin();
      }
      writeWebCitation(json, start, offset);
    }
  }
  if (isOpen) json.arrayEnd();
}

function writeToolCalls(): void {
  json.key("tool_calls");
  json.arrayBegin();
  blocks.begin(messageContent);
  while (blocks.next()) {
    block.readValue(blocks.value);
    if (!isClientCall()) continue;
    beginToolCall(json, toolUseId, toolUseName);
    writeObjectArguments(json, toolUseInput);
    endToolCall(json);
  }
  json.arrayEnd();
}
