// Writes the events of a Responses stream: what was opened is closed, every event is numbered, and what is finished is
// kept for the last event, which repeats it all. It knows nothing of chat.
//
//   output_item.added ─▶ content_part.added ─▶ output_text.delta … done ─▶ content_part.done ─▶ output_item.done

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { Value } from "../translation/value";
import { json, kept, none, OUTPUT_BYTES_MAX, ResponseEventFrame } from "./response-event-frame";
import {
  appendElements,
  beginItem,
  CALL_PREFIX,
  MESSAGE_PREFIX,
  writeAnnotation,
  writeCallRest,
  writeList,
  writeReasoning,
  writeRefusalPart,
  writeSummaryPart,
  writeTextPart,
} from "./response-items";
import { ResponseStatus } from "./response-object";

const NAME_BYTES_MAX: i32 = 4096;

export enum ItemKind {
  NONE = 0,
  REASONING = 1,
  /** A message whose open part is a text, or a refusal. */
  TEXT = 2,
  REFUSAL = 3,
  CALL = 4,
}

export class ResponseEvents extends ResponseEventFrame {
  /** What is open. */
  kind: ItemKind = ItemKind.NONE;
  readonly callId: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  /** What the provider needs back of the thought that `thought` closes. */
  readonly block: ByteWriter = new ByteWriter(OUTPUT_BYTES_MAX);
  private readonly callName: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  /** Text, arguments or summary of the open part, raw string content. */
  private readonly content: ByteWriter = new ByteWriter(OUTPUT_BYTES_MAX);
  private readonly annotations: ByteWriter = new ByteWriter(OUTPUT_BYTES_MAX);
  private readonly logprobs: ByteWriter = new ByteWriter(OUTPUT_BYTES_MAX);
  /** Finished parts of the open message, divided by commas. */
  private readonly parts: ByteWriter = new ByteWriter(OUTPUT_BYTES_MAX);
  private annotationCount: i32 = 0;

  reset(): void {
    this.kind = ItemKind.NONE;
    this.callId.reset();
    this.callName.reset();
    this.block.reset();
    this.clearPart();
    this.parts.reset();
    this.resetFrame();
  }

  get isReasoning(): bool {
    return this.kind == ItemKind.REASONING;
  }
  get reasoningPointer(): usize {
    return this.content.pointer;
  }
  get reasoningLength(): i32 {
    return this.isReasoning ? this.content.length : 0;
  }
  get overflows(): bool {
    if (this.content.overflow || this.parts.overflow || this.items.overflow || this.block.overflow) return true;
    return this.annotations.overflow || this.logprobs.overflow || this.callId.overflow || this.callName.overflow;
  }

  end(): void {
    this.close();
    const head = this.head;
    if (head.status == ResponseStatus.IN_PROGRESS) head.status = ResponseStatus.COMPLETED;
    this.response(head.isCut ? "response.incomplete" : "response.completed", none);
  }

  /** A piece of a message's text or refusal. */
  text(kind: ItemKind, piece: Value, probabilities: Value): void {
    if (this.kind != kind) this.openPart(kind);
    this.content.writeBytes(piece.pointer, piece.length);
    this.beginPartEvent(kind == ItemKind.TEXT ? "response.output_text.delta" : "response.refusal.delta");
    json.key("delta");
    piece.copyTo(json);
    if (kind == ItemKind.TEXT) {
      json.key("logprobs");
      if (probabilities.isArray) probabilities.copyTo(json);
      else writeList(json, none);
      appendElements(probabilities, this.logprobs);
    }
    this.finish();
  }

  /** What a text cites; without a text there is nothing that could. */
  annotation(value: Value): void {
    if (this.kind != ItemKind.TEXT) return;
    const annotations = this.annotations;
    const before = annotations.length;
    if (before > 0) annotations.writeAscii(",");
    const start = annotations.length;
    if (!writeAnnotation(kept.reset(annotations), value)) {
      annotations.truncate(before);
      return;
    }
    this.beginPartEvent("response.output_text.annotation.added");
    json.key("annotation_index");
    json.integer(this.annotationCount++);
    json.key("annotation");
    json.raw(annotations.pointer + <usize>start, annotations.length - start);
    this.finish();
  }

  reasoning(piece: Value): void {
    if (!this.isReasoning) this.openReasoning();
    if (this.content.length == 0) {
      this.beginSummaryEvent("response.reasoning_summary_part.added");
      json.key("part");
      writeSummaryPart(json, 0, 0);
      this.finish();
    }
    this.content.writeBytes(piece.pointer, piece.length);
    this.beginSummaryEvent("response.reasoning_summary_text.delta");
    json.key("delta");
    piece.copyTo(json);
    this.finish();
  }

  /** Ends the open thought, or adds one without a text, with `block`. */
  thought(): void {
    if (!this.isReasoning) this.openReasoning();
    this.closeReasoning(this.block);
  }

