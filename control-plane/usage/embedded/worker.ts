// Entry of the thread that the embedded usage store runs in: does what worker-client.ts asks, one call after the other,
// and posts what came of it. A prune lets other calls in between.
import { parentPort, workerData } from "node:worker_threads";
import type { UsageStore } from "../usage-store.js";
import { openEmbeddedUsageStore } from "./usage-store.js";
import { type Call, OPENED, type Reply, toWire } from "./worker-protocol.js";

function invoke(store: UsageStore, { method, argument }: Call): Promise<unknown> {
  // The client is typed by the same port: what it sends is what the method takes.
  const run = store[method] as (argument: unknown) => Promise<unknown>;
  return run.call(store, argument);
}

const port = parentPort;
if (port === null) throw new Error("this file runs as a worker thread only");
const post = (reply: Reply) => port.postMessage(reply);
try {
  const store = openEmbeddedUsageStore(workerData as string);
  port.on("message", (call: Call) => {
    invoke(store, call).then(
      (value) => post({ number: call.number, value }),
      (error: unknown) => post({ number: call.number, error: toWire(error) }),
    );
  });
  post({ number: OPENED, value: undefined });
} catch (error) {
  post({ number: OPENED, error: toWire(error) });
}
