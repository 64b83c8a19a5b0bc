// Responses client, provider that serves Responses itself: everything passes as it is, but the model's name, and ids of
// responses and their items, which the provider keeps for all consumers alike and which are therefore sealed for one. It refuses whatever
// else refers to state that the provider keeps.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode, Protocol } from "../../contract";
import { passError } from "../error-shape";
import { Plan } from "../plan";
import { Fields } from "../translation/value";
import { StreamSignal, Translator } from "../translator";
import { writeNativeEvent, writeNativeReply } from "./native-responses-reply";
import { nativeFields, writeNativeRequest } from "./native-responses-request";
import { writeErrorEvent } from "./responses-to-chat-errors";
import { SealedIds } from "./sealed-ids";

const FAILURE_BYTES_MAX: i32 = 4096;

const failure = new ByteWriter(FAILURE_BYTES_MAX);

export class NativeResponses extends Translator {
  private readonly ids: SealedIds = new SealedIds();
  private eventCount: i32 = 0;

  reset(plan: Plan, inChain: bool): void {
    this.ids.take(plan);
    this.eventCount = 0;
    this.notes.reset(plan.strict);
  }

  writePath(plan: Plan, out: ByteWriter): void {
    out.writeAscii("/responses");
  }

  translateRequest(plan: Plan, body: usize, length: i32, out: ByteWriter): i32 {
    return writeNativeRequest(plan, this.ids, body, length, out, this.notes);
  }

  translateReply(body: usize, length: i32, out: ByteWriter): i32 {
    return writeNativeReply(this.ids, body, length, out);
  }

  translateError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
    return passError(Protocol.OPENAI, status, body, length, out);
  }

  translateEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    const before = out.length;
    const signal = writeNativeEvent(this.ids, type, typeLength, data, dataLength, out);
    if (signal == StreamSignal.ERROR && out.length == before)
      this.writeStreamError(ErrorCode.UPSTREAM_INVALID_REPLY, out);
    this.eventCount++;
    return signal;
  }

  writeStreamError(code: ErrorCode, out: ByteWriter): void {
    writeErrorEvent(this.eventCount, code, out, failure);
  }

  get requestFields(): Fields[] {
    return nativeFields;
  }
}
