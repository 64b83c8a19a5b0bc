// Frames of `application/vnd.amazon.eventstream`, as AWS sends them: a prelude, headers, a payload, two checksums.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html#RESTSelectObjectAppendixMessage
import { crc32 } from "./crc32.mjs";

const TYPE_STRING = 7;

function header(name, value) {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(name.length + 4);
  head.writeUInt8(name.length, 0);
  head.write(name, 1, "latin1");
  head.writeUInt8(TYPE_STRING, name.length + 1);
  head.writeUInt16BE(bytes.length, name.length + 2);
  return Buffer.concat([head, bytes]);
}

/** A frame with these headers, all of them strings. */
export function frame(headers, payload) {
  const heads = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const bytes = Buffer.alloc(heads.length + payload.length + 16);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(heads.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  bytes.set(heads, 12);
  bytes.set(payload, 12 + heads.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
  return bytes;
}

const JSON_TYPE = { ":content-type": "application/json" };

export const eventFrame = (type, payload) =>
  frame({ ":event-type": type, ...JSON_TYPE, ":message-type": "event" }, Buffer.from(JSON.stringify(payload)));

export const exceptionFrame = (type, payload) =>
  frame({ ":exception-type": type, ...JSON_TYPE, ":message-type": "exception" }, Buffer.from(JSON.stringify(payload)));
