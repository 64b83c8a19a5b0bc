// The text of the last message that a user wrote, in any of the client APIs: its strings, raw, one part after another.
//
//   messages, contents or input: a string, or [{"role":"user","content": a string or [{"text":"…"}, …]}, …]; contents have "parts"

import { TaskText } from "../classifier/task-text";
import { JsonReader } from "../json/reader";
import { JsonToken } from "../json/token";

export function takeLastMessage(reader: JsonReader, body: usize, length: i32, text: TaskText): void {
  if (length == 0 || reader.reset(body, length).next() != JsonToken.OBJECT_BEGIN) return;
  while (reader.next() == JsonToken.KEY) {
    const isList = reader.keyEquals("messages") || reader.keyEquals("contents") || reader.keyEquals("input");
    if (!isList && !reader.keyEquals("prompt")) {
      if (!reader.skipValue()) return;
      continue;
    }
    const value = reader.next();
    if (value == JsonToken.STRING) text.takeRaw(reader.tokenPointer, reader.tokenLength);
    if (value != JsonToken.ARRAY_BEGIN || !isList) {
      if (!reader.skipRest()) return;
      continue;
    }
    const start = lastOfUser(reader);
    if (start >= 0) takeMessage(reader, body + <usize>start, length - start, text);
    return;
  }
}

/** Offset of the last message of the user's in the array that has begun; -1 = there is none. */
function lastOfUser(reader: JsonReader): i32 {
  let last = -1;
  while (reader.next() != JsonToken.ARRAY_END) {
    if (reader.token == JsonToken.ERROR || reader.token == JsonToken.END) return last;
    if (reader.token != JsonToken.OBJECT_BEGIN) {
      if (!reader.skipRest()) return last;
      continue;
    }
    const start = reader.tokenStart;
    // Gemini's clients may leave the role out.
    let isUser = true;
    while (reader.next() == JsonToken.KEY) {
      const isRole = reader.keyEquals("role");
      reader.next();
      if (isRole) isUser = reader.token == JsonToken.STRING && reader.stringEquals("user");
      if (!reader.skipRest()) return last;
    }
    if (isUser) last = start;
  }
  return last;
}

/** Its content: a string, or the texts of its parts. */
function takeMessage(reader: JsonReader, message: usize, length: i32, text: TaskText): void {
  reader.reset(message, length).next();
  while (reader.next() == JsonToken.KEY) {
    const isContent = reader.keyEquals("content") || reader.keyEquals("parts");
    const value = reader.next();
    if (isContent && value == JsonToken.STRING) text.takeRaw(reader.tokenPointer, reader.tokenLength);
    if (isContent && value == JsonToken.ARRAY_BEGIN) takeParts(reader, text);
    else if (!reader.skipRest()) return;
  }
}

function takeParts(reader: JsonReader, text: TaskText): void {
  while (reader.next() != JsonToken.ARRAY_END) {
    if (reader.token == JsonToken.ERROR || reader.token == JsonToken.END) return;
    if (reader.token == JsonToken.STRING) text.takeRaw(reader.tokenPointer, reader.tokenLength);
    if (reader.token != JsonToken.OBJECT_BEGIN) {
      if (!reader.skipRest()) return;
      continue;
    }
    while (reader.next() == JsonToken.KEY) {
      const isText = reader.keyEquals("text");
      if (reader.next() == JsonToken.STRING && isText) text.takeRaw(reader.tokenPointer, reader.tokenLength);
      if (!reader.skipRest()) return;
    }
  }
}
