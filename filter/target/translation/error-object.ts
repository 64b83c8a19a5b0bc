// The object of an error reply. Google sends it within an array where a stream was asked for: `[{"error":{…}}]`.

import { JsonReader } from "../../json/reader";
import { JsonToken } from "../../json/token";
import { Fields, Items, Value } from "./value";

const reader = new JsonReader();
const list = new Value("");
const items = new Items();

/** Reads an object, or the first one of an array. False when the text is neither. */
export function readErrorObject(fields: Fields, body: usize, length: i32): bool {
  return fields.read(body, length) || (beginList(body, length) && fields.readValue(items.value));
}

/** Goes to the first item, once the whole of the array is known to be JSON. */
function beginList(body: usize, length: i32): bool {
  reader.reset(body, length);
  if (reader.next() != JsonToken.ARRAY_BEGIN || !list.take(reader) || reader.next() != JsonToken.END) return false;
  return items.begin(list) && items.next();
}
