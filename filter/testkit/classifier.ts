// Wrappers around filter/classifier.

import { ClassifierModel } from "../classifier/model";
import { TaskText } from "../classifier/task-text";
import { out } from "./memory";

let model = new ClassifierModel(0, 0);
const text = new TaskText();

/** Takes the bytes' place, not a copy. Whether they are a classifier; if not `out` says why. */
export function classifierUse(pointer: usize, length: i32): bool {
  model = new ClassifierModel(pointer, length);
  const accepted = model.check();
  out.reset().writeAscii(model.problem);
  return accepted;
}
export function classifierBegin(): void {
  text.begin();
}
export function classifierTake(pointer: usize, length: i32, raw: bool): void {
  if (raw) text.takeRaw(pointer, length);
  else text.takeText(pointer, length);
}
/** The class in the upper bits, the confidence in the lower eight. */
export function classifierDecide(): i32 {
  text.end();
  model.classify(text);
  return (model.classIndex << 8) | model.confidence;
}
/** One text, many times: for measuring. */
export function classifierRepeat(pointer: usize, length: i32, times: i32): i32 {
  let last = 0;
  for (let i = 0; i < times; i++) {
    text.begin();
    text.takeRaw(pointer, length);
    last = classifierDecide();
  }
  return last;
}
export function classifierCount(): i32 {
  return model.classCount;
}
/** `out`: the name of a class. */
export function classifierName(index: i32): void {
  const name = model.className(index);
  out.reset().writeBytes(name + 2, load<u16>(name));
}
