// Azure OpenAI's dated API behind the gateway: deployments in the path, api-version in the query, the key in its own header,
// and what the content filter adds to replies and streams. Clients notice none of it.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type DemoProvider, startAzureProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { all, Gateway } from "./harness.ts";

const VERSION = "2024-10-21";
const DEPLOYMENT = "gpt 4o/team é";
const DEPLOYMENT_PATH = "/openai/deployments/gpt%204o%2Fteam%20%C3%A9";
const messages = [{ role: "user" as const, content: "How is the weather in 北京?" }];

let azure: DemoProvider;
let entra: DemoProvider;
let plain: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  azure = await startAzureProvider({ apiKey: "azure-key", models: ["gpt-deployment", DEPLOYMENT.split("/")[0]!] });
  entra = await startAzureProvider({ apiKey: "entra-token", credentialHeader: "authorization" });
  plain = await startOpenAiProvider({ apiKey: "openai-key" });
  const common = { dialect: "azure" as const, apiVersion: VERSION, allowPrivateAddress: true };
  gateway = await Gateway.start({
    providers: [
      { id: "azure", ...common, baseUrl: azure.url, apiKey: "azure-key" },
      { id: "entra", ...common, baseUrl: entra.url, auth: "bearer", apiKey: "entra-token" },
      { id: "plain", dialect: "openai", baseUrl: plain.url, allowPrivateAddress: true, apiKey: "openai-key" },
      // The v1 API is OpenAI's, at another base path; an api-version is optional there.
      { ...common, id: "v1", dialect: "openai", baseUrl: plain.url, apiVersion: "preview", apiKey: "openai-key" },
    ],
    targets: [
      { id: "azure", provider: "azure", model: "gpt-deployment" },
      { id: "odd", provider: "azure", model: DEPLOYMENT },
      { id: "none", provider: "azure", model: "not-deployed" },
      { id: "entra", provider: "entra", model: "gpt-deployment" },
      { id: "plain", provider: "plain", model: "gpt-demo" },
      { id: "v1", provider: "v1", model: "gpt-demo" },
    ],
    modelRoutes: [
      ...["azure", "odd", "none", "entra", "v1"].map((id) => ({ id, targets: [{ target: id }] })),
      { id: "both", targets: [{ target: "azure" }, { target: "plain" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(() => azure.clearFault());

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await Promise.all([azure.close(), entra.close(), plain.close()]);
});

test.each([
  ["azure", () => azure, "api-key", "azure-key"],
  ["entra", () => entra, "authorization", "Bearer entra-token"],
] as const)("%s: chat goes to the deployment, with the key in its header", async (model, provider, header, value) => {
  const reply = await openai.chat.completions.create({ model, messages });
  expect(reply.choices[0]?.message.content).toContain("北京");
  expect(reply.choices[0]).toHaveProperty("content_filter_results.hate.severity", "safe");
  const request = provider().requests.at(-1)!;
  expect(request.path).toBe("/openai/deployments/gpt-deployment/chat/completions");
  expect(request.query).toBe(`api-version=${VERSION}`);
  expect(request.headers[header]).toBe(value);
  expect(request.json).toMatchObject({ model: "gpt-deployment" });
  expect(request.forbiddenHeaders).toEqual([]);
});

test("a deployment's name is one segment of the path, whatever it holds", async () => {
  await expect(openai.chat.completions.create({ model: "odd", messages })).rejects.toThrow(OpenAI.NotFoundError);
  expect(azure.requests.at(-1)?.path).toBe(`${DEPLOYMENT_PATH}/chat/completions`);
});

test("a stream's first chunk has no choice; the SDK reads on", async () => {
  const stream = await openai.chat.completions.create({
    model: "azure",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await all(stream);
  expect(chunks[0]).toMatchObject({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] });
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toContain("北京");
  expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
});

test("an Anthropic client is served by a deployment, whole and streamed", async () => {
  const request = { model: "azure", max_tokens: 500, messages };
  const reply = await anthropic.messages.create(request);
  const events = await all(await anthropic.messages.create({ ...request, stream: true }));
  expect(events[0]).toMatchObject({ type: "message_start", message: { id: expect.stringContaining("chatcmpl-") } });
  const text = events.map((event) =>
    event.type === "content_block_delta" && "text" in event.delta ? event.delta.text : "",
  );
  expect(text.join("")).toBe(reply.content[0]?.type === "text" && reply.content[0].text);
  expect(azure.requests.at(-1)).toMatchObject({
    path: "/openai/deployments/gpt-deployment/chat/completions",
    query: `api-version=${VERSION}`,
    forbiddenHeaders: [],
  });
});

test("tools are called and their results brought back", async () => {
  const tools = [{ type: "function" as const, function: { name: "get_weather", parameters: { type: "object" } } }];
  const asked = await openai.chat.completions.create({ model: "azure", messages, tools });
  const message = asked.choices[0]!.message;
  const results = message.tool_calls!.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "sunny" }));
  const done = await openai.chat.completions.create({ model: "azure", messages: [...messages, message, ...results] });
  expect(done.choices[0]?.finish_reason).toBe("stop");
});

test("embeddings and images have their own paths below the deployment", async () => {
  const vectors = await openai.embeddings.create({ model: "azure", input: ["a", "b"] });
  expect(vectors.data.map(({ embedding }) => embedding)).toEqual([
    [0.25, -0.5, 1],
    [0.25, -0.5, 1],
  ]);
  expect(azure.requests.at(-1)?.path).toBe("/openai/deployments/gpt-deployment/embeddings");
  const images = await openai.images.generate({ model: "azure", prompt: "A pixel" });
  expect(images.data?.[0]?.b64_json).toBeDefined();
  expect(azure.requests.at(-1)?.path).toBe("/openai/deployments/gpt-deployment/images/generations");
});

test("what Azure has no deployments for is refused before it is asked", async () => {
  const before = azure.requestCount;
  const { status, error } = await openai.moderations.create({ model: "azure", input: "a" }).catch((thrown) => thrown);
  expect([status, error.code]).toEqual([400, "operation_not_supported"]);
  expect(azure.requestCount).toBe(before);
});

test("the v1 API takes its api-version in the query, and no deployment in the path", async () => {
  await openai.chat.completions.create({ model: "v1", messages });
  expect(plain.requests.at(-1)).toMatchObject({ path: "/v1/chat/completions", query: "api-version=preview" });
});

test("an attempt at another provider takes nothing of Azure's along", async () => {
  await azure.setFault({ kind: "status", status: 503, times: 1 });
  await openai.chat.completions.create({ model: "both", messages });
  expect(plain.requests.at(-1)).toMatchObject({ path: "/v1/chat/completions", query: "", forbiddenHeaders: [] });
});

test("a prompt that the content filter refuses is told in Azure's words", async () => {
  await azure.setFault({ kind: "status", status: 400, code: "content_filter", times: 2 });
  const { status, error } = await openai.chat.completions
    .create({ model: "azure", messages })
    .catch((thrown) => thrown);
  expect(status).toBe(400);
  expect(error).toMatchObject({ code: "content_filter", innererror: { code: "ResponsibleAIPolicyViolation" } });
  const told = await anthropic.messages.create({ model: "azure", max_tokens: 10, messages }).catch((thrown) => thrown);
  expect(told.status).toBe(400);
  expect(told.message).toContain("content management policy");
});

test.each([
  [429, OpenAI.RateLimitError],
  [500, OpenAI.InternalServerError],
] as const)("%i reaches the client as the SDK's own error", async (status, kind) => {
  await azure.setFault({ kind: "status", status, retryAfterSeconds: 7, times: 1 });
  const thrown = await openai.chat.completions.create({ model: "azure", messages }).catch((error) => error);
  expect(thrown).toBeInstanceOf(kind);
  expect(thrown.headers.get("retry-after")).toBe("7");
});

test("what stands in front of Azure is heard too, whichever API the client speaks", async () => {
  const message = "Rate limit is exceeded. Try again in 6 seconds.";
  await azure.setFault({ kind: "status", status: 429, code: "front", message });
  const told = await openai.chat.completions.create({ model: "azure", messages }).catch((error) => error);
  expect(told).toMatchObject({ status: 429, error: { message, type: "rate_limit_error" } });
  const own = await anthropic.messages.create({ model: "azure", max_tokens: 10, messages }).catch((error) => error);
  expect(own).toMatchObject({ status: 429, error: { error: { message, type: "rate_limit_error" } } });
  const response = await openai.responses.create({ model: "azure", input: "Hello" }).catch((error) => error);
  expect(response).toMatchObject({ status: 429, error: { message } });
});

test("a Response is named by the chunk that names it, and not by Azure's verdict on the prompt", async () => {
  const events = await all(await openai.responses.create({ model: "azure", input: "How is 北京?", stream: true }));
  expect(events[0]).toMatchObject({ type: "response.created", response: { id: expect.stringContaining("chatcmpl-") } });
  expect(events.at(-1)?.type).toBe("response.completed");
});

test("a deployment that is not there is told", async () => {
  const thrown = await openai.chat.completions.create({ model: "none", messages }).catch((error) => error);
  expect(thrown).toBeInstanceOf(OpenAI.NotFoundError);
  expect(thrown.code).toBe("DeploymentNotFound");
});
