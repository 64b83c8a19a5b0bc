// Prices and metadata of targets: what the operator says over what the catalogue knows, in the answers of the operator API.
import { afterEach, beforeEach, expect, test } from "vitest";
import { Harness } from "./operator-harness.js";

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
  await harness.put("/api/v1/providers/openai", { catalog: "openai", apiKey: "k" });
  await harness.put("/api/v1/providers/own", { dialect: "openai", baseUrl: "https://models.example.com/v1" });
});
afterEach(() => harness.remove());

async function effective(document: object) {
  const put = await harness.put("/api/v1/targets/t", { provider: "openai", model: "gpt-4o-mini", ...document });
  expect(put.status).toBe(201);
  const { body } = await harness.get("/api/v1/targets/t");
  expect(put.body.resource).toEqual(body);
  return body.effective;
}

test("without an override the catalogue counts", async () => {
  expect(await effective({})).toMatchObject({
    contextTokens: 128_000,
    currency: "USD",
    prices: { input: 150_000, output: 600_000 },
  });
});

test("a price of the operator's stands in for the catalogue's, and zero is a price", async () => {
  const { prices, unitPrices, currency } = await effective({ prices: { input: 0 }, unitPrices: { image: 40_000 } });
  expect(prices).toMatchObject({ input: 0, output: 600_000 });
  expect(unitPrices).toMatchObject({ image: 40_000 });
  expect(currency).toBe("USD");
});

test("an own price holds at any size and time", async () => {
  const gemini = { catalog: "gemini", apiKey: "k" };
  await harness.put("/api/v1/providers/gemini", gemini);
  const model = { provider: "gemini", model: "gemini-2.5-pro" };
  await harness.put("/api/v1/targets/usual", model);
  expect((await harness.get("/api/v1/targets/usual")).body.effective.tiers).toBeDefined();
  expect(await effective({ ...model, prices: { input: 1 } })).not.toHaveProperty("tiers");
});

test("prices of two currencies are never mixed", async () => {
  const { currency, prices } = await effective({ currency: "CNY", prices: { input: 1_000_000 } });
  expect([currency, prices]).toEqual(["CNY", { input: 1_000_000 }]);
});

test("a model that nobody knows has what its document says", async () => {
  const own = { provider: "own", model: "llama" };
  const modalities = { input: ["text", "image"], output: ["text"] };
  expect(await effective({ ...own, contextTokens: 8192, modalities, prices: { input: 0, output: 0 } })).toEqual({
    contextTokens: 8192,
    modalities,
    currency: "USD",
    prices: { input: 0, output: 0 },
  });
  await harness.put("/api/v1/targets/bare", own);
  expect((await harness.get("/api/v1/targets/bare")).body.effective).toEqual({});
});

test.each([
  ["a fraction", { prices: { input: 0.15 } }, "/prices/input"],
  ["a negative price", { prices: { input: -1 } }, "/prices/input"],
  ["a price of nothing known", { prices: { breath: 1 } }, "/prices/breath"],
  ["another currency", { currency: "XAU" }, "/currency"],
  ["no context", { contextTokens: 0 }, "/contextTokens"],
])("%s is refused", async (_what, fields, path) => {
  const { status, body } = await harness.put("/api/v1/targets/t", { provider: "own", model: "m", ...fields });
  expect(status).toBe(422);
  expect(body.error.problems.map((problem: { path: string }) => problem.path)).toContain(path);
});
