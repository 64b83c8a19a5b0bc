// The paths of the Gemini API, which name the model and the operation in one segment. A model's name may hold slashes and
// colons: the operation is what stands behind the last colon.
//
//   /v1beta/models/gemini-2.5-flash:streamGenerateContent
//   /v1beta1/projects/p/locations/l/publishers/google/models/gemini-2.5-flash:generateContent        as Vertex AI has it
//                                                            └ modelPointer ┘

import { equalsAscii, startsWithAscii } from "../bytes/compare";
import { Operation } from "../contract";

/** What the last path that was read names, percent-encoded; valid as long as the path is. */
export let modelPointer: usize = 0;
export let modelLength: i32 = 0;
/** Whether it asks for a stream. */
export let asksForStream: bool = false;

const COLON: u32 = 0x3a;
/** `/models/` as the eight bytes that it is. */
const MODELS: u64 = 0x2f736c65646f6d2f;
const MODELS_LENGTH: i32 = 8;

/** Length of the version with which paths of this API alone begin; 0 for every other path. */
export function geminiVersionLength(path: usize, length: i32): i32 {
  if (startsWithAscii(path, length, "/v1beta/")) return 7;
  if (startsWithAscii(path, length, "/v1beta1/")) return 8;
  if (startsWithAscii(path, length, "/v1/projects/") || startsWithAscii(path, length, "/v1/publishers/")) return 3;
  return 0;
}

/** Takes the model and the operation from what stands behind the version; `UNKNOWN` when it names no operation. */
export function readGeminiPath(path: usize, length: i32): Operation {
  asksForStream = false;
  modelLength = 0;
  const start = modelsEnd(path, length);
  if (start < 0) return Operation.UNKNOWN;
  modelPointer = path + <usize>start;
  modelLength = length - start;
  let colon = length - 1;
  while (colon >= start && <u32>load<u8>(path + <usize>colon) != COLON) colon--;
  if (colon <= start) return Operation.UNKNOWN;
  const operation = operationNamed(path + <usize>(colon + 1), length - colon - 1);
  if (operation != Operation.UNKNOWN) modelLength = colon - start;
  return operation;
}

/** Where the model's name begins; -1 when there is none. */
function modelsEnd(path: usize, length: i32): i32 {
  let at = 0;
  if (!startsWithAscii(path, length, "/models/")) {
    const isVertex = startsWithAscii(path, length, "/projects/") || startsWithAscii(path, length, "/publishers/");
    if (!isVertex) return -1;
    while (at + MODELS_LENGTH < length && load<u64>(path + <usize>at) != MODELS) at++;
  }
  return at + MODELS_LENGTH < length ? at + MODELS_LENGTH : -1;
}

function operationNamed(name: usize, length: i32): Operation {
  if (equalsAscii(name, length, "generateContent")) return Operation.GENERATE_CONTENT;
  if (equalsAscii(name, length, "streamGenerateContent")) {
    asksForStream = true;
    return Operation.GENERATE_CONTENT;
  }
  if (equalsAscii(name, length, "countTokens")) return Operation.GEMINI_COUNT_TOKENS;
  if (equalsAscii(name, length, "embedContent")) return Operation.GEMINI_EMBED;
  if (equalsAscii(name, length, "batchEmbedContents")) return Operation.GEMINI_BATCH_EMBED;
  return Operation.UNKNOWN;
}
