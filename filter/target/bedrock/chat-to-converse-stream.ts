// The events of ConverseStream as chat completion chunks, event by event.
//
//   messageStart ─▶ role chunk                       contentBlockDelta ─▶ content, reasoning_content or arguments
//   contentBlockStart (toolUse) ─▶ tool call         messageStop ─▶ finish_reason
//   metadata ─▶ usage chunk where asked for, [DONE]  …Exception ─▶ error event

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { JsonWriter } from "../../json/writer";
import { nowMs } from "../../sdk";
import { sseBegin, sseEnd } from "../../sse/writer";
import { countCharacters } from "../translation/characters";
import { Fields } from "../translation/value";
import { StreamSignal } from "../translator";
import { finishReason, writeReplyId } from "./chat-to-converse-reply";
import { readCitation, writeCitation } from "./citations";
import { isException, writeException } from "./converse-errors";
import { ConverseUsage } from "./converse-usage";

const ID_BYTES_MAX: i32 = 64;

const event = new Fields();
const eventIndex = event.add("contentBlockIndex");
const eventStart = event.add("start");
const eventDelta = event.add("delta");
const eventStop = event.add("stopReason");
const eventUsage = event.add("usage");
const eventTrace = event.add("trace");

const start = new Fields();
const startToolUse = start.add("toolUse");
const toolUse = new Fields();
const toolUseId = toolUse.add("toolUseId");
const toolUseName = toolUse.add("name");
const toolUseType = toolUse.add("type");

const delta = new Fields();
const deltaText = delta.add("text");
const deltaToolUse = delta.add("toolUse");
const deltaReasoning = delta.add("reasoningContent");
const deltaCitation = delta.add("citation");
const toolInput = new Fields();
const inputPiece = toolInput.add("input");
const reasoning = new Fields();
const reasoningText = reasoning.add("text");
const reasoningSignature = reasoning.add("signature");
const reasoningRedacted = reasoning.add("redactedContent");

const json = new JsonWriter(new ByteWriter(0));

export class ConverseStream {
  private readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  private readonly usage: ConverseUsage = new ConverseUsage();
  private created: i64 = 0;
  private wantsUsage: bool = false;
  /** Number of the tool call whose block is open, from 0; -1 before the first. */
  private toolCall: i32 = -1;
  private inToolCall: bool = false;
  private hasArguments: bool = false;
  /** Characters of the text so far, and where its block began: citations speak of the block. */
  private offset: i64 = 0;
  private block: i64 = 0;
  private blockOffset: i64 = 0;
  private finished: bool = false;
  private ended: bool = false;

  reset(wantsUsage: bool): void {
    this.id.reset();
    this.usage.reset();
    this.created = 0;
    this.wantsUsage = wantsUsage;
    this.toolCall = -1;
    this.inToolCall = false;
    this.hasArguments = false;
    this.offset = 0;
    this.block = 0;
    this.blockOffset = 0;
    this.finished = false;
    this.ended = false;
  }

