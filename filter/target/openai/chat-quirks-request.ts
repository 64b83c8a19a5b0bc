// A chat request as a provider with deviations takes it. What changes the answer and cannot be sent is refused by name, what
// only tunes or labels is left out and counted, a value that says what is the default anyway is left out; docs/catalog.md
// has the list. Whether the model reasons is known from the request alone.

import { QUOTE } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Quirk, UsageAsk } from "../../contract";
import { Plan } from "../plan";
import { JsonCopy, Members } from "../translation/members";
import { Notes } from "../translation/notes";
import { isZero } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { asksForUsage, usageAskText } from "../usage-ask";

const request = new Fields();
const messages = request.add("messages");
const maxCompletionTokens = request.add("max_completion_tokens");
const choices = request.add("n");
const logprobs = request.add("logprobs");
const topLogprobs = request.add("top_logprobs");
const logitBias = request.add("logit_bias");
const toolChoice = request.add("tool_choice");
const responseFormat = request.add("response_format");
const frequencyPenalty = request.add("frequency_penalty");
const presencePenalty = request.add("presence_penalty");
const stop = request.add("stop");
// Any of these makes a model reason, by the provider that has it.
const reasoningEffort = request.add("reasoning_effort");
const thinking = request.add("thinking");
const enableThinking = request.add("enable_thinking");

const inner = new Fields();
const innerType = inner.add("type");

const items = new Items();
const t = new Translation();
const copy = new JsonCopy();
const members = new Members(copy);
const messageMembers = new Members(copy);

let quirks: u32 = 0;
let reasons: bool = false;

