// The chunks of a chat completion stream: the envelope around the delta of one choice, in the order of its members. What
// stands between a begin and its end is the caller's, written to `json`. Every function but those ends a whole event.
//
//   beginDelta(out); json.key("content"); …; endDelta()      data: {"id":…,"choices":[{"index":0,"delta":{…},…}]}⏎ ⏎

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { nowMs } from "../../sdk";
import { sseBegin, sseEnd } from "../../sse/writer";
import { writeNewChatId } from "./chat-reply";
import { ChatUsage } from "./chat-usage";
import { Value } from "./value";

const ID_BYTES_MAX: i32 = 1024;
const nowhere = new ByteWriter(0);

export class ChatChunks {
  readonly json: JsonWriter = new JsonWriter(nowhere);
  /** What the chunks are called, raw string content: the provider's id, or one of our own from the first chunk on. */
  readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  /** Unix seconds, the provider's or those of the first chunk; 0 before it. */
  created: i64 = 0;
  private model: ByteWriter = nowhere;
  private out: ByteWriter = nowhere;

  /** `model` is raw string content and must live as long as the stream. */
  reset(model: ByteWriter): void {
    this.model = model;
    this.created = 0;
    this.id.reset();
  }

  /** The provider's own id, from here on. */
  takeId(id: Value): void {
    if (id.isText && id.length <= ID_BYTES_MAX) this.id.reset().writeBytes(id.pointer, id.length);
  }

  beginDelta(out: ByteWriter, choice: i32 = 0): void {
    const json = this.json;
    this.beginChunk(out);
    json.objectBegin();
    json.key("index");
    json.integer(choice);
    json.key("delta");
    json.objectBegin();
  }

  /** `finish` is empty until the model has ended. */
  endDelta(finish: string = ""): void {
    this.endMembers();
    this.json.nil();
    this.endChoice(finish);
  }

  /** Closes the delta alone: the value of `logprobs` is next, then `endChoice`. */
  endMembers(): void {
    this.json.objectEnd();
    this.json.key("logprobs");
  }

  endChoice(finish: string): void {
    this.writeFinishReason(finish);
    this.endChunk();
  }

  /** As `endDelta`, with further members of the choice between: `beginFinish(…); json.key(…); …; endFinish()`. */
  beginFinish(finish: string): void {
    this.endMembers();
    this.json.nil();
    this.writeFinishReason(finish);
  }

  endFinish(): void {
    this.endChunk();
  }

  writeRole(out: ByteWriter, choice: i32 = 0): void {
    this.beginDelta(out, choice);
    this.json.key("role");
    this.json.ascii("assistant");
    this.json.key("content");
    this.json.ascii("");
    this.endDelta();
  }

  /** A piece of text as it stands in the provider's event. */
  writeText(member: string, text: Value, out: ByteWriter): void {
    this.beginDelta(out);
    this.json.key(member);
    text.copyTo(this.json);
    this.endDelta();
  }

  /** A tool call from its `index`, which the stream counts from 0; the caller writes its further members. */
  beginToolCall(index: i32, out: ByteWriter): void {
    const json = this.json;
    this.beginDelta(out);
    json.key("tool_calls");
    json.arrayBegin();
    json.objectBegin();
    json.key("index");
    json.integer(index);
  }

  endToolCall(): void {
    this.json.objectEnd();
    this.json.arrayEnd();
    this.endDelta();
  }

  /** The chunk that opens a call, up to the value of its arguments. */
  beginNamedCall(index: i32, id: Value, name: Value, out: ByteWriter): void {
    const json = this.json;
    this.beginToolCall(index, out);
    json.key("id");
    id.copyTo(json);
    json.key("type");
    json.ascii("function");
    json.key("function");
    json.objectBegin();
    json.key("name");
    name.copyTo(json);
    json.key("arguments");
  }

  /** Up to the value, which is a piece of the arguments. */
  beginArguments(index: i32, out: ByteWriter): void {
    this.beginToolCall(index, out);
    this.json.key("function");
    this.json.objectBegin();
    this.json.key("arguments");
  }

  /** Ends what `beginNamedCall` and `beginArguments` begin. */
  endArguments(): void {
    this.json.objectEnd();
    this.endToolCall();
  }

  /** A call without arguments has sent none; OpenAI's clients parse what they got, and that must be JSON. */
  writeNoArguments(index: i32, out: ByteWriter): void {
    this.beginArguments(index, out);
    this.json.ascii("{}");
    this.endArguments();
  }

  beginThinkingBlocks(out: ByteWriter): void {
    this.beginDelta(out);
    this.json.key("thinking_blocks");
    this.json.arrayBegin();
  }

  endThinkingBlocks(): void {
    this.json.arrayEnd();
    this.endDelta();
  }

  beginAnnotations(out: ByteWriter): void {
    this.beginDelta(out);
    this.json.key("annotations");
    this.json.arrayBegin();
  }

  endAnnotations(): void {
    this.json.arrayEnd();
    this.endDelta();
  }

  writeFinish(finish: string, out: ByteWriter, choice: i32 = 0): void {
    this.beginDelta(out, choice);
    this.endDelta(finish);
  }

  /** The chunk without choices, whose further members the caller writes. */
  beginEmpty(out: ByteWriter): void {
    this.beginChunk(out);
    this.json.arrayEnd();
  }

  endEmpty(): void {
    this.json.objectEnd();
    sseEnd(this.out);
  }

  writeUsage(usage: ChatUsage, out: ByteWriter): void {
    this.beginEmpty(out);
    this.json.key("usage");
    usage.write(this.json);
    this.endEmpty();
  }

  writeDone(out: ByteWriter): void {
    out.writeAscii("data: [DONE]\n\n");
  }

  /** Up to the open array of choices. */
  private beginChunk(out: ByteWriter): void {
    const json = this.json;
    if (this.created == 0) this.created = nowMs() / 1000;
    if (this.id.length == 0) writeNewChatId(this.id);
    this.out = out;
    sseBegin(out, "");
    json.reset(out).objectBegin();
    json.key("id");
    json.rawString(this.id.pointer, this.id.length);
    json.key("object");
    json.ascii("chat.completion.chunk");
    json.key("created");
    json.integer(this.created);
    json.key("model");
    json.rawString(this.model.pointer, this.model.length);
    json.key("choices");
    json.arrayBegin();
  }

  private writeFinishReason(finish: string): void {
    this.json.key("finish_reason");
    if (finish.length == 0) this.json.nil();
    else this.json.ascii(finish);
  }

  private endChunk(): void {
    this.json.objectEnd();
    this.json.arrayEnd();
    this.endEmpty();
  }
}
