// Writes a cap of the answer into a request that has none, because a strict budget could not hold without: behind the first brace of
// the body, so that everything behind it only moves.

import { ByteWriter } from "../bytes/byte-writer";
import { Operation, Quirk } from "../contract";
import { Exchange } from "../gateway/exchange";
import { isGemini } from "../operations";
import { BufferKind, getBuffer, hostPointer, replacePrefix } from "../sdk";

const MEMBER_BYTES_MAX: i32 = 96;
const member = new ByteWriter(MEMBER_BYTES_MAX);
const prefix = new ByteWriter(i32.MAX_VALUE);

/** False when the body cannot take one: then it goes as it is. */
export function capOutput(exchange: Exchange, cap: i64): bool {
  let at = exchange.bodyStart;
  member.reset();
  if (isGemini(exchange.operation)) {
    if (exchange.generationConfigStart < 0) return false;
    if (exchange.generationConfigStart > 0) {
      at = exchange.generationConfigStart;
      writeMember("maxOutputTokens", cap);
      if (isEmptyFrom(exchange, at)) member.truncate(member.length - 1);
    } else {
      member.writeAscii('"generationConfig":{');
      writeMember("maxOutputTokens", cap);
      member.truncate(member.length - 1);
      member.writeAscii("},");
    }
  } else {
    writeMember(nameFor(exchange), cap);
  }
  return insert(exchange, at);
}

function writeMember(name: string, cap: i64): void {
  member.writeAscii('"');
  member.writeAscii(name);
  member.writeAscii('":');
  member.writeDecimal(cap);
  member.writeAscii(",");
}

function nameFor(exchange: Exchange): string {
  if (exchange.operation == Operation.RESPONSES) return "max_output_tokens";
  if (exchange.operation != Operation.CHAT) return "max_tokens";
  const target = exchange.config!.routeTarget(exchange.route, 0);
  return (load<u32>(target, 8) & Quirk.MAX_TOKENS_ONLY) != 0 ? "max_tokens" : "max_completion_tokens";
}

function isEmptyFrom(exchange: Exchange, at: i32): bool {
  let next = exchange.body + <usize>at;
  while (<u32>load<u8>(next) <= 0x20) next++;
  return <u32>load<u8>(next) == 0x7d;
}

/** Everything behind the place moves by the member's length. */
function insert(exchange: Exchange, at: i32): bool {
  prefix.reset().writeBytes(exchange.body, at);
  prefix.writeBytes(member.pointer, member.length);
  if (prefix.overflow || !replacePrefix(BufferKind.REQUEST_BODY, at, prefix.pointer, prefix.length)) return false;
  exchange.bodyLength += member.length;
  if (!getBuffer(BufferKind.REQUEST_BODY, 0, exchange.bodyLength)) return false;
  exchange.body = hostPointer();
  if (exchange.modelEnd > 0) {
    exchange.modelStart += member.length;
    exchange.modelEnd += member.length;
  }
  exchange.usageAskStart += member.length;
  exchange.usageAskEnd += member.length;
  return true;
}
