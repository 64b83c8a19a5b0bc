// What one event of a provider's own stream means: nothing a user would see, content, the end, or an error. The whole answer
// is asked for only while the reply may still be given up; what cannot be read counts as content.

import { QUOTE } from "../bytes/ascii";
import { equalsAscii, startsWithAscii } from "../bytes/compare";
import { Dialect } from "../contract";
import { JsonReader } from "../json/reader";
import { JsonToken } from "../json/token";
import { utf8 } from "../sdk";
import { StreamSignal } from "./translator";

const FINISH_REASON = utf8('"finishReason"');
const BLOCK_REASON = utf8('"blockReason"');

const reader = new JsonReader();

export function signalOf(dialect: i32, type: usize, typeLength: i32, data: usize, dataLength: i32): StreamSignal {
  switch (dialect) {
    case Dialect.ANTHROPIC:
    case Dialect.ANTHROPIC_VERTEX:
      return anthropicSignal(type, typeLength, data, dataLength);
    case Dialect.GEMINI:
      return geminiSignal(data, dataLength);
    default:
      return openaiSignal(data, dataLength);
  }
}

/**
 * Whether an event is the last, or an error; all others are content here. Gemini's streams have no terminal event: they are
 * complete when an event said why the model stopped, or why the prompt was blocked.
 */
export function endSignalOf(dialect: i32, type: usize, typeLength: i32, data: usize, dataLength: i32): StreamSignal {
  switch (dialect) {
    case Dialect.ANTHROPIC:
    case Dialect.ANTHROPIC_VERTEX:
      if (equalsAscii(type, typeLength, "message_stop")) return StreamSignal.END;
      return equalsAscii(type, typeLength, "error") ? StreamSignal.ERROR : StreamSignal.CONTENT;
    case Dialect.GEMINI:
      if (startsWithAscii(data, dataLength, '{"error"')) return StreamSignal.ERROR;
      return saysWhyItEnds(data, dataLength) ? StreamSignal.END : StreamSignal.CONTENT;
    default:
      if (startsWithAscii(data, dataLength, '{"error"')) return StreamSignal.ERROR;
      return equalsAscii(data, dataLength, "[DONE]") ? StreamSignal.END : StreamSignal.CONTENT;
  }
}

/** Within a JSON string a quote is escaped, so a model's text never looks like one of these members. */
function saysWhyItEnds(data: usize, length: i32): bool {
  const last = data + <usize>max(length - BLOCK_REASON.length, 0);
  for (let at = data; at < last; at++) {
    if (<u32>load<u8>(at) != QUOTE) continue;
    const left = <i32>(data + <usize>length - at);
    if (left > FINISH_REASON.length && FINISH_REASON.equals(at, FINISH_REASON.length)) return true;
    if (BLOCK_REASON.equals(at, BLOCK_REASON.length)) return true;
  }
  return false;
}

function anthropicSignal(type: usize, typeLength: i32, data: usize, dataLength: i32): StreamSignal {
  if (equalsAscii(type, typeLength, "message_start")) return StreamSignal.PREAMBLE;
  if (equalsAscii(type, typeLength, "ping")) return StreamSignal.PREAMBLE;
  // An opened block has nothing in it yet; a tool's name in it comes with the next event.
  if (equalsAscii(type, typeLength, "content_block_start")) return StreamSignal.PREAMBLE;
  if (equalsAscii(type, typeLength, "message_stop")) return StreamSignal.END;
  return equalsAscii(type, typeLength, "error") ? StreamSignal.ERROR : StreamSignal.CONTENT;
}

/**
 * A chunk is preamble when no choice carries anything but a role, empty texts and nulls:
 * `{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`
 */
function openaiSignal(data: usize, dataLength: i32): StreamSignal {
  if (equalsAscii(data, dataLength, "[DONE]")) return StreamSignal.END;
  reader.reset(data, dataLength);
  if (reader.next() != JsonToken.OBJECT_BEGIN) return StreamSignal.CONTENT;
  let signal = StreamSignal.PREAMBLE;
  while (reader.next() == JsonToken.KEY) {
    const isError = reader.keyEquals("error");
    const isChoices = reader.keyEquals("choices");
    const value = reader.next();
    if (isError && value != JsonToken.NULL) return StreamSignal.ERROR;
    if (isChoices && value == JsonToken.ARRAY_BEGIN) {
      if (choicesHaveContent()) signal = StreamSignal.CONTENT;
      continue;
    }
    if (!reader.skipRest()) return StreamSignal.CONTENT;
  }
  return reader.token == JsonToken.OBJECT_END ? signal : StreamSignal.CONTENT;
}

/** `{"candidates":[{"content":{"parts":[…]}}]}`, an end or a blocked prompt; usage alone says nothing yet. */
function geminiSignal(data: usize, dataLength: i32): StreamSignal {
  reader.reset(data, dataLength);
  if (reader.next() != JsonToken.OBJECT_BEGIN) return StreamSignal.CONTENT;
  let signal = StreamSignal.PREAMBLE;
  while (reader.next() == JsonToken.KEY) {
    if (reader.keyEquals("error")) return StreamSignal.ERROR;
    const isCandidates = reader.keyEquals("candidates");
    const isBlocked = reader.keyEquals("promptFeedback");
    const value = reader.next();
    if (isCandidates && value == JsonToken.ARRAY_BEGIN) {
      if (candidatesHaveContent()) signal = StreamSignal.CONTENT;
      continue;
    }
    if (isBlocked) signal = StreamSignal.CONTENT;
    if (!reader.skipRest()) return StreamSignal.CONTENT;
  }
  return reader.token == JsonToken.OBJECT_END ? signal : StreamSignal.CONTENT;
}

function candidatesHaveContent(): bool {
  const depth = reader.depth;
  let found = false;
  while (true) {
    const token = reader.next();
    if (token == JsonToken.ERROR || token == JsonToken.END) return true;
    if (token == JsonToken.ARRAY_END && reader.depth < depth) return found;
    if (token != JsonToken.KEY || reader.keyEquals("content")) continue;
    const silent = reader.keyEquals("index") || reader.keyEquals("role");
    reader.next();
    if (!reader.skipRest()) return true;
    // An empty list of parts is two brackets.
    if (!silent && reader.tokenLength > 2) found = true;
  }
}

function choicesHaveContent(): bool {
  const depth = reader.depth;
  let found = false;
  while (true) {
    const token = reader.next();
    if (token == JsonToken.ERROR || token == JsonToken.END) return true;
    if (token == JsonToken.ARRAY_END && reader.depth < depth) return found;
    if (token != JsonToken.KEY) continue;
    if (reader.keyEquals("delta") || reader.keyEquals("message")) continue;
    const silent = reader.keyEquals("index") || reader.keyEquals("role");
    // Azure judges every chunk, the empty ones too.
    const isVerdict = reader.keyEquals("content_filter_results") || reader.keyEquals("content_filter_offsets");
    const value = reader.next();
    if (silent) continue;
    if (isVerdict) {
      if (!reader.skipRest()) return true;
      continue;
    }
    if (isSomething(value)) found = true;
    if (!reader.skipRest()) return true;
  }
}

/** Whether a value is more than null or an empty text. */
function isSomething(token: JsonToken): bool {
  if (token == JsonToken.NULL) return false;
  return token != JsonToken.STRING || reader.tokenEnd > reader.tokenStart;
}
