// The catalogue as operators use it, through HTTP: looking entries up, and adding a provider by naming one.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogModels, catalogProviders } from "../../control-plane/catalog/catalog.js";
import { Harness } from "./operator-harness.js";

const harness = new Harness();
beforeAll(() => harness.start());
afterAll(() => harness.remove());

const PROVIDERS = "/api/v1/catalog/providers";
const MODELS = "/api/v1/catalog/models";

/** Every item of a list, page by page. */
async function walk(path: string): Promise<unknown[]> {
  const items: unknown[] = [];
  let next: string | undefined;
  do {
    const after = next === undefined ? "" : `&after=${encodeURIComponent(next)}`;
    const { status, body } = await harness.get(`${path}${after}`);
    expect(status).toBe(200);
    items.push(...body.items);
    next = body.next;
  } while (next !== undefined);
  return items;
}

describe("the lists", () => {
  it.each([PROVIDERS, MODELS])("%s needs the operator token", async (path) => {
    expect((await harness.get(path, { authorization: "Bearer wrong" })).status).toBe(401);
  });

  it("hold everything, page by page", async () => {
    expect(await walk(`${PROVIDERS}?limit=7`)).toEqual(catalogProviders());
    expect(await walk(`${MODELS}?limit=500`)).toEqual(catalogModels());
  });

  it("end where they end", async () => {
    const exact = await harness.get(`${PROVIDERS}?limit=${catalogProviders().length}`);
    expect(exact.body.next).toBeUndefined();
    expect((await harness.get(`${PROVIDERS}?after=no-such-entry`)).body).toEqual({ items: [] });
  });

  it("filter providers by text in either language, region and dialect", async () => {
    const found = await harness.get(`${PROVIDERS}?q=${encodeURIComponent("通义")}&region=china`);
    expect(found.body.items.map(({ id }: { id: string }) => id)).toEqual(["qwen"]);
    const gemini = await harness.get(`${PROVIDERS}?dialect=gemini`);
    expect(gemini.body.items.map(({ id }: { id: string }) => id)).toEqual(["gemini", "vertex-ai"]);
    expect((await harness.get(`${PROVIDERS}?q=DEEPSEEK`)).body.items.length).toBeGreaterThan(0);
  });

  it("filter models by provider, use and text", async () => {
    const { body } = await harness.get(`${MODELS}?provider=openai&chat=true&q=GPT-4o-mini`);
    expect(body.items.length).toBeGreaterThan(0);
    for (const item of body.items) expect(item).toMatchObject({ provider: "openai", chat: true });
    expect((await harness.get(`${MODELS}?provider=no-such`)).body).toEqual({ items: [] });
  });

  it.each(["limit=0", "limit=1001", "q=", "page=2", "chat=yes"])("refuse ?%s", async (query) => {
    expect((await harness.get(`${MODELS}?${query}`)).body.error?.code).toBe("invalid_query");
  });
});

describe("a provider that names its catalogue entry", () => {
  it("needs no more than a credential", async () => {
    const put = await harness.put("/api/v1/providers/ds", { catalog: "deepseek", apiKey: "provider-secret" });
    expect(put.status).toBe(201);
    const { body, headers } = await harness.get("/api/v1/providers/ds");
    expect(body).toMatchObject({
      id: "ds",
      catalog: "deepseek",
      dialect: "openai",
      baseUrl: "https://api.deepseek.com",
      credential: { set: true },
    });
    expect(harness.publisher.published.at(-1)?.input.resources.providers[0]).not.toHaveProperty("parameters");

    const { credential: _, ...document } = body;
    const again = await harness.put("/api/v1/providers/ds", document, { "if-match": headers.get("etag") ?? "" });
    expect(again).toMatchObject({ status: 200, body: { changed: false } });
  });

  it("fills placeholders, from defaults where there are some", async () => {
    const azure = { catalog: "azure-openai", parameters: { resource: "my-team" } };
    const made = await harness.put("/api/v1/providers/az?dryRun=true", azure);
    expect(made.body.resource.baseUrl).toBe("https://my-team.openai.azure.com/openai/v1");
    const own = { catalog: "vllm", parameters: { host: "10.0.0.5" }, allowPrivateAddress: true };
    const local = await harness.put("/api/v1/providers/own?dryRun=true", own);
    expect(local.body.resource.baseUrl).toBe("http://10.0.0.5:8000/v1");
  });

  it("brings how its credential is sent, its API version and its quirks", async () => {
    const azure = { catalog: "azure-openai-deployments", parameters: { resource: "my-team" } };
    const { body } = await harness.put("/api/v1/providers/az?dryRun=true", azure);
    expect(body.resource).toMatchObject({ dialect: "azure", apiVersion: "2024-10-21", quirks: [] });
    const newer = { ...azure, apiVersion: "2025-04-01-preview", auth: "bearer", quirks: ["single_choice"] };
    const other = await harness.put("/api/v1/providers/az?dryRun=true", newer);
    expect(other.body.resource).toMatchObject({
      apiVersion: "2025-04-01-preview",
      auth: "bearer",
      quirks: newer.quirks,
    });
    const vertex = { catalog: "vertex-ai", parameters: { location: "europe-west4", project: "my-project" } };
    const google = await harness.put("/api/v1/providers/v?dryRun=true", vertex);
    expect(google.body.resource).toMatchObject({ dialect: "gemini", auth: "bearer" });
  });

  it("may say otherwise", async () => {
    const document = { catalog: "deepseek", baseUrl: "https://proxy.example.com/deepseek/" };
    const { body } = await harness.put("/api/v1/providers/p?dryRun=true", document);
    expect(body.resource).toMatchObject({ dialect: "openai", baseUrl: "https://proxy.example.com/deepseek" });
  });

  it("can be part of a whole configuration", async () => {
    const providers = [
      { id: "moon", catalog: "moonshot" },
      { id: "bad", catalog: "no-such" },
    ];
    const { status, body } = await harness.put("/api/v1/configuration", { providers, targets: [], modelRoutes: [] });
    expect(status).toBe(422);
    expect(body.error.problems).toMatchObject([{ kind: "provider", id: "bad", path: "/catalog" }]);
  });

  it.each([
    ["an unknown entry", { catalog: "depseek" }, "/catalog", "deepseek"],
    ["a missing parameter", { catalog: "azure-openai" }, "/parameters/resource", "parameters.resource"],
    ["an unknown parameter", { catalog: "openai", parameters: { a: "b" } }, "/parameters/a", "Leave parameters out"],
    [
      "a parameter that leaves the host",
      { catalog: "azure-openai", parameters: { resource: "evil.example/" } },
      "/parameters/resource",
      "parameters.resource",
    ],
    [
      "parameters of nothing",
      { parameters: {}, dialect: "openai", baseUrl: "https://a.example" },
      "/parameters",
      "catalog",
    ],
    ["a private address", { catalog: "ollama", parameters: { host: "127.0.0.1" } }, "/baseUrl", "baseUrl"],
    ["no entry and no base URL", { dialect: "openai" }, "/baseUrl", "Add /baseUrl"],
    ["no entry and no dialect", { baseUrl: "https://a.example" }, "/dialect", "Add /dialect"],
  ])("%s is 422 with its path and mend", async (_what, document, path, mend) => {
    const { status, body } = await harness.put("/api/v1/providers/p", document);
    expect(status).toBe(422);
    const problem = body.error.problems.find((one: { path: string }) => one.path === path);
    expect(problem?.mend).toContain(mend);
    expect((await harness.get("/api/v1/providers/p")).status).toBe(404);
  });
});
