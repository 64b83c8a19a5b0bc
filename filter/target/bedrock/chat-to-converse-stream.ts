// The events of ConverseStream as chat completion chunks, event by event.
//
//   messageStart ─▶ role chunk                       contentBlockDelta ─▶ content, reasoning_content or arguments
//   contentBlockStart (toolUse) ─▶ tool call         messageStop ─▶ finish_reason
//   metadata ─▶ usage chunk where asked for, [DONE]  …Exception ─▶ error event

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { countCharacters } from "../translation/characters";
import { ChatChunks } from "../translation/chat-chunks";
import { writeRedactedBlock, writeThinkingBlock } from "../translation/chat-members";
import { ChatUsage } from "../translation/chat-usage";
import { Fields } from "../translation/value";
import { StreamSignal } from "../translator";
import { finishReason } from "./chat-to-converse-reply";
import { readWebCitation, writeWebCitation } from "./citations";
import { isException, writeException } from "./converse-errors";
import { readUsage } from "./converse-usage";

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

export class ConverseStream {
  private readonly chunks: ChatChunks = new ChatChunks();
  private readonly usage: ChatUsage = new ChatUsage();
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

  reset(model: ByteWriter, wantsUsage: bool): void {
    this.chunks.reset(model);
    this.usage.reset();
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

  translate(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (isException(type, typeLength)) return this.except(type, typeLength, data, dataLength, out);
    // A lost event would be a hole in the answer that nobody sees. A kind that came later says nothing to chat clients.
    if (!event.read(data, dataLength)) return this.fail(out);
    if (equalsAscii(type, typeLength, "contentBlockDelta")) return this.blockDelta(out);
    if (equalsAscii(type, typeLength, "contentBlockStart")) return this.blockStart(out);
    if (equalsAscii(type, typeLength, "contentBlockStop")) return this.blockStop(out);
    if (equalsAscii(type, typeLength, "messageStart")) return this.messageStart(out);
    if (equalsAscii(type, typeLength, "messageStop")) return this.messageStop(out);
    return equalsAscii(type, typeLength, "metadata") ? this.metadata(out) : StreamSignal.PREAMBLE;
  }

  /** The stream is over: complete if the message was, whether or not its metadata came. */
  end(out: ByteWriter): StreamSignal {
    if (this.ended || !this.finished) return StreamSignal.PREAMBLE;
    this.usage.reset();
    eventTrace.clear();
    return this.finish(out);
  }

  private messageStart(out: ByteWriter): StreamSignal {
    this.chunks.writeRole(out);
    return StreamSignal.PREAMBLE;
  }

  private blockStart(out: ByteWriter): StreamSignal {
    if (!start.readValue(eventStart) || !toolUse.readValue(startToolUse)) return StreamSignal.PREAMBLE;
    // A tool that runs at the provider is none of the client's.
    if (toolUseType.is("server_tool_use") || !toolUseId.isString || !toolUseName.isString) return StreamSignal.PREAMBLE;
    this.toolCall++;
    this.inToolCall = true;
    this.hasArguments = false;
    this.chunks.beginNamedCall(this.toolCall, toolUseId, toolUseName, out);
    this.chunks.json.ascii("");
    this.chunks.endArguments();
    return StreamSignal.PREAMBLE;
  }

  private blockDelta(out: ByteWriter): StreamSignal {
    if (!delta.readValue(eventDelta)) return StreamSignal.PREAMBLE;
    if (deltaText.isText) return this.text(out);
    if (reasoning.readValue(deltaReasoning)) return this.thought(out);
    if (toolInput.readValue(deltaToolUse)) return this.argumentPiece(out);
    return deltaCitation.isObject ? this.citation(out) : StreamSignal.PREAMBLE;
  }

  private text(out: ByteWriter): StreamSignal {
    if (eventIndex.count != this.block) {
      this.block = eventIndex.count;
      this.blockOffset = this.offset;
    }
    this.offset += countCharacters(deltaText.pointer, deltaText.length);
    this.chunks.writeText("content", deltaText, out);
    return StreamSignal.CONTENT;
  }

  /** Words as they come; their signature, or what is hidden, as a block. */
  private thought(out: ByteWriter): StreamSignal {
    const isRedacted = reasoningRedacted.isText;
    if (!reasoningText.isText && !reasoningSignature.isText && !isRedacted) return StreamSignal.PREAMBLE;
    if (reasoningText.isText) {
      this.chunks.writeText("reasoning_content", reasoningText, out);
      return StreamSignal.CONTENT;
    }
    this.chunks.beginThinkingBlocks(out);
    if (isRedacted) writeRedactedBlock(this.chunks.json, reasoningRedacted);
    else writeThinkingBlock(this.chunks.json, null, reasoningSignature);
    this.chunks.endThinkingBlocks();
    return StreamSignal.CONTENT;
  }

  private argumentPiece(out: ByteWriter): StreamSignal {
    if (!inputPiece.isText || !this.inToolCall) return StreamSignal.PREAMBLE;
    this.hasArguments = true;
    this.chunks.beginArguments(this.toolCall, out);
    inputPiece.copyTo(this.chunks.json);
    this.chunks.endArguments();
    return StreamSignal.CONTENT;
  }

  private citation(out: ByteWriter): StreamSignal {
    if (!readWebCitation(deltaCitation)) return StreamSignal.PREAMBLE;
    this.chunks.beginAnnotations(out);
    writeWebCitation(this.chunks.json, this.blockOffset, this.offset);
    this.chunks.endAnnotations();
    return StreamSignal.CONTENT;
  }

  private blockStop(out: ByteWriter): StreamSignal {
    const bare = this.inToolCall && !this.hasArguments;
    this.inToolCall = false;
    if (!bare) return StreamSignal.PREAMBLE;
    this.chunks.writeNoArguments(this.toolCall, out);
    return StreamSignal.CONTENT;
  }

  private messageStop(out: ByteWriter): StreamSignal {
    if (this.finished) return StreamSignal.PREAMBLE;
    this.finished = true;
    this.chunks.writeFinish(finishReason(eventStop), out);
    return StreamSignal.CONTENT;
  }

  private metadata(out: ByteWriter): StreamSignal {
    readUsage(eventUsage, this.usage);
    if (!this.finished) return StreamSignal.PREAMBLE;
    return this.finish(out);
  }

  /** The guardrail's trace comes only to those who asked for it in their request. */
  private finish(out: ByteWriter): StreamSignal {
    this.ended = true;
    if (this.wantsUsage || eventTrace.isObject) {
      const json = this.chunks.json;
      this.chunks.beginEmpty(out);
      json.key("usage");
      this.usage.write(json);
      if (eventTrace.isObject) {
        json.key("trace");
        eventTrace.copyTo(json);
      }
      this.chunks.endEmpty();
    }
    this.chunks.writeDone(out);
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
}
