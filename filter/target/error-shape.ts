// Whether a provider's error body already has the shape that the client's SDK reads: then it passes as it is.

import { Protocol } from "../contract";
import { JsonReader } from "../json/reader";
import { JsonToken } from "../json/token";

const reader = new JsonReader();

/** A JSON object with an object `error` in it; for Anthropic also `"type": "error"`. */
export function isErrorBody(protocol: i32, body: usize, length: i32): bool {
  let hasError = false;
  let hasType = protocol != Protocol.ANTHROPIC;
  reader.reset(body, length);
  if (reader.next() != JsonToken.OBJECT_BEGIN) return false;
  while (reader.next() == JsonToken.KEY) {
    const isError = reader.keyEquals("error");
    const isType = reader.keyEquals("type");
    const value = reader.next();
    if (isError && value == JsonToken.OBJECT_BEGIN) hasError = true;
    if (isType && reader.stringEquals("error")) hasType = true;
    if (!reader.skipRest()) return false;
  }
  return hasError && hasType && reader.next() == JsonToken.END;
}
