// The two halves of a server-sent event around its data. The data between them must be one line: JSON as our writers
// make it, where every line break inside a string is escaped.
//
//   sseBegin(out, "message_stop");  …JSON…  sseEnd(out);          event: message_stop⏎ data: {…}⏎ ⏎

import { ByteWriter } from "../bytes/byte-writer";

/** `type` is a constant ASCII name; empty for events that have none, as OpenAI's. */
export function sseBegin(out: ByteWriter, type: string): void {
  if (type.length > 0) {
    out.writeAscii("event: ");
    out.writeAscii(type);
    out.writeAscii("\n");
  }
  out.writeAscii("data: ");
}

export function sseEnd(out: ByteWriter): void {
  out.writeAscii("\n\n");
}

/** A whole event whose data is already there. */
export function writeSseEvent(out: ByteWriter, type: string, data: usize, dataLength: i32): void {
  sseBegin(out, type);
  out.writeBytes(data, dataLength);
  sseEnd(out);
}
