// Where AssemblyScript ends up when its own checks fail. It must never be reached; when it is, the log says where.

import { log, LogLevel } from "./sdk";

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  log(LogLevel.CRITICAL, `trap: ${message ? message : "?"} at ${file ? file : "?"}:${line}:${column}`);
  unreachable();
}
