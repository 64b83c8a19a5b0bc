// What a provider of the OpenAI family says when it fails, in the shapes that such providers and the gateways in front of
// them have. It reads; what becomes of it is the client API's matter.
//
//   {"error":{"message":…,"type":…,"param":…,"code":…}}   {"error":"…"}   {"statusCode":429,"message":"…"}   {"detail":"…"}

import { readErrorObject } from "./error-object";
import { Fields, Value } from "./value";

const failure = new Fields();
const error = failure.add("error");
const plainMessage = failure.add("message");
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

function plainText(): Value {
  if (error.present) return error;
  return plainMessage.present ? plainMessage : plainDetail;
}
