// Where AssemblyScript ends up when its own checks fail (`--use abort=~lib/proxy-wasm-assemblyscript-sdk/abort/abort`).
// A trap ends every stream of the worker, so it must never be reached; when it is, the log says where.

import { log } from "./log";
import { LogLevel } from "./types";

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  log(LogLevel.CRITICAL, `trap: ${message ? message : "?"} at ${file ? file : "?"}:${line}:${column}`);
  unreachable();
}
