// Begins and ends listening of an HTTP server, with time for what is under way.
import type { Server } from "node:http";
import type { Settings } from "./settings.js";

/** Time that requests in flight have to end when the process is asked to. */
const CLOSE_GRACE_MS = 2_000;

export function listenHttp(server: Server, { host, port }: Settings["api"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

export function closeHttp(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
