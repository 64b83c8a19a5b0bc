// POST /api/v1/providers/{id}/discover against fakes of every dialect's list of models: what is asked, what is made of the
// answer, and that neither a failure nor an echo shows the credential.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findModel } from "../../control-plane/catalog/find-model.js";
import { DISCOVERY_LIMITS, discover } from "../../control-plane/discovery/discover.js";
import { MODEL_LISTS } from "../../control-plane/discovery/model-lists.js";
import { withoutSecret } from "../../control-plane/discovery/redact.js";
import type { DialectName } from "../../control-plane/resources/dialect.js";
import { providerSchema } from "../../control-plane/resources/provider.js";
import { Harness } from "./operator-harness.js";

const KEY = "sk-provider-secret-0123456789";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const json =
  (body: unknown, status = 200): Answer =>
  (_request, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

let fake: Server;
let answers: Record<string, Answer> = {};
let seen: IncomingMessage[] = [];
let connections = 0;
let origin: string;

beforeAll(async () => {
  fake = createServer((request, response) => {
    seen.push(request);
    (answers[request.url ?? ""] ?? json({ error: { message: `no ${request.url}` } }, 404))(request, response);
  });
  fake.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", () => resolve()));
  origin = `http://127.0.0.1:${(fake.address() as AddressInfo).port}`;
});
afterAll(() => {
  fake.close();
  fake.closeAllConnections();
});

let harness: Harness;
beforeEach(async () => {
  answers = {};
  seen = [];
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.remove());

async function discovered(document: object, path = "/v1") {
  const provider = { baseUrl: `${origin}${path}`, allowPrivateAddress: true, apiKey: KEY, ...document };
  const put = await harness.put("/api/v1/providers/p", provider);
  expect(put.status).toBe(201);
  return harness.post("/api/v1/providers/p/discover");
}

/** A provider as stored, for what the operator API would not store. */
const stored = (fields: object) =>
  providerSchema.parse({ id: "p", dialect: "openai", baseUrl: `${origin}/v1`, allowPrivateAddress: true, ...fields });

describe("a provider's models", () => {
  test("come with what the catalogue knows, and with the targets that use them", async () => {
    answers["/v1/models"] = json({
      object: "list",
      data: [
        { id: "gpt-4o-mini-2024-07-18", object: "model", created: 1, owned_by: "openai" },
        { id: "own-model", object: "model", context_length: 4096, name: "Own model" },
        { id: "own-model", object: "model" },
        { object: "no id" },
      ],
    });
    await harness.put("/api/v1/providers/p", { catalog: "openai", baseUrl: `${origin}/v1`, allowPrivateAddress: true });
    await harness.put("/api/v1/targets/own", { provider: "p", model: "own-model" });
    await harness.put("/api/v1/providers/p", {
      catalog: "openai",
      baseUrl: `${origin}/v1`,
      allowPrivateAddress: true,
      apiKey: KEY,
    });
    const { status, body } = await harness.post("/api/v1/providers/p/discover");
    expect(status).toBe(200);
    expect(body).toEqual({
      truncated: false,
      items: [
        {
          id: "gpt-4o-mini-2024-07-18",
          name: expect.any(String),
          contextTokens: 128_000,
          catalog: expect.objectContaining({ id: "gpt-4o-mini", prices: expect.objectContaining({ input: 150_000 }) }),
          targets: [],
        },
        { id: "own-model", name: "Own model", contextTokens: 4096, targets: ["own"] },
      ],
    });
    expect(seen[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test("are read page by page", async () => {
    answers["/v1/models?limit=1000"] = json({ data: [{ id: "a", display_name: "A" }], has_more: true, last_id: "a" });
    answers["/v1/models?limit=1000&after_id=a"] = json({ data: [{ id: "b" }], has_more: false, last_id: "b" });
    const { body } = await discovered({ dialect: "anthropic" });
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual(["a", "b"]);
    expect(seen.map(({ headers }) => [headers["x-api-key"], headers["anthropic-version"]])).toEqual([
      [KEY, "2023-06-01"],
      [KEY, "2023-06-01"],
    ]);
  });

  test.each([
    [
      { dialect: "azure", apiVersion: "2024-10-21" },
      "/openai",
      "/openai/models?api-version=2024-10-21",
      { data: [{ id: "gpt-4o" }] },
      "api-key",
      { id: "gpt-4o" },
    ],
    [
      { dialect: "gemini" },
      "/v1beta",
      "/v1beta/models?pageSize=1000",
      { models: [{ name: "models/gemini-x", displayName: "Gemini X", inputTokenLimit: 1_048_576 }] },
      "x-goog-api-key",
      { id: "gemini-x", name: "Gemini X", contextTokens: 1_048_576 },
    ],
    [
      { dialect: "gemini", auth: "bearer" },
      "/v1/projects/my-project/locations/l/publishers/google",
      "/v1beta1/publishers/google/models?pageSize=1000",
      { publisherModels: [{ name: "publishers/google/models/gemini-x" }] },
      "authorization",
      { id: "gemini-x" },
    ],
    [
      { dialect: "cohere" },
      "/v2",
      "/v1/models?page_size=1000",
      { models: [{ name: "command-x", context_length: 128_000 }] },
      "authorization",
      { id: "command-x", contextTokens: 128_000 },
    ],
    [
      { dialect: "bedrock" },
      "",
      "/foundation-models",
      { modelSummaries: [{ modelId: "amazon.x-v1:0", modelName: "X" }] },
      "authorization",
      { id: "amazon.x-v1:0", name: "X" },
    ],
    [
      { dialect: "anthropic-bedrock" },
      "",
      "/foundation-models?byProvider=Anthropic",
      { modelSummaries: [{ modelId: "anthropic.x" }] },
      "authorization",
      { id: "anthropic.x" },
    ],
    // Together sends a bare list.
    [{ dialect: "openai" }, "/v1", "/v1/models", [{ id: "bare" }], "authorization", { id: "bare" }],
  ])("%j at %s", async (document, path, asked, answer, header, model) => {
    answers[asked] = json(answer);
    const { status, body } = await discovered(document, path);
    expect([status, body.items]).toEqual([200, [{ ...model, targets: [] }]]);
    expect(seen[0]?.headers[header]).toBe(header === "authorization" ? `Bearer ${KEY}` : KEY);
  });

  test("are asked for at Bedrock's control endpoint", () => {
    const base = new URL("https://bedrock-runtime.eu-west-1.amazonaws.com");
    const asked = MODEL_LISTS.bedrock?.url(base, stored({ dialect: "bedrock" }), undefined);
    expect(String(asked)).toBe("https://bedrock.eu-west-1.amazonaws.com/foundation-models");
  });

  test.each(["dify", "coze", "bailian"] satisfies DialectName[])("%s has none", async (dialect) => {
    const { status, body } = await discovered({ dialect });
    expect([status, body.error.code]).toEqual([422, "discovery_not_supported"]);
    expect(seen).toEqual([]);
  });

  test("are not asked of a provider that is not there", async () => {
    expect((await harness.post("/api/v1/providers/none/discover")).status).toBe(404);
  });

  test("end at the limits", async () => {
    for (const after of ["", "&after_id=next"]) {
      const data = [{ id: `a${after}` }, { id: `b${after}` }];
      answers[`/v1/models?limit=1000${after}`] = json({ data, has_more: true, last_id: "next" });
    }
    const provider = stored({ dialect: "anthropic" });
    const few = await discover(provider, KEY, { ...DISCOVERY_LIMITS, modelsMax: 3 });
    expect([few.models.length, few.truncated]).toEqual([3, true]);
    const endless = await discover(provider, KEY, { ...DISCOVERY_LIMITS, pagesMax: 5 });
    expect([endless.models.length, endless.truncated]).toEqual([4, true]);
    const tooMany = discover(provider, KEY, { ...DISCOVERY_LIMITS, bytesMax: 20 });
    await expect(tooMany).rejects.toMatchObject({ code: "provider_refused", message: expect.stringMatching(/large/) });
  });
});

describe("a failure", () => {
  test.each([
    ["OpenAI's", 401, { error: { message: `Incorrect API key provided: ${KEY}.`, code: "invalid_api_key" } }],
    ["a half echoed", 403, { error: { message: `bad key ${KEY.slice(0, 12)}…` } }],
    ["a list of", 400, [{ error: { message: `API key not valid: "${KEY}"` } }]],
    ["a plain", 500, { message: `boom\u0007 ${KEY}${KEY}` }],
    ["FastAPI's", 422, { detail: [{ msg: KEY, message: `detail ${KEY}` }] }],
  ])("%s error is told without the key", async (_whose, status, answer) => {
    answers["/v1/models"] = json(answer, status);
    const failed = await discovered({ dialect: "openai" });
    expect(failed.status).toBe(502);
    const { code, message } = failed.body.error;
    expect(code).toBe("provider_refused");
    expect(message).toContain(`answered ${status}`);
    expect(message).toContain("[removed]");
    expect(message).not.toContain(KEY.slice(0, 8));
    expect(harness.log.join("")).not.toContain(KEY);
  });

  test("a name that holds the key is left out", async () => {
    answers["/v1/models"] = json({ data: [{ id: `echo-${KEY}` }, { id: "good", name: `for ${KEY}` }] });
    const { body } = await discovered({ dialect: "openai" });
    expect(body.items).toEqual([{ id: "good", name: "for [removed]", targets: [] }]);
  });

  test.each([
    ["no JSON", (_: unknown, response: ServerResponse) => response.end("<html>"), /not JSON/],
    ["another JSON", json({ models: 1 }), /other fields/],
    ["nothing", (_: unknown, response: ServerResponse) => response.writeHead(204).end(), /204/],
  ] as const)("%s is no list", async (_what, answer, message) => {
    answers["/v1/models"] = answer;
    const { status, body } = await discovered({ dialect: "openai" });
    expect([status, body.error.code]).toEqual([502, "provider_refused"]);
    expect(body.error.message).toMatch(message);
  });

  test("a redirect is not followed", async () => {
    answers["/v1/models"] = (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end();
    const { status, body } = await discovered({ dialect: "openai" });
    expect([status, body.error.message]).toEqual([502, expect.stringContaining("redirect")]);
    expect(seen.map(({ url }) => url)).toEqual(["/v1/models"]);
  });

  test("a cut answer, a refused connection and no answer in time are told apart", async () => {
    answers["/v1/models"] = (_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setTimeout(() => response.destroy(), 20);
    };
    const cut = await discovered({ dialect: "openai" });
    expect([cut.status, cut.body.error.code]).toEqual([502, "provider_unreachable"]);
    const refused = await discover(stored({ baseUrl: "http://127.0.0.1:1/v1" }), KEY).catch((error) => error);
    expect(refused).toMatchObject({ code: "provider_unreachable", message: "127.0.0.1:1: ECONNREFUSED." });
    answers["/v1/models"] = () => {};
    const slow = discover(stored({}), KEY, { ...DISCOVERY_LIMITS, timeoutMs: 100 });
    await expect(slow).rejects.toMatchObject({ message: expect.stringContaining("no answer within 0.1 s") });
  });
});

describe("a private address", () => {
  test.each(["http://localhost", "http://127.0.0.1", "http://[::1]", "http://[::ffff:7f00:1]"])(
    "%s is not connected to unless the document allows it",
    async (host) => {
      const before = connections;
      const baseUrl = `${host}:${new URL(origin).port}/v1`;
      const provider = { ...stored({ baseUrl }), allowPrivateAddress: false };
      await expect(discover(provider, KEY)).rejects.toMatchObject({ code: "private_address", status: 422 });
      expect(connections).toBe(before);
    },
  );

  test("that a name resolves to is the one that is connected to, where it is allowed", async () => {
    answers["/v1/models"] = json({ data: [{ id: "inside" }] });
    const baseUrl = `http://localhost:${new URL(origin).port}/v1`;
    expect((await discover(stored({ baseUrl }), KEY)).models).toMatchObject([{ id: "inside" }]);
  });
});

describe("redaction", () => {
  test.each([
    ["nothing to hide", undefined, "nothing to hide"],
    ["the whole sk-0123456789abcdef", "sk-0123456789abcdef", "the whole [removed]"],
    ["its tail 89abcdef.", "sk-0123456789abcdef", "its tail [removed]."],
    ["sk-0123456789abcdefsk-0123456789abcdef", "sk-0123456789abcdef", "[removed]"],
    ["a short key: key", "key", "a short [removed]: [removed]"],
    ["sk-01 is a common beginning", "sk-0123456789abcdef", "sk-01 is a common beginning"],
  ])("%j", (text, secret, shown) => {
    expect(withoutSecret(text, secret)).toBe(shown);
  });
});

describe("a model of the catalogue", () => {
  const anthropic = { catalog: "anthropic", baseUrl: "https://proxy.example.com" };
  test.each([
    [anthropic, "claude-haiku-4-5", "claude-haiku-4-5"],
    [anthropic, "claude-haiku-4-5-20251001", "claude-haiku-4-5"],
    [anthropic, "claude-3-5-haiku-20241022", "claude-3-5-haiku-latest"],
    [{ baseUrl: "https://api.anthropic.com/v1" }, "claude-haiku-4-5", "claude-haiku-4-5"],
    [{ catalog: "gemini-openai", baseUrl: "" }, "models/gemini-2.5-flash", "gemini-2.5-flash"],
    [anthropic, "claude-haiku-4-5-turbo", undefined],
    [{ baseUrl: "https://proxy.example.com" }, "claude-haiku-4-5", undefined],
  ])("%j %s", (provider, name, id) => {
    expect(findModel(provider, name)?.id).toBe(id);
  });
});
