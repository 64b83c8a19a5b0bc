// A stream of Messages events as chat completion chunks, event by event.
//
//   message_start ─▶ role chunk             content_block_delta ─▶ content, reasoning_content or arguments
//   content_block_start (tool_use) ─▶ tool call with id and name    message_delta ─▶ finish_reason
//   message_stop ─▶ usage chunk where asked for, [DONE]             error ─▶ error event

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { JsonWriter } from "../../json/writer";
import { nowMs } from "../../sdk";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Fields } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { finishReason, writeChatError } from "./chat-to-messages-reply";
import { MessagesUsage } from "./messages-usage";

const ID_BYTES_MAX: i32 = 1024;

const event = new Fields();
const eventType = event.add("type");
const eventMessage = event.add("message");
const eventBlock = event.add("content_block");
const eventDelta = event.add("delta");
const eventUsage = event.add("usage");

const message = new Fields();
const messageId = message.add("id");
const messageUsage = message.add("usage");

const block = new Fields();
const blockType = block.add("type");
const blockText = block.add("text");
const blockId = block.add("id");
const blockName = block.add("name");
const blockInput = block.add("input");

const delta = new Fields();
const deltaType = delta.add("type");
const deltaText = delta.add("text");
const deltaThinking = delta.add("thinking");
const deltaJson = delta.add("partial_json");
const deltaStop = delta.add("stop_reason");

const json = new JsonWriter(new ByteWriter(0));

export class ChatStream {
  private readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  private readonly usage: MessagesUsage = new MessagesUsage();
  private created: i64 = 0;
  private wantsUsage: bool = false;
  /** Number of the tool call whose block is open, from 0; -1 before the first. */
  private toolCall: i32 = -1;
  private inToolCall: bool = false;
  private hasArguments: bool = false;
  private finished: bool = false;
  private ended: bool = false;

  reset(wantsUsage: bool): void {
    this.id.reset().writeAscii("chatcmpl");
    this.usage.reset();
    this.created = 0;
    this.wantsUsage = wantsUsage;
    this.toolCall = -1;
    this.inToolCall = false;
    this.hasArguments = false;
    this.finished = false;
    this.ended = false;
  }

  translate(model: ByteWriter, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    // A lost event would be a hole in the answer that nobody sees. A kind that came later says nothing to chat clients.
    if (!event.read(data, dataLength)) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    if (eventType.is("content_block_delta")) return this.blockDelta(model, out);
    if (eventType.is("content_block_start")) return this.blockStart(model, out);
    if (eventType.is("content_block_stop")) return this.blockStop(model, out);
    if (eventType.is("message_start")) return this.messageStart(model, out);
    if (eventType.is("message_delta")) return this.messageDelta(model, out);
    if (eventType.is("message_stop")) return this.messageStop(model, out);
    return eventType.is("error") ? this.error(data, dataLength, out) : StreamSignal.PREAMBLE;
  }

  private messageStart(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (message.readValue(eventMessage)) {
      if (messageId.isText) this.id.reset().writeBytes(messageId.pointer, messageId.length);
      this.usage.read(messageUsage);
    }
    this.beginDelta(model, out);
    json.key("role");
    json.ascii("assistant");
    json.key("content");
    json.ascii("");
    this.endDelta("", out);
    return StreamSignal.PREAMBLE;
  }