export function writeQuirkyRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  quirks = plan.quirks;
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else {
    reasons = asksForReasoning();
    if (checkRefused() && copyRequest(plan, body, length)) copy.upTo(body + <usize>length);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function has(quirk: Quirk): bool {
  return (quirks & quirk) != 0;
}

function asksForReasoning(): bool {
  if (reasoningEffort.present && !reasoningEffort.is("none")) return true;
  if (inner.readValue(thinking) && innerType.present && !innerType.is("disabled")) return true;
  return enableThinking.isTrue;
}

function checkRefused(): bool {
  if (has(Quirk.SINGLE_CHOICE) && choices.present && choices.count != 1) return t.refuseValue("n", choices, "send 1.");
  if (has(Quirk.NO_LOGPROBS)) {
    if (logprobs.isTrue) return t.refuseField("logprobs");
    if (topLogprobs.present && !isZero(topLogprobs)) return t.refuseField("top_logprobs");
  }
  if (has(Quirk.NO_LOGIT_BIAS) && logitBias.present && !logitBias.isEmpty) return t.refuseField("logit_bias");
  if (has(Quirk.NO_TOOL_CHOICE) && toolChoice.present && !toolChoice.is("auto")) {
    return t.refuseField("tool_choice", "leave it out, or send 'auto'.");
  }
  if (has(Quirk.NO_JSON_SCHEMA) && inner.readValue(responseFormat) && innerType.is("json_schema")) {
    return t.refuseValue("response_format.type", innerType, "use json_object, with the schema in a message.");
  }
  return !reasons || checkRefusedWhenReasoning();
}

function checkRefusedWhenReasoning(): bool {
  if (has(Quirk.NO_PENALTIES_WHEN_REASONING)) {
    if (!isDefaultPenalty(frequencyPenalty)) return t.refuseField("frequency_penalty", "send 0.");
    if (!isDefaultPenalty(presencePenalty)) return t.refuseField("presence_penalty", "send 0.");
  }
  if (has(Quirk.NO_STOP_WHEN_REASONING) && stop.present && !stop.isEmpty) return t.refuseField("stop");
  return true;
}

function isDefaultPenalty(value: Value): bool {
  return !value.present || isZero(value);
}

function copyRequest(plan: Plan, body: usize, length: i32): bool {
  copy.begin(body, t.out);
  const asks = asksForUsage(plan);
  if (asks && plan.usageAsk == UsageAsk.MEMBER) writeUsageAsk(plan, body);
  members.begin(body, length);
  while (members.next()) {
    if (members.is("model")) writeModel(plan);
    else if (asks && members.is("stream_options")) writeUsageAsk(plan, body);
    else if (members.is("messages")) {
      if (!copyMessages()) return false;
    } else if (isLeftOut()) {
      members.drop();
    } else if (isIgnored()) {
      if (!dropIgnored()) return false;
      members.drop();
    } else if (has(Quirk.MAX_TOKENS_ONLY) && members.is("max_completion_tokens")) {
      members.rename("max_tokens");
    } else if (has(Quirk.SEED_AS_RANDOM_SEED) && members.is("seed")) {
      members.rename("random_seed");
    }
  }
  return true;
}

function writeModel(plan: Plan): void {
  members.replaceValue();
  const out = t.out;
  out.writeByte(QUOTE);
  out.writeBytes(plan.modelPointer, plan.modelLength);
  out.writeByte(QUOTE);
}

function writeUsageAsk(plan: Plan, body: usize): void {
  const text = usageAskText(plan);
  copy.upTo(body + <usize>plan.usageAskStart);
  t.out.writeLiteral(text);
  copy.past(body + <usize>plan.usageAskEnd);
}

/** What was not refused above says nothing: null, the default, or what another member overrides. */
function isLeftOut(): bool {
  const value = members.value;
  if (has(Quirk.MAX_TOKENS_ONLY)) {
    if (members.is("max_tokens")) return maxCompletionTokens.present;
    if (members.is("max_completion_tokens")) return !value.present;
  }
  if (has(Quirk.SEED_AS_RANDOM_SEED) && members.is("seed")) return !value.present;
  // The usage of streams is told unasked, or not at all.
  if (has(Quirk.NO_STREAM_OPTIONS) && members.is("stream_options")) return true;
  if (has(Quirk.NO_LOGPROBS) && (members.is("logprobs") || members.is("top_logprobs"))) return true;
  if (has(Quirk.NO_LOGIT_BIAS) && members.is("logit_bias")) return true;
  if (has(Quirk.NO_TOOL_CHOICE) && members.is("tool_choice")) return true;
  if (has(Quirk.NO_PENALTIES_WHEN_REASONING) && isPenalty()) return isDefaultPenalty(value);
  if (has(Quirk.NO_STOP_WHEN_REASONING) && members.is("stop")) return !value.present || value.isEmpty;
  return false;
}

/** The provider would take it and do nothing: the client is told that it is lost. */
function isIgnored(): bool {
  if (!reasons || !has(Quirk.SAMPLING_IGNORED_WHEN_REASONING) || !members.value.present) return false;
  return members.is("temperature") || members.is("top_p") || isPenalty();
}

function isPenalty(): bool {
  return members.is("frequency_penalty") || members.is("presence_penalty");
}

function dropIgnored(): bool {
  if (members.is("temperature")) return t.drop("temperature");
  if (members.is("top_p")) return t.drop("top_p");
  return t.drop(members.is("frequency_penalty") ? "frequency_penalty" : "presence_penalty");
}

function copyMessages(): bool {
  if (!has(Quirk.NO_MESSAGE_NAME) && !has(Quirk.NO_DEVELOPER_ROLE)) return true;
  if (!items.begin(messages)) return true;
  while (items.next()) {
    const message = items.value;
    if (!message.isObject) continue;
    messageMembers.begin(message.pointer, message.length);
    while (messageMembers.next()) {
      if (!copyMessageMember()) return false;
    }
  }
  return true;
}

function copyMessageMember(): bool {
  if (has(Quirk.NO_MESSAGE_NAME) && messageMembers.is("name")) {
    if (messageMembers.value.present && !t.drop("name")) return false;
    messageMembers.drop();
  } else if (has(Quirk.NO_DEVELOPER_ROLE) && messageMembers.is("role") && messageMembers.value.is("developer")) {
    messageMembers.replaceValue();
    t.out.writeAscii('"system"');
  }
  return true;
}
