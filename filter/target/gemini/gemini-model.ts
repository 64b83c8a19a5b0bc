// What the name of a Gemini model says: where it is called, and how it is told to think.

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { unescapeTo } from "../../json/text";
import { Plan } from "../plan";

const NAME_BYTES_MAX: i32 = 64 * 1024;
const SLASH: u32 = 0x2f;
const HEX = "0123456789ABCDEF";

const name = new ByteWriter(NAME_BYTES_MAX);

/**
 * `/models/{model}:generateContent` behind the base path. A name with a slash is the whole name of a resource as Google
 * lists it ("models/gemini-x", "tunedModels/x", "endpoints/1"), and stands for itself.
 */
export function writeModelPath(plan: Plan, streaming: bool, out: ByteWriter): void {
  unescapeTo(plan.modelPointer, plan.modelLength, name.reset());
  out.writeAscii(hasSlash() ? "/" : "/models/");
  for (let i: usize = 0; i < <usize>name.length; i++) writeEncoded(load<u8>(name.pointer + i), out);
  out.writeAscii(streaming ? ":streamGenerateContent?alt=sse" : ":generateContent");
  if (plan.queryLength == 0) return;
  out.writeAscii(streaming ? "&" : "?");
  out.writeBytes(plan.queryPointer, plan.queryLength);
}

/** Gemini 2.5 takes a budget of thinking tokens and no level; all that came later takes a level. */
export function thinksByBudget(plan: Plan): bool {
  return contains(plan, "gemini-2") || contains(plan, "gemini-1");
}

/** The models named "pro" cannot stop thinking. */
export function isPro(plan: Plan): bool {
  return contains(plan, "-pro");
}

function contains(plan: Plan, part: string): bool {
  for (let i = 0; i <= plan.modelLength - part.length; i++) {
    if (equalsAscii(plan.modelPointer + <usize>i, part.length, part)) return true;
  }
  return false;
}

function hasSlash(): bool {
  for (let i: usize = 0; i < <usize>name.length; i++) if (<u32>load<u8>(name.pointer + i) == SLASH) return true;
  return false;
}

function writeEncoded(byte: u32, out: ByteWriter): void {
  if (isPlain(byte)) {
    out.writeByte(byte);
    return;
  }
  out.writeByte(0x25); // %
  out.writeByte(HEX.charCodeAt(<i32>(byte >> 4)));
  out.writeByte(HEX.charCodeAt(<i32>(byte & 15)));
}

/** RFC 3986's unreserved characters, the slash, and the @ before a version. A colon would end the name. */
function isPlain(byte: u32): bool {
  const letter = byte | 0x20;
  if ((letter >= 0x61 && letter <= 0x7a) || (byte >= 0x2d && byte <= 0x39)) return true; // a-z - . / 0-9
  return byte == 0x5f || byte == 0x7e || byte == 0x40; // _ ~ @
}
