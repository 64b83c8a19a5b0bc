// Providers on AWS whose requests Envoy signs: a fake that computes every signature again, failover to and from other
// dialects, a key that is changed while requests run, and secrets that show up nowhere.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  type DemoProvider,
  startBedrockClaudeProvider,
  startBedrockProvider,
  startOpenAiProvider,
} from "../../examples/demo-providers/index.mjs";
import { all, Gateway, type ProviderDocument } from "./harness.ts";

const region = "us-east-1";
const user = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region,
};
const role = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: "je7MtGbClwBF/2Zp9Utk+h3yCo8nvbEXAMPLEKEY",
  sessionToken: "AQoDYXdzEJr1K/session+token/EXAMPLE==",
  region,
};
const apiKeyOf = ({ accessKeyId, secretAccessKey, sessionToken }: typeof user & { sessionToken?: string }) =>
  [accessKeyId, secretAccessKey, sessionToken].filter((part) => part !== undefined).join(":");
const SECRETS = [user.secretAccessKey, role.secretAccessKey, role.sessionToken];

const profile = "us.anthropic.claude-demo-v1:0";
const arn = `arn:aws:bedrock:${region}:111122223333:application-inference-profile/a1b2c3`;
const question = "今天北京的天气怎么样 \u{1F324}?";
const messages = [{ role: "user" as const, content: question }];
const ask = { max_tokens: 2000, messages };

let bedrock: DemoProvider;
let other: DemoProvider;
let claude: DemoProvider;
let spare: DemoProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

const signedProvider = (fields: Partial<ProviderDocument> = {}): ProviderDocument => ({
  id: "signed",
  dialect: "bedrock",
  baseUrl: bedrock.url,
  aws: { region },
  apiKey: apiKeyOf(user),
  allowPrivateAddress: true,
  ...fields,
});

