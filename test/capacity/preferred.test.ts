// What a tenant prefers of a model route's targets: their order in the plan, beside their capacity.
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { apiKeyDigest } from "../../control-plane/keys.js";
import { Harness, putChain } from "../control-plane/operator-harness.js";
import { PlayedGateway } from "./played-gateway.js";

const TARGETS = ["gpt-a", "claude", "gpt-b", "qwen"];

describe("a tenant's preferred models", () => {
  test.each([
    [[], ["gpt-a", "claude", "gpt-b", "qwen"]],
    [["qwen-model"], ["qwen", "gpt-a", "claude", "gpt-b"]],
    [
      ["gpt-b-model", "claude*"],
      ["gpt-b", "claude", "gpt-a", "qwen"],
    ],
    [["gpt-*"], ["gpt-a", "gpt-b", "claude", "qwen"]],
    [
      ["qwen*", "gpt-*"],
      ["qwen", "gpt-a", "gpt-b", "claude"],
    ],
    [
      ["nobody", "*"],
      ["gpt-a", "claude", "gpt-b", "qwen"],
    ],
  ] as [string[], string[]][])("%j come first", (preferred, plan) => {
    const gateway = new PlayedGateway({ targets: TARGETS });
    expect(gateway.plan(gateway.ask({ rank: 1, tenant: "acme", preferred }))).toEqual(plan);
  });

  test("that have no room are left for the next ones", () => {
    const gateway = new PlayedGateway({ targets: TARGETS });
    gateway.declare({ qwen: { concurrentRequests: 1 } });
    const caller = { rank: 1, tenant: "acme", preferred: ["qwen*", "claude*"] };
    expect(gateway.plan(gateway.ask(caller))).toEqual(["qwen", "claude", "gpt-a", "gpt-b"]);
    expect(gateway.plan(gateway.ask(caller))).toEqual(["claude", "qwen", "gpt-a", "gpt-b"]);
  });
});

describe("as operators write them", () => {
  const harness = new Harness();
  beforeEach(async () => {
    await harness.start();
    await putChain(harness);
  });
  afterEach(() => harness.remove());

  it("reach the leases of all keys below the tenant", async () => {
    const preferredModels = ["anthropic.claude-*", "@cf/meta/llama-3.1-8b:free", "*"];
    expect((await harness.put("/api/v1/tenants/acme", { preferredModels })).body.resource).toMatchObject({
      preferredModels,
    });
    await harness.put("/api/v1/consumers/ada", { tenant: "acme" });
    const { key } = (await harness.post("/api/v1/consumers/ada/keys", {})).body;
    expect((await harness.leases.lookup(apiKeyDigest(key))).preferredModels).toEqual(preferredModels);
  });

  it.each([
    ["an empty list", "tenants/acme", [], "/preferredModels"],
    ["a star in the middle", "tenants/acme", ["gpt-4o", "gpt-*-mini"], "/preferredModels/1"],
    ["a quote", "tenants/acme", ['a"b'], "/preferredModels/0"],
    ["too many", "tenants/acme", Array(17).fill("m"), "/preferredModels"],
    ["another level than the tenant", "departments/lab", ["m"], "/preferredModels"],
  ])("with %s are refused", async (_name, path, preferredModels, place) => {
    const { status, body } = await harness.put(`/api/v1/${path}`, { preferredModels });
    expect(status).toBe(422);
    expect(body.error.problems).toMatchObject([{ path: place }]);
  });
});
