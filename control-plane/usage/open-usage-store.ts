// Which usage store the settings ask for.
import { join } from "node:path";
import type { Settings } from "../settings.js";
import { startEmbeddedUsageStore } from "./embedded/worker-client.js";
import { openMongoUsageStore } from "./mongodb/usage-store.js";
import type { UsageStore } from "./usage-store.js";

/** Rejects with StartError if it cannot be used. A MongoDB that is away is no reason: it may be back when it is needed. */
export async function openUsageStore({ dataDirectory, usage }: Settings): Promise<UsageStore> {
  if (usage.mongodbUri !== undefined) return openMongoUsageStore(usage.mongodbUri);
  return startEmbeddedUsageStore(join(dataDirectory, "usage.db"));
}
