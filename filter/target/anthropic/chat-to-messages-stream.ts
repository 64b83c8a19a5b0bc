// A stream of Messages events as chat completion chunks, event by event.
//
//   message_start ─▶ role chunk             content_block_delta ─▶ content, reasoning_content or arguments
//   content_block_start (tool_use) ─▶ tool call with id and name    signature_delta, redacted thinking ─▶ thinking_blocks
//   content_block_stop (citations) ─▶ annotations                   message_delta ─▶ finish_reason
//   message_stop ─▶ usage chunk where asked for, [DONE]             error ─▶ error event

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { sseBegin, sseEnd } from "../../sse/writer";
import { countCharacters } from "../translation/characters";
import { ChatChunks } from "../translation/chat-chunks";
import { writeRedactedBlock, writeThinkingBlock } from "../translation/chat-members";
import { Fields, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { hasAnnotations, writeAnnotations } from "./chat-to-messages-annotations";
import { finishReason, writeChatError, writeRefusal, writeStopMatched } from "./chat-to-messages-reply";
import { MessagesUsage } from "./messages-usage";

/** Citations of one text block, kept until its end is known; those beyond are left out. */
const CITATIONS_BYTES_MAX: i32 = 64 * 1024;

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
const blockData = block.add("data");

const delta = new Fields();
const deltaType = delta.add("type");
const deltaText = delta.add("text");
const deltaThinking = delta.add("thinking");
const deltaJson = delta.add("partial_json");
const deltaSignature = delta.add("signature");
const deltaCitation = delta.add("citation");
const deltaStop = delta.add("stop_reason");
const deltaStopSequence = delta.add("stop_sequence");
const deltaStopDetails = delta.add("stop_details");

const cited = new Value("");

export class ChatStream {
  private readonly chunks: ChatChunks = new ChatChunks();
  private readonly usage: MessagesUsage = new MessagesUsage();
  private wantsUsage: bool = false;
  /** Number of the tool call whose block is open, from 0; -1 before the first. */
  private toolCall: i32 = -1;
  private inToolCall: bool = false;
  private hasArguments: bool = false;
  /** Characters of the content so far, and where the block that is open began. */
  private characters: i32 = 0;
  private blockStarted: i32 = 0;
  /** An array of the open block's citations, its bracket not closed. */
  private readonly citations: ByteWriter = new ByteWriter(CITATIONS_BYTES_MAX);
  private finished: bool = false;
  private ended: bool = false;

  reset(model: ByteWriter, wantsUsage: bool): void {
    this.chunks.reset(model);
    this.usage.reset();
    this.wantsUsage = wantsUsage;
    this.toolCall = -1;
    this.inToolCall = false;
    this.hasArguments = false;
    this.characters = 0;
    this.blockStarted = 0;
    this.citations.reset();
    this.finished = false;
    this.ended = false;
  }

  translate(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    // A lost event would be a hole in the answer that nobody sees. A kind that came later says nothing to chat clients.
    if (!event.read(data, dataLength)) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    if (eventType.is("content_block_delta")) return this.blockDelta(out);
    if (eventType.is("content_block_start")) return this.blockStart(out);
    if (eventType.is("content_block_stop")) return this.blockStop(out);
    if (eventType.is("message_start")) return this.messageStart(out);
    if (eventType.is("message_delta")) return this.messageDelta(out);
    if (eventType.is("message_stop")) return this.messageStop(out);
    return eventType.is("error") ? this.error(data, dataLength, out) : StreamSignal.PREAMBLE;
  }

  private messageStart(out: ByteWriter): StreamSignal {
    if (message.readValue(eventMessage)) {
      this.chunks.takeId(messageId);
      this.usage.read(messageUsage);
    }
    this.chunks.writeRole(out);
    return StreamSignal.PREAMBLE;
  }

  private blockStart(out: ByteWriter): StreamSignal {
    if (!block.readValue(eventBlock)) return StreamSignal.PREAMBLE;
    this.blockStarted = this.characters;
    if (blockType.is("text") && blockText.isText) return this.text(blockText, out);
    if (blockType.is("redacted_thinking") && blockData.isText) {
      this.chunks.beginThinkingBlocks(out);
      writeRedactedBlock(this.chunks.json, blockData);
      this.chunks.endThinkingBlocks();
      return StreamSignal.PREAMBLE;
    }
    if (!blockType.is("tool_use") || !blockId.isString || !blockName.isString) return StreamSignal.PREAMBLE;
    this.toolCall++;
    this.inToolCall = true;
    this.chunks.beginNamedCall(this.toolCall, blockId, blockName, out);
    // Empty here at Anthropic, the pieces follow; others send the whole of it at once.
    this.hasArguments = blockInput.isObject && !blockInput.isEmpty;
    if (this.hasArguments) this.chunks.json.string(blockInput.pointer, blockInput.length);
    else this.chunks.json.ascii("");
    this.chunks.endArguments();
    return this.hasArguments ? StreamSignal.CONTENT : StreamSignal.PREAMBLE;
  }

  private blockDelta(out: ByteWriter): StreamSignal {
    if (!delta.readValue(eventDelta)) return StreamSignal.PREAMBLE;
    if (deltaType.is("text_delta") && deltaText.isText) return this.text(deltaText, out);
    if (deltaType.is("thinking_delta") && deltaThinking.isText) {
      this.chunks.writeText("reasoning_content", deltaThinking, out);
      return StreamSignal.CONTENT;
    }
    if (deltaType.is("signature_delta") && deltaSignature.isText) {
      this.chunks.beginThinkingBlocks(out);
      writeThinkingBlock(this.chunks.json, null, deltaSignature);
      this.chunks.endThinkingBlocks();
      return StreamSignal.PREAMBLE;
    }
    if (deltaType.is("citations_delta")) return this.keepCitation();
    if (!deltaType.is("input_json_delta") || !deltaJson.isText || !this.inToolCall) return StreamSignal.PREAMBLE;
    this.hasArguments = true;
    this.chunks.beginArguments(this.toolCall, out);
    deltaJson.copyTo(this.chunks.json);
    this.chunks.endArguments();
    return StreamSignal.CONTENT;
  }

  private text(value: Value, out: ByteWriter): StreamSignal {
    this.characters += countCharacters(value.pointer, value.length);
    this.chunks.writeText("content", value, out);
    return StreamSignal.CONTENT;
  }

  /** Its place in the text is known when the block ends. */
  private keepCitation(): StreamSignal {
    const kept = this.citations;
    if (!deltaCitation.isObject || kept.length + deltaCitation.length + 2 > CITATIONS_BYTES_MAX) {
      return StreamSignal.PREAMBLE;
    }
    kept.writeAscii(kept.length == 0 ? "[" : ",");
    kept.writeBytes(deltaCitation.pointer, deltaCitation.length);
    return StreamSignal.PREAMBLE;
  }

  private annotate(out: ByteWriter): StreamSignal {
    const kept = this.citations;
    kept.writeAscii("]");
    cited.takeArray(kept.pointer, kept.length);
    if (hasAnnotations(cited)) {
      this.chunks.beginAnnotations(out);
      writeAnnotations(this.chunks.json, cited, this.blockStarted, this.characters);
      this.chunks.endAnnotations();
    }
    kept.reset();
    return StreamSignal.CONTENT;
  }

  private blockStop(out: ByteWriter): StreamSignal {
    if (this.citations.length > 0) return this.annotate(out);
    const bare = this.inToolCall && !this.hasArguments;
    this.inToolCall = false;
    if (!bare) return StreamSignal.PREAMBLE;
    this.chunks.writeNoArguments(this.toolCall, out);
    return StreamSignal.CONTENT;
  }

  private messageDelta(out: ByteWriter): StreamSignal {
    this.usage.read(eventUsage);
    if (!delta.readValue(eventDelta) || !deltaStop.isString) return StreamSignal.PREAMBLE;
    this.writeFinish(finishReason(deltaStop), out);
    return StreamSignal.CONTENT;
  }

  private writeFinish(reason: string, out: ByteWriter): void {
    if (this.finished) return;
    this.finished = true;
    const json = this.chunks.json;
    this.chunks.beginDelta(out);
    if (deltaStop.is("refusal") && deltaStopDetails.isObject) {
      json.key("refusal");
      writeRefusal(json, deltaStop, deltaStopDetails);
    }
    this.chunks.beginFinish(reason);
    writeStopMatched(json, deltaStop, deltaStopSequence);
    this.chunks.endFinish();
  }

  private messageStop(out: ByteWriter): StreamSignal {
    this.ended = true;
    delta.clear();
    this.writeFinish("stop", out);
    if (this.wantsUsage) {
      const json = this.chunks.json;
      this.chunks.beginEmpty(out);
      this.usage.writeServiceTier(json);
      json.key("usage");
      this.usage.write(json);
      this.chunks.endEmpty();
    }
    this.chunks.writeDone(out);
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
}
