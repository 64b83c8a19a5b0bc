// The input of a request for a provider that serves Responses itself: items pass as they are, with the provider's own ids in
// place of sealed ones. A reference needs an id that this target gave to this consumer; a thought that the provider cannot
// open, because another one thought it, stays behind.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Translation } from "../translation/translation";
import { Fields, Items, Value } from "../translation/value";
import { isReasoningToken } from "./reasoning-token";
import { SealedIds } from "./sealed-ids";

/** Sealed ids in one request: each costs hashes. Conversations of more items continue by `previous_response_id`. */
const SEALED_IDS_MAX: i32 = 4096;

const item = new Fields();
const type = item.add("type");
const role = item.add("role");
const id = item.add("id");
const approvalId = item.add("approval_request_id");
const content = item.add("content");
const secret = item.add("encrypted_content");
const items = new Items();

export function checkItems(t: Translation, input: Value, ids: SealedIds): bool {
  if (!items.begin(input)) return true;
  let sealed = 0;
  while (items.next()) {
    if (!item.readValue(items.value)) continue;
    if (ids.isSealed(id) || ids.isSealed(approvalId)) sealed++;
    if (sealed > SEALED_IDS_MAX) return t.refuseField("input", "send fewer items, or use previous_response_id.");
    if (!checkIds(ids)) return t.refuse(ErrorCode.PREVIOUS_RESPONSE_NOT_FOUND);
    if (isForeignThought(ids) && !t.drop("input[].reasoning")) return false;
  }
  return true;
}

/** A whole item may come from anywhere; what only names state must be this target's. */
function checkIds(ids: SealedIds): bool {
  // Without a type and a role there is nothing but an id: OpenAI takes that for a reference as well.
  if (type.is("item_reference") || (!type.present && !role.present)) return ids.opens(id);
  if (ids.isSealed(approvalId) && !ids.opens(approvalId)) return false;
  return !ids.isSealed(id) || ids.isOwn(id);
}

/** With neither its secret nor its words a thought is no more than a reference, for which an id must be sealed. */
function isForeignThought(ids: SealedIds): bool {
  if (!type.is("reasoning")) return false;
  if (isReasoningToken(secret)) return true;
  if (ids.isSealed(id)) return !ids.opens(id);
  return id.isText && !secret.isText && (!content.isArray || content.isEmpty);
}

export function writeItems(input: Value, ids: SealedIds, out: ByteWriter): void {
  if (!needsEdit(input, ids)) {
    out.writeBytes(input.pointer, input.length);
    return;
  }
  let kept = 0;
  out.writeAscii("[");
  items.begin(input);
  while (items.next()) {
    const value = items.value;
    const isItem = item.readValue(value);
    if (isItem && isForeignThought(ids)) continue;
    if (kept++ > 0) out.writeAscii(",");
    if (isItem) writeItem(value, ids, out);
    else writeValue(value, out);
  }
  out.writeAscii("]");
}

function needsEdit(input: Value, ids: SealedIds): bool {
  items.begin(input);
  while (items.next()) {
    if (!item.readValue(items.value)) continue;
    if (ids.isSealed(id) || ids.isSealed(approvalId) || isForeignThought(ids)) return true;
  }
  return false;
}

function writeItem(value: Value, ids: SealedIds, out: ByteWriter): void {
  const idFirst = id.pointer < approvalId.pointer || !ids.isSealed(approvalId);
  const end = value.pointer + <usize>value.length;
  let at = writeUpTo(idFirst ? id : approvalId, value.pointer, ids, out);
  at = writeUpTo(idFirst ? approvalId : id, at, ids, out);
  out.writeBytes(at, <i32>(end - at));
}

/** From `at` to the end of a sealed id, opened; answers where that is. */
function writeUpTo(sealed: Value, at: usize, ids: SealedIds, out: ByteWriter): usize {
  if (!ids.isSealed(sealed)) return at;
  out.writeBytes(at, <i32>(sealed.pointer - at));
  ids.writeOpened(sealed, out);
  return sealed.pointer + <usize>sealed.length;
}

function writeValue(value: Value, out: ByteWriter): void {
  const quotes = value.isString ? 1 : 0;
  out.writeBytes(value.pointer - <usize>quotes, value.length + 2 * quotes);
}
