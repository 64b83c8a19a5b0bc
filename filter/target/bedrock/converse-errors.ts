// Bedrock's errors as chat's: of a whole reply by its status, as the type stands in a header that is not for clients; in a
// stream by the exception's name. The provider's own words stay.
//
//   429 {"message":"Too many requests"}   ─▶   {"error":{"message":…,"type":"rate_limit_error","param":null,"code":"ThrottlingException"}}

import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode } from "../../contract";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { beginChatError, beginChatErrorCode, chatErrorType, endChatError } from "../translation/chat-error";
import { readChatFailure } from "../translation/chat-failure";
import { TRANSLATED } from "../translator";

const EXCEPTION: string = "Exception";

const json = new JsonWriter(new ByteWriter(0));

export function writeConverseError(status: i32, body: usize, length: i32, out: ByteWriter): i32 {
  const message = readChatFailure(body, length);
  if (message == null) return ErrorCode.UPSTREAM_ERROR;
  beginChatError(json.reset(out));
  message.copyTo(json);
  json.key("type");
  json.ascii(chatErrorType(status));
  beginChatErrorCode(json);
  const name = nameOf(status);
  if (name.length > 0) json.ascii(name);
  else json.nil();
  endChatError(json);
  return out.overflow ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

/** Whether an event of a stream is an error, by its type. */
export function isException(type: usize, length: i32): bool {
  if (equalsAscii(type, length, "error")) return true;
  const start = length - EXCEPTION.length;
  return start > 0 && equalsAscii(type + <usize>start, EXCEPTION.length, EXCEPTION);
}

export function writeException(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): void {
  const message = readChatFailure(data, dataLength);
  sseBegin(out, "");
  beginChatError(json.reset(out));
  if (message != null) message.copyTo(json);
  else json.string(data, dataLength);
  json.key("type");
  json.ascii(chatErrorType(exceptionStatus(type, typeLength)));
  beginChatErrorCode(json);
  json.string(type, typeLength);
  endChatError(json);
  sseEnd(out);
}

/** The HTTP status that an exception inside a stream would have come with. */
export function exceptionStatus(type: usize, length: i32): i32 {
  if (equalsAscii(type, length, "throttlingException")) return 429;
  if (equalsAscii(type, length, "validationException")) return 400;
  return equalsAscii(type, length, "serviceUnavailableException") ? 503 : 500;
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors */
function nameOf(status: i32): string {
  switch (status) {
    case 400:
      return "ValidationException";
    case 403:
      return "AccessDeniedException";
    case 404:
      return "ResourceNotFoundException";
    case 408:
      return "ModelTimeoutException";
    case 424:
      return "ModelErrorException";
    case 429:
      return "ThrottlingException";
    case 500:
      return "InternalServerException";
    case 503:
      return "ServiceUnavailableException";
    default:
      return "";
  }
}
