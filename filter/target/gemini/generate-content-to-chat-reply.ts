// A chat completion reply as a GenerateContentResponse: every choice is a candidate.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Translation } from "../translation/translation";
import { Fields, Items } from "../translation/value";
import { writeGrounding, writeLogprobs } from "./generate-content-to-chat-extras";
import {
  annotations,
  content,
  finishReason,
  isArguments,
  isReadable,
  ReplyHead,
  readMessage,
  refusal,
  toolCalls,
  writeCall,
  writeEmptyPart,
  writeParts,
} from "./generate-content-to-chat-parts";
import { UsageMetadata } from "./generate-content-to-chat-usage";

const t = new Translation();
const json = t.json;

const reply = new Fields();
const replyId = reply.add("id");
const replyChoices = reply.add("choices");
const replyUsage = reply.add("usage");

const choice = new Fields();
const choiceIndex = choice.add("index");
const choiceMessage = choice.add("message");
const choiceFinish = choice.add("finish_reason");
const choiceLogprobs = choice.add("logprobs");

const call = new Fields();
const callId = call.add("id");
const callFunction = call.add("function");
const callExtra = call.add("extra_content");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const choices = new Items();
const calls = new Items();
const usage = new UsageMetadata();

export function writeGenerateContentReply(head: ReplyHead, body: usize, length: i32, out: ByteWriter): i32 {
  t.begin(out);
  if (!reply.read(body, length) || !choices.begin(replyChoices)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  json.objectBegin();
  json.key("candidates");
  json.arrayBegin();
  while (choices.next()) if (!writeCandidate(head)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  json.arrayEnd();
  if (choices.index < 0) return ErrorCode.UPSTREAM_INVALID_REPLY;
  head.write(replyId.pointer, replyId.isString ? replyId.length : 0, json);
  usage.reset();
  usage.read(replyUsage);
  usage.write(json);
  json.objectEnd();
  return t.end(ErrorCode.REPLY_TOO_LARGE);
}

function writeCandidate(head: ReplyHead): bool {
  if (!choice.readValue(choices.value) || !readMessage(choiceMessage) || !isReadable()) return false;
  json.objectBegin();
  json.key("content");
  json.objectBegin();
  json.key("parts");
  json.arrayBegin();
  const parts = writeParts(head, false, json);
  const written = writeCalls();
  if (written < 0) return false;
  if (parts + written == 0) writeEmptyPart(json);
  json.arrayEnd();
  json.key("role");
  json.ascii("model");
  json.objectEnd();
  json.key("finishReason");
  json.ascii(finishReason(choiceFinish, refusal.isText));
  json.key("index");
  json.integer(choiceIndex.isNumber ? choiceIndex.count : choices.index);
  writeLogprobs(choiceLogprobs, json);
  writeGrounding(annotations, content.isText ? content : null, t, json);
  json.objectEnd();
  return true;
}

/** How many; -1 when one cannot be understood. */
function writeCalls(): i32 {
  let count = 0;
  if (!calls.begin(toolCalls)) return 0;
  while (calls.next()) {
    if (!call.readValue(calls.value) || !callee.readValue(callFunction) || !calleeName.isText) return -1;
    if (calleeArguments.present && !calleeArguments.isString) return -1;
    if (!t.unescape(calleeArguments)) return -1;
    if (!isArguments(t.textPointer, t.textLength)) {
      // Cut off by the cap: the call never was. Anything else must not reach a function as a call without arguments.
      if (choiceFinish.is("length")) continue;
      return -1;
    }
    const idLength = callId.isString ? callId.length : 0;
    writeCall(
      callId.pointer,
      idLength,
      calleeName.pointer,
      calleeName.length,
      t.textPointer,
      t.textLength,
      callExtra,
      json,
    );
    count++;
  }
  return count;
}
