// Ends this process when a synchronous piece of work does not come back: nothing else can, because the thread is busy. It
// says the seed that the work began with.
import { Worker } from "node:worker_threads";

const HANG_MS = 30_000;

const WATCH = `
const { workerData: { cell, hangMs } } = require("node:worker_threads");
const { writeSync } = require("node:fs");
let last = -1;
setInterval(() => {
  const now = Atomics.load(cell, 0);
  if (now === last) {
    writeSync(2, "hang: repeat with SLUICE_TEST_SEED=" + (now >>> 0) + "\\n");
    process.kill(process.pid, "SIGKILL");
  }
  last = now;
}, hangMs);
`;

export class Watchdog {
  private readonly cell = new Int32Array(new SharedArrayBuffer(4));
  private readonly worker = new Worker(WATCH, { eval: true, workerData: { cell: this.cell, hangMs: HANG_MS } });

  /** Work begins with another seed: what went before came back. */
  seed(seed: number): void {
    Atomics.store(this.cell, 0, seed | 0);
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}
