// Claude hosted elsewhere: Anthropic's Messages as AWS Bedrock's InvokeModel and Google's Vertex AI take them. The model
// moves to the path, a version comes into the body; replies are plain Messages, on Bedrock their streams travel as base64
// within binary frames.
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
// https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude

import { ByteWriter } from "../../bytes/byte-writer";
import { writePathSegment } from "../../bytes/percent";
import { ErrorCode, Protocol } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { passError } from "../error-shape";
import { Plan } from "../plan";
import { Framing, StreamSignal, Translator } from "../translator";
import { HostedStream, writeHostedReply } from "./hosted-messages-reply";
import { writeHostedRequest } from "./hosted-messages-request";

export class HostedMessages extends Translator {
  private readonly stream: HostedStream = new HostedStream();

  constructor(private readonly onBedrock: bool) {
    super();
  }

  reset(plan: Plan, inChain: bool): void {
    this.stream.reset();
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii(this.onBedrock ? "/model/" : "/models/");
    writePathSegment(plan.modelPointer, plan.modelLength, out);
    if (this.onBedrock) out.writeAscii(plan.streaming ? "/invoke-with-response-stream" : "/invoke");
    else out.writeAscii(plan.streaming ? ":streamRawPredict" : ":rawPredict");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeHostedRequest(plan, this.onBedrock, body, length, out, this.notes);
  }

  /** Vertex answers as Anthropic does, streams included. */
  get passesReply(): bool {
    return !this.onBedrock;
  }

  /** Errors of Google's own front come in Google's shape. */
  get passesErrors(): bool {
    return false;
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeHostedReply(body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return passError(Protocol.ANTHROPIC, status, body, length, out);
  }

  get framing(): Framing {
    return this.onBedrock ? Framing.AWS_EVENT_STREAM : Framing.SSE;
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    return this.stream.translate(type, typeLength, data, dataLength, out);
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(Protocol.ANTHROPIC, code, out);
  }
}
