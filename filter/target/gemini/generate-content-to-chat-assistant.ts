// A message of the assistant, gathered from the model's parts in the order in which chat wants them. What the model thought
// goes along within a chain only, where a provider may need it; thoughts that were never signed are text alone.
//
//   thought "a", thought "b" + signature  ─▶  {"type":"thinking","thinking":"ab","signature":"…"}
//   a signature without a text            ─▶  {"type":"redacted_thinking","data":"…"}

import { ByteWriter } from "../../bytes/byte-writer";
import { equalBytes } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";
import { Part } from "./generate-content-to-chat-content";

/** Requests are limited before; here only the numbers' own limit. */
const BYTES_MAX: i32 = i32.MAX_VALUE;
const CALLS_MAX: i32 = 256;

const call = new Fields("contents[].parts[].functionCall.", true);
const id = call.add("id", Use.NATIVE);
const name = call.add("name", Use.NATIVE);
const args = call.add("args", Use.MAPPED);

/** The calls of the model's last turn, and which of them have their result. Pointers into the body. */
export class OpenCalls {
  count: i32 = 0;
  private readonly names: StaticArray<usize> = new StaticArray<usize>(CALLS_MAX * 2);
  private readonly ids: StaticArray<usize> = new StaticArray<usize>(CALLS_MAX * 2);
  private readonly places: StaticArray<i32> = new StaticArray<i32>(CALLS_MAX * 2);
  private readonly answered: StaticArray<bool> = new StaticArray<bool>(CALLS_MAX);

  add(callName: Value, callId: Value, turn: i32, part: i32): bool {
    const at = this.count;
    if (at == CALLS_MAX) return false;
    unchecked((this.names[at * 2] = callName.pointer));
    unchecked((this.names[at * 2 + 1] = <usize>callName.length));
    unchecked((this.ids[at * 2] = callId.pointer));
    unchecked((this.ids[at * 2 + 1] = callId.isText ? <usize>callId.length : 0));
    unchecked((this.places[at * 2] = turn));
    unchecked((this.places[at * 2 + 1] = part));
    unchecked((this.answered[at] = false));
    this.count++;
    return true;
  }

  /** Marks the call with this id, or without one the first open call of this name; answers which it is, -1 = none. */
  answer(callName: Value, callId: Value): i32 {
    const texts = callId.isText ? this.ids : this.names;
    const wanted = callId.isText ? callId : callName;
    for (let i = 0; i < this.count; i++) {
      if (unchecked(this.answered[i])) continue;
      const length = <i32>unchecked(texts[i * 2 + 1]);
      if (!equalBytes(unchecked(texts[i * 2]), length, wanted.pointer, wanted.length)) continue;
      unchecked((this.answered[i] = true));
      return i;
    }
    return -1;
  }

  /** The call's own id, or one made from its place, so that the same conversation always has the same ids. */
  writeId(index: i32, json: JsonWriter, out: ByteWriter): void {
    json.stringBegin();
    const length = <i32>unchecked(this.ids[index * 2 + 1]);
    if (length > 0) {
      out.writeBytes(unchecked(this.ids[index * 2]), length);
    } else {
      out.writeAscii("call_");
      out.writeUnsigned(unchecked(this.places[index * 2]));
      out.writeAscii("_");
      out.writeUnsigned(unchecked(this.places[index * 2 + 1]));
    }
    json.stringEnd();
  }
}

export class AssistantDraft {
  readonly calls: OpenCalls = new OpenCalls();
  private inChain: bool = false;
  private open: bool = false;
  private readonly text: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly reasoning: ByteWriter = new ByteWriter(BYTES_MAX);
  /** Where the thought that is open begins in `reasoning`. */
  private thoughtStart: i32 = 0;
  private readonly signature: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly blocks: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly blocksJson: JsonWriter = new JsonWriter(this.blocks);
  private readonly toolCalls: ByteWriter = new ByteWriter(BYTES_MAX);
  private readonly callsJson: JsonWriter = new JsonWriter(this.toolCalls);

  reset(inChain: bool): void {
    this.inChain = inChain;
    this.open = false;
    this.calls.count = 0;
  }

  take(t: Translation, part: Part, turn: i32, index: i32): bool {
    if (!this.open) this.begin();
    if (part.hasMedia) return t.refuseField(part.mediaName, "a turn of the model holds texts and calls.");
    if (part.response.present) return t.refuseField("functionResponse", "send it in a turn of the user.");
    if (part.isThought) return this.takeThought(part);
    if (part.call.present) return this.takeCall(t, part, turn, index);
    this.text.writeBytes(part.text.pointer, part.text.length);
    if (part.signature.isText) this.takeSignature(part.signature);
    return true;
  }

