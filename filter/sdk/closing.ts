// Streams that are to be reset after their last bytes: Envoy loses what the callback wrote that also closes. Whatever comes first
// closes them, the provider's next bytes or the worker's tick.

import { noteGarbage } from "./collector";
import { actAs, closeStream } from "./stream";
import { StreamKind } from "./types";

const ID_BYTES: i32 = 4;

/** Context ids, which the VM gives once. */
let due: u32[] = [];

/** Resets the stream with the next `closeDue`. */
export function closeSoon(contextId: u32): void {
  due.push(contextId);
  noteGarbage(ID_BYTES);
}

/** Call last in a tick: host calls act on another context afterwards. */
export function closeDue(): void {
  if (due.length == 0) return;
  for (let i = 0; i < due.length; i++) if (actAs(due[i])) closeStream(StreamKind.RESPONSE);
  due = [];
}
