// Wrappers around filter/multipart.

import { FormModel } from "../multipart/form-model";
import { boundaryLength, boundaryPointer, findBoundary } from "../multipart/part-headers";
import { out } from "./memory";

const form = new FormModel();

/** False when the Content-Type is no form's. */
export function formBegin(type: usize, typeLength: i32, model: usize, modelLength: i32, adds: bool): bool {
  if (!findBoundary(type, typeLength)) return false;
  form.begin(boundaryPointer, boundaryLength, adds);
  form.name.writeBytes(model, modelLength);
  return true;
}
/** How many of the piece's first bytes `out` replaces; -1 = none. */
export function formPush(pointer: usize, length: i32): i32 {
  return form.rewrite(pointer, length, out.reset());
}
export function formBroken(): bool {
  return form.broken;
}
