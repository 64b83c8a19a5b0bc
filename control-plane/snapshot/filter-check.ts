// Has a configuration read by the decoder that will read it in Envoy: the released wasm, run here. No proxy-wasm call is
// made, so the host's functions are only there to satisfy the linker.
import { readFile } from "node:fs/promises";
import { StartError } from "../errors.js";

interface FilterExports {
  readonly memory: WebAssembly.Memory;
  readonly _initialize?: () => void;
  sluice_allocate(size: number): number;
  sluice_check_configuration(pointer: number, length: number): number;
  sluice_problem(): number;
}

const CHECK_EXPORTS = ["memory", "sluice_allocate", "sluice_check_configuration", "sluice_problem"];
const MEND = "Build it with `npm run build:filter`, or name the released sluice.wasm in SLUICE_FILTER_WASM.";

async function compileModule(file: string, wasm: Buffer): Promise<WebAssembly.Module> {
  const module = await WebAssembly.compile(new Uint8Array(wasm)).catch(() => {
    throw new StartError(`${file} is no WebAssembly module. ${MEND}`);
  });
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  if (CHECK_EXPORTS.every((name) => exported.has(name))) return module;
  throw new StartError(`${file} is not Sluice's filter. ${MEND}`);
}

export class FilterCheck {
  private constructor(
    /** The module as it goes to Envoy. */
    readonly wasm: Buffer,
    private readonly module: WebAssembly.Module,
  ) {}

  /** Rejects with StartError when the file is missing or no filter of ours. */
  static async load(file: string): Promise<FilterCheck> {
    const wasm = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new StartError(`The filter ${file} cannot be read (${error.code}). ${MEND}`);
    });
    return new FilterCheck(wasm, await compileModule(file, wasm));
  }

  /** Why the filter would refuse these bytes, as `path: reason`; undefined when it takes them. */
  async problem(filterConfig: Buffer): Promise<string | undefined> {
    const exports = await this.instantiate();
    try {
      const pointer = exports.sluice_allocate(filterConfig.length);
      new Uint8Array(exports.memory.buffer).set(filterConfig, pointer);
      const length = exports.sluice_check_configuration(pointer, filterConfig.length);
      if (length === 0) return undefined;
      return Buffer.from(exports.memory.buffer, exports.sluice_problem(), length).toString("utf8");
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      return `configuration: the decoder stopped (${error.message})`;
    }
  }

  /** A fresh instance for every check, so that none can leave anything to the next. */
  private async instantiate(): Promise<FilterExports> {
    const imports: Record<string, Record<string, () => number>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(this.module)) {
      imports[from] ??= {};
      imports[from][name] = () => 0;
    }
    const instance = await WebAssembly.instantiate(this.module, imports);
    const exports = instance.exports as unknown as FilterExports;
    exports._initialize?.();
    return exports;
  }
}
