// Who continues a response (`previous_response_id`, or references to its items) must have been given it, and only the
// target that holds it can go on. Anyone else's id, a forged one and one of a target that the model route no longer has are
// all the same: not found.

import { ErrorCode, Operation, TARGET_HEADER_BYTES } from "../contract";
import { isOpenedTarget, openSealedId } from "../crypto/sealed-id";
import { Exchange, Outcome } from "../gateway/exchange";
import { refuse } from "../gateway/local-reply";
import { ItemReferences } from "../json/item-references";
import { JsonToken } from "../json/token";
import { servesResponses } from "../operations";

const references = new ItemReferences();

export function pinTarget(exchange: Exchange): Outcome {
  // Where no target keeps state, the translation says what to do instead.
  if (exchange.operation != Operation.RESPONSES || !anyKeepsState(exchange)) return Outcome.NEXT;
  const kind = exchange.previousResponseKind;
  if (kind == JsonToken.NONE || kind == JsonToken.NULL) {
    pinByReferences(exchange);
    return Outcome.NEXT;
  }
  if (kind != JsonToken.STRING) return refuse(exchange, ErrorCode.INVALID_TYPE);
  pinById(exchange, exchange.previousResponse, exchange.previousResponseLength);
  return exchange.pinnedTarget != 0 ? Outcome.NEXT : refuse(exchange, ErrorCode.PREVIOUS_RESPONSE_NOT_FOUND);
}

/** The first reference decides. Whether the target that gets the request holds all of them, it judges itself. */
function pinByReferences(exchange: Exchange): void {
  if (exchange.config!.routeTargetCount(exchange.route) < 2) return;
  if (!references.begin(exchange.body, exchange.bodyLength)) return;
  while (exchange.pinnedTarget == 0 && references.next()) {
    pinById(exchange, references.idPointer, references.idLength);
  }
}

function pinById(exchange: Exchange, id: usize, length: i32): void {
  const key = exchange.lease!.sealKey;
  if (openSealedId(key + 2, load<u16>(key), id, length)) exchange.pinnedTarget = findOpenedTarget(exchange);
}

function anyKeepsState(exchange: Exchange): bool {
  const config = exchange.config!;
  for (let i = 0; i < config.routeTargetCount(exchange.route); i++) {
    if (keepsState(config.routeTarget(exchange.route, i))) return true;
  }
  return false;
}

function findOpenedTarget(exchange: Exchange): usize {
  const config = exchange.config!;
  for (let i = 0; i < config.routeTargetCount(exchange.route); i++) {
    const record = config.routeTarget(exchange.route, i);
    if (!keepsState(record)) continue;
    const cluster = record + TARGET_HEADER_BYTES;
    const id = cluster + 2 + <usize>load<u16>(cluster);
    if (isOpenedTarget(id + 2, load<u16>(id))) return record;
  }
  return 0;
}

function keepsState(record: usize): bool {
  return servesResponses(load<u8>(record, 2), load<u32>(record, 8));
}
