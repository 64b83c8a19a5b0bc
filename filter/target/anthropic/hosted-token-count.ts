// Anthropic's count_tokens as its hosts have it: Vertex AI by a model of that name, Bedrock as a question about an
// InvokeModel body, which travels in base64. Whole replies only: nobody streams a number.
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html

import { Base64Writer } from "../../bytes/base64-writer";
import { ByteWriter } from "../../bytes/byte-writer";
import { writePathSegment } from "../../bytes/percent";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { JsonWriter } from "../../json/writer";
import { passError } from "../error-shape";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, TRANSLATED, Translator } from "../translator";
import { writeCountedRequest } from "./hosted-messages-request";

/** A request's body has a limit of its own. */
const BODY_BYTES_MAX: i32 = i32.MAX_VALUE;

const reply = new Fields();
const inputTokens = reply.add("inputTokens");

const base64 = new Base64Writer();
const json = new JsonWriter(new ByteWriter(0));

export class HostedTokenCount extends Translator {
  private readonly inner: ByteWriter = new ByteWriter(BODY_BYTES_MAX);

  constructor(private readonly onBedrock: bool) {
    super();
  }

  reset(plan: Plan, inChain: bool): void {
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    if (!this.onBedrock) {
      out.writeAscii("/models/count-tokens:rawPredict");
      return;
    }
    out.writeAscii("/model/");
    writePathSegment(plan.modelPointer, plan.modelLength, out);
    out.writeAscii("/count-tokens");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    if (!this.onBedrock) return writeCountedRequest(plan, false, body, length, out, this.notes);
    const inner = this.inner.reset();
    const code = writeCountedRequest(plan, true, body, length, inner, this.notes);
    if (code == TRANSLATED) {
      out.writeAscii('{"input":{"invokeModel":{"body":"');
      base64.begin(out);
      base64.bytes(inner.pointer, inner.length);
      base64.end();
      out.writeAscii('"}}}');
    }
    inner.release();
    return code;
  }

  /** Vertex answers as Anthropic does. */
  get passesReply(): bool {
    return !this.onBedrock;
  }

  get passesErrors(): bool {
    return false;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    if (!reply.read(body, length) || !inputTokens.isNumber) return ErrorCode.UPSTREAM_INVALID_REPLY;
    json.reset(out).objectBegin();
    json.key("input_tokens");
    inputTokens.copyTo(json);
    json.objectEnd();
    return out.overflow ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return passError(Protocol.ANTHROPIC, status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return StreamSignal.PREAMBLE;
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.ANTHROPIC, code, out);
  }
}
