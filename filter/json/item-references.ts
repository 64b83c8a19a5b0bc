// The items of earlier replies that a Responses request refers to instead of sending them: their ids, one after another. For
// a body that is already known to be JSON; it judges nothing.
//
//   {"input":[{"type":"item_reference","id":"msg_slc_…"}, …], …}

import { JsonReader } from "./reader";
import { JsonToken } from "./token";

export class ItemReferences {
  /** Raw content of the id's string. */
  idPointer: usize = 0;
  idLength: i32 = 0;
  private readonly reader: JsonReader = new JsonReader();

  /** Begins a walk. False, and no references, when there is no array of items. */
  begin(body: usize, length: i32): bool {
    const reader = this.reader.reset(body, length);
    if (reader.next() != JsonToken.OBJECT_BEGIN) return false;
    while (reader.next() == JsonToken.KEY) {
      const isInput = reader.keyEquals("input");
      if (isInput) return reader.next() == JsonToken.ARRAY_BEGIN;
      if (!reader.skipValue()) return false;
    }
    return false;
  }

  /** Takes the next reference; false behind the last one. */
  next(): bool {
    const reader = this.reader;
    while (true) {
      const token = reader.next();
      if (token == JsonToken.ARRAY_END || token == JsonToken.ERROR || token == JsonToken.END) return false;
      if (token != JsonToken.OBJECT_BEGIN) {
        if (!reader.skipRest()) return false;
      } else if (this.readItem()) {
        return true;
      }
    }
  }

  /** Whether the object that has begun is a reference; one without a type has nothing but its id. */
  private readItem(): bool {
    const reader = this.reader;
    let isReference = true;
    this.idLength = 0;
    while (reader.next() == JsonToken.KEY) {
      const isId = reader.keyEquals("id");
      const isType = reader.keyEquals("type");
      const isRole = reader.keyEquals("role");
      reader.next();
      if (isId && reader.token == JsonToken.STRING) {
        this.idPointer = reader.tokenPointer;
        this.idLength = reader.tokenLength;
      } else if (isRole || (isType && reader.token != JsonToken.NULL && !reader.stringEquals("item_reference"))) {
        isReference = false;
      }
      if (!reader.skipRest()) return false;
    }
    return isReference && this.idLength > 0;
  }
}
