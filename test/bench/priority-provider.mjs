// A provider that takes a fixed time for every request, and knows how much of its capacity was in use.
import http from "node:http";

/** What every answer has used. */
export const TOKENS = 20;
const ANSWER = JSON.stringify({
  object: "chat.completion",
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: TOKENS },
});

export async function startProvider(serviceMs) {
  let inFlight = 0;
  let busyMs = 0;
  let most = 0;
  let changed = performance.now();
  const change = (by) => {
    const now = performance.now();
    busyMs += inFlight * (now - changed);
    changed = now;
    inFlight += by;
    most = Math.max(most, inFlight);
  };
  const server = http.createServer((request, response) => {
    change(1);
    request.resume();
    response.once("close", () => change(-1));
    setTimeout(() => {
      response.writeHead(200, { "content-type": "application/json", "content-length": ANSWER.length });
      response.end(ANSWER);
    }, serviceMs);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    /** Begins to measure. */
    reset() {
      change(0);
      busyMs = 0;
      most = inFlight;
    },
    /** Mean requests in flight since then, in `ms`, and the most at once. */
    use(ms) {
      change(0);
      return { mean: busyMs / ms, most };
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
