// Wrappers around filter/usage and the scanner of members.

import { MemberScanner } from "../json/member-scanner";
import { mentionsUsage } from "../usage/mentions-usage";
import { UsageReader } from "../usage/usage-reader";
import { out } from "./memory";

const scanner = new MemberScanner();
const reader = new UsageReader();

export function memberBegin(): void {
  scanner.begin("usage");
}
export function memberTake(pointer: usize, length: i32): void {
  scanner.take(pointer, length);
}
/** Whether it was found; then `out` has the value. */
export function memberFound(): bool {
  if (scanner.found) out.reset().writeBytes(scanner.value.pointer, scanner.value.length);
  return scanner.found;
}

export function usageMentioned(pointer: usize, length: i32): bool {
  return mentionsUsage(pointer, length);
}
export function usageBegin(dialect: i32): void {
  reader.begin(dialect);
}
export function usageEvent(pointer: usize, length: i32): void {
  reader.readEvent(pointer, length);
}
export function usageReply(pointer: usize, length: i32): void {
  reader.readReply(pointer, length);
}
export function usageTold(): bool {
  return reader.told;
}
/** `out`: input, output, cached, cache written, input audio, reasoning, output audio. */
export function usageCounts(): void {
  const usage = reader.usage;
  const counts = [
    usage.input,
    usage.output,
    usage.cached,
    usage.cacheWritten,
    usage.inputAudio,
    usage.reasoning,
    usage.outputAudio,
  ];
  out.reset();
  for (let i = 0; i < counts.length; i++) out.writeU64(<u64>counts[i]);
}
