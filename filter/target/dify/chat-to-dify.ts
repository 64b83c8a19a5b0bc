// OpenAI chat client, a Dify application as the provider (base URL https://api.dify.ai/v1). The credential names the
// application; the target's model is a name only. Replies are always streamed by Dify: its agents know nothing else.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { AgentTranslator } from "../agent/agent-translator";
import { Plan } from "../plan";
import { Fields, Value } from "../translation/value";
import { requestFields, writeDifyRequest } from "./chat-to-dify-request";

const event = new Fields();
const eventName = event.add("event");
const messageId = event.add("message_id");
const answerText = event.add("answer");
const metadata = event.add("metadata");
const fileType = event.add("type");
const fileUrl = event.add("url");
const errorStatus = event.add("status");
const errorCode = event.add("code");
const errorMessage = event.add("message");
const workflow = event.add("data");

const details = new Fields();
const usage = details.add("usage");
const counts = new Fields();
const promptTokens = counts.add("prompt_tokens");
const completionTokens = counts.add("completion_tokens");

const run = new Fields();
const runStatus = run.add("status");
const runError = run.add("error");

const none = new Value("");

export class ChatToDify extends AgentTranslator {
  private replaced: bool = false;

  reset(plan: Plan, inChain: bool): void {
    super.reset(plan, inChain);
    this.replaced = false;
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/chat-messages");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeDifyRequest(body, length, out, this.notes);
  }

  get requestFields(): Fields[] {
    return requestFields;
  }

  protected readEvent(type: usize, typeLength: i32, data: usize, dataLength: i32): void {
    const answer = this.answer;
    if (!event.read(data, dataLength)) {
      answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
      return;
    }
    answer.chunks.takeId(messageId);
    if (eventName.is("message") || eventName.is("agent_message")) answer.say(answerText);
    else if (eventName.is("message_end")) this.finish();
    else if (eventName.is("message_replace")) this.replace();
    else if (eventName.is("message_file")) this.showFile();
    else if (eventName.is("error")) answer.refuse(statusOf(), errorMessage, errorCode);
    else if (eventName.is("workflow_finished")) this.checkRun();
  }

  /** The reply of an application that answers at once. */
  protected readReply(body: usize, length: i32): void {
    const answer = this.answer;
    if (!event.read(body, length)) {
      answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    } else if (answerText.isString) {
      answer.chunks.takeId(messageId);
      answer.say(answerText);
      this.finish();
    } else if (errorMessage.isText) {
      answer.refuse(statusOf(), errorMessage, errorCode);
    } else {
      answer.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    }
  }

  private finish(): void {
    details.readValue(metadata);
    counts.readValue(usage);
    this.answer.usage.input = promptTokens.count;
    this.answer.usage.output = completionTokens.count;
    this.answer.end(this.replaced ? "content_filter" : "stop");
  }

  /** Moderation has put another text in the answer's place. What has gone out already stays, the rest is this. */
  private replace(): void {
    this.replaced = true;
    this.answer.forget();
    this.answer.say(answerText);
  }

  /** A picture that the application made, as Markdown: chat has no part for it. */
  private showFile(): void {
    if (fileType.is("image") && fileUrl.isText) this.answer.sayBetween("\\n![](", fileUrl, ")\\n");
  }

  /** A workflow that failed sends no message_end. */
  private checkRun(): void {
    if (run.readValue(workflow) && runStatus.is("failed")) this.answer.refuse(500, runError, none);
  }
}

function statusOf(): i32 {
  const status = errorStatus.count;
  return status >= 400 && status < 600 ? <i32>status : 502;
}
