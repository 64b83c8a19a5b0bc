// The entry that is compiled for the translation tests only: one translator of each direction, driven through raw memory.
// It decides nothing; no line of it reaches sluice.wasm.

import "../sdk/abort";

import { ByteWriter } from "../bytes/byte-writer";
import { SseFramer } from "../sse/framer";
import { ChatToMessages } from "../target/anthropic/chat-to-messages";
import { MessagesToChat } from "../target/openai/messages-to-chat";
import { Plan } from "../target/plan";
import { Translator } from "../target/translator";
import { out } from "./memory";

export { allocate, free, outLength, outPointer } from "./memory";

const plan = new Plan();
const framer = new SseFramer();
const translators: Translator[] = [new ChatToMessages(), new MessagesToChat()];
let translator: Translator = translators[0];

/** Begins an attempt: direction 0 is chat to Messages, 1 the other. False when the plan cannot be read. */
export function begin(direction: i32, pointer: usize, length: i32): bool {
  translator = translators[direction];
  framer.reset();
  if (!plan.read(pointer, length)) return false;
  translator.reset(plan);
  return true;
}

export function path(): void {
  translator.writePath(plan, out.reset());
}
export function request(pointer: usize, length: i32): i32 {
  return translator.translateRequest(plan, pointer, length, out.reset());
}
export function reply(pointer: usize, length: i32): i32 {
  return translator.translateReply(pointer, length, out.reset());
}
/** A reply whose translation may be no longer than this. */
export function replyWithin(pointer: usize, length: i32, bytesMax: i32): i32 {
  const small = new ByteWriter(bytesMax);
  const code = translator.translateReply(pointer, length, small);
  small.release();
  return code;
}
export function error(status: i32, pointer: usize, length: i32): i32 {
  return translator.translateError(status, pointer, length, out.reset());
}
/** A piece of the provider's stream; answers the strongest signal in it. Writes behind what is there. */
export function push(pointer: usize, length: i32): i32 {
  let strongest = 0;
  framer.push(pointer, length);
  while (framer.next()) strongest = max(strongest, handle());
  return strongest;
}
/** The end of the provider's stream. */
export function finish(): i32 {
  return framer.finish() ? handle() : 0;
}
export function clear(): void {
  out.reset();
}
export function streamError(code: i32): void {
  translator.writeStreamError(code, out.reset());
}
export function detailPointer(): usize {
  return translator.detail.pointer;
}
export function detailLength(): i32 {
  return translator.detail.length;
}

function handle(): i32 {
  return translator.translateEvent(framer.typePointer, framer.typeLength, framer.dataPointer, framer.dataLength, out);
}
