// Child process of the crash test: appends small batches to a usage store as fast as it can and names the last event of
// each on stdout once it was acknowledged. It ends only by being killed.
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const [, , modulePath, functionName, location, first] = process.argv;
const load = async (path) => (await runnerImport(fileURLToPath(new URL(path, import.meta.url)))).module;
const open = (await load(modulePath))[functionName];
const { event } = await load("./random-events.ts");
const store = await open(location);

/** What the writer before was killed in may lock rows of a server for a while: it is sent until it is stored. */
async function appended(batch) {
  for (;;) {
    try {
      return await store.append(batch);
    } catch (error) {
      if (error.name !== "UsageStoreUnavailable") throw error;
    }
  }
}

for (let number = Number(first); ; number += 3) {
  // The last event of a batch comes again as the first of the next: a crash between must not make it two.
  const numbers = [number - 1, number, number + 1, number + 2].filter((each) => each >= 0);
  const batch = numbers.map((each) => event(`crash-${each}`, { consumer: `consumer-${each % 7}` }));
  await appended(batch);
  // Synchronous: the line is out before the next batch begins.
  writeSync(1, `${number + 2}\n`);
}
