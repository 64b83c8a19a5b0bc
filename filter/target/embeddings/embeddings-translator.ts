// What the translators of OpenAI's embeddings have in common: reading the request, writing the list of vectors in the
// encoding that the client asked for, and errors. A vector keeps the provider's digits, or becomes base64 of 32-bit floats.
//
//   {"input":["a","b"],"encoding_format":"base64"}  ─▶  …  ─▶  {"object":"list","data":[{"embedding":"AACAPw==",…}],…}

import { Base64Writer } from "../../bytes/base64-writer";
import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { Plan } from "../plan";
import { writeChatErrorBody } from "../translation/chat-error";
import { readChatFailure } from "../translation/chat-failure";
import { toFloat } from "../translation/number";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { StreamSignal, Translator } from "../translator";

const MODEL_BYTES_MAX: i32 = 64 * 1024;

export const request = new Fields();
request.add("model", Use.MAPPED);
export const input = request.add("input", Use.MAPPED);
export const dimensions = request.add("dimensions", Use.MAPPED);
/** Cohere's: what the vectors are for. */
export const inputType = request.add("input_type", Use.MAPPED);
const encodingFormat = request.add("encoding_format", Use.MAPPED);
request.add("user", Use.DROPPED);

export const t = new Translation();
export const texts = new Items();
const numbers = new Items();
const base64 = new Base64Writer();

export abstract class EmbeddingsTranslator extends Translator {
  protected readonly model: ByteWriter = new ByteWriter(MODEL_BYTES_MAX);
  private asBase64: bool = false;
  private index: i64 = 0;

  reset(plan: Plan, inChain: bool): void {
    this.model.reset().writeBytes(plan.originalModelPointer, plan.originalModelLength);
    this.notes.reset(plan.strict);
    this.asBase64 = false;
  }

  /** The provider's request; `input` and `dimensions` have been checked, `t` writes. */
  protected abstract writeRequest(plan: Plan): bool;

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    t.begin(out, this.notes);
    if (!request.read(body, length)) {
      t.refuseJson(request.error);
    } else if (this.check() && this.writeRequest(plan)) {
      t.dropRest(request);
    }
    return t.end(ErrorCode.OVERLOADED);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    const message = readChatFailure(body, length);
    if (message == null) return ErrorCode.UPSTREAM_ERROR;
    t.begin(out);
    writeChatErrorBody(t.json, status, message, null);
    return t.end(ErrorCode.REPLY_TOO_LARGE);
  }

  /** There are no streams of vectors. */
  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    this.writeStreamError(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    return StreamSignal.ERROR;
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.OPENAI, code, out);
  }

  get requestFields(): Fields[] {
    return [request];
  }

  /** Visits every text of `input`; false when one is no text. */
  protected beginTexts(): bool {
    return input.isString || texts.begin(input);
  }

  protected beginList(): void {
    this.index = 0;
    t.json.objectBegin();
    t.json.key("object");
    t.json.ascii("list");
    t.json.key("data");
    t.json.arrayBegin();
  }

  /** One vector; false when it is no array of numbers. */
  protected writeVector(values: Value): bool {
    if (!values.isArray) return false;
    const json = t.json;
    json.objectBegin();
    json.key("object");
    json.ascii("embedding");
    json.key("index");
    json.integer(this.index++);
    json.key("embedding");
    const written = this.asBase64 ? this.writeFloats(values) : this.copyNumbers(values);
    json.objectEnd();
    return written;
  }

  protected endList(inputTokens: i64): void {
    const json = t.json;
    json.arrayEnd();
    json.key("model");
    json.rawString(this.model.pointer, this.model.length);
    json.key("usage");
    json.objectBegin();
    json.key("prompt_tokens");
    json.integer(inputTokens);
    json.key("total_tokens");
    json.integer(inputTokens);
    json.objectEnd();
    json.objectEnd();
  }

  private check(): bool {
    if (encodingFormat.present && !encodingFormat.is("float") && !encodingFormat.is("base64")) {
      return t.refuseValue("encoding_format", encodingFormat, "send float or base64.");
    }
    this.asBase64 = encodingFormat.is("base64");
    if (dimensions.present && !dimensions.isNumber) return t.refuseType("dimensions", "a number");
    if (input.isString) return true;
    if (!texts.begin(input)) return t.refuseType("input", "a string or an array of strings");
    let count = 0;
    while (texts.next()) {
      count++;
      if (texts.value.isNumber || texts.value.isArray) return t.refuseField("input", "send texts instead of tokens.");
      if (!texts.value.isString) return t.refuseType("input", "a string or an array of strings");
    }
    return count > 0 || t.refuseType("input", "an array with at least one string");
  }

  private copyNumbers(values: Value): bool {
    if (!areNumbers(values)) return false;
    values.copyTo(t.json);
    return true;
  }

  private writeFloats(values: Value): bool {
    if (!areNumbers(values)) return false;
    t.json.stringBegin();
    base64.begin(t.out);
    numbers.begin(values);
    while (numbers.next()) base64.float(<f32>toFloat(numbers.value.pointer, numbers.value.length));
    base64.end();
    t.json.stringEnd();
    return true;
  }
}

function areNumbers(values: Value): bool {
  numbers.begin(values);
  while (numbers.next()) if (!numbers.value.isNumber) return false;
  return true;
}
