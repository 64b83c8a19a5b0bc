// The connection to one Redis or to a cluster: it comes and goes by itself. A call never waits longer than it is told to,
// and what waits is bounded: while Redis is gone nothing is queued, and while it hangs only so much.
import { createHash } from "node:crypto";
import { createClient, createCluster } from "redis";
import { LedgerError } from "../ledger.js";
import { ledgerError } from "./errors.js";

/** Calls whose answer is still to come, whether or not somebody waits for it. Beyond it is said at once that Redis hangs. */
const UNANSWERED_MAX = 512;
const RECONNECT_MS_MAX = 500;
/** A connection on which nothing came for this long, pings included, is made anew. */
const SILENCE_MS_MAX = 10_000;

export interface RedisOptions {
  /** `redis[s]://[user:password@]host:port[/database]`; of a cluster some of its nodes. */
  readonly urls: readonly string[];
  readonly cluster: boolean;
  /** The longest that a call to the ledger takes. */
  readonly timeoutMs: number;
}

type ScriptCall = { keys: string[]; arguments: string[] };

interface Driver {
  evalSha(sha: string, call: ScriptCall): Promise<unknown>;
  eval(script: string, call: ScriptCall): Promise<unknown>;
  on(event: string, listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
}

const NODE_OPTIONS = {
  disableOfflineQueue: true,
  pingInterval: SILENCE_MS_MAX / 4,
  maintNotifications: "disabled",
  socket: {
    connectTimeout: 2_000,
    socketTimeout: SILENCE_MS_MAX,
    reconnectStrategy: (retries: number) => Math.min(20 * 2 ** Math.min(retries, 8), RECONNECT_MS_MAX),
  },
} as const;

function createDriver({ urls, cluster }: RedisOptions): Driver {
  if (!cluster) return createClient({ ...NODE_OPTIONS, url: urls[0] ?? "", RESP: 2 });
  // A node names the others, but not how to log in to them.
  const { username, password, protocol } = new URL(urls[0] ?? "");
  const secure = protocol === "rediss:" ? ({ tls: true } as const) : {};
  return createCluster({
    rootNodes: urls.map((url) => ({ url })),
    defaults: {
      ...NODE_OPTIONS,
      socket: { ...NODE_OPTIONS.socket, ...secure },
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    },
    RESP: 2,
  });
}

const digests = new Map<string, string>();

function digestOf(script: string): string {
  const digest = digests.get(script) ?? createHash("sha1").update(script).digest("hex");
  digests.set(script, digest);
  return digest;
}

export class Connection {
  #driver: Driver;
  #closed = false;
  /** Why there is no connection. */
  #lost: unknown;
  #unanswered = 0;

  constructor(private readonly options: RedisOptions) {
    this.#driver = this.#connect();
  }

  /** Unix ms until which a call that begins now may take. */
  deadline(): number {
    return Date.now() + this.options.timeoutMs;
  }

  /** Rejects with LedgerError at `deadline` at the latest. The script may have run or may run then. */
  async run(script: string, keys: string[], args: readonly (string | number)[], deadline: number): Promise<unknown> {
    if (this.#unanswered >= UNANSWERED_MAX) {
      throw this.#lost === undefined ? new LedgerError("overloaded") : ledgerError(undefined, this.#lost);
    }
    this.#unanswered++;
    const answer = this.#evaluate(script, { keys, arguments: args.map(String) }).finally(() => this.#unanswered--);
    try {
      return await inTime(answer, deadline);
    } catch (error) {
      throw ledgerError(error, this.#lost);
    }
  }

  close(): void {
    this.#closed = true;
    this.#destroy();
  }

  async #evaluate(script: string, call: ScriptCall): Promise<unknown> {
    try {
      const answer = await this.#driver.evalSha(digestOf(script), call);
      this.#lost = undefined;
      return answer;
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return this.#driver.eval(script, call);
    }
  }

  /** The driver connects again by itself; but a cluster of which no node was found at first has to be made anew. */
  #connect(): Driver {
    const driver = createDriver(this.options);
    const lose = (error: unknown) => {
      this.#lost = error;
    };
    const found = () => {
      this.#lost = undefined;
    };
    for (const event of ["error", "node-error"]) driver.on(event, lose);
    for (const event of ["ready", "node-ready"]) driver.on(event, found);
    driver.connect().catch((error: unknown) => {
      this.#lost ??= error;
      setTimeout(() => this.#reconnect(driver), RECONNECT_MS_MAX).unref();
    });
    return driver;
  }

  #reconnect(failed: Driver): void {
    if (this.#closed || failed !== this.#driver) return;
    this.#destroy();
    this.#driver = this.#connect();
  }

  #destroy(): void {
    try {
      this.#driver.destroy();
    } catch {
      // It had no connection.
    }
  }
}

async function inTime<Value>(answer: Promise<Value>, deadline: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LedgerError("timeout")), Math.max(0, deadline - Date.now()));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
