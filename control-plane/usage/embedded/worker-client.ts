// The embedded usage store in a thread of its own: a dashboard's query may take a tenth of a second, and callouts, which
// hold requests, must not wait for it.
import { Worker } from "node:worker_threads";
import { type UsageStore, UsageStoreUnavailable } from "../usage-store.js";
import { type Call, fromWire, OPENED, type Reply } from "./worker-protocol.js";

/** Beyond every answer that anyone waits for. A prune has no limit: nobody waits for it. */
const CALL_TIMEOUT_MS = 30_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout | undefined;
}

class WorkerClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = OPENED;
  #ended: Error | undefined;

  private constructor(file: string) {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: file });
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("its thread has ended")));
  }

  static async open(file: string): Promise<WorkerClient> {
    const client = new WorkerClient(file);
    try {
      await client.#reply(OPENED, CALL_TIMEOUT_MS);
      return client;
    } catch (error) {
      await client.#worker.terminate();
      throw error;
    }
  }

  call<Method extends Exclude<keyof UsageStore, "close">>(
    method: Method,
    argument: Parameters<UsageStore[Method]>[0],
    timeoutMs = CALL_TIMEOUT_MS,
  ): ReturnType<UsageStore[Method]> {
    const number = ++this.#last;
    const reply = this.#reply(number, timeoutMs);
    if (this.#ended === undefined) this.#worker.postMessage({ number, method, argument } satisfies Call);
    return reply as ReturnType<UsageStore[Method]>;
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const number = ++this.#last;
    const closed = this.#reply(number, CALL_TIMEOUT_MS);
    this.#worker.postMessage({ number, method: "close", argument: undefined } satisfies Call);
    await closed;
    await this.#worker.terminate();
  }

  #reply(number: number, timeoutMs: number): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const fail = () => {
        this.#waiting.delete(number);
        reject(new UsageStoreUnavailable(`the usage store has not answered within ${timeoutMs} ms`));
      };
      const timer = Number.isFinite(timeoutMs) ? setTimeout(fail, timeoutMs) : undefined;
      this.#waiting.set(number, { resolve, reject, timer });
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.number);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.number);
    clearTimeout(waiting.timer);
    if ("error" in reply) waiting.reject(fromWire(reply.error));
    else waiting.resolve(reply.value);
  }

  #end(cause: Error): void {
    this.#ended ??= new UsageStoreUnavailable(`the usage store cannot be used: ${cause.message}`, { cause });
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(this.#ended);
    }
    this.#waiting.clear();
  }
}

/** As openEmbeddedUsageStore, in a thread of its own. Rejects with StartError if the file cannot be used. */
export async function startEmbeddedUsageStore(file: string): Promise<UsageStore> {
  const client = await WorkerClient.open(file);
  return {
    append: (events) => client.call("append", events),
    query: (query) => client.call("query", query),
    event: (id) => client.call("event", id),
    events: (request) => client.call("events", request),
    floors: () => client.call("floors", undefined),
    prune: (floors) => client.call("prune", floors, Number.POSITIVE_INFINITY),
    close: () => client.close(),
  };
}
