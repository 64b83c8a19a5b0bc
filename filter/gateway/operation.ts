// Which operation of which client protocol a request is, from its method and path. Nothing else in the filter looks at
// the client's path.

import { equalsAscii } from "../bytes/compare";
import { ErrorCode, Operation, Protocol } from "../contract";
import { isGemini, operationAt } from "../operations";
import { Literal, utf8 } from "../sdk";
import * as gemini from "./gemini-path";

const POST = utf8("POST");
const GET = utf8("GET");
const VERSION = utf8("/v1");
const MESSAGES = utf8("/v1/messages");
const MODELS_SLASH = utf8("/v1/models/");

/** `operationOf` answers an Operation, or one of these. */
export const UNKNOWN_PATH: i32 = -1;
export const WRONG_METHOD: i32 = -2;

/** The model's name in the path, still percent-encoded, for operations that have it there; set by `operationOf`. */
export let modelInPath: usize = 0;
export let modelInPathLength: i32 = 0;
/** Whether the path asks for a stream. */
export let streamInPath: bool = false;

export function operationOf(method: usize, methodLength: i32, path: usize, pathLength: i32): i32 {
  streamInPath = false;
  const geminiVersion = gemini.geminiVersionLength(path, pathLength);
  if (geminiVersion > 0) return geminiOperation(method, methodLength, path, pathLength, geminiVersion);
  if (pathLength <= VERSION.length || !VERSION.equals(path, VERSION.length)) return UNKNOWN_PATH;
  const operation = operationAt(path + <usize>VERSION.length, pathLength - VERSION.length);
  if (operation == Operation.MODELS_LIST) return allow(GET, method, methodLength, operation);
  if (operation != Operation.UNKNOWN) return allow(POST, method, methodLength, operation);
  if (pathLength > MODELS_SLASH.length && MODELS_SLASH.equals(path, MODELS_SLASH.length)) {
    // The Gemini API has operations here; a model's name that looks like one of them is still a name to GET.
    if (POST.equals(method, methodLength))
      return geminiOperation(method, methodLength, path, pathLength, VERSION.length);
    modelInPath = path + <usize>MODELS_SLASH.length;
    modelInPathLength = pathLength - MODELS_SLASH.length;
    return allow(GET, method, methodLength, Operation.MODELS_GET);
  }
  return UNKNOWN_PATH;
}

function geminiOperation(method: usize, methodLength: i32, path: usize, pathLength: i32, version: i32): i32 {
  const rest = path + <usize>version;
  const restLength = pathLength - version;
  if (equalsAscii(rest, restLength, "/models")) return allow(GET, method, methodLength, Operation.MODELS_LIST);
  const operation = gemini.readGeminiPath(rest, restLength);
  modelInPath = gemini.modelPointer;
  modelInPathLength = gemini.modelLength;
  streamInPath = gemini.asksForStream;
  if (operation != Operation.UNKNOWN) return allow(POST, method, methodLength, operation);
  if (modelInPathLength == 0) return UNKNOWN_PATH;
  return GET.equals(method, methodLength) ? Operation.MODELS_GET : UNKNOWN_PATH;
}

/**
 * A path belongs to one protocol, but all have `/v1/models`: only Anthropic's clients send `anthropic-version`, and only
 * Gemini's a key in one of Google's places.
 */
export function protocolOf(
  operation: i32,
  path: usize,
  pathLength: i32,
  anthropicVersion: bool,
  googleKey: bool,
): Protocol {
  if (isGemini(operation) || gemini.geminiVersionLength(path, pathLength) > 0) return Protocol.GEMINI;
  if (pathLength >= MESSAGES.length && MESSAGES.equals(path, MESSAGES.length)) return Protocol.ANTHROPIC;
  const shared = operation < 0 || operation == Operation.MODELS_LIST || operation == Operation.MODELS_GET;
  if (shared && anthropicVersion) return Protocol.ANTHROPIC;
  return shared && googleKey ? Protocol.GEMINI : Protocol.OPENAI;
}

export function errorOf(operation: i32): ErrorCode {
  return operation == WRONG_METHOD ? ErrorCode.METHOD_NOT_ALLOWED : ErrorCode.UNKNOWN_OPERATION;
}

function allow(wanted: Literal, method: usize, methodLength: i32, operation: Operation): i32 {
  return wanted.equals(method, methodLength) ? operation : WRONG_METHOD;
}