  /** Writes the message, if there is one. A turn that only thought is none. */
  flush(t: Translation): bool {
    if (!this.open) return true;
    this.open = false;
    if (this.overflow) return t.refuse(ErrorCode.OVERLOADED);
    if (this.text.length == 0 && this.toolCalls.length == 0) return true;
    const json = t.json;
    json.objectBegin();
    json.key("role");
    json.ascii("assistant");
    json.key("content");
    if (this.text.length > 0) json.rawString(this.text.pointer, this.text.length);
    else json.nil();
    if (this.inChain) this.writeThoughts(json);
    if (this.toolCalls.length > 0) this.writeList("tool_calls", this.toolCalls, json);
    if (this.inChain && this.signature.length > 0) writeSignature(this.signature.pointer, this.signature.length, json);
    json.objectEnd();
    return true;
  }

  private get overflow(): bool {
    return this.text.overflow || this.reasoning.overflow || this.blocks.overflow || this.toolCalls.overflow;
  }

  private begin(): void {
    this.open = true;
    this.text.reset();
    this.reasoning.reset();
    this.thoughtStart = 0;
    this.signature.reset();
    this.blocksJson.reset(this.blocks.reset());
    this.callsJson.reset(this.toolCalls.reset());
    this.calls.count = 0;
  }

  private takeThought(part: Part): bool {
    if (!this.inChain) return true;
    const reasoning = this.reasoning;
    reasoning.writeBytes(part.text.pointer, part.text.length);
    const signature = part.signature;
    if (!signature.isText) return true;
    const length = reasoning.length - this.thoughtStart;
    const json = this.blocksJson;
    json.objectBegin();
    json.key("type");
    if (length == 0 && !part.text.present) {
      json.ascii("redacted_thinking");
      json.key("data");
    } else {
      json.ascii("thinking");
      json.key("thinking");
      json.rawString(reasoning.pointer + <usize>this.thoughtStart, length);
      json.key("signature");
    }
    signature.copyTo(json);
    json.objectEnd();
    this.thoughtStart = reasoning.length;
    return true;
  }

  /** The last one of a text, which has one in all. */
  private takeSignature(signature: Value): void {
    this.signature.reset().writeBytes(signature.pointer, signature.length);
  }

  private takeCall(t: Translation, part: Part, turn: i32, index: i32): bool {
    if (!call.readValue(part.call)) return t.refuseType("functionCall", "an object");
    if (!name.isText) return t.refuseType("functionCall.name", "a string");
    if (args.present && !args.isObject) return t.refuseType("functionCall.args", "an object");
    if (!t.dropRest(call)) return false;
    if (!this.calls.add(name, id, turn, index)) return t.refuseField("functionCall", "give at most 256 in a turn.");
    const json = this.callsJson;
    const out = this.toolCalls;
    json.objectBegin();
    json.key("id");
    this.calls.writeId(this.calls.count - 1, json, out);
    json.key("type");
    json.ascii("function");
    json.key("function");
    json.objectBegin();
    json.key("name");
    name.copyTo(json);
    json.key("arguments");
    if (args.present) json.string(args.pointer, args.length);
    else json.ascii("{}");
    json.objectEnd();
    if (this.inChain && part.signature.isText) {
      writeSignature(part.signature.pointer, part.signature.length, json);
    }
    json.objectEnd();
    return true;
  }

  private writeThoughts(json: JsonWriter): void {
    if (this.reasoning.length > 0) {
      json.key("reasoning_content");
      json.rawString(this.reasoning.pointer, this.reasoning.length);
    }
    if (this.blocks.length > 0) this.writeList("thinking_blocks", this.blocks, json);
  }

  private writeList(key: string, items: ByteWriter, json: JsonWriter): void {
    json.key(key);
    json.arrayBegin();
    json.raw(items.pointer, items.length);
    json.arrayEnd();
  }
}

export const callFields: Fields[] = [call];

function writeSignature(signature: usize, length: i32, json: JsonWriter): void {
  json.key("extra_content");
  json.objectBegin();
  json.key("google");
  json.objectBegin();
  json.key("thought_signature");
  json.rawString(signature, length);
  json.objectEnd();
  json.objectEnd();
}