beforeAll(async () => {
  bedrock = await startBedrockProvider({ aws: user, models: [profile, arn] });
  other = await startBedrockProvider({ aws: role, models: [profile] });
  claude = await startBedrockClaudeProvider({ aws: role, models: [profile] });
  spare = await startOpenAiProvider({ apiKey: "openai-credential" });
  const open = { allowPrivateAddress: true, dialect: "openai", apiKey: "openai-credential" } as const;
  gateway = await Gateway.start({
    providers: [
      signedProvider(),
      signedProvider({ id: "temporary", baseUrl: other.url, apiKey: apiKeyOf(role) }),
      signedProvider({ id: "claude", dialect: "anthropic-bedrock", baseUrl: claude.url, apiKey: apiKeyOf(role) }),
      signedProvider({ id: "wrong", apiKey: `${user.accessKeyId}:${role.secretAccessKey}` }),
      signedProvider({ id: "changing", baseUrl: other.url }),
      { id: "spare", baseUrl: spare.url, ...open },
    ],
    targets: [
      { id: "profile", provider: "signed", model: profile },
      { id: "arn", provider: "signed", model: arn },
      { id: "temporary", provider: "temporary", model: profile },
      { id: "claude", provider: "claude", model: profile },
      { id: "wrong", provider: "wrong", model: profile },
      { id: "changing", provider: "changing", model: profile },
      { id: "gpt", provider: "spare", model: "gpt-demo" },
    ],
    modelRoutes: [
      ...["profile", "arn", "temporary", "claude", "wrong", "changing"].map((id) => ({
        id,
        targets: [{ target: id }],
      })),
      { id: "claude-first", targets: [{ target: "claude" }, { target: "gpt" }] },
      { id: "signed-first", targets: [{ target: "temporary" }, { target: "gpt" }] },
      { id: "signed-last", targets: [{ target: "gpt" }, { target: "profile" }] },
      { id: "both-signed", targets: [{ target: "temporary" }, { target: "profile" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
});

afterEach(async () => {
  for (const provider of [bedrock, other, claude, spare]) await provider.clearFault();
});

afterAll(async () => {
  const logs = gateway.logs();
  expect(SECRETS.filter((secret) => logs.includes(secret))).toEqual([]);
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  for (const provider of [bedrock, other, claude, spare]) await provider.close();
});

async function chatText(model: string): Promise<string> {
  const stream = await openai.chat.completions.create({ model, messages, stream: true });
  return (await all(stream)).map(({ choices }) => choices[0]?.delta.content ?? "").join("");
}

const last = (provider: DemoProvider) => provider.requests.at(-1);

test("Converse and ConverseStream are signed, whole and streamed, for both SDKs", async () => {
  const whole = await openai.chat.completions.create({ model: "profile", messages });
  expect(whole.choices[0]?.message.content).toContain(question);
  expect(last(bedrock)?.path).toBe("/model/us.anthropic.claude-demo-v1%3A0/converse");
  expect(await chatText("profile")).toContain(question);
  expect(last(bedrock)?.path).toBe("/model/us.anthropic.claude-demo-v1%3A0/converse-stream");
  const message = await anthropic.messages.create({ ...ask, model: "profile" });
  expect(message.content).toMatchObject([{ type: "text", text: expect.stringContaining(question) }]);
  const streamed = await anthropic.messages.stream({ ...ask, model: "profile" }).finalText();
  expect(streamed).toContain(question);
  for (const { status, forbiddenHeaders, headers } of bedrock.requests) {
    expect({ status, forbiddenHeaders }).toEqual({ status: 200, forbiddenHeaders: [] });
    // What a proxy on the way may add or change is not part of the signature.
    expect(headers.authorization).toContain("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,");
  }
});

test("an ARN in the path", async () => {
  expect(await chatText("arn")).toContain(question);
  expect(last(bedrock)).toMatchObject({
    status: 200,
    path: expect.stringContaining("profile%2Fa1b2c3/converse-stream"),
  });
});

test("what a client sends of AWS's headers goes no further", async () => {
  const headers = { "x-amz-security-token": "forged", "x-amz-date": "20200101T000000Z", "x-amz-target": "Other" };
  const response = await gateway.post("/v1/chat/completions", { model: "profile", messages }, { headers });
  expect(response.status).toBe(200);
  const sent = Object.keys(last(bedrock)?.headers ?? {}).filter((name) => name.startsWith("x-amz-"));
  expect(sent.sort()).toEqual(["x-amz-content-sha256", "x-amz-date"]);
});

test("temporary credentials, with their session token", async () => {
  expect(await chatText("temporary")).toContain(question);
  expect(last(other)).toMatchObject({ status: 200, headers: { "x-amz-security-token": role.sessionToken } });
});

test("Claude's InvokeModel, its stream and its token count are signed, for both SDKs", async () => {
  const message = await anthropic.messages.create({ ...ask, model: "claude" });
  expect(message.content).toMatchObject([{ text: expect.stringContaining(question) }]);
  expect(await anthropic.messages.stream({ ...ask, model: "claude" }).finalText()).toContain(question);
  const { input_tokens: tokens } = await anthropic.messages.countTokens({ model: "claude", messages });
  expect(tokens).toBeGreaterThan(0);
  const whole = await openai.chat.completions.create({ model: "claude", messages });
  expect(whole.choices[0]?.message.content).toContain(question);
  expect(await chatText("claude")).toContain(question);
  const operations = ["invoke", "invoke-with-response-stream", "count-tokens", "invoke", "invoke-with-response-stream"];
  expect(claude.requests.map(({ status, path, forbiddenHeaders }) => [status, path, forbiddenHeaders])).toEqual(
    operations.map((operation) => [200, `/model/us.anthropic.claude-demo-v1%3A0/${operation}`, []]),
  );
});

test("a large body", async () => {
  const long = "字".repeat(700_000);
  const reply = await openai.chat.completions.create({ model: "profile", messages: [{ role: "user", content: long }] });
  expect(reply.choices[0]?.message.content).toContain("字");
  expect(last(bedrock)?.bodyBytes).toBeGreaterThan(2_000_000);
});

test("a signed request that fails leaves nothing of AWS on the next provider's", async () => {
  await other.setFault({ kind: "status", status: 503 });
  expect(await chatText("signed-first")).toContain("gpt-demo");
  expect(last(other)?.headers["x-amz-security-token"]).toBe(role.sessionToken);
  expect(last(spare)).toMatchObject({ status: 200, forbiddenHeaders: [] });
  expect(last(spare)?.headers.authorization).toBe("Bearer openai-credential");
  await claude.setFault({ kind: "status", status: 429 });
  const message = await anthropic.messages.create({ ...ask, model: "claude-first" });
  expect(message.content).toMatchObject([{ text: expect.stringContaining("gpt-demo") }]);
  expect(last(spare)).toMatchObject({ status: 200, forbiddenHeaders: [] });
});

test("and another provider's failure nothing of its credential on the signed one", async () => {
  await spare.setFault({ kind: "status", status: 503 });
  const reply = await anthropic.messages.create({ ...ask, model: "signed-last" });
  expect(reply.content).toMatchObject([{ text: expect.stringContaining(profile) }]);
  expect(last(bedrock)).toMatchObject({ status: 200, forbiddenHeaders: [] });
});

test("a retry is signed anew, with the next key", async () => {
  await other.setFault({ kind: "status", status: 429 });
  expect(await chatText("both-signed")).toContain(question);
  expect(last(bedrock)).toMatchObject({ status: 200 });
  expect(last(bedrock)?.headers).not.toHaveProperty("x-amz-security-token");
});

test("a wrong secret is an error of the gateway's, in the client's protocol", async () => {
  const chat = openai.chat.completions.create({ model: "wrong", messages });
  await expect(chat).rejects.toMatchObject({ status: 502, code: "upstream_credential_rejected" });
  expect(last(bedrock)?.refusal).toContain("signature");
  const message = anthropic.messages.create({ ...ask, model: "wrong" });
  await expect(message).rejects.toMatchObject({
    status: 502,
    error: { type: "error", error: { type: "api_error", message: expect.stringContaining("gateway's credential") } },
  });
});

test("a new key counts from the next request on; streams and connections that run go on", async () => {
  const clusterName = async () => /"(changing~[0-9a-f]+)"/.exec(await gateway.configDump())?.[1];
  const cluster = await clusterName();
  const { id, ...document } = signedProvider({ id: "changing", baseUrl: other.url });
  const refused = { status: 502, code: "upstream_credential_rejected" };
  await expect(openai.chat.completions.create({ model: "changing", messages })).rejects.toMatchObject(refused);
  expect(last(other)?.refusal).toContain("security token");

  await gateway.operator("PUT", `/providers/${id}`, { ...document, apiKey: apiKeyOf(role) });
  await gateway.live();
  await other.setFault({ kind: "slow", eventDelayMs: 30, times: 1 });
  const stream = await openai.chat.completions.create({ model: "changing", messages, stream: true });
  const chunks = stream[Symbol.asyncIterator]();
  await chunks.next();
  await gateway.operator("PUT", `/providers/${id}`, { ...document, apiKey: apiKeyOf(user) });
  await gateway.live();
  expect(last(other)).toMatchObject({ status: 200, ended: false });
  expect(await clusterName()).toBe(cluster);
  expect(await gateway.stat(`cluster.${cluster}.upstream_cx_total`)).toBe(1);
  expect(await gateway.stat(`cluster.${cluster}.upstream_cx_destroy`)).toBe(0);
  const rest = await all({ [Symbol.asyncIterator]: () => chunks });
  expect(rest.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  await expect(openai.chat.completions.create({ model: "changing", messages })).rejects.toMatchObject(refused);
});

test("a provider that is added while the gateway runs, without a key first", async () => {
  const { id, apiKey, ...document } = signedProvider({ id: "late" });
  await gateway.operator("PUT", `/providers/${id}`, document);
  await gateway.operator("PUT", "/targets/late", { provider: id, model: profile });
  await gateway.operator("PUT", "/model-routes/late", { targets: [{ target: "late" }] });
  await gateway.live();
  await expect(openai.chat.completions.create({ model: "late", messages })).rejects.toMatchObject({ status: 502 });
  expect(last(bedrock)?.refusal).toContain("Missing Authentication Token");
  await gateway.operator("PUT", `/providers/${id}`, { ...document, apiKey });
  await gateway.live();
  expect(await chatText("late")).toContain(question);
});

test("models are discovered by a signed request", async () => {
  const { items } = await gateway.operator<{ items: { id: string }[] }>("POST", "/providers/temporary/discover");
  expect(items.map((item) => item.id)).toEqual([profile]);
  const refused = await gateway.operatorResponse("POST", "/providers/wrong/discover");
  expect(refused.status).toBe(502);
  expect(await refused.text()).toContain("signature");
});

test("answers and dumps say how a provider signs, and with no secret", async () => {
  const provider = await gateway.operator("GET", "/providers/signed");
  expect(provider).toMatchObject({ aws: { region, service: "bedrock" }, credential: { set: true } });
  const places = ["/providers", "/configuration", "/revisions", "/envoys", "/providers/temporary"];
  const answers = await Promise.all(places.map((path) => gateway.operatorResponse("GET", path).then((r) => r.text())));
  const dump = await gateway.configDump();
  expect(dump).toContain("AwsRequestSigning");
  for (const text of [...answers, dump]) {
    expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
    expect(text).not.toContain(encodeURIComponent(role.sessionToken));
  }
});
