// An error in the shape of Anthropic's API: `{"type":"error","error":{"type":…,"message":…}}`.

import { JsonWriter } from "../../json/writer";
import { Value } from "./value";

/** The provider's own words; without any that could be told, all of `text`. */
export function writeMessagesErrorBody(
  json: JsonWriter,
  status: i32,
  message: Value | null,
  text: usize = 0,
  length: i32 = 0,
): void {
  json.objectBegin();
  json.key("type");
  json.ascii("error");
  json.key("error");
  json.objectBegin();
  json.key("type");
  json.ascii(messagesErrorType(status));
  json.key("message");
  if (message != null) message.copyTo(json);
  else json.string(text, length);
  json.objectEnd();
  json.objectEnd();
}

/** Anthropic's words for an HTTP status: https://docs.anthropic.com/en/api/errors */
function messagesErrorType(status: i32): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 408:
    case 504:
      return "timeout_error";
    case 503:
    case 529:
      return "overloaded_error";
    default:
      // A model that broke is no fault of the request.
      return status >= 400 && status < 500 && status != 424 ? "invalid_request_error" : "api_error";
  }
}
