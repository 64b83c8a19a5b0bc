// The control plane as a process: settings from the environment, JSON lines on stdout, a clean end on SIGTERM and
// SIGINT. A start that fails says on stderr what to do, and ends with status 1.
import { startControlPlane } from "./app.js";
import { createCalloutApi } from "./callout-api/server.js";
import { renderBootstrap } from "./envoy-bootstrap.js";
import { StartError } from "./errors.js";
import { createLogger } from "./logger.js";
import { readSettings } from "./settings.js";
import { openUsageStore } from "./usage/open-usage-store.js";
import { createPublisher } from "./xds/publisher.js";

async function main(): Promise<void> {
  const log = createLogger();
  const delivery = { createPublisher, createCalloutApi, renderBootstrap, openUsageStore };
  const controlPlane = await startControlPlane(readSettings(process.env), delivery, log);
  let ending = false;
  const end = (signal: NodeJS.Signals) => {
    // Asked again: whoever asks does not want to wait for what still runs.
    if (ending) process.exit(1);
    ending = true;
    log.info("control plane ends", { signal });
    controlPlane.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error("control plane did not end cleanly", { stack: error instanceof Error ? error.stack : undefined });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}

main().catch((error: unknown) => {
  const reason = error instanceof StartError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`Sluice's control plane cannot start.\n${reason}\n`);
  process.exit(1);
});
