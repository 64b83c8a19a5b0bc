// Frees the path of a unix socket that a killed process left behind. A socket that somebody answers on is left alone.
import { lstatSync, unlinkSync } from "node:fs";
import { createConnection } from "node:net";
import type { ListenAddress } from "./ports.js";

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    // Only a refusal proves that nobody listens.
    connection.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

/** To be awaited before listening on `address`; does nothing for TCP. */
export async function removeStaleSocket(address: ListenAddress): Promise<void> {
  if (address.kind !== "unix") return;
  const { path } = address;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  if (!(await answers(path))) unlinkSync(path);
}
