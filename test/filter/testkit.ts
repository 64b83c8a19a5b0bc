// The filter's byte-level parts, compiled from filter/testkit and called directly. Inputs are put against the very end of
// the module's memory, so that reading one byte too far is a trap, and a trap fails the test.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const PAGE_BYTES = 65_536;

type WasmFunction = (...parameters: number[]) => number;
interface Exports {
  memory: WebAssembly.Memory;
  jsonInteger(pointer: number, length: number): bigint;
  [name: string]: WasmFunction | WebAssembly.Memory | ((pointer: number, length: number) => bigint);
}

function newestSourceMs(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
    newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

/** Compiles a test kit when a source is newer; under a name of its own first, as test files run side by side. */
export function compiledTestkit(entry: string, name: string): Buffer {
  const file = join(repository, "build", `${name}.wasm`);
  const built = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built < newestSourceMs(join(repository, "filter"))) {
    mkdirSync(join(repository, "build"), { recursive: true });
    const own = `build/${name}.${process.pid}.wasm`;
    execFileSync(process.execPath, ["scripts/build-filter.mjs", entry, own], { cwd: repository });
    renameSync(join(repository, own), file);
  }
  return readFileSync(file);
}

export interface Span {
  pointer: number;
  length: number;
}

export class Testkit {
  private readonly exports: Exports;
  private inputEnd = -1;
  private inputBytes = 0;

  constructor() {
    const env = {
      proxy_log: (): never => {
        throw new Error("the module aborted");
      },
    };
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(compiledTestkit("filter/testkit/index.ts", "testkit")),
      { env },
    );
    this.exports = instance.exports as unknown as Exports;
    this.call("_initialize");
  }

  call(name: string, ...parameters: number[]): number {
    return (this.exports[name] as WasmFunction)(...parameters);
  }

  integer(input: Span): bigint {
    return this.exports.jsonInteger(input.pointer, input.length);
  }

  /** Puts bytes right before the end of memory; valid until the next `put`. */
  put(bytes: Uint8Array): Span {
    const memory = this.exports.memory;
    if (memory.buffer.byteLength !== this.inputEnd || bytes.length > this.inputBytes) {
      // The module's own allocator leaves pages alone that it did not add.
      const pages = Math.max(1, Math.ceil(bytes.length / PAGE_BYTES));
      memory.grow(pages);
      this.inputEnd = memory.buffer.byteLength;
      this.inputBytes = pages * PAGE_BYTES;
    }
    const pointer = this.inputEnd - bytes.length;
    new Uint8Array(memory.buffer, pointer, bytes.length).set(bytes);
    return { pointer, length: bytes.length };
  }

  /** Memory that stays beside other inputs; the caller frees it. */
  allocate(bytes: Uint8Array): Span {
    const pointer = this.call("allocate", Math.max(bytes.length, 1)) >>> 0;
    new Uint8Array(this.exports.memory.buffer, pointer, bytes.length).set(bytes);
    return { pointer, length: bytes.length };
  }

  free(span: Span): void {
    this.call("free", span.pointer);
  }

  /** A copy of some of the module's memory. */
  read(pointer: number, length: number): Buffer {
    return Buffer.from(new Uint8Array(this.exports.memory.buffer, pointer >>> 0, length));
  }

  /** What the last wrapper wrote. */
  output(): Buffer {
    return this.read(this.call("outPointer"), this.call("outLength"));
  }
}

/** Numbers of filter/json/token.ts. */
export const Token = {
  NONE: 0,
  OBJECT_BEGIN: 1,
  OBJECT_END: 2,
  ARRAY_BEGIN: 3,
  ARRAY_END: 4,
  KEY: 5,
  STRING: 6,
  NUMBER: 7,
  TRUE: 8,
  FALSE: 9,
  NULL: 10,
  END: 11,
  ERROR: 12,
} as const;

export const JsonError = {
  NONE: 0,
  TRUNCATED: 1,
  UNEXPECTED: 2,
  DEPTH: 3,
  BAD_STRING: 4,
  BAD_NUMBER: 5,
  TRAILING: 6,
  BAD_UTF8: 7,
  DUPLICATE_KEY: 8,
  NOT_OBJECT: 9,
  KEY_LIMIT: 10,
} as const;
