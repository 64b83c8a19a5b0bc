// A TCP proxy on loopback that holds back what a server answers: a Redis that is there, and slow.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface SlowProxy {
  readonly url: string;
  /** From now on answers are held back by this much. */
  delay(ms: number): void;
  stop(): Promise<void>;
}

export async function startSlowProxy(port: number): Promise<SlowProxy> {
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        client.write(chunk);
      }, delayMs);
      timers.add(timer);
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delay: (ms) => {
      delayMs = ms;
    },
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
