// OpenAI chat client, an application of Alibaba's Bailian (Model Studio) as the provider, base URL
// https://dashscope.aliyuncs.com/api/v1. The target's model is the application's id, which stands in the path. A stream is
// asked for by the header X-DashScope-SSE, which the target root writes.

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { AgentTranslator } from "../agent/agent-translator";
import { Plan } from "../plan";
import { Fields, Items } from "../translation/value";
import { requestFields, writeBailianRequest } from "./chat-to-bailian-request";

const HEX = "0123456789ABCDEF";

const event = new Fields();
const requestId = event.add("request_id");
const output = event.add("output");
const usage = event.add("usage");
const code = event.add("code");
const message = event.add("message");
const status = event.add("status_code");

const result = new Fields();
const text = result.add("text");
const finishReason = result.add("finish_reason");
const thoughts = result.add("thoughts");
const rejected = result.add("reject_status");

const thought = new Fields();
const thoughtKind = thought.add("action_type");
const thoughtText = thought.add("thought");

const models = new Fields();
const modelList = models.add("models");
const counts = new Fields();
const inputTokens = counts.add("input_tokens");
const outputTokens = counts.add("output_tokens");

const items = new Items();

export class ChatToBailian extends AgentTranslator {
  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/apps/");
    writeSegment(plan.modelPointer, plan.modelLength, out);
    out.writeAscii("/completion");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeBailianRequest(plan, body, length, out, this.notes);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }

  protected readEvent(type: usize, typeLength: i32, data: usize, dataLength: i32): void {
    if (!event.read(data, dataLength)) this.answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    else if (equalsAscii(type, typeLength, "error") || !output.isObject) this.refuseRequest();
    else this.readOutput(false);
  }

  protected readReply(body: usize, length: i32): void {
    if (!event.read(body, length)) this.answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    else if (!output.isObject) this.refuseRequest();
    else this.readOutput(true);
  }

  private readOutput(whole: bool): void {
    const answer = this.answer;
    answer.chunks.takeId(requestId);
    result.readValue(output);
    this.readThoughts();
    answer.say(text);
    this.readUsage();
    // A stream says "null" until its last event.
    if (!whole && (!finishReason.isText || finishReason.is("null"))) return;
    if (rejected.isTrue) answer.end("content_filter");
    else answer.end(finishReason.is("length") ? "length" : "stop");
  }

  /** What its model thought; the other kinds are steps of the application. */
  private readThoughts(): void {
    items.begin(thoughts);
    while (items.next()) {
      if (thought.readValue(items.value) && thoughtKind.is("reasoning")) this.answer.think(thoughtText);
    }
  }

  /** The counts of all models that took part; every event of a stream tells them from the start. */
  private readUsage(): void {
    if (!models.readValue(usage) || !items.begin(modelList)) return;
    let input: i64 = 0;
    let output: i64 = 0;
    while (items.next()) {
      if (!counts.readValue(items.value)) continue;
      input += inputTokens.count;
      output += outputTokens.count;
    }
    this.answer.usage.input = max(this.answer.usage.input, input);
    this.answer.usage.output = max(this.answer.usage.output, output);
  }

  private refuseRequest(): void {
    const told = status.count;
    this.answer.refuse(told >= 400 && told < 600 ? <i32>told : statusOf(), message, code);
  }
}

/** Errors within a stream have no status of their own. */
function statusOf(): i32 {
  if (code.is("Throttling") || code.is("Throttling.RateQuota") || code.is("Throttling.AllocationQuota")) return 429;
  if (code.is("InvalidApiKey")) return 401;
  return code.is("InvalidParameter") || code.is("DataInspectionFailed") ? 400 : 502;
}

/** A segment of a path: what is not unreserved (RFC 3986 §2.3) is percent-encoded. */
function writeSegment(pointer: usize, length: i32, out: ByteWriter): void {
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(pointer + <usize>i);
    if (isUnreserved(byte)) {
      out.writeByte(byte);
    } else {
      out.writeByte(0x25);
      out.writeByte(HEX.charCodeAt(byte >> 4));
      out.writeByte(HEX.charCodeAt(byte & 15));
    }
  }
}

function isUnreserved(byte: u32): bool {
  const lower = byte | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return true;
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x7e; // - . _ ~
}
