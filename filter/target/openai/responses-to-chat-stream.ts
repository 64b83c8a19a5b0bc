// A stream of chat completion chunks as Responses events. One item of the output is open at a time, so a delta of another
// kind closes the one before; the last event repeats the whole output, so finished items are kept. The end waits for
// [DONE], because the usage comes behind the finish reason.
//
//   first chunk ─▶ response.created, in_progress     reasoning ─▶ reasoning item   content, refusal ─▶ message item
//   tool_calls[i] ─▶ function_call item              [DONE] ─▶ …done, response.completed | response.incomplete

import { ByteWriter } from "../../bytes/byte-writer";
import { equalBytes, equalsAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { Fields, Items, Value } from "../translation/value";
import { StreamSignal } from "../translator";
import { writeSignatureBlock, writeThinkingBlock } from "./response-items";
import { ResponseHead } from "./response-object";
import { ItemKind, ResponseEvents } from "./responses-to-chat-events";

const chunk = new Fields();
const chunkId = chunk.add("id");
const chunkCreated = chunk.add("created");
const chunkChoices = chunk.add("choices");
const chunkUsage = chunk.add("usage");
const chunkError = chunk.add("error");
const chunkTier = chunk.add("service_tier");

const choice = new Fields();
const choiceDelta = choice.add("delta");
const choiceFinish = choice.add("finish_reason");
const choiceLogprobs = choice.add("logprobs");
const logprobs = new Fields();
const logprobsContent = logprobs.add("content");

const delta = new Fields();
const deltaContent = delta.add("content");
const deltaRefusal = delta.add("refusal");
const deltaToolCalls = delta.add("tool_calls");
const deltaReasoningContent = delta.add("reasoning_content");
const deltaReasoning = delta.add("reasoning");
const deltaBlocks = delta.add("thinking_blocks");
const deltaAnnotations = delta.add("annotations");
const deltaExtra = delta.add("extra_content");

const block = new Fields();
const blockType = block.add("type");
const blockThinking = block.add("thinking");
const blockSignature = block.add("signature");

const call = new Fields();
const callIndex = call.add("index");
const callId = call.add("id");
const callFunction = call.add("function");
const callExtra = call.add("extra_content");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const choices = new Items();
const list = new Items();
const nothing = new Value("");

export class ResponsesStream {
  private started: bool = false;
  private ended: bool = false;
  /** The provider's index of the call that is open. */
  private openCall: i32 = -1;
  private readonly events: ResponseEvents;

  constructor(private readonly head: ResponseHead) {
    this.events = new ResponseEvents(head);
  }

  reset(): void {
    this.started = false;
    this.ended = false;
    this.openCall = -1;
    this.events.reset();
  }

  translate(data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (dataLength == 0) return StreamSignal.PREAMBLE;
    this.events.to(out);
    const before = out.length;
    const signal = this.read(data, dataLength);
    if (!this.events.overflows) return signal;
    out.truncate(before);
    this.events.giveUp();
    return this.fail(ErrorCode.REPLY_TOO_LARGE);
  }

  private read(data: usize, dataLength: i32): StreamSignal {
    if (equalsAscii(data, dataLength, "[DONE]")) return this.end();
    // A lost event would be a hole in the answer that nobody sees.
    if (!chunk.read(data, dataLength)) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    if (chunkError.present) return this.failAsProvider(data, dataLength);
    const hasChoice = choices.begin(chunkChoices) && choices.next() && choice.readValue(choices.value);
    // Azure's first chunk says what its filter found in the prompt; it is the next one that names the answer.
    if (hasChoice || chunkId.isText) this.start();
    this.head.usage.read(chunkUsage);
    if (!hasChoice) return StreamSignal.PREAMBLE;
    const signal = delta.readValue(choiceDelta) ? this.delta() : StreamSignal.PREAMBLE;
    if (signal != StreamSignal.ERROR) this.head.finish(choiceFinish);
    return signal;
  }

  /** The stream broke: `error`, and the failed response if it has begun. */
  writeError(code: ErrorCode, out: ByteWriter): void {
    this.events.to(out);
    this.fail(code);
  }

  private start(): void {
    this.head.takeTier(chunkTier);
    if (this.started) return;
    this.started = true;
    this.head.take(chunkId, chunkCreated.count, chunkTier);
    this.events.begin();
  }

  private delta(): StreamSignal {
    if (deltaContent.present && !deltaContent.isString) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    const events = this.events;
    let said = this.thoughts();
    const probabilities = logprobs.readValue(choiceLogprobs) ? logprobsContent : nothing;
    if (deltaContent.isText) {
      events.text(ItemKind.TEXT, deltaContent, probabilities);
      said = true;
    }
    if (deltaRefusal.isText) {
      events.text(ItemKind.REFUSAL, deltaRefusal, nothing);
      said = true;
    }
    if (list.begin(deltaAnnotations)) while (list.next()) events.annotation(list.value);
    if (this.signature("message_signature", deltaExtra)) said = true;
    if (list.begin(deltaToolCalls)) {
      while (list.next()) {
        if (!call.readValue(list.value)) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
        callee.readValue(callFunction);
        if (!this.toolCall()) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
        said = true;
      }
    }
    return said ? StreamSignal.CONTENT : StreamSignal.PREAMBLE;
  }

  /** One reasoning item for each block: its signature, which comes last, closes it. */
  private thoughts(): bool {
    const events = this.events;
    const text = deltaReasoningContent.isText ? deltaReasoningContent : deltaReasoning;
    if (text.isText) events.reasoning(text);
    if (!list.begin(deltaBlocks)) return text.isText;
    let found = false;
    while (list.next()) {
      if (!block.readValue(list.value)) continue;
      found = true;
      if (!blockType.is("thinking")) {
        events.close();
        events.block.reset().writeBytes(list.value.pointer, list.value.length);
        events.thought();
      } else if (blockSignature.isText) {
        if (!events.isReasoning && blockThinking.isText) events.reasoning(blockThinking);
        writeThinkingBlock(events.reasoningPointer, events.reasoningLength, blockSignature, events.block.reset());
        events.thought();
      } else if (blockThinking.isText && !text.isText) {
        events.reasoning(blockThinking);
      }
    }
    return found || text.isText;
  }

  private signature(type: string, from: Value): bool {
    const events = this.events;
    if (!writeSignatureBlock(type, from, events.block.reset())) return false;
    events.close();
    events.thought();
    return true;
  }

  /** The first delta of a call has its id and name; those that follow have its index. False when it belongs to none. */
  private toolCall(): bool {
    const events = this.events;
    const open = events.kind == ItemKind.CALL ? this.openCall : -1;
    // Some providers give no index, or 0 to every call: then a new id begins a new call.
    const index = callIndex.isNumber ? <i32>min<i64>(callIndex.count, i32.MAX_VALUE) : max(open, 0);
    const id = events.callId;
    const isOpenId = equalBytes(id.pointer, id.length, callId.pointer, callId.length);
    if (callId.isText && (open != index || !isOpenId)) {
      this.signature("call_signature", callExtra);
      events.openCall(callId, calleeName);
      this.openCall = index;
    } else if (open != index) {
      return false;
    }
    if (calleeArguments.isText) events.callArguments(calleeArguments);
    return true;
  }

  private end(): StreamSignal {
    // An end without a beginning is no answer.
    if (!this.started) return this.fail(ErrorCode.UPSTREAM_INVALID_REPLY);
    this.ended = true;
    this.events.end();
    return StreamSignal.END;
  }

  private fail(code: ErrorCode): StreamSignal {
    this.ended = true;
    this.events.fail(code, this.started);
    return StreamSignal.ERROR;
  }

  private failAsProvider(data: usize, dataLength: i32): StreamSignal {
    this.ended = true;
    if (!this.events.failAsProvider(data, dataLength, this.started)) return this.fail(ErrorCode.UPSTREAM_ERROR);
    return StreamSignal.ERROR;
  }
}
