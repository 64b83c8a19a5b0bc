// How a probe tells a test what it saw: one log line each, the same under the test host and under Envoy.

import { hostLength, hostPointer, LogLevel, log } from "proxy-wasm-assemblyscript-sdk";

export function say(what: string): void {
  log(LogLevel.WARN, `probe: ${what}`);
}

/** What the last host call returned, as text; bytes that are no text are the test's fault. */
export function answer(): string {
  return String.UTF8.decodeUnsafe(hostPointer(), hostLength());
}

export function answerOr(found: bool): string {
  return found ? `"${answer()}"` : "absent";
}
