// What a translator writes when the client speaks chat: the chunks of a stream, the frame of a whole reply, token counts,
// errors. Every piece is whole when a function returns; the texts between come from the provider's own bytes.
//
//   beginDelta(out); json.key("content"); …; endDelta()      data: {"id":…,"choices":[{"index":0,"delta":{…},…}]}⏎ ⏎

import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { nowMs } from "../../sdk";
import { sseBegin, sseEnd } from "../../sse/writer";
import { Value } from "./value";

const ID_BYTES_MAX: i32 = 1024;

/** The chunks of one stream. The caller owns `json` between a begin and its end. */
export class ChatChunks {
  readonly json: JsonWriter = new JsonWriter(new ByteWriter(0));
  private readonly id: ByteWriter = new ByteWriter(ID_BYTES_MAX);
  private model: ByteWriter = this.id;
  private out: ByteWriter = this.id;
  private created: i64 = 0;

  /** `model` is raw string content and must live as long as the stream. */
  reset(model: ByteWriter): void {
    this.model = model;
    this.created = 0;
    this.id.reset().writeAscii("chatcmpl");
  }

  /** What the chunks are called, raw string content. */
  get idPointer(): usize {
    return this.id.pointer;
  }
  get idLength(): i32 {
    return this.id.length;
  }

  /** The provider's own id, from here on. */
  takeId(id: Value): void {
    if (id.isText && id.length <= ID_BYTES_MAX) this.id.reset().writeBytes(id.pointer, id.length);
  }

  beginDelta(out: ByteWriter): void {
    const json = this.json;
    this.beginChunk(out);
    json.objectBegin();
    json.key("index");
    json.integer(0);
    json.key("delta");
    json.objectBegin();
  }

  /** `finish` is empty until the model has ended. */
  endDelta(finish: string = ""): void {
    const json = this.json;
    json.objectEnd();
    json.key("logprobs");
    json.nil();
    this.endChoice(finish);
  }

  /** The same behind a delta that the caller has closed, and `logprobs` that it has written. */
  endChoice(finish: string): void {
    const json = this.json;
    json.key("finish_reason");
    if (finish.length == 0) json.nil();
    else json.ascii(finish);
    json.objectEnd();
    this.endChunk();
  }

  writeRole(out: ByteWriter): void {
    this.beginDelta(out);
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

  writeFinish(finish: string, out: ByteWriter): void {
    this.beginDelta(out);
    this.endDelta(finish);
  }

  /** The chunk without choices that only tells the usage. */
  writeUsage(usage: ChatUsage, out: ByteWriter): void {
    this.beginChunk(out);
    this.json.arrayEnd();
    this.json.key("usage");
    usage.write(this.json);
    this.json.objectEnd();
    sseEnd(out);
  }

  writeDone(out: ByteWriter): void {
    out.writeAscii("data: [DONE]\n\n");
  }

  private beginChunk(out: ByteWriter): void {
    const json = this.json;
    if (this.created == 0) this.created = nowMs() / 1000;
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

  private endChunk(): void {
    this.json.arrayEnd();
    this.json.objectEnd();
    sseEnd(this.out);
  }
}

/** Token counts in chat's words. */
export class ChatUsage {
  input: i64 = 0;
  /** Of the input. */
  cached: i64 = 0;
  output: i64 = 0;

  reset(): void {
    this.input = 0;
    this.cached = 0;
    this.output = 0;
  }

  write(json: JsonWriter): void {
    json.objectBegin();
    json.key("prompt_tokens");
    json.integer(this.input);
    json.key("completion_tokens");
    json.integer(this.output);
    json.key("total_tokens");
    json.integer(this.input + this.output);
    if (this.cached > 0) {
      json.key("prompt_tokens_details");
      json.objectBegin();
      json.key("cached_tokens");
      json.integer(this.cached);
      json.objectEnd();
    }
    json.objectEnd();
  }
}

/** A whole reply, its id raw string content, up to the value of `message`, which the caller writes next. */
export function beginChatReply(json: JsonWriter, id: usize, idLength: i32, model: ByteWriter): void {
  json.objectBegin();
  json.key("id");
  idLength > 0 ? json.rawString(id, idLength) : json.ascii("chatcmpl");
  json.key("object");
  json.ascii("chat.completion");
  json.key("created");
  json.integer(nowMs() / 1000);
  json.key("model");
  json.rawString(model.pointer, model.length);
  json.key("choices");
  json.arrayBegin();
  json.objectBegin();
  json.key("index");
  json.integer(0);
  json.key("message");
}

/** The rest behind `message` and `logprobs`. */
export function endChatReply(json: JsonWriter, finish: string, usage: ChatUsage): void {
  json.key("finish_reason");
  json.ascii(finish);
  json.objectEnd();
  json.arrayEnd();
  json.key("usage");
  usage.write(json);
  json.objectEnd();
}

/** `code` may be a string or a number of the provider's; null when it has none. */
export function writeChatErrorBody(json: JsonWriter, status: i32, message: Value, code: Value | null): void {
  json.objectBegin();
  json.key("error");
  json.objectBegin();
  json.key("message");
  message.copyTo(json);
  json.key("type");
  json.ascii(errorType(status));
  json.key("param");
  json.nil();
  json.key("code");
  if (code != null && code.isString) code.copyTo(json);
  else if (code != null && code.isNumber) json.string(code.pointer, code.length);
  else json.nil();
  json.objectEnd();
  json.objectEnd();
}

/** OpenAI's words for an HTTP status. */
function errorType(status: i32): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status >= 400 && status < 500 ? "invalid_request_error" : "server_error";
  }
}
