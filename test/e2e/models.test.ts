// The list of models and one of them, as the three SDKs read them: what the key may call, and nothing else.
import Anthropic from "@anthropic-ai/sdk";
import { ApiError, GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { all, Gateway } from "./harness.ts";

let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;
let google: GoogleGenAI;
let startedAt: number;

const OWN = ["team/a:latest", "via-one", "via-two"];
/** Of others, and of nobody. */
const HIDDEN = ["secret", "via-nobody"];

beforeAll(async () => {
  startedAt = Math.floor(Date.now() / 1000);
  gateway = await Gateway.start({
    providers: [
      { id: "own", dialect: "openai", baseUrl: "http://127.0.0.1:9/v1", apiKey: "unused", allowPrivateAddress: true },
    ],
    targets: [{ id: "gpt", provider: "own", model: "gpt-demo" }],
    modelRoutes: [...OWN, "secret"].map((id) => ({ id, targets: [{ target: "gpt" }] })),
    consumers: [
      { id: "team", models: ["via-*", "team/*"] },
      { id: "guest", models: ["nothing-*"] },
    ],
  });
  clientsFor(gateway.key);
});

afterAll(async () => {
  const traps = await gateway.traps();
  await gateway.stop();
  expect(traps).toEqual([]);
});

function clientsFor(apiKey: string): void {
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 0 });
  google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway.url } });
}

const isRecent = (seconds: number) => seconds >= startedAt && seconds <= Date.now() / 1000;

describe("openai", () => {
  test("lists and gets", async () => {
    const models = await all(await openai.models.list());
    expect(models.map(({ id }) => id)).toEqual(OWN);
    for (const model of models) {
      expect(model).toMatchObject({ object: "model", owned_by: "sluice" });
      expect(model.created).toSatisfy(isRecent);
      expect(await openai.models.retrieve(model.id)).toEqual(model);
    }
  });

  test.each(HIDDEN)("%s is not found", async (name) => {
    const error = await openai.models.retrieve(name).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect([error.code, error.type]).toEqual(["model_not_found", "invalid_request_error"]);
  });
});

describe("@anthropic-ai/sdk", () => {
  test("lists and gets", async () => {
    const page = await anthropic.models.list();
    expect(page).toMatchObject({ has_more: false, first_id: OWN[0], last_id: OWN.at(-1) });
    const models = await all(page);
    expect(models.map(({ id }) => id)).toEqual(OWN);
    for (const model of models) {
      expect(model).toMatchObject({ type: "model", display_name: model.id });
      expect(Date.parse(model.created_at) / 1000).toSatisfy(isRecent);
      expect(await anthropic.models.retrieve(model.id)).toEqual(model);
    }
  });

  test.each(HIDDEN)("%s is not found", async (name) => {
    const error = await anthropic.models.retrieve(name).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(error.error).toMatchObject({ type: "error", error: { type: "not_found_error" } });
  });
});

describe("@google/genai", () => {
  test("lists and gets", async () => {
    const models = await all(await google.models.list());
    expect(models.map(({ name }) => name)).toEqual(OWN.map((id) => `models/${id}`));
    for (const model of models) {
      expect(model.displayName).toBe(model.name?.slice("models/".length));
      expect(model.supportedActions).toEqual(["generateContent", "streamGenerateContent"]);
      expect(await google.models.get({ model: model.name ?? "" })).toMatchObject(model);
      expect(await google.models.get({ model: model.displayName ?? "" })).toMatchObject(model);
    }
    // Its key, and OpenAI's path: the key's header says who asks.
    const v1 = await fetch(`${gateway.url}/v1/models`, { headers: { "x-goog-api-key": gateway.key } });
    expect(await v1.json()).toMatchObject({ models: expect.any(Array) });
  });

  test.each(HIDDEN)("%s is not found", async (name) => {
    const error = await google.models.get({ model: name }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error.status).toBe(404);
    expect(JSON.parse(error.message)).toMatchObject({
      error: { code: 404, status: "NOT_FOUND", details: [{ reason: "model_not_found", domain: "sluice" }] },
    });
  });
});

describe("what changes", () => {
  test("a route that is edited keeps its time, over a restart of the control plane too", async () => {
    const before = await openai.models.retrieve("via-two");
    await gateway.operator("PUT", "/model-routes/via-two", { targets: [{ target: "gpt" }], perTryTimeoutMs: 5000 });
    await gateway.live();
    expect(await openai.models.retrieve("via-two")).toEqual(before);
    await gateway.killControlPlane();
    await gateway.startControlPlane();
    await gateway.operator("PUT", "/model-routes/via-three", { targets: [{ target: "gpt" }] });
    await gateway.live();
    expect(await openai.models.retrieve("via-two")).toEqual(before);
    expect((await openai.models.retrieve("via-three")).created).toSatisfy(isRecent);
  });

  test("a key that may call nothing gets an empty list", async () => {
    clientsFor(await gateway.addKey("guest"));
    expect(await all(await openai.models.list())).toEqual([]);
    expect(await anthropic.models.list()).toMatchObject({ data: [], has_more: false, first_id: null, last_id: null });
    expect(await all(await google.models.list())).toEqual([]);
    await expect(openai.models.retrieve("via-one")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});
