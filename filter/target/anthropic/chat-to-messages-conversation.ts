// The conversation, from chat to Messages. System and developer messages leave the conversation and become `system`, in
// their order; messages of one role that follow one another become one turn; tool messages become results in a user turn.
// Texts without a visible character are left out, because Messages refuses them.
//
//   chat       system · user · assistant(thinking, calls a, b) · tool(a) · tool(b) · user
//   Messages   system | user · assistant(thinking, use a, use b) · user(result a, result b, text)

import { isBlank } from "../translation/blank";
import { Translation } from "../translation/translation";
import { Turn, Turns } from "../translation/turns";
import { Fields, Items, Use, Value } from "../translation/value";
import { callFields, lastIndex, writeToolResult, writeToolUses } from "./chat-to-messages-calls";
import { partFields, partIsBlank, readPart, writePart, writeText } from "./chat-to-messages-parts";
import { countThinking, thinkingFields, writeThinking } from "./chat-to-messages-thinking";

const message = new Fields("messages[].");
const role = message.add("role", Use.MAPPED);
const content = message.add("content", Use.MAPPED);
const refusal = message.add("refusal", Use.MAPPED);
const toolCalls = message.add("tool_calls", Use.MAPPED);
const toolCallId = message.add("tool_call_id", Use.MAPPED);
const functionCall = message.add("function_call", Use.REFUSED);
const audio = message.add("audio", Use.REFUSED);
message.add("name", Use.DROPPED);
message.add("annotations", Use.DROPPED);
message.add("extra_content", Use.DROPPED);
const thinkingBlocks = message.add("thinking_blocks", Use.NATIVE);
const reasoningContent = message.add("reasoning_content", Use.DROPPED);
const reasoning = message.add("reasoning", Use.DROPPED);
const cacheControl = message.add("cache_control", Use.NATIVE);
const isError = message.add("is_error", Use.NATIVE);

export const conversationFields: Fields[] = [message].concat(partFields).concat(callFields).concat(thinkingFields);

const items = new Items();
const parts = new Items();
const turns = new Turns("assistant", "content");

/**
 * Whether the conversation stands at the result of a call that came without thinking: then Messages refuses to think,
 * because a turn that thinks begins with its thinking.
 */
export let standsAtUnthoughtCall: bool = false;

/** `messages`, and `system` when there is any. */
export function writeMessages(t: Translation, messages: Value): bool {
  if (!items.begin(messages)) return t.refuseType("messages", "an array");
  turns.reset();
  standsAtUnthoughtCall = false;
  t.json.key("messages");
  t.json.arrayBegin();
  while (items.next()) {
    t.enter("messages", items.index);
    if (!message.readValue(items.value)) return t.refuseType("", "an object");
    if (!writeMessage(t)) return false;
  }
  t.leave();
  return turns.finish(t) && (!turns.hasSystem || turns.writeSystem(t, "system"));
}

function writeMessage(t: Translation): bool {
  // The same thinking twice: the blocks say it with its signature.
  if (thinkingBlocks.present) {
    reasoningContent.clear();
    reasoning.clear();
  }
  if (functionCall.present) return t.refuseField("function_call", "use tool_calls.");
  if (audio.present) return t.refuseField("audio");
  if (!t.dropRest(message)) return false;
  if (role.is("user")) {
    standsAtUnthoughtCall = false;
    return writeContent(t, Turn.USER, cacheControl);
  }
  if (role.is("assistant")) return writeAssistant(t);
  if (role.is("tool")) return writeResult(t);
  if (role.is("system") || role.is("developer")) return gatherSystem(t);
  if (!role.isString) return t.refuseType("role", "a string");
  return t.refuseValue("role", role, "use system, developer, user, assistant or tool.");
}

function gatherSystem(t: Translation): bool {
  if (!content.present) return true;
  if (content.isString) {
    if (!isBlank(content)) writeText(turns.systemJson, content, cacheControl);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  const marked = cacheControl.isObject ? lastIndex(content) : -1;
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (partIsBlank()) continue;
    if (!writePart(t, turns.systemJson, true, parts.index == marked ? cacheControl : null)) return false;
  }
  return true;
}

function writeAssistant(t: Translation): bool {
  const thoughts = countThinking(t, thinkingBlocks);
  if (thoughts < 0) return false;
  if (thoughts > 0) {
    turns.begin(t.json, Turn.MODEL);
    writeThinking(t, thinkingBlocks);
  }
  const hasCalls = toolCalls.present && !toolCalls.isEmpty;
  if (!writeContent(t, Turn.MODEL, hasCalls ? null : cacheControl)) return false;
  t.leavePart();
  if (refusal.isString && !isBlank(refusal)) {
    turns.begin(t.json, Turn.MODEL);
    writeText(t.json, refusal);
  }
  if (!hasCalls) return true;
  if (!toolCalls.isArray) return t.refuseType("tool_calls", "an array");
  standsAtUnthoughtCall = thoughts == 0;
  turns.begin(t.json, Turn.MODEL);
  return writeToolUses(t, toolCalls, cacheControl);
}

function writeContent(t: Translation, to: Turn, cache: Value | null): bool {
  if (!content.present) return true;
  if (content.isString) {
    if (isBlank(content)) return true;
    turns.begin(t.json, to);
    writeText(t.json, content, cache);
    return true;
  }
  if (!parts.begin(content)) return t.refuseType("content", "a string or an array");
  return writeParts(t, to, cache);
}

/** The turn begins with its first block: a message that has none leaves no trace. */
function writeParts(t: Translation, to: Turn, cache: Value | null): bool {
  const marked = cache != null && cache.isObject ? lastIndex(content) : -1;
  while (parts.next()) {
    t.enterPart("content", parts.index);
    if (!readPart(t, parts.value)) return false;
    if (partIsBlank()) continue;
    turns.begin(t.json, to);
    if (!writePart(t, t.json, to == Turn.MODEL, parts.index == marked ? cache : null)) return false;
  }
  return true;
}

function writeResult(t: Translation): bool {
  if (!toolCallId.isString) return t.refuseType("tool_call_id", "a string");
  turns.begin(t.json, Turn.USER);
  return writeToolResult(t, toolCallId, content, isError, cacheControl);
}
