// Tokens of an identity provider in place of API keys, from the operator API to the provider, through a real Envoy.
import { generateKeyPairSync, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DemoProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { eventually, Gateway } from "./harness.ts";

const ISSUER = "https://login.example.com";
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

function token(claims: object): string {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const signed = `${encode({ alg: "RS256", kid: "k" })}.${encode({ iss: ISSUER, aud: "sluice", exp, ...claims })}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

let provider: DemoProvider;
let issuer: Server;
let gateway: Gateway;

beforeAll(async () => {
  provider = await startOpenAiProvider({ apiKey: "provider-key" });
  const keys = JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", alg: "RS256" }] });
  issuer = createServer((_request, response) => response.end(keys));
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", () => resolve()));
  gateway = await Gateway.start(
    {
      providers: [
        { id: "demo", dialect: "openai", baseUrl: provider.url, apiKey: "provider-key", allowPrivateAddress: true },
      ],
      targets: [{ id: "demo", provider: "demo", model: "gpt-demo" }],
      modelRoutes: ["open", "closed"].map((id) => ({ id, targets: [{ target: "demo" }] })),
      consumers: [{ id: "keyed", models: ["*"] }],
    },
    { concurrency: 2 },
  );
  await gateway.operator("PUT", "/consumers/search", {
    models: ["open"],
    identities: [{ issuer: ISSUER, subject: "svc-search" }],
  });
});
afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  issuer.close();
  issuer.closeAllConnections();
  await provider.close();
});

async function chat(bearer: string, model = "open", headers: Record<string, string> = {}): Promise<string> {
  const body = { model, messages: [{ role: "user", content: "hi" }] };
  const sent = { headers: { authorization: `Bearer ${bearer}`, ...headers } };
  const response = await gateway.post("/v1/chat/completions", body, sent);
  const answer = (await response.json()) as { error?: { code: string } };
  return response.ok ? "ok" : `${response.status} ${answer.error?.code}`;
}

test("are taken from when their issuer is trusted, in the name of the consumer", async () => {
  const good = token({ azp: "svc-search" });
  expect(await chat(good)).toBe("401 invalid_api_key");
  const from = performance.now();
  await gateway.operator("PUT", "/identity-providers/corp", {
    issuer: ISSUER,
    audiences: ["sluice"],
    keysUrl: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`,
    allowPrivateAddress: true,
    subjectClaim: "azp",
  });
  await eventually("trust", async () => ((await chat(good)) === "ok" ? true : undefined));
  console.log(`a token is taken ${(performance.now() - from).toFixed(0)} ms after its issuer was stored`);
  expect(await chat(good, "closed")).toBe("403 model_not_allowed");
  expect(provider.requests.at(-1)?.headers.authorization).toBe("Bearer provider-key");
  expect(JSON.stringify(provider.requests.at(-1)?.headers)).not.toContain(good);

  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: good, maxRetries: 0 });
  expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(["open"]);
  const anthropic = new Anthropic({ baseURL: gateway.url, authToken: good, apiKey: null, maxRetries: 0 });
  const message = { model: "open", max_tokens: 10, messages: [{ role: "user" as const, content: "hi" }] };
  expect((await anthropic.messages.create(message)).role).toBe("assistant");
});

test("that prove nobody, or one whom no consumer has, are refused; API keys are not judged by them", async () => {
  for (const bad of [
    token({ azp: "stranger" }),
    token({ azp: "svc-search", exp: 1 }),
    token({ azp: "svc-search", aud: "other" }),
    token({ sub: "svc-search" }),
    token({ azp: "" }),
    token({ azp: "x".repeat(300) }),
    `${token({ azp: "svc-search" }).slice(0, -8)}AAAAAAAA`,
  ]) {
    expect(await chat(bad)).toBe("401 invalid_api_key");
  }
  const forged = { "sluice.jwt.issuer": ISSUER, "sluice.jwt.subject": "svc-search" };
  expect(await chat("nonsense", "open", forged)).toBe("401 invalid_api_key");
  expect(await chat(gateway.key)).toBe("ok");
  expect(await chat(gateway.key, "open", { "x-api-key": token({ azp: "svc-search" }) })).toBe("ok");
});

test("end with their consumer everywhere, and with their issuer", async () => {
  const good = token({ azp: "svc-search" });
  const everywhere = async () => [...new Set(await Promise.all(Array.from({ length: 16 }, () => chat(good))))].join();
  const document = { models: ["open"], identities: [{ issuer: ISSUER, subject: "svc-search" }] };
  expect(await everywhere()).toBe("ok");
  for (const [fields, expected] of [
    [{ ...document, disabled: true }, "403 consumer_disabled"],
    [document, "ok"],
    [{ models: ["open"] }, "401 invalid_api_key"],
    [document, "ok"],
  ] as const) {
    await gateway.operator("PUT", "/consumers/search", fields);
    await eventually(expected, async () => ((await everywhere()) === expected ? true : undefined));
  }
  await gateway.operator("DELETE", "/identity-providers/corp");
  await eventually("no trust", async () => ((await everywhere()) === "401 invalid_api_key" ? true : undefined));
});
