// What a provider says when it fails, in the shapes that providers of the OpenAI family, hosts of models and the gateways in
// front of them have. It reads; what becomes of it is the client API's matter.
//
//   {"error":{"message":…,"type":…,"param":…,"code":…}}   {"error":"…"}   {"statusCode":429,"message":"…"}   {"detail":"…"}

import { readErrorObject } from "./error-object";
import { Fields, Value } from "./value";

/** What an error without a status counts as. */
const UNKNOWN_STATUS: i32 = 500;

const failure = new Fields();
const error = failure.add("error");
const plainMessage = failure.add("message");
/** Some gateways of AWS write it with a capital. */
const capitalMessage = failure.add("Message");
const plainDetail = failure.add("detail");

const detail = new Fields();
const message = detail.add("message");
export const failureType = detail.add("type");
export const failureCode = detail.add("code");
export const failureParam = detail.add("param");

/** The provider's own words, and the views above; null when it says nothing. */
export function readChatFailure(body: usize, length: i32): Value | null {
  if (!readErrorObject(failure, body, length)) return null;
  const text = detail.readValue(error) ? message : plainText();
  return text.isString ? text : null;
}

/** The HTTP status that fits the failure read last, as far as its own code or type tells: for errors inside streams. */
export function failureStatus(): i32 {
  if (failureCode.isNumber && failureCode.count >= 400 && failureCode.count < 600) return <i32>failureCode.count;
  if (failureType.is("invalid_request_error")) return 400;
  if (failureType.is("authentication_error")) return 401;
  if (failureType.is("permission_error")) return 403;
  if (failureType.is("not_found_error")) return 404;
  if (failureType.is("overloaded_error")) return 503;
  const isLimited =
    failureType.is("rate_limit_error") || failureType.is("insufficient_quota") || failureCode.is("rate_limit_exceeded");
  return isLimited ? 429 : UNKNOWN_STATUS;
}

function plainText(): Value {
  if (error.present) return error;
  if (plainMessage.present) return plainMessage;
  return capitalMessage.present ? capitalMessage : plainDetail;
}
