// The catalogue's data as a whole: every entry of providers.json by its schema, and what only the whole can break.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { catalogModels, catalogProviders, findProviderEntry } from "../../control-plane/catalog/catalog.js";
import { providerCatalogSchema, providerEntrySchema, QUIRKS } from "../../control-plane/catalog/provider-entry.js";
import { AUTH_STYLES, authStyle, DIALECTS } from "../../control-plane/resources/dialect.js";
import { providerInputSchema } from "../../control-plane/resources/provider.js";

/** Those that the product promises, by their ids here. */
const PROMISED = (
  "openai azure-openai anthropic aws-bedrock gemini vertex-ai mistral groq together fireworks cerebras sambanova cohere " +
  "xai deepseek perplexity openrouter nvidia-nim nebius novita deepinfra hyperbolic ai21 github-models " +
  "cloudflare-workers-ai databricks qwen doubao ernie metaso moonshot zhipu minimax hunyuan spark baichuan yi stepfun " +
  "siliconflow sensenova vllm sglang ollama llama-cpp tgi lm-studio xinference localai"
).split(" ");

describe("providers.json", () => {
  const entries = catalogProviders();

  it("is valid, with unique ids", () => {
    expect(entries.length).toBeGreaterThanOrEqual(PROMISED.length);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  });

  it.each(PROMISED)("has %s", (id) => {
    expect(findProviderEntry(id)).toBeDefined();
  });

  it.each(entries)("$id makes a provider", (entry) => {
    const needed = Object.entries(entry.parameters).filter(([, parameter]) => parameter.default === undefined);
    const parameters = Object.fromEntries(needed.map(([name]) => [name, "example.com"]));
    const allowPrivateAddress = entry.region === "self-hosted";
    const made = providerInputSchema.parse({ catalog: entry.id, parameters, allowPrivateAddress });
    expect(made).toMatchObject({ catalog: entry.id, dialect: entry.dialect, quirks: [...entry.quirks].sort() });
    expect(authStyle(made)).toEqual(AUTH_STYLES[entry.auth]);
    expect(made.baseUrl).not.toMatch(/[{}]/);
  });

  it("has an entry of every dialect", () => {
    expect(Object.keys(DIALECTS).filter((name) => !entries.some(({ dialect }) => dialect === name))).toEqual([]);
  });

  it("names the models of entries that have some", () => {
    const shelves = new Set(catalogModels().map(({ provider }) => provider));
    expect(entries.flatMap(({ modelsOf }) => modelsOf).filter((id) => !shelves.has(id))).toEqual([]);
  });

  it("uses every quirk that it names", () => {
    const used = new Set(entries.flatMap(({ quirks }) => quirks));
    expect(Object.keys(QUIRKS).filter((quirk) => !used.has(quirk as keyof typeof QUIRKS))).toEqual([]);
  });

  it("has every quirk in docs/catalog.md, in the same words", () => {
    const page = readFileSync(new URL("../../docs/catalog.md", import.meta.url), "utf8").replaceAll("`", "");
    for (const [quirk, meaning] of Object.entries(QUIRKS)) expect(page).toContain(`| ${quirk} | ${meaning} |`);
  });
});

describe("an entry is refused", () => {
  const entry = {
    id: "some",
    names: { en: "Some", zh: "某" },
    region: "global",
    baseUrl: "https://api.example.com/v1",
    auth: "bearer",
    dialect: "openai",
    quirks: [],
    source: "https://docs.example.com",
  };

  it("but not as it stands", () => {
    expect(providerEntrySchema.safeParse(entry).success).toBe(true);
  });

  it.each([
    ["without https", { baseUrl: "http://api.example.com/v1" }, "baseUrl"],
    ["at a private address", { baseUrl: "https://10.0.0.1/v1" }, "baseUrl"],
    ["without a source", { source: undefined }, "source"],
    ["with a placeholder that is not declared", { baseUrl: "https://{region}.example.com" }, "parameters"],
    ["with a parameter that is not used", { parameters: { region: { description: "Region." } } }, "parameters"],
    ["with a quirk that nobody defined", { quirks: ["no_such_quirk"] }, "quirks"],
  ])("%s", (_what, change, field) => {
    const { error } = providerEntrySchema.safeParse({ ...entry, ...change });
    expect(error?.issues.map(({ path }) => path[0])).toContain(field);
  });

  it("with an id that is taken", () => {
    expect(providerCatalogSchema.safeParse([entry, entry]).success).toBe(false);
  });
});
