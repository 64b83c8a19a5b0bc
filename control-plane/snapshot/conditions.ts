// What a rule asks of a request, as bytes that the filter walks (ARCHITECTURE.md §2.4).
import { CLASSIFIER_CONFIDENCE_DEFAULT, CONDITION_HEADER_BYTES, Condition, HEADER_TASK } from "../contract.js";
import { operationBits } from "../resources/access.js";
import { PRINCIPAL_KINDS } from "../resources/common.js";
import type { When } from "../resources/route-rule.js";
import { list16, string16 } from "../string16.js";

const TOKENS_MAX = 0xffff_ffff;

function condition(kind: number, small: number, ...parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(CONDITION_HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt8(small, 1);
  header.writeUInt16LE(CONDITION_HEADER_BYTES + parts.reduce((sum, { length }) => sum + length, 0), 2);
  return Buffer.concat([header, ...parts]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function bits(operations: readonly string[]): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(operationBits(operations));
  return bytes;
}

/** `headers`: the filter's table of headers that rules ask for. Cheap questions come first. */
export function conditionsOf(when: When, headers: readonly string[]): readonly Buffer[] {
  const found: Buffer[] = [];
  const flag = (kind: number, value: boolean | undefined) => {
    if (value !== undefined) found.push(condition(kind, value ? 1 : 0));
  };
  flag(Condition.STREAMING, when.streaming);
  if (when.operations !== undefined) found.push(condition(Condition.OPERATION, 0, bits(when.operations)));
  for (const [level, kind] of PRINCIPAL_KINDS.entries()) {
    const ids = when[kind];
    if (ids !== undefined) found.push(condition(Condition.PRINCIPAL, level, list16(ids)));
  }
  if (when.originalModel !== undefined) found.push(condition(Condition.MODEL, 0, list16(when.originalModel)));
  for (const [name, values] of Object.entries(when.headers ?? {})) {
    found.push(condition(Condition.HEADER, headers.indexOf(name), list16(values)));
  }
  if (when.inputTokens !== undefined) {
    const { min = 0, max = TOKENS_MAX } = when.inputTokens;
    found.push(condition(Condition.INPUT_TOKENS, 0, words(min, max)));
  }
  for (const [name, values] of Object.entries(when.metadata ?? {})) {
    found.push(condition(Condition.METADATA, 0, string16(name), list16(values)));
  }
  flag(Condition.TOOLS, when.tools);
  flag(Condition.IMAGES, when.images);
  if (when.taskClass !== undefined) {
    const confidence = when.taskConfidence ?? CLASSIFIER_CONFIDENCE_DEFAULT;
    const declared = headers.indexOf(HEADER_TASK);
    found.push(condition(Condition.TASK, declared, words(confidence), list16(when.taskClass)));
  }
  return found;
}
