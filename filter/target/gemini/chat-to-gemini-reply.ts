// A whole Gemini reply as a chat completion. Candidates are choices; the parts of one become its text, thoughts, calls and
// images, each in their order.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { nowMs } from "../../sdk";
import { beginChoices, endChatReply, writeNewChatId } from "../translation/chat-reply";
import { ChatUsage } from "../translation/chat-usage";
import { Translation } from "../translation/translation";
import { Items } from "../translation/value";
import { gatherText, hasAnnotations, writeAnnotations } from "./chat-to-gemini-citations";
import {
  beginThinkingBlock,
  endThinkingBlock,
  writeAudio,
  writeCall,
  writeExtraContent,
  writeImage,
  writeLogprobs,
  writeRefusal,
} from "./chat-to-gemini-members";
import {
  answerCandidates,
  answerId,
  answerTime,
  answerUsage,
  beginParts,
  blockMessage,
  blockReason,
  candidateFinish,
  candidateFinishMessage,
  candidateIndex,
  candidateLogprobs,
  finishReason,
  isBroken,
  nextPart,
  PartKind,
  partSignature,
  partText,
  readAnswer,
  readCandidate,
  readFeedback,
} from "./gemini-answer";
import { secondsOf } from "./gemini-time";
import { readUsage } from "./gemini-usage";

const ID_BYTES_MAX: i32 = 1024;

const t = new Translation();
const json = t.json;
const candidates = new Items();
const parts = new Items();
const usage = new ChatUsage();
const id = new ByteWriter(ID_BYTES_MAX);

/** How many parts of each kind the candidate has. */
const counts = new StaticArray<i32>(<i32>PartKind.AUDIO + 1);
/** The signature of the first call, or of a text: raw string content. */
let signature: usize = 0;
let signatureLength: i32 = 0;
/** Calls of all candidates, for the ids of those that have none. */
let calls: i32 = 0;
let created: i64 = 0;
let single: bool = false;

export function answerSeconds(): i64 {
  const seconds = secondsOf(answerTime);
  return seconds > 0 ? seconds : nowMs() / 1000;
}

/** `oneCall`: no candidate gives more than its first call. */
export function writeGeminiReply(model: ByteWriter, oneCall: bool, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!readAnswer(body, length)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  const answered = candidates.begin(answerCandidates) && !answerCandidates.isEmpty;
  if (!answered && !readFeedback()) return ErrorCode.UPSTREAM_INVALID_REPLY;
  created = answerSeconds();
  if (answerId.isText) id.reset().writeBytes(answerId.pointer, answerId.length);
  else writeNewChatId(id.reset());
  readUsage(answerUsage, usage);
  calls = 0;
  single = oneCall;
  beginChoices(json, id.pointer, id.length, created, model);
  if (!answered) writeBlocked();
  else if (!writeChoices()) return ErrorCode.UPSTREAM_INVALID_REPLY;
  json.arrayEnd();
  endChatReply(json, usage);
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

function writeChoices(): bool {
  while (candidates.next()) {
    if (!readCandidate(candidates.value) || isBroken(candidateFinish)) return false;
    writeChoice();
  }
  return true;
}

/** The question was refused, so that there is no candidate. */
function writeBlocked(): void {
  json.objectBegin();
  json.key("index");
  json.integer(0);
  json.key("message");
  json.objectBegin();
  json.key("role");
  json.ascii("assistant");
  json.key("content");
  json.nil();
  json.key("refusal");
  writeRefusal(json, t.out, blockMessage, blockReason);
  json.objectEnd();
  json.key("logprobs");
  json.nil();
  json.key("finish_reason");
  json.ascii("content_filter");
  json.objectEnd();
}

function writeChoice(): void {
  scan();
  const hasCalls = count(PartKind.CALL) > 0;
  const said = hasCalls || count(PartKind.TEXT) + count(PartKind.IMAGE) + count(PartKind.AUDIO) > 0;
  const finish = finishReason(candidateFinish, hasCalls, said);
  json.objectBegin();
  json.key("index");
  json.integer(candidateIndex.isNumber ? candidateIndex.count : candidates.index);
  json.key("message");
  writeMessage(!said && finish == "content_filter", said && count(PartKind.TEXT) == 0);
  json.key("logprobs");
  writeLogprobs(json, candidateLogprobs);
  json.key("finish_reason");
  json.ascii(finish);
  json.objectEnd();
}

function count(kind: PartKind): i32 {
  return unchecked(counts[kind]);
}

/** Counts the parts and finds the signature that a thinking block is to carry. */
function scan(): void {
  counts.fill(0);
  signatureLength = 0;
  let ofCall = false;
  beginParts(parts);
  for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
    unchecked(counts[kind]++);
    const isCall = kind == PartKind.CALL;
    // Images carry their own: nothing else could bring it back to them.
    if (!partSignature.isText || ofCall || kind == PartKind.IMAGE) continue;
    ofCall = isCall;
    signature = partSignature.pointer;
    signatureLength = partSignature.length;
  }
}

function writeMessage(refused: bool, silent: bool): void {
  json.objectBegin();
  json.key("role");
  json.ascii("assistant");
  json.key("content");
  if (refused || silent) json.nil();
  else writeJoined(PartKind.TEXT);
  json.key("refusal");
  if (refused) writeRefusal(json, t.out, candidateFinishMessage, candidateFinish);
  else json.nil();
  if (count(PartKind.THOUGHT) > 0) {
    json.key("reasoning_content");
    writeJoined(PartKind.THOUGHT);
  }
  if (signatureLength > 0) writeSignature();
  if (count(PartKind.CALL) > 0) writeCalls();
  if (count(PartKind.IMAGE) > 0) writeImages();
  if (count(PartKind.AUDIO) > 0) writeSound();
  if (hasAnnotations()) writeAnnotations(json, gatherText(), true);
  json.objectEnd();
}

/** The texts of all parts of a kind as one string: the model wrote them as one, with nothing between them. */
function writeJoined(kind: PartKind): void {
  json.stringBegin();
  writeTexts(kind);
  json.stringEnd();
}

function writeTexts(wanted: PartKind): void {
  beginParts(parts);
  for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
    if (kind == wanted) t.out.writeBytes(partText.pointer, partText.length);
  }
}

/** Twice: for chat clients, whose calls have their own, and for clients that know thinking blocks. */
function writeSignature(): void {
  beginThinkingBlock(json);
  writeTexts(PartKind.THOUGHT);
  endThinkingBlock(json, t.out, signature, signatureLength);
  if (count(PartKind.CALL) == 0) writeExtraContent(json, signature, signatureLength);
}

function writeCalls(): void {
  json.key("tool_calls");
  json.arrayBegin();
  beginParts(parts);
  for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
    if (kind != PartKind.CALL) continue;
    json.objectBegin();
    writeCall(json, t.out, id, calls++);
    if (partSignature.isText) writeExtraContent(json, partSignature.pointer, partSignature.length);
    json.objectEnd();
    if (single) break;
  }
  json.arrayEnd();
}

function writeImages(): void {
  let index = 0;
  json.key("images");
  json.arrayBegin();
  beginParts(parts);
  for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
    if (kind == PartKind.IMAGE) writeImage(json, t.out, index++, partSignature);
  }
  json.arrayEnd();
}

/** A model that speaks says it in one part. */
function writeSound(): void {
  beginParts(parts);
  for (let kind = nextPart(parts); kind >= 0; kind = nextPart(parts)) {
    if (kind != PartKind.AUDIO) continue;
    json.key("audio");
    writeAudio(json, id, created);
    return;
  }
}
