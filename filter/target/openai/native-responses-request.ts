// A request for a provider that serves Responses itself: the client's bytes but for the target's model, the provider's own
// ids in place of sealed ones, and reasoning that another provider did, whose secret this one cannot open. What refers to
// state must have been given to this consumer, by this target.

import { ByteWriter } from "../../bytes/byte-writer";
import { ErrorCode } from "../../contract";
import { Plan } from "../plan";
import { Notes } from "../translation/notes";
import { Translation } from "../translation/translation";
import { Fields, Use, Value } from "../translation/value";
import { checkItems, writeItems } from "./native-responses-items";
import { SealedIds } from "./sealed-ids";

const request = new Fields();
const input = request.add("input", Use.NATIVE);
const previousResponseId = request.add("previous_response_id", Use.MAPPED);
const conversation = request.add("conversation", Use.REFUSED);
const background = request.add("background", Use.REFUSED);
const store = request.add("store", Use.NATIVE);
const model = request.add("model", Use.MAPPED);

const t = new Translation();

export const nativeFields: Fields[] = [request];

/** Also tells `ids` whether the provider will keep what it answers. */
export function writeNativeRequest(
  plan: Plan,
  ids: SealedIds,
  body: usize,
  length: i32,
  out: ByteWriter,
  notes: Notes,
): i32 {
  t.begin(out, notes);
  if (!request.read(body, length)) {
    t.refuseJson(request.error);
  } else if (checkState(ids) && checkItems(t, input, ids)) {
    ids.sealsItems = !store.isFalse;
    writeEdited(plan, ids, body, length);
  }
  return t.end(ErrorCode.OVERLOADED);
}

function checkState(ids: SealedIds): bool {
  if (conversation.present) return t.refuseField("conversation", "use previous_response_id.");
  if (background.isTrue) return t.refuseField("background", "wait for the answer, or ask for a stream.");
  if (!previousResponseId.present) return true;
  return ids.opens(previousResponseId) || t.refuse(ErrorCode.PREVIOUS_RESPONSE_NOT_FOUND);
}

/** The three edits in the order in which they stand. */
function writeEdited(plan: Plan, ids: SealedIds, body: usize, length: i32): void {
  const out = t.out;
  let at = body;
  for (let edit = nextEdit(at); edit != null; edit = nextEdit(at)) {
    out.writeBytes(at, <i32>(edit.pointer - at));
    if (edit == model) out.writeBytes(plan.modelPointer, plan.modelLength);
    else if (edit == input) writeItems(input, ids, out);
    else ids.writeOpened(previousResponseId, out);
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
