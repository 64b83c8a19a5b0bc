// A Cohere stream as chat chunks. Blocks of content follow one another, as do tool calls; a call's arguments come in
// pieces. The tool plan is content, thinking is reasoning_content, citations are annotations.
//
//   message-start ─▶ role   content-delta ─▶ content   tool-call-start, -delta ─▶ tool_calls   message-end ─▶ finish, usage, [DONE]

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { sseBegin, sseEnd } from "../../sse/writer";
import { countCharacters } from "../translation/characters";
import { ChatChunks } from "../translation/chat-chunks";
import { writeChatErrorBody } from "../translation/chat-error";
import { ChatUsage } from "../translation/chat-usage";
import { Fields, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { finishError, finishReason } from "./chat-to-cohere-reply";
import { writeAnnotation, writeAnnotations } from "./cohere-citations";
import { writeLogprob } from "./cohere-logprobs";
import { readUsage } from "./cohere-usage";

/** What an error inside a stream is, for the words that chat has for statuses. */
const STATUS_IN_STREAM: i32 = 500;

const event = new Fields();
const eventType = event.add("type");
const eventId = event.add("id");
const eventDelta = event.add("delta");
const eventLogprobs = event.add("logprobs");
const eventMessage = event.add("message");

const delta = new Fields();
const deltaMessage = delta.add("message");
const deltaFinish = delta.add("finish_reason");
const deltaUsage = delta.add("usage");
const deltaError = delta.add("error");

const message = new Fields();
const content = message.add("content");
const toolPlan = message.add("tool_plan");
const toolCalls = message.add("tool_calls");
const citations = message.add("citations");

const block = new Fields();
const blockText = block.add("text");
const blockThinking = block.add("thinking");

const call = new Fields();
const callId = call.add("id");
const callFunction = call.add("function");
const calledFunction = new Fields();
const functionName = calledFunction.add("name");
const functionArguments = calledFunction.add("arguments");

export class ChatStream {
  private readonly chunks: ChatChunks = new ChatChunks();
  private readonly usage: ChatUsage = new ChatUsage();
  private wantsUsage: bool = false;
  /** Number of the tool call that is open, from 0; -1 before the first. */
  private toolCall: i32 = -1;
  private hasArguments: bool = false;
  /** Characters of content so far, and where the last block of text began: citations count from there. */
  private characters: i64 = 0;
  private textBase: i64 = 0;
  private ended: bool = false;

  reset(model: ByteWriter, wantsUsage: bool): void {
    this.chunks.reset(model);
    this.usage.reset();
    this.wantsUsage = wantsUsage;
    this.toolCall = -1;
    this.hasArguments = false;
    this.characters = 0;
    this.textBase = 0;
    this.ended = false;
  }

  translate(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    // A lost event would be a hole in the answer that nobody sees. A kind that came later says nothing to chat clients.
    if (!event.read(data, dataLength)) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    if (!eventType.present && eventMessage.isString) return this.error(eventMessage, out);
    delta.readValue(eventDelta);
    message.readValue(deltaMessage);
    if (eventType.is("content-delta")) return this.contentDelta(out);
    if (eventType.is("content-start")) return this.contentStart(out);
    if (eventType.is("tool-plan-delta")) return this.text(toolPlan, out);
    if (eventType.is("tool-call-start")) return this.toolCallStart(out);
    if (eventType.is("tool-call-delta")) return this.toolCallDelta(out);
    if (eventType.is("tool-call-end")) return this.toolCallEnd(out);
    if (eventType.is("citation-start")) return this.citation(out);
    if (eventType.is("message-start")) return this.messageStart(out);
    return eventType.is("message-end") ? this.messageEnd(out) : StreamSignal.PREAMBLE;
  }

  private messageStart(out: ByteWriter): StreamSignal {
    this.chunks.takeId(eventId);
    this.chunks.writeRole(out);
    return StreamSignal.PREAMBLE;
  }

  private contentStart(out: ByteWriter): StreamSignal {
    this.textBase = this.characters;
    return this.contentDelta(out);
  }

  private contentDelta(out: ByteWriter): StreamSignal {
    if (!block.readValue(content)) return StreamSignal.PREAMBLE;
    if (blockThinking.isText) {
      this.chunks.writeText("reasoning_content", blockThinking, out);
      return StreamSignal.CONTENT;
    }
    return this.text(blockText, out);
  }

  private text(text: Value, out: ByteWriter): StreamSignal {
    if (!text.isText) return StreamSignal.PREAMBLE;
    this.characters += countCharacters(text.pointer, text.length);
    const chunks = this.chunks;
    const json = chunks.json;
    chunks.beginDelta(out);
    json.key("content");
    text.copyTo(json);
    chunks.endMembers();
    writeLogprob(json, eventLogprobs);
    chunks.endChoice("");
    return StreamSignal.CONTENT;
  }

  private toolCallStart(out: ByteWriter): StreamSignal {
    if (!this.readCall() || !callId.isString || !functionName.isString) {
      return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    }
    this.toolCall++;
    this.hasArguments = functionArguments.isText;
    this.chunks.beginNamedCall(this.toolCall, callId, functionName, out);
    functionArguments.isText ? functionArguments.copyTo(this.chunks.json) : this.chunks.json.ascii("");
    this.chunks.endArguments();
    return StreamSignal.CONTENT;
  }

  private toolCallDelta(out: ByteWriter): StreamSignal {
    if (this.toolCall < 0) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    if (!this.readCall() || !functionArguments.isText) return StreamSignal.PREAMBLE;
    this.hasArguments = true;
    this.chunks.beginArguments(this.toolCall, out);
    functionArguments.copyTo(this.chunks.json);
    this.chunks.endArguments();
    return StreamSignal.CONTENT;
  }

  private toolCallEnd(out: ByteWriter): StreamSignal {
    if (this.toolCall < 0 || this.hasArguments) return StreamSignal.PREAMBLE;
    this.hasArguments = true;
    this.chunks.writeNoArguments(this.toolCall, out);
    return StreamSignal.CONTENT;
  }

  private citation(out: ByteWriter): StreamSignal {
    if (!citations.isObject && !citations.isArray) return StreamSignal.PREAMBLE;
    const before = out.length;
    const json = this.chunks.json;
    this.chunks.beginAnnotations(out);
    const written = citations.isObject
      ? writeAnnotation(json, citations, this.textBase)
      : writeAnnotations(json, citations, this.textBase);
    this.chunks.endAnnotations();
    if (written > 0) return StreamSignal.CONTENT;
    out.truncate(before);
    return StreamSignal.PREAMBLE;
  }

  private messageEnd(out: ByteWriter): StreamSignal {
    const code = finishError(deltaFinish);
    if (deltaError.isText) return this.error(deltaError, out);
    if (code != TRANSLATED) return this.fail(code, out);
    this.ended = true;
    this.chunks.writeFinish(finishReason(deltaFinish), out);
    if (this.wantsUsage) {
      readUsage(deltaUsage, this.usage);
      this.chunks.writeUsage(this.usage, out);
    }
    this.chunks.writeDone(out);
    return StreamSignal.END;
  }

  private fail(code: ErrorCode, out: ByteWriter): StreamSignal {
    this.ended = true;
    writeErrorEvent(Protocol.OPENAI, code, out);
    return StreamSignal.ERROR;
  }

  private error(words: Value, out: ByteWriter): StreamSignal {
    this.ended = true;
    sseBegin(out, "");
    writeChatErrorBody(this.chunks.json.reset(out), STATUS_IN_STREAM, words, null);
    sseEnd(out);
    return StreamSignal.ERROR;
  }

  private readCall(): bool {
    return call.readValue(toolCalls) && calledFunction.readValue(callFunction);
  }
}
