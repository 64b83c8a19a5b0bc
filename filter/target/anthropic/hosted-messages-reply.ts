// What a host answers for Claude, as Anthropic would: whole replies pass, and the events of Bedrock's streams come out of
// their frames. Errors of whole replies are `error-shape.ts`'s.
//
//   chunk {"bytes":"eyJ0eXBlIjoi…"}   ─▶   event: content_block_delta⏎ data: {"type":"content_block_delta",…}

import { decodeBase64 } from "../../bytes/base64";
import { ByteWriter } from "../../bytes/byte-writer";
import { equalsAscii } from "../../bytes/compare";
import { ErrorCode, Protocol, SSE_EVENT_BYTES_MAX } from "../../contract";
import { writeErrorEvent } from "../../errors/error-body";
import { JsonWriter } from "../../json/writer";
import { sseBegin, sseEnd } from "../../sse/writer";
import { exceptionStatus, isException } from "../bedrock/converse-errors";
import { readChatFailure } from "../translation/chat-failure";
import { writeMessagesErrorBody } from "../translation/messages-error";
import { Fields, Value } from "../translation/value";
import { StreamSignal, TRANSLATED } from "../translator";

const reply = new Fields();
const replyType = reply.add("type");
const replyContent = reply.add("content");

const chunk = new Fields();
const chunkBytes = chunk.add("bytes");
const event = new Fields();
const eventType = event.add("type");

const decoded = new ByteWriter(<i32>SSE_EVENT_BYTES_MAX);
const json = new JsonWriter(new ByteWriter(0));

export function writeHostedReply(body: usize, length: i32, out: ByteWriter): i32 {
  if (!reply.read(body, length) || !replyType.is("message") || !replyContent.isArray) {
    return ErrorCode.UPSTREAM_INVALID_REPLY;
  }
  out.writeBytes(body, length);
  return out.overflow ? ErrorCode.REPLY_TOO_LARGE : TRANSLATED;
}

export class HostedStream {
  private ended: bool = false;

  reset(): void {
    this.ended = false;
  }

  translate(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    if (this.ended) return StreamSignal.END;
    if (isException(type, typeLength)) return this.except(type, typeLength, data, dataLength, out);
    if (!equalsAscii(type, typeLength, "chunk")) return StreamSignal.PREAMBLE;
    if (!chunk.read(data, dataLength) || !chunkBytes.isString || chunkBytes.hasEscapes) return this.fail(out);
    decoded.reset();
    if (!decodeBase64(chunkBytes.pointer, chunkBytes.length, decoded) || decoded.overflow) return this.fail(out);
    if (!event.read(decoded.pointer, decoded.length) || !eventType.isText) return this.fail(out);
    out.writeAscii("event: ");
    out.writeBytes(eventType.pointer, eventType.length);
    out.writeAscii("\ndata: ");
    writeLine(out);
    sseEnd(out);
    const signal = signalOf(eventType);
    this.ended = signal >= StreamSignal.END;
    return signal;
  }

  private fail(out: ByteWriter): StreamSignal {
    this.ended = true;
    writeErrorEvent(Protocol.ANTHROPIC, ErrorCode.UPSTREAM_INVALID_REPLY, out);
    return StreamSignal.ERROR;
  }

  private except(type: usize, typeLength: i32, data: usize, dataLength: i32, out: ByteWriter): StreamSignal {
    this.ended = true;
    const message = readChatFailure(data, dataLength);
    sseBegin(out, "error");
    writeMessagesErrorBody(json.reset(out), exceptionStatus(type, typeLength), message, data, dataLength);
    sseEnd(out);
    return StreamSignal.ERROR;
  }
}

/** An opened block has nothing in it yet. */
function signalOf(type: Value): StreamSignal {
  if (type.is("message_start") || type.is("ping") || type.is("content_block_start")) return StreamSignal.PREAMBLE;
  if (type.is("message_stop")) return StreamSignal.END;
  return type.is("error") ? StreamSignal.ERROR : StreamSignal.CONTENT;
}

/** The event as one line: a break in JSON can only stand between its tokens. */
function writeLine(out: ByteWriter): void {
  const end = decoded.pointer + <usize>decoded.length;
  for (let at = decoded.pointer; at < end; at++) {
    if (load<u8>(at) < 0x20) store<u8>(at, 0x20);
  }
  out.writeBytes(decoded.pointer, decoded.length);
}
