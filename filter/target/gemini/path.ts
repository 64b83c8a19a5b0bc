// The path of a request in Gemini's own API, behind the provider's base path: it names the model and the operation.
//
//   /models/gemini-2.5-flash:streamGenerateContent?alt=sse

import { ByteWriter } from "../../bytes/byte-writer";
import { writePathSegment } from "../../bytes/percent";
import { Operation } from "../../contract";
import { Plan } from "../plan";

const SLASH: u32 = 0x2f;

export function writeGeminiPath(plan: Plan, out: ByteWriter): void {
  // A name with a slash is the whole name of a resource, as Google lists them: "models/…", "tunedModels/…", "endpoints/…".
  out.writeAscii(hasSlash(plan.modelPointer, plan.modelLength) ? "/" : "/models/");
  writeSegments(plan.modelPointer, plan.modelLength, out);
  out.writeAscii(":");
  out.writeAscii(verbOf(plan));
}

function verbOf(plan: Plan): string {
  switch (plan.operation) {
    case Operation.GEMINI_COUNT_TOKENS:
      return "countTokens";
    case Operation.GEMINI_EMBED:
      return "embedContent";
    case Operation.GEMINI_BATCH_EMBED:
      return "batchEmbedContents";
    default:
      return plan.streaming ? "streamGenerateContent?alt=sse" : "generateContent";
  }
}

function hasSlash(name: usize, length: i32): bool {
  for (let i = 0; i < length; i++) if (<u32>load<u8>(name + <usize>i) == SLASH) return true;
  return false;
}

/** Slashes stay: they part a name that has parts. */
function writeSegments(name: usize, length: i32, out: ByteWriter): void {
  let start = 0;
  for (let i = 0; i <= length; i++) {
    if (i < length && <u32>load<u8>(name + <usize>i) != SLASH) continue;
    writePathSegment(name + <usize>start, i - start, out);
    if (i < length) out.writeByte(SLASH);
    start = i + 1;
  }
}
