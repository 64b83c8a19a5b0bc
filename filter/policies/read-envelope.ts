// Reads what the gateway decides by from the request body: the model, and whether a stream is wanted. One pass that
// also proves the whole body to be JSON, so that nothing behind it has to ask again.

import { ByteWriter } from "../bytes/byte-writer";
import { ErrorCode, Operation } from "../contract";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";
import { Envelope } from "../json/envelope";
import { unescapeTo } from "../json/text";
import { JsonError, JsonToken } from "../json/token";

/** No model route has a longer name; also keeps the plan within its 16-bit lengths. */
const MODEL_BYTES_MAX: i32 = 1024;

const envelope = new Envelope();
const unescaped = new ByteWriter(MODEL_BYTES_MAX);
const detail = new ByteWriter(64);

export function readEnvelope(exchange: Exchange): Outcome {
  if (exchange.bodyLength == 0) return refuse(exchange, ErrorCode.EMPTY_BODY);
  if (!envelope.read(exchange.body, exchange.bodyLength)) return refuseJson(exchange);
  if (!envelope.hasModel) return refuse(exchange, ErrorCode.MISSING_MODEL);
  const stream = envelope.streamKind;
  const streamIsFlag =
    stream == JsonToken.NONE || stream == JsonToken.NULL || stream == JsonToken.TRUE || stream == JsonToken.FALSE;
  const messages = envelope.messagesKind;
  if (!envelope.modelIsString || !streamIsFlag || (messages != JsonToken.NONE && messages != JsonToken.ARRAY_BEGIN)) {
    return refuse(exchange, ErrorCode.INVALID_TYPE);
  }
  exchange.streaming = stream == JsonToken.TRUE;
  exchange.streamUsage = envelope.includeUsage;
  takeUsageAsk(exchange);
  exchange.previousResponseKind = envelope.previousResponseKind;
  exchange.previousResponse = exchange.body + <usize>envelope.previousResponseStart;
  exchange.previousResponseLength = envelope.previousResponseEnd - envelope.previousResponseStart;
  takeCap(exchange);
  exchange.modelStart = envelope.modelStart;
  exchange.modelEnd = envelope.modelEnd;
  return takeModel(exchange);
}

/** For operations whose path has said everything: the body must be a JSON object that two readers understand alike. */
export function readBodyAlone(exchange: Exchange): Outcome {
  if (exchange.bodyLength == 0) return refuse(exchange, ErrorCode.EMPTY_BODY);
  if (!envelope.read(exchange.body, exchange.bodyLength)) return refuseJson(exchange);
  takeCap(exchange);
  exchange.modelStart = 0;
  exchange.modelEnd = 0;
  return Outcome.NEXT;
}

/** Streams of these tell what was used only if they are asked to. */
function takeUsageAsk(exchange: Exchange): void {
  const operation = exchange.operation;
  if (!exchange.streaming || (operation != Operation.CHAT && operation != Operation.COMPLETIONS)) return;
  exchange.usageAsk = envelope.usageAsk;
  exchange.usageAskStart = envelope.usageAskStart;
  exchange.usageAskEnd = envelope.usageAskEnd;
}

function takeCap(exchange: Exchange): void {
  exchange.outputCap = envelope.outputCap;
  exchange.choices = envelope.choices;
  exchange.bodyStart = envelope.bodyStart;
  exchange.generationConfigStart = envelope.generationConfigStart;
}

function takeModel(exchange: Exchange): Outcome {
  const raw = exchange.body + <usize>envelope.modelStart + 1;
  const rawLength = envelope.modelEnd - envelope.modelStart - 2;
  if (rawLength > MODEL_BYTES_MAX) return refuse(exchange, ErrorCode.MODEL_NOT_FOUND);
  if (rawLength == 0) return refuse(exchange, ErrorCode.MISSING_MODEL);
  exchange.modelPointer = raw;
  exchange.modelLength = rawLength;
  if (envelope.modelHasEscapes) {
    unescapeTo(raw, rawLength, unescaped.reset());
    exchange.modelPointer = unescaped.pointer;
    exchange.modelLength = unescaped.length;
  }
  return Outcome.NEXT;
}

function refuseJson(exchange: Exchange): Outcome {
  if (envelope.error == JsonError.DUPLICATE_KEY) return refuse(exchange, ErrorCode.DUPLICATE_KEY);
  if (envelope.error == JsonError.DEPTH) return refuse(exchange, ErrorCode.JSON_TOO_DEEP);
  detail.reset().writeAscii("(at byte ");
  detail.writeDecimal(envelope.errorOffset);
  detail.writeAscii(")");
  return refuse(exchange, ErrorCode.INVALID_JSON, detail.pointer, detail.length);
}
