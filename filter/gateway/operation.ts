// Which operation of which client protocol a request is, from its method and path. Nothing else in the filter looks at
// the client's path.

import { ErrorCode, Operation, Protocol } from "../contract";
import { operationAt } from "../operations";
import { Literal, utf8 } from "../sdk";

const POST = utf8("POST");
const GET = utf8("GET");
const VERSION = utf8("/v1");
const MESSAGES = utf8("/v1/messages");
const MODELS_SLASH = utf8("/v1/models/");

/** `operationOf` answers an Operation, or one of these. */
export const UNKNOWN_PATH: i32 = -1;
export const WRONG_METHOD: i32 = -2;

export function operationOf(method: usize, methodLength: i32, path: usize, pathLength: i32): i32 {
  if (pathLength <= VERSION.length || !VERSION.equals(path, VERSION.length)) return UNKNOWN_PATH;
  const operation = operationAt(path + <usize>VERSION.length, pathLength - VERSION.length);
  if (operation == Operation.MODELS_LIST) return allow(GET, method, methodLength, operation);
  if (operation != Operation.UNKNOWN) return allow(POST, method, methodLength, operation);
  if (pathLength > MODELS_SLASH.length && MODELS_SLASH.equals(path, MODELS_SLASH.length)) {
    return allow(GET, method, methodLength, Operation.MODELS_GET);
  }
  return UNKNOWN_PATH;
}

/** The model's name in the path of `GET /v1/models/{name}`, still percent-encoded. */
export function modelInPath(path: usize): usize {
  return path + <usize>MODELS_SLASH.length;
}
export function modelInPathLength(pathLength: i32): i32 {
  return pathLength - MODELS_SLASH.length;
}

/** A path belongs to one protocol, but both have `/v1/models`: only Anthropic's clients send `anthropic-version`. */
export function protocolOf(operation: i32, path: usize, pathLength: i32, anthropicVersion: bool): Protocol {
  if (pathLength >= MESSAGES.length && MESSAGES.equals(path, MESSAGES.length)) return Protocol.ANTHROPIC;
  const shared = operation < 0 || operation == Operation.MODELS_LIST || operation == Operation.MODELS_GET;
  return shared && anthropicVersion ? Protocol.ANTHROPIC : Protocol.OPENAI;
}

export function errorOf(operation: i32): ErrorCode {
  return operation == WRONG_METHOD ? ErrorCode.METHOD_NOT_ALLOWED : ErrorCode.UNKNOWN_OPERATION;
}

function allow(wanted: Literal, method: usize, methodLength: i32, operation: Operation): i32 {
  return wanted.equals(method, methodLength) ? operation : WRONG_METHOD;
}
