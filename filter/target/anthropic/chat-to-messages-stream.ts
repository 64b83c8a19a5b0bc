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
import { Fields, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { ChatChunk, chunkJson } from "./chat-chunk";
import { hasAnnotations, writeAnnotations } from "./chat-to-messages-annotations";
import {
  finishReason,
  writeChatError,
  writeRedactedBlock,
  writeRefusal,
  writeStopMatched,
  writeThinkingBlock,
} from "./chat-to-messages-reply";
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
const json = chunkJson;

export class ChatStream {
  private readonly chunk: ChatChunk = new ChatChunk();
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

  reset(wantsUsage: bool): void {
    this.chunk.reset();
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
      if (messageId.isText) this.chunk.setId(messageId);
      this.usage.read(messageUsage);
    }
    this.chunk.beginDelta(model, out);
    json.key("role");
    json.ascii("assistant");
    json.key("content");
    json.ascii("");
    this.chunk.endDelta(out);
    return StreamSignal.PREAMBLE;
  }

  private blockStart(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!block.readValue(eventBlock)) return StreamSignal.PREAMBLE;
    this.blockStarted = this.characters;
    if (blockType.is("text") && blockText.isText) return this.text(blockText, model, out);
    if (blockType.is("redacted_thinking") && blockData.isText) {
      this.chunk.beginThinkingBlocks(model, out);
      writeRedactedBlock(json, blockData);
      this.chunk.endThinkingBlocks(out);
      return StreamSignal.PREAMBLE;
    }
    if (!blockType.is("tool_use") || !blockId.isString || !blockName.isString) return StreamSignal.PREAMBLE;
    this.toolCall++;
    this.inToolCall = true;
    this.chunk.beginToolCall(this.toolCall, model, out);
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
    this.chunk.endToolCall(out);
    return this.hasArguments ? StreamSignal.CONTENT : StreamSignal.PREAMBLE;
  }

  private blockDelta(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (!delta.readValue(eventDelta)) return StreamSignal.PREAMBLE;
    if (deltaType.is("text_delta") && deltaText.isText) return this.text(deltaText, model, out);
    if (deltaType.is("thinking_delta") && deltaThinking.isText) {
      this.chunk.writeDelta("reasoning_content", deltaThinking, model, out);
      return StreamSignal.CONTENT;
    }
    if (deltaType.is("signature_delta") && deltaSignature.isText) {
      this.chunk.beginThinkingBlocks(model, out);
      writeThinkingBlock(json, null, deltaSignature);
      this.chunk.endThinkingBlocks(out);
      return StreamSignal.PREAMBLE;
    }
    if (deltaType.is("citations_delta")) return this.keepCitation();
    if (!deltaType.is("input_json_delta") || !deltaJson.isText || !this.inToolCall) return StreamSignal.PREAMBLE;
    this.hasArguments = true;
    this.chunk.beginArguments(this.toolCall, model, out);
    deltaJson.copyTo(json);
    this.chunk.endArguments(out);
    return StreamSignal.CONTENT;
  }

  private text(value: Value, model: ByteWriter, out: ByteWriter): StreamSignal {
    this.characters += countCharacters(value.pointer, value.length);
    this.chunk.writeDelta("content", value, model, out);
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

  private annotate(model: ByteWriter, out: ByteWriter): StreamSignal {
    const kept = this.citations;
    kept.writeAscii("]");
    cited.takeArray(kept.pointer, kept.length);
    if (hasAnnotations(cited)) {
      this.chunk.beginDelta(model, out);
      json.key("annotations");
      json.arrayBegin();
      writeAnnotations(json, cited, this.blockStarted, this.characters);
      json.arrayEnd();
      this.chunk.endDelta(out);
    }
    kept.reset();
    return StreamSignal.CONTENT;
  }

  /** A call without arguments has sent none; OpenAI's clients parse what they got, and that must be JSON. */
  private blockStop(model: ByteWriter, out: ByteWriter): StreamSignal {
    if (this.citations.length > 0) return this.annotate(model, out);
    const bare = this.inToolCall && !this.hasArguments;
    this.inToolCall = false;
    if (!bare) return StreamSignal.PREAMBLE;
    this.chunk.beginArguments(this.toolCall, model, out);
    json.ascii("{}");
    this.chunk.endArguments(out);
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
    this.chunk.beginDelta(model, out);
    if (deltaStop.is("refusal") && deltaStopDetails.isObject) {
      json.key("refusal");
      writeRefusal(json, deltaStop, deltaStopDetails);
    }
    this.chunk.beginFinish(reason);
    writeStopMatched(json, deltaStop, deltaStopSequence);
    this.chunk.endFinish(out);
  }

  private messageStop(model: ByteWriter, out: ByteWriter): StreamSignal {
    this.ended = true;
    delta.clear();
    this.writeFinish("stop", model, out);
    if (this.wantsUsage) {
      this.chunk.begin(model, out);
      json.arrayEnd();
      this.usage.writeServiceTier(json);
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
}
