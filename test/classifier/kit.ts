// The filter's classifier, called as the control plane's is.
import type { Classification } from "../../control-plane/classifier/model.js";
import { type Span, Testkit } from "../filter/testkit.js";

export class FilterClassifier {
  readonly kit = new Testkit();
  private model: Span | undefined;

  /** What the filter's `check` says of the bytes; "" = they are used from now on. */
  use(blob: Uint8Array): string {
    const before = this.model;
    this.model = this.kit.allocate(blob);
    const accepted = this.kit.call("classifierUse", this.model.pointer, this.model.length);
    if (before !== undefined) this.kit.free(before);
    return accepted !== 0 ? "" : this.kit.output().toString();
  }

  /** The parts of one message: as they are, or as the raw content of JSON strings. */
  classify(parts: readonly Uint8Array[], raw: boolean): Omit<Classification, "name"> {
    this.kit.call("classifierBegin");
    for (const part of parts) {
      const { pointer, length } = this.kit.put(part);
      this.kit.call("classifierTake", pointer, length, raw ? 1 : 0);
    }
    const answer = this.kit.call("classifierDecide");
    return { index: answer >> 8, confidence: answer & 0xff };
  }

  names(): string[] {
    return Array.from({ length: this.kit.call("classifierCount") }, (_, index) => {
      this.kit.call("classifierName", index);
      return this.kit.output().toString();
    });
  }

  /** Microseconds for one message of one part, by the clock of this machine. */
  microseconds(text: string, times: number): number {
    const { pointer, length } = this.kit.put(Buffer.from(rawOf(text)));
    this.kit.call("classifierRepeat", pointer, length, times);
    const begin = performance.now();
    this.kit.call("classifierRepeat", pointer, length, times);
    return ((performance.now() - begin) * 1000) / times;
  }
}

/** What stands between the quotes in a JSON text. */
export function rawOf(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The same, as clients write it that escape all that is not ASCII. */
export function asciiRawOf(text: string): string {
  return rawOf(text).replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
