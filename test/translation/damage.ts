// What the laws do to inputs, and what must hold of any output: damage that a seed can repeat, and soundness.

import { expect } from "vitest";
import type { Random } from "../filter/random.ts";
import { eventsOf, type Outcome } from "./kit.ts";

export function pieces(bytes: Buffer, random: Random): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(random.chance(2) ? 3 : 200);
    cut.push(bytes.subarray(at, at + length));
    at += length;
  }
  return cut;
}

/** Another value in a random place, or a member gone. */
function damaged(value: unknown, random: Random): unknown {
  if (random.chance(6)) return random.pick<unknown>([null, true, 7, -1.5e300, "", "text", [], {}, [[]], { type: 1 }]);
  if (Array.isArray(value) && value.length > 0) {
    const copy = [...value];
    const at = random.below(copy.length);
    if (random.chance(5)) copy.splice(at, 1);
    else copy[at] = damaged(copy[at], random);
    return copy;
  }
  if (value !== null && typeof value === "object" && Object.keys(value).length > 0) {
    const copy: Record<string, unknown> = { ...value };
    const key = random.pick(Object.keys(copy));
    if (random.chance(6)) delete copy[key];
    else copy[key] = damaged(copy[key], random);
    return copy;
  }
  return random.pick<unknown>([null, 0, "x", "tool_use", "text", "function", [], {}]);
}

export function damagedBytes(source: string | Buffer, random: Random): Buffer {
  const bytes = Buffer.from(source);
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(bytes.length);
    if (random.chance(2)) bytes[at] = random.below(256);
    else bytes[at] = random.pick([...Buffer.from('"\\{}[]:,0-eu\n\r')]);
  }
  return random.chance(4) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

export function damagedText(text: string, random: Random): Buffer {
  return random.chance(2) ? Buffer.from(JSON.stringify(damaged(JSON.parse(text), random))) : damagedBytes(text, random);
}

export function expectSound({ code, text, detail }: Outcome): void {
  if (code === "translated" || code === "failed") JSON.parse(text);
  else expect(code).not.toBe("internal_error");
  if (code === "unsupported_content" || code === "invalid_type") expect(detail).toMatch(/ (cannot be sent|must be) /);
}

export function expectSoundStream(text: string): void {
  for (const { data } of eventsOf(text)) if (data !== "[DONE]") JSON.parse(data);
}
