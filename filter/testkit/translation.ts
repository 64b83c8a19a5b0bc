// The entry that is compiled for the translation tests only: the registry's translators, driven through raw memory.
// It decides nothing; no line of it reaches sluice.wasm.

import "../sdk/abort";

import { EventStreamFramer } from "../aws/event-stream-framer";
import { ByteWriter } from "../bytes/byte-writer";
import { EventFramer } from "../sse/event-framer";
import { SseFramer } from "../sse/framer";
import { Chained } from "../target/chained";
import { isErrorBody, writeError } from "../target/error-shape";
import { EventReader } from "../target/event-reader";
import { Plan } from "../target/plan";
import { writeTargetPath } from "../target/target-path";
import { Fields } from "../target/translation/value";
import { Framing, StreamSignal, Translator } from "../target/translator";
import { giveTranslator, takeTranslator } from "../target/translators";
import { judgeReply, WholeReply } from "../target/whole-reply";
import { Meter } from "../usage/meter";
import { out } from "./memory";

export { allocate, free, outLength, outPointer } from "./memory";

const plan = new Plan();
const sseFramer = new SseFramer();
const awsFramer = new EventStreamFramer();
let framer: EventFramer = sseFramer;
const meter = new Meter();
const passing = new EventReader();
let current: Translator | null = null;

/** Begins an attempt at the plan's operation and dialect. False when the plan cannot be read, or needs no translation. */
export function begin(pointer: usize, length: i32): bool {
  framer = sseFramer;
  framer.reset();
  passing.reset();
  if (current != null) giveTranslator(current!);
  current = null;
  if (!plan.read(pointer, length)) return false;
  passing.begin(null, plan.dialect, meter, false);
  current = takeTranslator(plan);
  if (current == null) return false;
  translator().reset(plan, false);
  framer = translator().framing == Framing.SSE ? sseFramer : awsFramer;
  framer.reset();
  return true;
}

function translator(): Translator {
  return current!;
}

export function path(): void {
  writeTargetPath(plan, current, out.reset());
}
export function request(pointer: usize, length: i32): i32 {
  return translator().translateRequest(plan, pointer, length, out.reset());
}
export function reply(pointer: usize, length: i32): i32 {
  return translator().translateReply(pointer, length, out.reset());
}
export function failureStatus(): i32 {
  return translator().failureStatus;
}
/** A reply whose translation may be no longer than this. */
export function replyWithin(pointer: usize, length: i32, bytesMax: i32): i32 {
  const small = new ByteWriter(bytesMax);
  const code = translator().translateReply(pointer, length, small);
  small.release();
  return code;
}
export function error(status: i32, pointer: usize, length: i32): i32 {
  return writeError(current, plan.protocol, status, pointer, length, out.reset());
}
/** A piece of the provider's stream; answers the strongest signal in it. Writes behind what is there. */
export function push(pointer: usize, length: i32): i32 {
  let strongest = 0;
  framer.push(pointer, length);
  while (framer.next()) strongest = max(strongest, handle());
  return strongest;
}
/** The same for a stream that passes as it is. */
export function passingSignal(pointer: usize, length: i32): i32 {
  return passing.read(pointer, length, out);
}
export function passesComplete(): bool {
  return passing.isComplete;
}
/** Whether a reply, or an error, may pass as it is. */
export function passesReply(pointer: usize, length: i32): bool {
  return judgeReply(plan.operation, pointer, length) == WholeReply.SOUND;
}
export function passesError(pointer: usize, length: i32): bool {
  return isErrorBody(plan.protocol, pointer, length);
}
/** The end of the provider's stream. */
export function finish(): i32 {
  const last = framer.finish() ? handle() : 0;
  return last >= StreamSignal.END ? last : max<i32>(last, translator().translateEnd(out));
}
/** Names of the fields that the request lost, into `out`; answers their number. */
export function dropped(): i32 {
  const notes = translator().notes;
  out.reset().writeBytes(notes.dropped.pointer, notes.dropped.length);
  return notes.droppedCount;
}
export function clear(): void {
  out.reset();
}
export function streamError(code: i32): void {
  translator().writeStreamError(code, out.reset());
}
export function detailPointer(): usize {
  return translator().notes.detail.pointer;
}
export function detailLength(): i32 {
  return translator().notes.detail.length;
}

/** What the translator declares of requests, a member a line: `side path name use carried`, with tabs between them. */
export function fields(): void {
  out.reset();
  const current = translator();
  if (current instanceof Chained) {
    writeFields("front", (current as Chained).front.requestFields);
    writeFields("back", (current as Chained).back.requestFields);
  } else {
    writeFields("only", current.requestFields);
  }
}

function writeFields(side: string, all: Fields[]): void {
  for (let i = 0; i < all.length; i++) {
    for (let j = 0; j < all[i].values.length; j++) {
      const value = all[i].values[j];
      writeCell(side, "\t");
      writeCell(all[i].path, "\t");
      writeCell(value.name, "\t");
      out.writeUnsigned(value.use);
      writeCell("", "\t");
      writeCell(value.carried, "\n");
    }
  }
}

function writeCell(text: string, end: string): void {
  out.writeAscii(text);
  out.writeAscii(end);
}

function handle(): i32 {
  return translator().translateEvent(framer.typePointer, framer.typeLength, framer.dataPointer, framer.dataLength, out);
}
