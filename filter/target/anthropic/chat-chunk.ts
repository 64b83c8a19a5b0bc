// Chunks of a chat completion stream: the envelope around each delta, written in the order of its members.
//
//   beginDelta(model, out)  …members of the delta…  endDelta(finish, out)     data: {"id":…,"choices":[{"delta":{…}}]}

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { nowMs } from "../../sdk";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Value } from "../translation/value";

const ID_BYTES_MAX: i32 = 1024;

/** Writes the members of the chunk that was begun last. */
export const chunkJson = new JsonWriter(new ByteWriter(0));
const json = chunkJson;

export class ChatChunk {
  private readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  private created: i64 = 0;

  reset(): void {
    this.id.reset().writeAscii("chatcmpl");
    this.created = 0;
  }

  /** Raw string content. */
  setId(id: Value): void {
    this.id.reset().writeBytes(id.pointer, id.length);
  }

  /** Up to the open array of choices. */
  begin(model: ByteWriter, out: ByteWriter): void {
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

  beginDelta(model: ByteWriter, out: ByteWriter): void {
    this.begin(model, out);
    json.objectBegin();
    json.key("index");
    json.integer(0);
    json.key("delta");
    json.objectBegin();
  }

  /** The model has not ended yet. */
  endDelta(out: ByteWriter): void {
    this.beginFinish("");
    this.endFinish(out);
  }

  /** Up to the end of the choice; `reason` is empty until the model has ended. */
  beginFinish(reason: string): void {
    json.objectEnd();
    json.key("logprobs");
    json.nil();
    json.key("finish_reason");
    if (reason.length == 0) json.nil();
    else json.ascii(reason);
  }

  endFinish(out: ByteWriter): void {
    json.objectEnd();
    json.arrayEnd();
    json.objectEnd();
    sseEnd(out);
  }

  /** A delta of one member whose value stands in the source. */
  writeDelta(name: string, value: Value, model: ByteWriter, out: ByteWriter): void {
    this.beginDelta(model, out);
    json.key(name);
    value.copyTo(json);
    this.endDelta(out);
  }

  beginToolCall(index: i32, model: ByteWriter, out: ByteWriter): void {
    this.beginDelta(model, out);
    json.key("tool_calls");
    json.arrayBegin();
    json.objectBegin();
    json.key("index");
    json.integer(index);
  }

  endToolCall(out: ByteWriter): void {
    json.objectEnd();
    json.arrayEnd();
    this.endDelta(out);
  }

  beginArguments(index: i32, model: ByteWriter, out: ByteWriter): void {
    this.beginToolCall(index, model, out);
    json.key("function");
    json.objectBegin();
    json.key("arguments");
  }

  endArguments(out: ByteWriter): void {
    json.objectEnd();
    this.endToolCall(out);
  }

  beginThinkingBlocks(model: ByteWriter, out: ByteWriter): void {
    this.beginDelta(model, out);
    json.key("thinking_blocks");
    json.arrayBegin();
  }

  endThinkingBlocks(out: ByteWriter): void {
    json.arrayEnd();
    this.endDelta(out);
  }
}
