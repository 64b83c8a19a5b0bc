// OpenAI chat client, a Coze bot as the provider (base URL https://api.coze.com, or https://api.coze.cn). The target's model
// is the bot's id. Coze streams always: what it gives at once is no answer, but a job to ask about.

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { AgentTranslator } from "../agent/agent-translator";
import { Plan } from "../plan";
import { Fields, Value } from "../translation/value";
import { requestFields, writeCozeRequest } from "./chat-to-coze-request";

const event = new Fields();
const id = event.add("id");
const kind = event.add("type");
const content = event.add("content");
const reasoning = event.add("reasoning_content");
const usage = event.add("usage");
const lastError = event.add("last_error");
const code = event.add("code");
const msg = event.add("msg");

const counts = new Fields();
const inputCount = counts.add("input_count");
const outputCount = counts.add("output_count");

const failure = new Fields();
const failureCode = failure.add("code");
const failureMsg = failure.add("msg");

export class ChatToCoze extends AgentTranslator {
  /** Pieces of the message that is being sent have come; its whole text at the end repeats them. */
  private inPieces: bool = false;

  reset(plan: Plan, inChain: bool): void {
    super.reset(plan, inChain);
    this.inPieces = false;
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/v3/chat");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeCozeRequest(plan, body, length, out, this.notes);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }

  protected readEvent(type: usize, typeLength: i32, data: usize, dataLength: i32): void {
    const answer = this.answer;
    if (equalsAscii(type, typeLength, "done")) {
      // A chat that was completed has ended before.
      answer.fail(ErrorCode.UPSTREAM_STREAM_CUT);
    } else if (!event.read(data, dataLength)) {
      answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    } else if (equalsAscii(type, typeLength, "conversation.message.delta")) {
      this.delta();
    } else if (equalsAscii(type, typeLength, "conversation.message.completed")) {
      this.completed();
    } else if (equalsAscii(type, typeLength, "conversation.chat.created")) {
      answer.chunks.takeId(id);
    } else if (equalsAscii(type, typeLength, "conversation.chat.completed")) {
      this.finish();
    } else if (equalsAscii(type, typeLength, "conversation.chat.failed")) {
      this.refuseChat();
    } else if (equalsAscii(type, typeLength, "conversation.chat.requires_action")) {
      // The bot waits for a tool of its caller's; the request could name none.
      answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    } else if (equalsAscii(type, typeLength, "error")) {
      answer.refuse(statusOf(code), msg, code);
    }
  }

  /** `{"code":4100,"msg":"authentication is invalid"}`, which comes with status 200. */
  protected readReply(body: usize, length: i32): void {
    if (event.read(body, length) && msg.isText && code.present) this.answer.refuse(statusOf(code), msg, code);
    else this.answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
  }

  private delta(): void {
    if (!kind.is("answer")) return;
    this.inPieces = true;
    this.answer.think(reasoning);
    this.answer.say(content);
  }

  /** A message that came in no pieces, as from a node of a workflow. Suggestions and tool calls of the bot are not for clients. */
  private completed(): void {
    if (!kind.is("answer")) return;
    if (!this.inPieces) {
      this.answer.think(reasoning);
      this.answer.say(content);
    }
    this.inPieces = false;
  }

  private finish(): void {
    counts.readValue(usage);
    this.answer.usage.input = inputCount.count;
    this.answer.usage.output = outputCount.count;
    this.answer.end("stop");
  }

  private refuseChat(): void {
    failure.readValue(lastError);
    this.answer.refuse(statusOf(failureCode), failureMsg, failureCode);
  }
}

/** The HTTP status that Coze's error code stands for. */
function statusOf(code: Value): i32 {
  const number = code.count;
  switch (<i32>min<i64>(number, i32.MAX_VALUE)) {
    case 4100:
    case 700012006:
      return 401;
    case 4101:
      return 403;
    case 4200:
      return 404;
    case 4008:
    case 4011:
    case 4013:
    case 4027:
    case 4028:
      return 429;
    case 5000:
      return 500;
    default:
      return number >= 4000 && number < 5000 ? 400 : 502;
  }
}
