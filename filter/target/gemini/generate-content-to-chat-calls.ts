// The tool calls of one choice of a stream, gathered from their deltas. Their bytes are kept behind each other only in what
// each call owns, because deltas of parallel calls may mix.

import { ByteWriter } from "../../bytes/byte-writer";
import { equalBytes } from "../../bytes/compare";
import { TRANSLATED_REPLY_BYTES_MAX } from "../../contract";
import { unescapeTo } from "../../json/text";
import { JsonWriter } from "../../json/writer";
import { Fields, Items, Value } from "../translation/value";
import { isArguments, writeCall } from "./generate-content-to-chat-parts";

const CALLS_MAX: i32 = 256;
const NAME_BYTES_MAX: i32 = 4096;
const SIGNATURE_BYTES_MAX: i32 = 256 * 1024;

const call = new Fields();
const callIndex = call.add("index");
const callId = call.add("id");
const callFunction = call.add("function");
const callExtra = call.add("extra_content");
const callee = new Fields();
const calleeName = callee.add("name");
const calleeArguments = callee.add("arguments");

const kept = new Fields();
const keptExtra = kept.add("extra_content");

const items = new Items();

class CallDraft {
  index: i64 = 0;
  /** Raw string content, as is the name. */
  readonly id: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  readonly name: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  /** JSON text. */
  readonly args: ByteWriter = new ByteWriter(TRANSLATED_REPLY_BYTES_MAX);
  /** The object that holds `extra_content`; empty when there is none. */
  readonly extra: ByteWriter = new ByteWriter(SIGNATURE_BYTES_MAX);

  begin(index: i64): void {
    this.index = index;
    this.id.reset();
    this.name.reset();
    this.args.reset();
    this.extra.reset();
  }

  get overflow(): bool {
    return this.id.overflow || this.name.overflow || this.args.overflow || this.extra.overflow;
  }
}

export class CallDrafts {
  count: i32 = 0;
  private readonly drafts: CallDraft[] = [];

  reset(): void {
    this.count = 0;
  }

  /** Takes the deltas of one chunk; false when one belongs to no call. */
  take(deltas: Value): bool {
    items.begin(deltas);
    while (items.next()) {
      if (!call.readValue(items.value)) return false;
      callee.readValue(callFunction);
      const draft = this.draftOf();
      if (draft == null) return false;
      if (calleeName.isText && draft.name.length == 0) draft.name.writeBytes(calleeName.pointer, calleeName.length);
      if (calleeArguments.isText && !unescapeTo(calleeArguments.pointer, calleeArguments.length, draft.args))
        return false;
      if (callExtra.isObject) keepExtra(draft);
      if (draft.overflow) return false;
    }
    return true;
  }

  /** The call that the delta continues, or a new one. Some providers give no index, or 0 to every call: then ids tell. */
  private draftOf(): CallDraft | null {
    const last = this.count > 0 ? unchecked(this.drafts[this.count - 1]) : null;
    const index = callIndex.isNumber ? callIndex.count : last != null ? last.index : 0;
    for (let i = this.count - 1; i >= 0; i--) {
      const draft = unchecked(this.drafts[i]);
      if (draft.index != index) continue;
      const other = callId.isText && !equalBytes(draft.id.pointer, draft.id.length, callId.pointer, callId.length);
      if (!other) return draft;
      break;
    }
    if (!callId.isText && !calleeName.isText) return null;
    return this.add(index);
  }

  private add(index: i64): CallDraft | null {
    if (this.count == CALLS_MAX) return null;
    if (this.count == this.drafts.length) this.drafts.push(new CallDraft());
    const draft = unchecked(this.drafts[this.count++]);
    draft.begin(index);
    if (callId.isText) draft.id.writeBytes(callId.pointer, callId.length);
    return draft;
  }

  /** Whether all calls are whole. A last one that was cut off by the cap is forgotten. */
  finish(cutOff: bool): bool {
    for (let i = 0; i < this.count; i++) {
      const draft = unchecked(this.drafts[i]);
      if (draft.name.length > 0 && isArguments(draft.args.pointer, draft.args.length)) continue;
      if (!cutOff || i != this.count - 1) return false;
      this.count--;
    }
    return true;
  }

  write(json: JsonWriter): void {
    for (let i = 0; i < this.count; i++) {
      const draft = unchecked(this.drafts[i]);
      kept.read(draft.extra.pointer, draft.extra.length);
      writeCall(
        draft.id.pointer,
        draft.id.length,
        draft.name.pointer,
        draft.name.length,
        draft.args.pointer,
        draft.args.length,
        keptExtra,
        json,
      );
    }
  }
}

function keepExtra(draft: CallDraft): void {
  draft.extra.reset().writeAscii('{"extra_content":');
  draft.extra.writeBytes(callExtra.pointer, callExtra.length);
  draft.extra.writeAscii("}");
}