  openCall(id: Value, name: Value): void {
    this.close();
    this.kind = ItemKind.CALL;
    this.callId.reset().writeBytes(id.pointer, id.length);
    this.callName.reset();
    if (name.isString) this.callName.writeBytes(name.pointer, name.length);
    this.begins("response.output_item.added");
    json.key("item");
    this.writeCall(json, this.out, "in_progress");
    this.finish();
  }

  callArguments(piece: Value): void {
    this.content.writeBytes(piece.pointer, piece.length);
    this.beginItemEvent("response.function_call_arguments.delta", CALL_PREFIX);
    json.key("delta");
    piece.copyTo(json);
    this.finish();
  }

  close(): void {
    switch (this.kind) {
      case ItemKind.REASONING:
        this.closeReasoning(none);
        break;
      case ItemKind.TEXT:
      case ItemKind.REFUSAL:
        this.closeMessage();
        break;
      case ItemKind.CALL:
        this.closeCall();
        break;
    }
  }

  private openReasoning(): void {
    this.close();
    this.kind = ItemKind.REASONING;
    this.begins("response.output_item.added");
    json.key("item");
    writeReasoning(json, this.out, this.head, this.place, 0, 0, none);
    this.finish();
  }

  private closeReasoning(block: ByteWriter): void {
    const content = this.content;
    if (content.length > 0) {
      this.beginSummaryEvent("response.reasoning_summary_text.done");
      json.key("text");
      json.rawString(content.pointer, content.length);
      this.finish();
      this.beginSummaryEvent("response.reasoning_summary_part.done");
      json.key("part");
      writeSummaryPart(json, content.pointer, content.length);
      this.finish();
    }
    const items = this.beginKept();
    writeReasoning(kept, items, this.head, this.place, content.pointer, content.length, block);
    this.closed();
  }

  private openPart(kind: ItemKind): void {
    const within = this.kind == ItemKind.TEXT || this.kind == ItemKind.REFUSAL;
    if (within) {
      this.closePart();
    } else {
      this.close();
      this.begins("response.output_item.added");
      json.key("item");
      this.writeMessage(json, this.out, "in_progress");
      this.finish();
    }
    this.kind = kind;
    this.beginPartEvent("response.content_part.added");
    json.key("part");
    this.writePart(json);
    this.finish();
  }

  private closePart(): void {
    const refusal = this.kind == ItemKind.REFUSAL;
    const content = this.content;
    this.beginPartEvent(refusal ? "response.refusal.done" : "response.output_text.done");
    json.key(refusal ? "refusal" : "text");
    json.rawString(content.pointer, content.length);
    if (!refusal) {
      json.key("logprobs");
      writeList(json, this.logprobs);
    }
    this.finish();
    this.beginPartEvent("response.content_part.done");
    json.key("part");
    this.writePart(json);
    this.finish();
    if (this.parts.length > 0) this.parts.writeAscii(",");
    this.writePart(kept.reset(this.parts));
    this.partCount++;
    this.clearPart();
  }

  private closeMessage(): void {
    this.closePart();
    const items = this.beginKept();
    this.writeMessage(kept, items, this.head.isCut ? "incomplete" : "completed");
    this.parts.reset();
    this.partCount = 0;
    this.closed();
  }

  private closeCall(): void {
    this.beginItemEvent("response.function_call_arguments.done", CALL_PREFIX);
    json.key("name");
    json.rawString(this.callName.pointer, this.callName.length);
    json.key("arguments");
    json.rawString(this.content.pointer, this.content.length);
    this.finish();
    const items = this.beginKept();
    this.writeCall(kept, items, this.head.isCut ? "incomplete" : "completed");
    this.closed();
  }

  private closed(): void {
    this.itemDone();
    this.kind = ItemKind.NONE;
    this.clearPart();
  }

  private clearPart(): void {
    this.content.reset();
    this.annotations.reset();
    this.logprobs.reset();
    this.annotationCount = 0;
  }

  private writeMessage(to: JsonWriter, out: ByteWriter, status: string): void {
    beginItem(to, out, this.head, MESSAGE_PREFIX, this.place, "message", status);
    to.key("role");
    to.ascii("assistant");
    to.key("content");
    writeList(to, this.parts);
    to.objectEnd();
  }

  private writePart(to: JsonWriter): void {
    const content = this.content;
    if (this.kind == ItemKind.REFUSAL) writeRefusalPart(to, content.pointer, content.length);
    else writeTextPart(to, content.pointer, content.length, this.annotations, this.logprobs);
  }

  private writeCall(to: JsonWriter, out: ByteWriter, status: string): void {
    beginItem(to, out, this.head, CALL_PREFIX, this.place, "function_call", status);
    writeCallRest(to, this.callId, this.callName, this.content.pointer, this.content.length);
  }
}
