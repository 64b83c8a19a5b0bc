// An error in the shape of OpenAI's API: `{"error":{"message":…,"type":…,"param":null,"code":…}}`.

import { JsonWriter } from "../../json/writer";
import { Value } from "./value";

/** The provider's own words; `code` may be a string or a number of the provider's, null when it has none. */
export function writeChatErrorBody(json: JsonWriter, status: i32, message: Value, code: Value | null): void {
  beginChatError(json);
  message.copyTo(json);
  json.key("type");
  json.ascii(chatErrorType(status));
  beginChatErrorCode(json);
  if (code != null && code.isString) code.copyTo(json);
  else if (code != null && code.isNumber) json.string(code.pointer, code.length);
  else json.nil();
  endChatError(json);
}

/** Up to the value of `message`. */
export function beginChatError(json: JsonWriter): void {
  json.objectBegin();
  json.key("error");
  json.objectBegin();
  json.key("message");
}

/** Behind `type`, up to the value of `code`. */
export function beginChatErrorCode(json: JsonWriter): void {
  json.key("param");
  json.nil();
  json.key("code");
}

export function endChatError(json: JsonWriter): void {
  json.objectEnd();
  json.objectEnd();
}

/** OpenAI's words for an HTTP status. */
export function chatErrorType(status: i32): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      // A model that took too long or broke is no fault of the request.
      return status >= 400 && status < 500 && status != 408 && status != 424 ? "invalid_request_error" : "server_error";
  }
}
