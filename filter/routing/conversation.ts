// A hash of how a conversation begins: the same for all of its requests, so that they go to the target that has it in its cache.
// What says how it goes on (later messages) does not count; a client's own `prompt_cache_key` counts alone.

import { JsonReader } from "../json/reader";
import { JsonToken } from "../json/token";

const MESSAGE_BYTES_MAX: i32 = 8 * 1024;
const SEED: u64 = 0xcbf29ce484222325;
const PRIME: u64 = 0x100000001b3;

const reader = new JsonReader();

export function conversationHash(body: usize, length: i32): u64 {
  let hash = SEED;
  if (length == 0 || reader.reset(body, length).next() != JsonToken.OBJECT_BEGIN) return hash;
  while (reader.next() == JsonToken.KEY) {
    const isKey = reader.keyEquals("prompt_cache_key");
    const isFront = reader.keyEquals("system") || reader.keyEquals("instructions");
    const isList = reader.keyEquals("messages") || reader.keyEquals("contents") || reader.keyEquals("input");
    if (isList) {
      if (!takeFirst(body, hash)) return taken;
      hash = taken;
      continue;
    }
    if (!reader.skipValue()) return hash;
    if (isKey && reader.token == JsonToken.STRING) return take(SEED, reader.tokenPointer, reader.tokenLength);
    if (isFront) hash = take(hash, body + <usize>reader.tokenStart, reader.tokenEnd - reader.tokenStart);
  }
  return hash;
}

let taken: u64 = 0;

/** The messages up to the first one of the user's; a text as input counts whole. */
function takeFirst(body: usize, before: u64): bool {
  taken = before;
  const value = reader.next();
  if (value == JsonToken.STRING) taken = take(taken, reader.tokenPointer, reader.tokenLength);
  if (value != JsonToken.ARRAY_BEGIN) return reader.skipRest();
  const depth = reader.depth;
  let isOver = false;
  while (reader.next() != JsonToken.ARRAY_END) {
    if (reader.token != JsonToken.OBJECT_BEGIN) {
      if (reader.token == JsonToken.ERROR || reader.token == JsonToken.END || !reader.skipRest()) return false;
      continue;
    }
    const start = reader.tokenStart;
    let isUser = false;
    while (reader.next() == JsonToken.KEY) {
      const isRole = reader.keyEquals("role");
      reader.next();
      if (isRole && reader.token == JsonToken.STRING) isUser = reader.stringEquals("user");
      if (!reader.skipRest()) return false;
    }
    if (!isOver) taken = take(taken, body + <usize>start, reader.tokenEnd - start);
    isOver = isOver || isUser;
  }
  return reader.depth < depth;
}

/** FNV-1a, 64 bit. */
function take(hash: u64, pointer: usize, length: i32): u64 {
  const end = pointer + <usize>min(length, MESSAGE_BYTES_MAX);
  for (let at = pointer; at < end; at++) hash = (hash ^ <u64>load<u8>(at)) * PRIME;
  return hash;
}
