// A request for a provider that serves Responses itself: the client's bytes but for the target's model, the provider's own
// id of the response that is continued, and reasoning that another provider did, whose secret this one cannot open.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { isOpenedTarget, openedId, openedIdLength, openSealedId } from "../../crypto/sealed-id";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Items, Use, Value } from "../translation/value";
import { isReasoningToken } from "./reasoning-token";

const request = new Fields();
const input = request.add("input", Use.NATIVE);
const previousResponseId = request.add("previous_response_id", Use.MAPPED);
const conversation = request.add("conversation", Use.REFUSED);
const background = request.add("background", Use.REFUSED);
const model = request.add("model", Use.MAPPED);

const item = new Fields("input[].");
const itemType = item.add("type");
const itemSecret = item.add("encrypted_content");
const items = new Items();
const t = new Translation();

export const nativeFields: Fields[] = [request];

export function writeNativeRequest(plan: Plan, body: usize, length: i32, out: ByteWriter, notes: Notes): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) t.refuseJson(request.error);
  else if (checkState(plan)) writeEdited(plan, body, length);
  return t.end(ErrorCode.OVERLOADED);
}

function checkState(plan: Plan): bool {
  if (conversation.present) return t.refuseField("conversation", "use previous_response_id.");
  if (background.isTrue) return t.refuseField("background", "wait for the answer, or ask for a stream.");
  items.begin(input);
  while (items.next()) {
    if (!item.readValue(items.value) || !itemType.is("item_reference")) continue;
    t.enter("input", items.index);
    return t.refuseValue("type", itemType, "send the item itself (with store: false your SDK does).");
  }
  if (!previousResponseId.present) return true;
  const key = plan.sealKey;
  const opened = openSealedId(key + 2, load<u16>(key), previousResponseId.pointer, previousResponseId.length);
  const own = opened && isOpenedTarget(plan.targetPointer, plan.targetLength);
  return own || t.refuse(ErrorCode.PREVIOUS_RESPONSE_NOT_FOUND);
}

/** The three edits in the order in which they stand. */
function writeEdited(plan: Plan, body: usize, length: i32): void {
  const out = t.out;
  let at = body;
  for (let edit = nextEdit(at); edit != null; edit = nextEdit(at)) {
    out.writeBytes(at, <i32>(edit.pointer - at));
    if (edit == model) out.writeBytes(plan.modelPointer, plan.modelLength);
    else if (edit == input) writeInput();
    else out.writeBytes(openedId, openedIdLength);
    at = edit.pointer + <usize>edit.length;
  }
  out.writeBytes(at, <i32>(body + <usize>length - at));
}

function nextEdit(from: usize): Value | null {
  let first: Value | null = null;
  for (let i = 0; i < request.values.length; i++) {
    const value = unchecked(request.values[i]);
    const edited = value == input ? value.isArray : value.isString && (value == model || value == previousResponseId);
    // An empty string ends where it begins: what was edited is not edited again.
    if (!edited || value.pointer <= from) continue;
    if (first == null || value.pointer < first.pointer) first = value;
  }
  return first;
}

function writeInput(): void {
  const out = t.out;
  if (!hasForeignThought()) {
    out.writeBytes(input.pointer, input.length);
    return;
  }
  let kept = 0;
  out.writeAscii("[");
  items.begin(input);
  while (items.next()) {
    if (isForeignThought()) continue;
    const value = items.value;
    const quotes = value.isString ? 1 : 0;
    if (kept++ > 0) out.writeAscii(",");
    out.writeBytes(value.pointer - <usize>quotes, value.length + 2 * quotes);
  }
  out.writeAscii("]");
}

function hasForeignThought(): bool {
  items.begin(input);
  while (items.next()) if (isForeignThought()) return true;
  return false;
}

function isForeignThought(): bool {
  return item.readValue(items.value) && itemType.is("reasoning") && isReasoningToken(itemSecret);
}
