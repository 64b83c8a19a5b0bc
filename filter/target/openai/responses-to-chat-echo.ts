// The members of a request that a Response object repeats, as one run of JSON members: clients read from a response what
// it was asked with, and its schema requires most of them.

import { CARRIAGE_RETURN, LINE_FEED, SPACE } from "../../bytes/ascii";
import { ByteWriter } from "../../bytes/byte-writer";
import { JsonWriter } from "../../json/writer";
import { Fields, Value } from "../translation/value";

/** What is repeated beyond this is not worth the memory: then a response says the defaults. */
export const ECHO_BYTES_MAX: i32 = 1024 * 1024;

const json = new JsonWriter(new ByteWriter(0));
const nothing = new Fields();

/** `request` is the request just read. */
export function writeEcho(request: Fields, echo: ByteWriter): void {
  write(request, echo.reset());
  if (echo.overflow) writeDefaultEcho(echo);
  else joinLines(echo);
}

/** An event's data is one line: breaks between the tokens of what was copied become spaces (within strings there are none). */
function joinLines(echo: ByteWriter): void {
  const end = echo.pointer + <usize>echo.length;
  for (let at = echo.pointer; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == LINE_FEED || byte == CARRIAGE_RETURN) store<u8>(at, <u8>SPACE);
  }
}

export function writeDefaultEcho(echo: ByteWriter): void {
  write(nothing, echo.reset());
}

function write(request: Fields, echo: ByteWriter): void {
  json.reset(echo);
  copy(request, "instructions", "null");
  copy(request, "max_output_tokens", "null");
  copy(request, "max_tool_calls", "null");
  copy(request, "metadata", "{}");
  copy(request, "parallel_tool_calls", "true");
  raw("previous_response_id", "null");
  copy(request, "prompt_cache_key", "null");
  copy(request, "reasoning", '{"effort":null,"summary":null}');
  copy(request, "safety_identifier", "null");
  raw("store", "false");
  copy(request, "temperature", "1");
  copy(request, "text", '{"format":{"type":"text"}}');
  copy(request, "tool_choice", '"auto"');
  copy(request, "tools", "[]");
  copy(request, "top_logprobs", "0");
  copy(request, "top_p", "1");
  raw("truncation", '"disabled"');
  copy(request, "user", "null");
}

function raw(name: string, value: string): void {
  json.key(name);
  json.literal(value);
}

function copy(request: Fields, name: string, fallback: string): void {
  for (let i = 0; i < request.values.length; i++) {
    const value: Value = unchecked(request.values[i]);
    if (value.name != name || !value.present) continue;
    json.key(name);
    value.copyTo(json);
    return;
  }
  raw(name, fallback);
}
