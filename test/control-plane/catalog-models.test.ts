// The model catalogue: models.json is what the script makes of the installed package and our own file, and complete
// enough to be of use.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { catalogModels, catalogProviders } from "../../control-plane/catalog/catalog.js";
import { extraModelsSchema } from "../../control-plane/catalog/model-entry.js";
import { MODELS_FILE, modelCatalog, printed } from "../../scripts/update-catalog.mjs";

const CHAT_MODELS_MIN = 200;
const models = catalogModels();
const find = (provider: string, id: string) => models.find((model) => model.provider === provider && model.id === id);

describe("models.json", () => {
  it("is what npm run catalog:update writes for its day", () => {
    const written = readFileSync(MODELS_FILE, "utf8");
    expect(printed(modelCatalog(JSON.parse(written).asOf))).toBe(written);
  });

  it("holds at least 200 chat models, without counting a reseller's", () => {
    const own = models.filter(({ chat, provider }) => chat && provider !== "openrouter");
    expect(own.length).toBeGreaterThanOrEqual(CHAT_MODELS_MIN);
  });

  it("knows the provider of every model", () => {
    const known = new Set(catalogProviders().map(({ id }) => id));
    expect([...new Set(models.map(({ provider }) => provider))].filter((id) => !known.has(id))).toEqual([]);
  });

  it("takes prices over exactly, zero among them", () => {
    expect(find("openai", "gpt-4o-mini")?.prices).toMatchObject({ input: 150_000, output: 600_000, cacheRead: 75_000 });
    const free = models.filter(({ prices }) => prices?.input === 0 && prices.output === 0);
    expect(free.length).toBeGreaterThan(0);
  });

  it("keeps steps and times of day apart from the usual price", () => {
    const [tiered] = models.filter(({ tiers }) => tiers !== undefined);
    expect(tiered?.tiers?.[0]?.prices).not.toEqual(tiered?.prices);
    expect(find("deepseek", "deepseek-chat")?.timesOfDay?.[0]).toMatchObject({ from: "00:30:00Z", to: "16:30:00Z" });
  });

  it("calls no embedding or speech model a chat model", () => {
    const names = models.filter(({ chat }) => chat).map(({ id }) => id);
    expect(names.filter((id) => /embedding|whisper|^tts-|rerank|moderation/.test(id))).toEqual([]);
  });

  it("takes a later price on its first day, not before", () => {
    const days = ["2020-01-01", "2026-11-23"].map((day) => JSON.stringify(modelCatalog(day).models));
    expect(days[0]).not.toBe(days[1]);
  });
});

describe("models-extra.json", () => {
  const extra: unknown = JSON.parse(readFileSync(new URL("./models-extra.json", `file://${MODELS_FILE}`), "utf8"));

  it("is valid, names its sources and wins over the package", () => {
    const entries = extraModelsSchema.parse(extra);
    for (const entry of entries) expect(find(entry.provider, entry.id)).toMatchObject(entry);
  });

  it("adds the Chinese providers that the package lacks", () => {
    const providers = new Set(extraModelsSchema.parse(extra).map(({ provider }) => provider));
    for (const id of ["qwen", "doubao", "ernie", "hunyuan", "spark", "baichuan", "yi", "stepfun", "sensenova"]) {
      expect(providers).toContain(id);
    }
  });
});
