// The shape of Gemini's answers, which is that of the chunks of its streams too, and what their ends mean. Views only: each
// `read…` shows the object that it read last.

import { Fields, Items, Value } from "../translation/value";

const answer = new Fields();
export const answerCandidates = answer.add("candidates");
export const answerFeedback = answer.add("promptFeedback");
export const answerUsage = answer.add("usageMetadata");
export const answerId = answer.add("responseId");
export const answerTime = answer.add("createTime");
export const answerError = answer.add("error");

const candidate = new Fields();
export const candidateContent = candidate.add("content");
export const candidateFinish = candidate.add("finishReason");
export const candidateFinishMessage = candidate.add("finishMessage");
export const candidateIndex = candidate.add("index");
export const candidateCitations = candidate.add("citationMetadata");
export const candidateGrounding = candidate.add("groundingMetadata");
export const candidateLogprobs = candidate.add("logprobsResult");

const content = new Fields();
const contentParts = content.add("parts");

const part = new Fields();
export const partText = part.add("text");
const partThought = part.add("thought");
export const partSignature = part.add("thoughtSignature");
const partCall = part.add("functionCall");
const partData = part.add("inlineData");

const call = new Fields();
export const callId = call.add("id");
export const callName = call.add("name");
export const callArguments = call.add("args");

const blob = new Fields();
export const blobType = blob.add("mimeType");
export const blobData = blob.add("data");

const feedback = new Fields();
export const blockReason = feedback.add("blockReason");
export const blockMessage = feedback.add("blockReasonMessage");

/** Gemini gives at most 8 candidates; a larger number of one is no answer of its. */
export const CANDIDATES_MAX: i32 = 8;

export enum PartKind {
  /** A signature alone, or what a tool of Google's wrote: nothing to show. */
  NONE = 0,
  TEXT = 1,
  THOUGHT = 2,
  CALL = 3,
  IMAGE = 4,
  AUDIO = 5,
}

/** False when the text is no JSON object. */
export function readAnswer(pointer: usize, length: i32): bool {
  return answer.read(pointer, length);
}

/** False when it is no candidate that Gemini would give. */
export function readCandidate(value: Value): bool {
  return candidate.readValue(value) && candidateIndex.count < <i64>CANDIDATES_MAX;
}

/** Begins a walk through the parts of the candidate read last. */
export function beginParts(parts: Items): void {
  if (content.readValue(candidateContent)) parts.begin(contentParts);
  else parts.begin(candidateContent); // no array: no parts
}

/** Reads the next part; -1 behind the last one. */
export function nextPart(parts: Items): i32 {
  while (parts.next()) {
    if (!part.readValue(parts.value)) continue;
    if (call.readValue(partCall)) return PartKind.CALL;
    if (partText.isText) return partThought.isTrue ? PartKind.THOUGHT : PartKind.TEXT;
    // Drafts of images, made while thinking, are no part of the answer.
    if (blob.readValue(partData) && !partThought.isTrue) return kindOfData();
    return PartKind.NONE;
  }
  return -1;
}

export function readFeedback(): bool {
  return feedback.readValue(answerFeedback) && blockReason.isText;
}

function kindOfData(): PartKind {
  if (!blobType.isText || !blobData.isString) return PartKind.NONE;
  return startsWithAudio() ? PartKind.AUDIO : PartKind.IMAGE;
}

function startsWithAudio(): bool {
  return blobType.length >= 6 && load<u32>(blobType.pointer) == 0x69647561; // audi
}

/** A call or an answer that the model did not get right: there is nothing to give to the client. */
export function isBroken(reason: Value): bool {
  return (
    reason.is("MALFORMED_FUNCTION_CALL") ||
    reason.is("UNEXPECTED_TOOL_CALL") ||
    reason.is("TOO_MANY_TOOL_CALLS") ||
    reason.is("MALFORMED_RESPONSE") ||
    reason.is("MISSING_THOUGHT_SIGNATURE")
  );
}

/** Gemini's finish reasons in OpenAI's words; `said` is whether the answer has anything in it. */
export function finishReason(reason: Value, hasCalls: bool, said: bool): string {
  if (reason.is("MAX_TOKENS")) return "length";
  if (reason.is("STOP")) return hasCalls ? "tool_calls" : "stop";
  if (isBlocked(reason)) return "content_filter";
  if (hasCalls) return "tool_calls";
  // OTHER, and reasons that came later: an end, unless the model was kept from saying anything.
  return said || !reason.isText ? "stop" : "content_filter";
}

function isBlocked(reason: Value): bool {
  return (
    reason.is("SAFETY") ||
    reason.is("RECITATION") ||
    reason.is("PROHIBITED_CONTENT") ||
    reason.is("BLOCKLIST") ||
    reason.is("SPII") ||
    reason.is("LANGUAGE") ||
    reason.is("IMAGE_SAFETY") ||
    reason.is("IMAGE_PROHIBITED_CONTENT") ||
    reason.is("IMAGE_RECITATION")
  );
}
