// Has a configuration read by the decoder that will read it in Envoy: the released wasm, run here. No proxy-wasm call is
// made, so the host's functions are only there to satisfy the linker.
import { readFile } from "node:fs/promises";

interface FilterExports {
  readonly memory: WebAssembly.Memory;
  sluice_allocate(size: number): number;
  sluice_check_configuration(pointer: number, length: number): number;
  sluice_problem(): number;
}

export class FilterCheck {
  private constructor(
    /** The module as it goes to Envoy. */
    readonly wasm: Buffer,
    private readonly exports: FilterExports,
  ) {}

  /** Rejects when the file is missing or no filter of ours. */
  static async load(file: string): Promise<FilterCheck> {
    const wasm = await readFile(file);
    const module = await WebAssembly.compile(new Uint8Array(wasm));
    const imports: Record<string, Record<string, () => number>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] = () => 0;
    }
    const instance = await WebAssembly.instantiate(module, imports);
    const exports = instance.exports as unknown as FilterExports & { _initialize?: () => void };
    if (typeof exports.sluice_check_configuration !== "function") throw new Error(`${file} is not sluice.wasm`);
    exports._initialize?.();
    return new FilterCheck(wasm, exports);
  }

  /** Why the filter would refuse these bytes, as `path: reason`; undefined when it takes them. */
  problem(filterConfig: Buffer): string | undefined {
    const { exports } = this;
    const pointer = exports.sluice_allocate(filterConfig.length);
    new Uint8Array(exports.memory.buffer).set(filterConfig, pointer);
    const length = exports.sluice_check_configuration(pointer, filterConfig.length);
    if (length === 0) return undefined;
    return Buffer.from(exports.memory.buffer, exports.sluice_problem(), length).toString("utf8");
  }
}