  private blockStart(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!block.readValue(eventBlock)) return StreamSignal.PREAMBLE;
    if (blockType.is("text") && blockText.isText) {
      this.beginDelta(model, out);
      json.key("content");
      blockText.copyTo(json);
      this.endDelta("", out);
      return StreamSignal.CONTENT;
    }
    if (!blockType.is("tool_use") || !blockId.isString || !blockName.isString) return StreamSignal.PREAMBLE;
    this.toolCall++;
    this.inToolCall = true;
    this.beginToolCall(model, out);
    json.key("id");
    blockId.copyTo(json);
    json.key("type");
    json.ascii("function");
    json.key("function");
    json.objectBegin();
    json.key("name");
    blockName.copyTo(json);
    json.key("arguments");
    // Empty here at Anthropic, the pieces follow; others send the whole of it at once.
    this.hasArguments = blockInput.isObject && !blockInput.isEmpty;
    if (this.hasArguments) json.string(blockInput.pointer, blockInput.length);
    else json.ascii("");
    json.objectEnd();
    this.endToolCall(out);
    return this.hasArguments ? StreamSignal.CONTENT : StreamSignal.PREAMBLE;
  }

  private blockDelta(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!delta.readValue(eventDelta)) return StreamSignal.PREAMBLE;
    if (deltaType.is("text_delta") && deltaText.isText) {
      this.beginDelta(model, out);
      json.key("content");
      deltaText.copyTo(json);
      this.endDelta("", out);
      return StreamSignal.CONTENT;
    }
    if (deltaType.is("thinking_delta") && deltaThinking.isText) {
      this.beginDelta(model, out);
      json.key("reasoning_content");
      deltaThinking.copyTo(json);
      this.endDelta("", out);
      return StreamSignal.CONTENT;
    }
    if (!deltaType.is("input_json_delta") || !deltaJson.isText || !this.inToolCall) return StreamSignal.PREAMBLE;
    this.hasArguments = true;
    this.beginArguments(model, out);
    deltaJson.copyTo(json);
    this.endArguments(out);
    return StreamSignal.CONTENT;
  }

  /** A call without arguments has sent none; OpenAI's clients parse what they got, and that must be JSON. */
  private blockStop(model: ByteWriter, out: ByteWriter): StreamSignal {
    const bare = this.inToolCall && !this.hasArguments;
    this.inToolCall = false;
    if (!bare) return StreamSignal.PREAMBLE;
    this.beginArguments(model, out);
    json.ascii("{}");
    this.endArguments(out);
    return StreamSignal.CONTENT;
  }

  private messageDelta(model: ByteWriter, out: ByteWriter): StreamSignal {
    this.usage.read(eventUsage);
    if (!delta.readValue(eventDelta) || !deltaStop.isString) return StreamSignal.PREAMBLE;
    this.writeFinish(finishReason(deltaStop), model, out);
    return StreamSignal.CONTENT;
  }

  private writeFinish(reason: string, model: ByteWriter, out: ByteWriter): void {
    if (this.finished) return;
    this.finished = true;
    this.beginDelta(model, out);
    this.endDelta(reason, out);
  }

  private messageStop(model: ByteWriter, out: ByteWriter): StreamSignal {
    this.ended = true;
    this.writeFinish("stop", model, out);
    if (this.wantsUsage) {
      this.beginChunk(model, out);
      json.arrayEnd();
      json.key("usage");
      this.usage.write(json);
      json.objectEnd();
      sseEnd(out);
    }
    out.writeAscii("data: [DONE]\n\n");
    return StreamSignal.END;
  }

  private fail(code: ErrorCode, out: ByteWriter): StreamSignal {
    this.ended = true;
    writeErrorEvent(Protocol.OPENAI, code, out);
    return StreamSignal.ERROR;
  }

  private error(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    const before = out.length;
    sseBegin(out, "");
    if (writeChatError(data, dataLength, out) != TRANSLATED) {
      out.truncate(before);
      return this.fail(ErrorCode.UPSTREAM_ERROR, out);
    }
    sseEnd(out);
    this.ended = true;
    return StreamSignal.ERROR;
  }

  /** Up to the open array of choices. */
  private beginChunk(model: ByteWriter, out: ByteWriter): void {
    if (this.created == 0) this.created = nowMs() / 1000;
    sseBegin(out, "");
    json.reset(out).objectBegin();
    json.key("id");
    json.rawString(this.id.pointer, this.id.length);
    json.key("object");
    json.ascii("chat.completion.chunk");
    json.key("created");
    json.integer(this.created);
    json.key("model");
    json.rawString(model.pointer, model.length);
    json.key("choices");
    json.arrayBegin();
  }

  private beginDelta(model: ByteWriter, out: ByteWriter): void {
    this.beginChunk(model, out);
    json.objectBegin();
    json.key("index");
    json.integer(0);
    json.key("delta");
    json.objectBegin();
  }

  /** `finish` is empty until the model has ended. */
  private endDelta(finish: string, out: ByteWriter): void {
    json.objectEnd();
    json.key("logprobs");
    json.nil();
    json.key("finish_reason");
    if (finish.length == 0) json.nil();
    else json.ascii(finish);
    json.objectEnd();
    json.arrayEnd();
    json.objectEnd();
    sseEnd(out);
  }

  private beginToolCall(model: ByteWriter, out: ByteWriter): void {
    this.beginDelta(model, out);
    json.key("tool_calls");
    json.arrayBegin();
    json.objectBegin();
    json.key("index");
    json.integer(this.toolCall);
  }

  private endToolCall(out: ByteWriter): void {
    json.objectEnd();
    json.arrayEnd();
    this.endDelta("", out);
  }

  private beginArguments(model: ByteWriter, out: ByteWriter): void {
    this.beginToolCall(model, out);
    json.key("function");
    json.objectBegin();
    json.key("arguments");
  }

  private endArguments(out: ByteWriter): void {
    json.objectEnd();
    this.endToolCall(out);
  }
}
