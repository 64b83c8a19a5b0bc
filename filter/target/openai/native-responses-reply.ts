// Replies and events of a provider that serves Responses itself: its bytes, with the ids of responses and of their items
// sealed. Every event is passed on at once; one that is no JSON ends the stream with an error.
//
//   {"id":"resp_68…","object":"response", …}    {"type":"response.created","response":{"id":"resp_68…", …}}

import { LINE_FEED, SPACE } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { Fields, Items, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";
import { SealedIds } from "./sealed-ids";

const response = new Fields();
const responseId = response.add("id");
const responsePrevious = response.add("previous_response_id");
const responseOutput = response.add("output");
const items = new Items();
const item = new Fields();
const itemId = item.add("id");

const event = new Fields();
const eventType = event.add("type");
const eventResponse = event.add("response");
const eventError = event.add("error");
const eventItem = event.add("item");
const eventItemId = event.add("item_id");

/** Ids in what was read last, in the order in which they stand: address and length of each. */
const found: usize[] = [];
let foundCount: i32 = 0;

function note(id: Value): void {
  if (!id.isText) return;
  while (found.length < foundCount * 2 + 2) found.push(0);
  let at = foundCount++ * 2;
  for (; at > 0 && unchecked(found[at - 2]) > id.pointer; at -= 2) {
    unchecked((found[at] = found[at - 2]));
    unchecked((found[at + 1] = found[at - 1]));
  }
  unchecked((found[at] = id.pointer));
  unchecked((found[at + 1] = <usize>id.length));
}

/** Of the response that was read last. */
function noteResponse(ids: SealedIds): void {
  note(responseId);
  note(responsePrevious);
  if (!ids.sealsItems || !items.begin(responseOutput)) return;
  while (items.next()) if (item.readValue(items.value)) note(itemId);
}

/** The bytes from `start` to `end`, with every id that was found in them sealed. False when one cannot be. */
function writeFound(ids: SealedIds, start: usize, end: usize, out: ByteWriter): bool {
  let at = start;
  for (let i = 0; i < foundCount * 2; i += 2) {
    const id = unchecked(found[i]);
    const length = <i32>unchecked(found[i + 1]);
    out.writeBytes(at, <i32>(id - at));
    if (!ids.writeSealed(id, length, out)) return false;
    at = id + <usize>length;
  }
  out.writeBytes(at, <i32>(end - at));
  return true;
}

export function writeNativeReply(ids: SealedIds, body: usize, length: i32, out: ByteWriter): i32 {
  if (!response.read(body, length) || !responseId.isText) return ErrorCode.UPSTREAM_INVALID_REPLY;
  foundCount = 0;
  noteResponse(ids);
  if (!writeFound(ids, body, body + <usize>length, out)) return ErrorCode.UPSTREAM_INVALID_REPLY;
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
  foundCount = 0;
  if (response.readValue(eventResponse)) noteResponse(ids);
  if (ids.sealsItems) {
    note(eventItemId);
    if (item.readValue(eventItem)) note(itemId);
  }
  if (foundCount == 0) {
    writeEvent(type, typeLength, data, dataLength, out);
    return isError ? StreamSignal.ERROR : signal;
  }
  const before = out.length;
  beginEvent(type, typeLength, out);
  const start = out.length;
  if (!writeFound(ids, data, data + <usize>dataLength, out)) {
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
