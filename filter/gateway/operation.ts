// Which operation of which client protocol a request is, from its method and path. Nothing else in the filter looks at
// the client's path.

import { SLASH } from "../bytes/ascii";
import { equalsAscii, startsWithAscii } from "../bytes/compare";
import { ErrorCode, Operation, Protocol } from "../contract";
import { isGemini, operationAt, takesForm } from "../operations";
import { Literal, utf8 } from "../sdk";
import * as gemini from "./gemini-path";

const POST = utf8("POST");
const GET = utf8("GET");
const VERSION = utf8("/v1");
const MESSAGES = utf8("/v1/messages");
const MODELS_SLASH = utf8("/v1/models/");
const REALTIME_PATH_LENGTH: i32 = 12;

/** `operationOf` answers an Operation, or one of these. */
export const UNKNOWN_PATH: i32 = -1;
export const WRONG_METHOD: i32 = -2;
/** Realtime sessions, by WebSocket or WebRTC. */
export const REALTIME: i32 = -3;

/** The model's name in the path, still percent-encoded, for operations that have it there; set by `operationOf`. */
export let modelInPath: usize = 0;
export let modelInPathLength: i32 = 0;
/** Whether the path asks for a stream. */
export let streamInPath: bool = false;

export function operationOf(method: usize, methodLength: i32, path: usize, pathLength: i32): i32 {
  streamInPath = false;
  modelInPathLength = 0;
  const geminiVersion = gemini.geminiVersionLength(path, pathLength);
  if (geminiVersion > 0) return geminiOperation(method, methodLength, path, pathLength, geminiVersion);
  if (pathLength <= VERSION.length || !VERSION.equals(path, VERSION.length)) return UNKNOWN_PATH;
  const operation = operationAt(path + <usize>VERSION.length, pathLength - VERSION.length);
  if (operation == Operation.MODELS_LIST) return allow(GET, method, methodLength, operation);
  if (operation != Operation.UNKNOWN) return allow(POST, method, methodLength, operation);
  if (isRealtime(path, pathLength)) return REALTIME;
  if (pathLength > MODELS_SLASH.length && MODELS_SLASH.equals(path, MODELS_SLASH.length)) {
    const form = formOfModel(path, pathLength);
    if (form != Operation.UNKNOWN) return allow(POST, method, methodLength, form);
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
  if (!isShared(operation, path, pathLength)) return Protocol.OPENAI;
  if (anthropicVersion) return Protocol.ANTHROPIC;
  return googleKey ? Protocol.GEMINI : Protocol.OPENAI;
}

/** Paths of every protocol, or of none that is known. */
function isShared(operation: i32, path: usize, pathLength: i32): bool {
  if (operation == WRONG_METHOD) return startsWithAscii(path, pathLength, "/v1/models");
  return operation == UNKNOWN_PATH || operation == Operation.MODELS_LIST || operation == Operation.MODELS_GET;
}

export function errorOf(operation: i32): ErrorCode {
  if (operation == REALTIME) return ErrorCode.REALTIME_NOT_SUPPORTED;
  return operation == WRONG_METHOD ? ErrorCode.METHOD_NOT_ALLOWED : ErrorCode.UNKNOWN_OPERATION;
}

/** Also the sessions and client secrets that lead there. */
function isRealtime(path: usize, length: i32): bool {
  if (!startsWithAscii(path, length, "/v1/realtime")) return false;
  return length == REALTIME_PATH_LENGTH || <u32>load<u8>(path + <usize>REALTIME_PATH_LENGTH) == SLASH;
}

/** `/v1/models/{name}/audio/transcriptions`: the path names the model, so that the form need not. */
function formOfModel(path: usize, length: i32): Operation {
  const end = path + <usize>length;
  const start = path + <usize>MODELS_SLASH.length;
  for (let at = start + 1; at < end; at++) {
    if (<u32>load<u8>(at) != SLASH) continue;
    const operation = operationAt(at, <i32>(end - at));
    if (!takesForm(operation)) continue;
    modelInPath = start;
    modelInPathLength = <i32>(at - start);
    return operation;
  }
  return Operation.UNKNOWN;
}

function allow(wanted: Literal, method: usize, methodLength: i32, operation: Operation): i32 {
  return wanted.equals(method, methodLength) ? operation : WRONG_METHOD;
}