  translate(
    model: ByteWriter,
    type: usize,
    typeLength: i32,
    data: usize,
    dataLength: i32,
    out: ByteWriter,
  ): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (isException(type, typeLength)) return this.except(type, typeLength, data, dataLength, out);
    // A lost event would be a hole in the answer that nobody sees. A kind that came later says nothing to chat clients.
    if (!event.read(data, dataLength)) return this.fail(out);
    if (equalsAscii(type, typeLength, "contentBlockDelta")) return this.blockDelta(model, out);
    if (equalsAscii(type, typeLength, "contentBlockStart")) return this.blockStart(model, out);
    if (equalsAscii(type, typeLength, "contentBlockStop")) return this.blockStop(model, out);
    if (equalsAscii(type, typeLength, "messageStart")) return this.messageStart(model, out);
    if (equalsAscii(type, typeLength, "messageStop")) return this.messageStop(model, out);
    return equalsAscii(type, typeLength, "metadata") ? this.metadata(model, out) : StreamSignal.PREAMBLE;
  }

  /** The stream is over: complete if the message was, whether or not its metadata came. */
  end(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (this.ended || !this.finished) return StreamSignal.PREAMBLE;
    this.usage.reset();
    eventTrace.clear();
    return this.finish(model, out);
  }

  private messageStart(model: ByteWriter, out: ByteWriter): StreamSignal {
    this.beginDelta(model, out);
    json.key("role");
    json.ascii("assistant");
    json.key("content");
    json.ascii("");
    this.endDelta("", out);
    return StreamSignal.PREAMBLE;
  }

  private blockStart(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!start.readValue(eventStart) || !toolUse.readValue(startToolUse)) return StreamSignal.PREAMBLE;
    // A tool that runs at the provider is none of the client's.
    if (toolUseType.is("server_tool_use") || !toolUseId.isString || !toolUseName.isString) return StreamSignal.PREAMBLE;
    this.toolCall++;
    this.inToolCall = true;
    this.hasArguments = false;
    this.beginToolCall(model, out);
    json.key("id");
    toolUseId.copyTo(json);
    json.key("type");
    json.ascii("function");
    json.key("function");
    json.objectBegin();
    json.key("name");
    toolUseName.copyTo(json);
    json.key("arguments");
    json.ascii("");
    this.endArguments(out);
    return StreamSignal.PREAMBLE;
  }

  private blockDelta(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!delta.readValue(eventDelta)) return StreamSignal.PREAMBLE;
    if (deltaText.isText) return this.text(model, out);
    if (reasoning.readValue(deltaReasoning)) return this.thought(model, out);
    if (toolInput.readValue(deltaToolUse)) return this.argumentPiece(model, out);
    return deltaCitation.isObject ? this.citation(model, out) : StreamSignal.PREAMBLE;
  }

  private text(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (eventIndex.count != this.block) {
      this.block = eventIndex.count;
      this.blockOffset = this.offset;
    }
    this.offset += countCharacters(deltaText.pointer, deltaText.length);
    this.beginDelta(model, out);
    json.key("content");
    deltaText.copyTo(json);
    this.endDelta("", out);
    return StreamSignal.CONTENT;
  }

  /** Words as they come; their signature, or what is hidden, as a block. */
  private thought(model: ByteWriter, out: ByteWriter): StreamSignal {
    const isRedacted = reasoningRedacted.isText;
    if (!reasoningText.isText && !reasoningSignature.isText && !isRedacted) return StreamSignal.PREAMBLE;
    this.beginDelta(model, out);
    if (reasoningText.isText) {
      json.key("reasoning_content");
      reasoningText.copyTo(json);
    } else {
      json.key("thinking_blocks");
      json.arrayBegin();
      json.objectBegin();
      json.key("type");
      json.ascii(isRedacted ? "redacted_thinking" : "thinking");
      if (!isRedacted) {
        json.key("thinking");
        json.ascii("");
      }
      json.key(isRedacted ? "data" : "signature");
      isRedacted ? reasoningRedacted.copyTo(json) : reasoningSignature.copyTo(json);
      json.objectEnd();
      json.arrayEnd();
    }
    this.endDelta("", out);
    return StreamSignal.CONTENT;
  }

  private argumentPiece(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!inputPiece.isText || !this.inToolCall) return StreamSignal.PREAMBLE;
    this.hasArguments = true;
    this.beginArguments(model, out);
    inputPiece.copyTo(json);
    this.endArguments(out);
    return StreamSignal.CONTENT;
  }

  private citation(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!readCitation(deltaCitation)) return StreamSignal.PREAMBLE;
    this.beginDelta(model, out);
    json.key("annotations");
    json.arrayBegin();
    writeCitation(json, this.blockOffset, this.offset);
    json.arrayEnd();
    this.endDelta("", out);
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

  private messageStop(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (this.finished) return StreamSignal.PREAMBLE;
    this.finished = true;
    this.beginDelta(model, out);
    this.endDelta(finishReason(eventStop), out);
    return StreamSignal.CONTENT;
  }

  private metadata(model: ByteWriter, out: ByteWriter): StreamSignal {
    this.usage.read(eventUsage);
    if (!this.finished) return StreamSignal.PREAMBLE;
    return this.finish(model, out);
  }

  /** The guardrail's trace comes only to those who asked for it in their request. */
  private finish(model: ByteWriter, out: ByteWriter): StreamSignal {
    this.ended = true;
    if (this.wantsUsage || eventTrace.isObject) {
      this.beginChunk(model, out);
      json.arrayEnd();
      json.key("usage");
      this.usage.write(json);
      if (eventTrace.isObject) {
        json.key("trace");
        eventTrace.copyTo(json);
      }
      json.objectEnd();
      sseEnd(out);
    }
    out.writeAscii("data: [DONE]\n\n");
    return StreamSignal.END;
  }

  private fail(out: ByteWriter): StreamSignal {
    this.ended = true;
    writeErrorEvent(Protocol.OPENAI, ErrorCode.UPSTREAM_INVALID_REPLY, out);
    return StreamSignal.ERROR;
  }

  private except(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    this.ended = true;
    writeException(type, typeLength, data, dataLength, out);
    return StreamSignal.ERROR;
  }

  /** Up to the open array of choices. */
  private beginChunk(model: ByteWriter, out: ByteWriter): void {
    if (this.created == 0) {
      this.created = nowMs() / 1000;
      writeReplyId(this.id);
    }
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

  private beginArguments(model: ByteWriter, out: ByteWriter): void {
    this.beginToolCall(model, out);
    json.key("function");
    json.objectBegin();
    json.key("arguments");
  }

  private endArguments(out: ByteWriter): void {
    json.objectEnd();
    json.objectEnd();
    json.arrayEnd();
    this.endDelta("", out);
  }
}
