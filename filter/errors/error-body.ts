// An error in the shape of a client protocol: as a whole body, and as the event that ends a stream. Texts come from
// contract/errors.json; `detail`, when there is one, is UTF-8 text that says which part of the request is meant.
//
//   OpenAI     {"error":{"message":…,"type":…,"param":null,"code":…}}
//   Anthropic  {"type":"error","error":{"type":…,"message":…,"code":…}}
//   Gemini     {"error":{"code":400,"message":…,"status":…,"details":[{"@type":…,"reason":…,"domain":"sluice"}]}}

import { ByteWriter } from "../bytes/byte-writer";
import {
  ErrorCode,
  errorCodeName,
  errorMessage,
  errorStatus,
  errorTypeAnthropic,
  errorTypeOpenAi,
  Protocol,
  rpcStatusName,
} from "../contract";
import { escapeTo } from "../json/text";

/** `status` is that of the reply, where it is not the code's own. */
export function writeErrorBody(
  protocol: Protocol,
  code: ErrorCode,
  detail: usize,
  detailLength: i32,
  out: ByteWriter,
  status: i32 = errorStatus(code),
): void {
  if (protocol == Protocol.GEMINI) {
    beginGeminiError(status, out);
    writeMessage(code, detail, detailLength, out);
    out.writeAscii('"');
    writeGeminiReason(out);
    writeText(errorCodeName(code), out);
    out.writeAscii('","domain":"sluice"}]}}');
    return;
  }
  if (protocol == Protocol.ANTHROPIC) {
    out.writeAscii('{"type":"error","error":{"type":"');
    writeText(errorTypeAnthropic(code), out);
    out.writeAscii('","message":"');
    writeMessage(code, detail, detailLength, out);
  } else {
    out.writeAscii('{"error":{"message":"');
    writeMessage(code, detail, detailLength, out);
    out.writeAscii('","type":"');
    writeText(errorTypeOpenAi(code), out);
    out.writeAscii('","param":null');
  }
  out.writeAscii(protocol == Protocol.ANTHROPIC ? '","code":"' : ',"code":"');
  writeText(errorCodeName(code), out);
  out.writeAscii('"}}');
}

/** The event that tells of a broken stream. Begins with an empty line, so that half an event before it is closed. */
export function writeErrorEvent(protocol: Protocol, code: ErrorCode, out: ByteWriter): void {
  out.writeAscii(protocol == Protocol.ANTHROPIC ? "\n\nevent: error\ndata: " : "\n\ndata: ");
  writeErrorBody(protocol, code, 0, 0, out);
  out.writeAscii("\n\n");
}

/** Up to the message's text, as raw string content. */
export function beginGeminiError(status: i32, out: ByteWriter): void {
  out.writeAscii('{"error":{"code":');
  out.writeDecimal(status);
  out.writeAscii(',"status":"');
  writeText(rpcStatusName(status), out);
  out.writeAscii('","message":"');
}

/** From behind the message up to the reason's text: the one detail that says more than the status. */
export function writeGeminiReason(out: ByteWriter): void {
  out.writeAscii(',"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"');
}

/** Length of one of the contract's texts, which end with a NUL byte. */
export function textLength(text: usize): i32 {
  let end = text;
  while (load<u8>(end) != 0) end++;
  return <i32>(end - text);
}

function writeText(text: usize, out: ByteWriter): void {
  out.writeBytes(text, textLength(text));
}

function writeMessage(code: ErrorCode, detail: usize, detailLength: i32, out: ByteWriter): void {
  writeText(errorMessage(code), out);
  if (detailLength == 0) return;
  out.writeByte(0x20);
  escapeTo(detail, detailLength, out);
}
