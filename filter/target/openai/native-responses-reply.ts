// Replies and events of a provider that serves Responses itself: its bytes, with the ids of responses sealed. Every event
// is passed on at once; one that is no JSON ends the stream with an error.
//
//   {"id":"resp_68…","object":"response", …}    {"type":"response.created","response":{"id":"resp_68…", …}}

import { LINE_FEED, SPACE } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { writeSealedId } from "../../crypto/sealed-id";
import { Plan } from "../plan";
import { Fields, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";

const NAME_BYTES_MAX: i32 = 1024;

const response = new Fields();
const responseId = response.add("id");
const responsePrevious = response.add("previous_response_id");

const event = new Fields();
const eventType = event.add("type");
const eventResponse = event.add("response");
const eventError = event.add("error");

/** What seals the ids of one attempt: copies, because a plan's bytes do not last. */
export class SealedIds {
  private readonly key: ByteWriter = new ByteWriter(NAME_BYTES_MAX);
  private readonly target: ByteWriter = new ByteWriter(NAME_BYTES_MAX);

  take(plan: Plan): void {
    const key = plan.sealKey;
    this.key.reset().writeBytes(key + 2, load<u16>(key));
    this.target.reset().writeBytes(plan.targetPointer, plan.targetLength);
  }

  /** The bytes from `start` to `end` around the response that was read last. False when an id cannot be sealed. */
  write(start: usize, end: usize, out: ByteWriter): bool {
    const idFirst = responseId.pointer < responsePrevious.pointer || !responsePrevious.isString;
    const first = idFirst ? responseId : responsePrevious;
    const second = idFirst ? responsePrevious : responseId;
    let at = start;
    if (first.isText) {
      out.writeBytes(at, <i32>(first.pointer - at));
      if (!this.seal(first, out)) return false;
      at = first.pointer + <usize>first.length;
    }
    if (second.isText) {
      out.writeBytes(at, <i32>(second.pointer - at));
      if (!this.seal(second, out)) return false;
      at = second.pointer + <usize>second.length;
    }
    out.writeBytes(at, <i32>(end - at));
    return true;
  }

  private seal(id: Value, out: ByteWriter): bool {
    const key = this.key;
    const target = this.target;
    return writeSealedId(key.pointer, key.length, target.pointer, target.length, id.pointer, id.length, out);
  }
}

export function writeNativeReply(ids: SealedIds, body: usize, length: i32, out: ByteWriter): i32 {
  if (!response.read(body, length) || !responseId.isText) return ErrorCode.UPSTREAM_INVALID_REPLY;
  if (!ids.write(body, body + <usize>length, out)) return ErrorCode.UPSTREAM_INVALID_REPLY;
  return out.overflow ? <i32>ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

/** `ERROR` without an event written: this one cannot be understood. */
export function writeNativeEvent(
  ids: SealedIds,
  type: usize,
  typeLength: i32,
  data: usize,
  dataLength: i32,
  out: ByteWriter,
): StreamSignal {
  if (dataLength == 0 || equalsAscii(data, dataLength, "[DONE]")) return StreamSignal.PREAMBLE;
  if (!event.read(data, dataLength)) return StreamSignal.ERROR;
  const signal = eventType.isString ? signalOf(eventType.pointer, eventType.length) : signalOf(type, typeLength);
  const isError = eventError.isObject && !eventType.present;
  if (!response.readValue(eventResponse)) {
    writeEvent(type, typeLength, data, dataLength, out);
    return isError ? StreamSignal.ERROR : signal;
  }
  const before = out.length;
  beginEvent(type, typeLength, out);
  const start = out.length;
  if (!ids.write(data, data + <usize>dataLength, out)) {
    out.truncate(before);
    return StreamSignal.ERROR;
  }
  joinLines(out, start);
  out.writeAscii("\n\n");
  return signal;
}

/** What an event means for a reply that is still held. */
function signalOf(type: usize, length: i32): StreamSignal {
  if (equalsAscii(type, length, "response.created") || equalsAscii(type, length, "response.in_progress")) {
    return StreamSignal.PREAMBLE;
  }
  if (equalsAscii(type, length, "response.queued") || equalsAscii(type, length, "response.output_item.added")) {
    return StreamSignal.PREAMBLE;
  }
  if (equalsAscii(type, length, "response.completed") || equalsAscii(type, length, "response.incomplete")) {
    return StreamSignal.END;
  }
  if (equalsAscii(type, length, "response.failed") || equalsAscii(type, length, "error")) return StreamSignal.ERROR;
  return StreamSignal.CONTENT;
}

function beginEvent(type: usize, typeLength: i32, out: ByteWriter): void {
  if (typeLength > 0) {
    out.writeAscii("event: ");
    out.writeBytes(type, typeLength);
    out.writeAscii("\n");
  }
  out.writeAscii("data: ");
}

/** A line break of JSON text stands between its tokens only. */
function joinLines(out: ByteWriter, from: i32): void {
  for (let at = out.pointer + <usize>from; at < out.pointer + <usize>out.length; at++) {
    if (<u32>load<u8>(at) == LINE_FEED) store<u8>(at, SPACE);
  }
}

/** Data of several lines stays so. */
function writeEvent(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): void {
  beginEvent(type, typeLength, out);
  const end = data + <usize>dataLength;
  let line = data;
  for (let at = data; at < end; at++) {
    if (<u32>load<u8>(at) != LINE_FEED) continue;
    out.writeBytes(line, <i32>(at - line));
    out.writeAscii("\ndata: ");
    line = at + 1;
  }
  out.writeBytes(line, <i32>(end - line));
  out.writeAscii("\n\n");
}
