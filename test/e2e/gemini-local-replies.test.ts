// What Envoy itself answers to a Gemini client: no route to the provider, a provider that does not answer in time. Both in
// Google's shape, with the number of the reply's own status.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type DemoProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { freePorts, Gateway } from "./harness.ts";

let provider: DemoProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await startOpenAiProvider({ apiKey: "credential" });
  const [nobody] = await freePorts(1);
  const document = (id: string, baseUrl: string) => ({
    id,
    dialect: "openai" as const,
    baseUrl,
    apiKey: "credential",
    allowPrivateAddress: true,
  });
  gateway = await Gateway.start({
    providers: [document("there", provider.url), document("gone", `http://127.0.0.1:${nobody}/v1`)],
    targets: [
      { id: "there", provider: "there", model: "gpt-demo" },
      { id: "gone", provider: "gone", model: "gpt-demo" },
    ],
    modelRoutes: [
      { id: "slow", targets: [{ target: "there" }], perTryTimeoutMs: 300 },
      { id: "gone", targets: [{ target: "gone" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
});

afterEach(() => provider.clearFault());

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await provider.close();
});

test.each([
  ["/v1beta/models/gone:generateContent", 503, "UNAVAILABLE", "upstream_unreachable"],
  ["/v1/models/gone:streamGenerateContent?alt=sse", 503, "UNAVAILABLE", "upstream_unreachable"],
  ["/v1beta/models/slow:generateContent", 504, "DEADLINE_EXCEEDED", "upstream_timeout"],
])("%s", async (path, status, word, code) => {
  await provider.setFault({ kind: "hang" });
  const response = await fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { "x-goog-api-key": gateway.key },
    body: JSON.stringify({ contents: [{ parts: [{ text: "hi" }] }] }),
  });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { code: status, status: word, details: [{ reason: code }] } });
  expect(response.headers.get("x-sluice-error")).toBe(code);
});
