// Group commit: what has come together runs in one transaction, and is answered when all of it is on the disk.
import type Database from "libsql";
import { LedgerError } from "../ledger.js";

/** SQLite's codes for a file that another process keeps, a full disk and a file that cannot be read. */
const UNREACHABLE = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|READONLY)/;

function ledgerError(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code === "SQLITE_FULL") return new LedgerError("full", undefined, { cause: error });
  if (typeof code === "string" && UNREACHABLE.test(code)) return new LedgerError("unreachable", code, { cause: error });
  return error;
}

interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export class Batches {
  #waiting: Waiting[] = [];

  readonly #commit: (works: readonly Waiting[]) => unknown[];

  constructor(database: Database.Database) {
    this.#commit = database.transaction((works: readonly Waiting[]) => works.map(({ work }) => work())).immediate;
  }

  /** Rejects with LedgerError when the file cannot be used. */
  run<Value>(work: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const works = this.#waiting;
    this.#waiting = [];
    try {
      const values = this.#commit(works);
      works.forEach(({ resolve }, index) => void resolve(values[index] as never));
    } catch (error) {
      for (const { reject } of works) reject(ledgerError(error));
    }
  }
}
