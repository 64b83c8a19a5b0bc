// Tool calls of a chat stream as blocks of a Messages stream, which are open one at a time. Most providers send a call to its
// end before the next one begins: then every piece passes at once. Where a call begins while the one before is not whole, it
// is kept until that is.
//
//   0{ 0} 1{ 1}  ─▶  block, block          0{ 1{ 0} 1}  ─▶  block of 0; then what was kept of 1, then its rest

import { ByteWriter } from "../../bytes/byte-writer";
import { equalBytes } from "../../bytes/compare";
import { Fields, Value } from "../translation/value";
import { Block, eventJson, MessagesEvents } from "./messages-events";
import { signatureOf, writeSignatureBlock } from "./messages-to-chat-signatures";
import { ObjectScan } from "./object-scan";

/** Ids and names are a few dozen bytes. */
const NAME_BYTES_MAX: i32 = 1024;
/** Of one call that is kept, and how many are: nobody sends so much at once. */
const KEPT_BYTES_MAX: i32 = 1024 * 1024;
const KEPT_CALLS_MAX: i32 = 128;

const call = new Fields();
const callIndex = call.add("index");
const callId = call.add("id");
const callFunction = call.add("function");
const callExtra = call.add("extra_content");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const json = eventJson;

/** A call that was begun; all texts are raw string content. */
class Call {
  index: i32 = 0;
  readonly id: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  readonly name: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  readonly signature: ByteWriter = new ByteWriter(KEPT_BYTES_MAX);
  readonly text: ByteWriter = new ByteWriter(KEPT_BYTES_MAX);

  begin(index: i32): void {
    this.index = index;
    this.id.reset().writeBytes(callId.pointer, callId.length);
    this.name.reset();
    if (calleeName.isString) this.name.writeBytes(calleeName.pointer, calleeName.length);
    const signature = signatureOf(callExtra);
    this.signature.reset();
    if (signature.isText) this.signature.writeBytes(signature.pointer, signature.length);
    this.text.reset();
  }

  isSame(index: i32): bool {
    if (this.index != index) return false;
    return !callId.isText || equalBytes(this.id.pointer, this.id.length, callId.pointer, callId.length);
  }

  get overflow(): bool {
    return this.id.overflow || this.name.overflow || this.signature.overflow || this.text.overflow;
  }
}

export class CallStream {
  /** Whether any call came. */
  any: bool = false;
  private showsSignatures: bool = false;
  private isOpen: bool = false;
  private open: Call = new Call();
  private readonly scan: ObjectScan = new ObjectScan();
  /** Calls that wait, in their order, and behind them unused ones. */
  private readonly kept: Call[] = [];
  private keptCount: i32 = 0;

  reset(showsSignatures: bool): void {
    this.showsSignatures = showsSignatures;
    this.any = false;
    this.isOpen = false;
    this.keptCount = 0;
  }

  /** One item of `tool_calls`. False when it belongs to no call, or is too much to keep. */
  take(value: Value, events: MessagesEvents, out: ByteWriter): bool {
    if (!call.readValue(value)) return false;
    callee.readValue(callFunction);
    // Some providers give no index, or 0 to every call: then a new id begins a new call.
    const last = this.keptCount > 0 ? unchecked(this.kept[this.keptCount - 1]) : this.open;
    const index = callIndex.isNumber ? <i32>min<i64>(callIndex.count, i32.MAX_VALUE) : this.any ? last.index : 0;
    for (let i = this.keptCount - 1; i >= 0; i--) {
      const waiting = unchecked(this.kept[i]);
      if (!waiting.isSame(index)) continue;
      if (calleeArguments.isText) waiting.text.writeBytes(calleeArguments.pointer, calleeArguments.length);
      return !waiting.overflow;
    }
    if (this.isOpen && this.open.isSame(index)) {
      if (!calleeArguments.isText) return true;
      this.writeArguments(calleeArguments.pointer, calleeArguments.length, events, out);
      if (this.keptCount > 0) this.advance(events, out);
      return true;
    }
    if (!callId.isText) return !calleeArguments.isText;
    return this.begin(index, events, out);
  }

  /** Writes what waits: nothing more comes for the calls. */
  flush(events: MessagesEvents, out: ByteWriter): void {
    while (this.keptCount > 0) this.openNext(events, out);
    this.isOpen = false;
  }

  private begin(index: i32, events: MessagesEvents, out: ByteWriter): bool {
    this.any = true;
    const waits = this.isOpen && this.open.index != index && !this.scan.complete;
    if (!waits) {
      this.flush(events, out);
      this.open.begin(index);
      if (this.open.overflow) return false;
      this.writeBegin(events, out);
      if (calleeArguments.isText) this.writeArguments(calleeArguments.pointer, calleeArguments.length, events, out);
      return true;
    }
    if (this.keptCount == KEPT_CALLS_MAX) return false;
    if (this.keptCount == this.kept.length) this.kept.push(new Call());
    const waiting = unchecked(this.kept[this.keptCount++]);
    waiting.begin(index);
    if (calleeArguments.isText) waiting.text.writeBytes(calleeArguments.pointer, calleeArguments.length);
    return !waiting.overflow;
  }

  /** Opens those whose turn has come, now that the one that was open is whole. */
  private advance(events: MessagesEvents, out: ByteWriter): void {
    while (this.keptCount > 0 && this.scan.complete) this.openNext(events, out);
  }

  private openNext(events: MessagesEvents, out: ByteWriter): void {
    const next = unchecked(this.kept[0]);
    for (let i = 1; i < this.keptCount; i++) unchecked((this.kept[i - 1] = this.kept[i]));
    unchecked((this.kept[--this.keptCount] = this.open));
    this.open = next;
    this.writeBegin(events, out);
    if (next.text.length > 0) this.writeArguments(next.text.pointer, next.text.length, events, out);
  }

  private writeBegin(events: MessagesEvents, out: ByteWriter): void {
    const open = this.open;
    this.isOpen = true;
    this.scan.reset();
    if (this.showsSignatures && open.signature.length > 0) {
      events.openBlock(Block.REDACTED, out);
      writeSignatureBlock(json, out, open.signature.pointer, open.signature.length);
      events.endBlock(out);
    }
    events.openBlock(Block.TOOL_USE, out);
    json.key("type");
    json.ascii("tool_use");
    json.key("id");
    json.rawString(open.id.pointer, open.id.length);
    json.key("name");
    json.rawString(open.name.pointer, open.name.length);
    json.key("input");
    json.objectBegin();
    json.objectEnd();
    events.endBlock(out);
  }

  private writeArguments(text: usize, length: i32, events: MessagesEvents, out: ByteWriter): void {
    this.scan.feed(text, length);
    events.beginDelta("input_json_delta", "partial_json", out);
    json.rawString(text, length);
    events.endDelta(out);
  }
}
