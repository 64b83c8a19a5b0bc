// Which ledger the settings name: Redis, or a file in the data directory.
import { join } from "node:path";
import type { Settings } from "../settings.js";
import { openEmbeddedLedger } from "./embedded/embedded-ledger.js";
import type { Ledger, UsageSource } from "./ledger.js";
import { openRedisLedger } from "./redis/redis-ledger.js";

/** Throws StartError if the file is of a later release. A Redis that is not there yet is no reason not to open it. */
export function openLedger(
  { redis, dataDirectory }: Pick<Settings, "redis" | "dataDirectory">,
  usage?: UsageSource,
): Ledger {
  const source = usage === undefined ? {} : { usage };
  if (redis !== undefined) return openRedisLedger({ ...redis, ...source });
  return openEmbeddedLedger({ file: join(dataDirectory, "ledger.db"), ...source });
}
