// The operator API at its edges: tokens, methods, bodies that are not what they should be, health, and its OpenAPI
// document against what it really answers.
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../usage/random-events.js";
import { Harness, OPENAI, OPERATOR_TOKEN, putChain } from "./operator-harness.js";

/** References as zod reads them; patterns left out, as zod forgets that JSON Schema's are Unicode ones. */
function forZod(schema: unknown): Record<string, z.core.JSONSchema.JSONSchema> {
  const text = JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/");
  return JSON.parse(text, (key, value) => (key === "pattern" ? undefined : value));
}

const harness = new Harness();
beforeAll(() => harness.start());
afterAll(() => harness.remove());

describe("the operator token", () => {
  it.each([
    ["none", ""],
    ["a wrong one", "Bearer wrong-token-of-the-tests"],
    ["a part of it", `Bearer ${OPERATOR_TOKEN.slice(0, -1)}`],
    ["more than it", `Bearer ${OPERATOR_TOKEN}x`],
    ["another scheme", `Basic ${OPERATOR_TOKEN}`],
    ["no scheme", OPERATOR_TOKEN],
  ])("%s is 401, whether or not the path exists", async (_name, authorization) => {
    for (const path of ["/api/v1/providers", "/api/v1/nothing", "/api"]) {
      const { status, headers, body } = await harness.get(path, { authorization });
      expect(status).toBe(401);
      expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
      expect(body.error).toMatchObject({ code: "unauthorized", problems: [] });
    }
    const changed = await harness.put("/api/v1/consumers/c", {}, { authorization });
    expect(changed.status).toBe(401);
    expect((await harness.get("/api/v1/consumers/c")).status).toBe(404);
  });

  it("counts under any case of its scheme", async () => {
    expect((await harness.get("/api/v1/providers", { authorization: `bearer ${OPERATOR_TOKEN}` })).status).toBe(200);
  });
});

describe("a body", () => {
  const path = "/api/v1/consumers/c";
  it.each([
    ["that is not JSON", "{", {}, 400, "not_json"],
    ["that is empty", "", {}, 400, "not_json"],
    ["that holds a byte order mark only", "\ufeff", {}, 400, "not_json"],
    ["of another type", "models: []", { "content-type": "application/yaml" }, 415, "unsupported_media_type"],
    ["that only sounds like JSON", "{}", { "content-type": "application/jsonp" }, 415, "unsupported_media_type"],
    [
      "in another charset",
      "{}",
      { "content-type": "application/json; charset=iso-8859-1" },
      415,
      "unsupported_media_type",
    ],
    ["in an unknown encoding", "{}", { "content-encoding": "x-unknown" }, 415, "unsupported_media_type"],
    ["that says gzip and is not", "{}", { "content-encoding": "gzip" }, 400, "not_json"],
    ["over a mebibyte", `{"displayName":"${"x".repeat(1024 * 1024)}"}`, {}, 413, "body_too_large"],
  ])("%s is refused with the right status", async (_name, body, headers, status, code) => {
    const answer = await harness.put(path, body, headers);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.body.error.mend.length).toBeGreaterThan(0);
    expect((await harness.get(path)).status).toBe(404);
  });

  it("that unpacks to more than the limit is refused", async () => {
    const { host, port } = harness.running.api;
    const { status } = await fetch(`http://${host}:${port}${path}`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${OPERATOR_TOKEN}`,
        "content-type": "application/json",
        "content-encoding": "gzip",
      },
      body: gzipSync(`{"displayName":"${"x".repeat(8 * 1024 * 1024)}"}`),
    });
    expect(status).toBe(413);
  });

  it("with __proto__ is an unknown field like any other", async () => {
    const { status } = await harness.put(path, '{"__proto__":{"disabled":true}}');
    expect(status).toBe(422);
  });
});

describe("paths, methods and queries", () => {
  it("that do not exist are 404", async () => {
    for (const path of ["/", "/api/v1", "/api/v2/providers", "/api/v1/Providers", "/api/v1/providers/a/b"]) {
      expect((await harness.get(path)).body.error.code, path).toBe("unknown_path");
    }
  });

  it("that do not go together are 405 with what does", async () => {
    const answer = await harness.send("PATCH", "/api/v1/providers/openai", {});
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, PUT, DELETE");
    expect((await harness.post("/healthz")).status).toBe(405);
  });

  it.each(["dryrun=true", "dryRun=yes", "dryRun=true&dryRun=true", "limit=1"])("with ?%s are 400", async (query) => {
    const { status, body } = await harness.put(`/api/v1/providers/p?${query}`, OPENAI);
    expect([status, body.error.code]).toEqual([400, "invalid_query"]);
    expect((await harness.get("/api/v1/providers/p")).status).toBe(404);
  });

  it.each(["limit=0", "limit=1001", "limit=x", "page=2"])("with ?%s on a list are 400", async (query) => {
    expect((await harness.get(`/api/v1/targets?${query}`)).body.error.code).toBe("invalid_query");
  });
});

describe("health", () => {
  it("needs no token; ready follows the publisher", async () => {
    const open = { authorization: "" };
    expect((await harness.get("/healthz", open)).body).toEqual({ status: "ok" });
    harness.publisher.isReady = false;
    expect(await harness.get("/readyz", open)).toMatchObject({ status: 503, body: { status: "waiting" } });
    harness.publisher.isReady = true;
    expect(await harness.get("/readyz", open)).toMatchObject({ status: 200, body: { status: "ready" } });
  });

  it("of Envoys comes from the publisher", async () => {
    harness.publisher.envoys = [
      {
        nodeId: "n",
        connected: true,
        lastSeen: 0,
        revisions: [{ revision: 3n, state: "live" }],
        workers: [{ id: "w", revision: 3n, lastSeen: 1000 }],
      },
    ];
    expect((await harness.get("/api/v1/envoys")).body.items).toEqual([
      {
        nodeId: "n",
        connected: true,
        lastSeen: "1970-01-01T00:00:00.000Z",
        revisions: [{ revision: 3, state: "live" }],
        workers: [{ id: "w", revision: 3, lastSeen: "1970-01-01T00:00:01.000Z" }],
      },
    ]);
  });
});

describe("a failure inside", () => {
  it("is 500 without its words, and logged", async () => {
    const check = harness.publisher.check;
    harness.publisher.check = () => Promise.reject(new Error("inner words"));
    const { status, body } = await harness.put("/api/v1/providers/p", OPENAI);
    harness.publisher.check = check;
    expect([status, body.error.code]).toEqual([500, "internal_error"]);
    expect(JSON.stringify(body)).not.toContain("inner words");
    expect(harness.log.join("")).toContain("inner words");
    expect((await harness.get("/api/v1/providers/p")).status).toBe(404);
  });
});

describe("the OpenAPI document", () => {
  // biome-ignore lint/suspicious/noExplicitAny: read as any client would
  let document: any;
  beforeEach(async () => {
    document ??= (await harness.get("/api/v1/openapi.json", { authorization: "" })).body;
  });

  it("resolves all its references and names no operation twice", () => {
    const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(document.components.schemas, name).toHaveProperty(name);
    expect(JSON.stringify(document)).not.toContain("$defs");
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path as Record<string, { operationId: string }>).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(["putModelRoute", "createConsumerKey", "rollback", "putConfiguration"]));
  });

  it("describes what is really answered", async () => {
    await putChain(harness);
    await harness.put("/api/v1/consumers/search", {});
    await harness.usage.append([event("a")]);
    const { id: key } = (await harness.post("/api/v1/consumers/search/keys")).body;
    const calls: [string, string, string, unknown?][] = [
      ["get", "/api/v1/providers", "/api/v1/providers"],
      ["get", "/api/v1/providers/{id}", "/api/v1/providers/openai"],
      ["put", "/api/v1/targets/{id}", "/api/v1/targets/new", { provider: "openai", model: "m", defaultMaxTokens: 9 }],
      ["delete", "/api/v1/targets/{id}", "/api/v1/targets/new"],
      ["get", "/api/v1/model-routes/{id}", "/api/v1/model-routes/fast"],
      ["get", "/api/v1/configuration", "/api/v1/configuration"],
      ["put", "/api/v1/consumers/{id}", "/api/v1/consumers/search", { displayName: "Search" }],
      ["post", "/api/v1/consumers/{id}/keys", "/api/v1/consumers/search/keys", { name: "one" }],
      ["post", "/api/v1/consumers/{id}/keys/{keyId}/rotate", `/api/v1/consumers/search/keys/${key}/rotate`],
      ["post", "/api/v1/consumers/{id}/keys/{keyId}/rotate", `/api/v1/consumers/search/keys/${key}/rotate`],
      ["get", "/api/v1/consumers/{id}/keys", "/api/v1/consumers/search/keys"],
      ["put", "/api/v1/tenants/{id}", "/api/v1/tenants/globex", { operations: ["chat"] }],
      ["put", "/api/v1/departments/{id}", "/api/v1/departments/lab", { tenant: "globex", priority: "batch" }],
      ["put", "/api/v1/applications/{id}", "/api/v1/applications/a", { department: "gone" }],
      ["get", "/api/v1/departments", "/api/v1/departments?tenant=globex"],
      ["delete", "/api/v1/tenants/{id}", "/api/v1/tenants/globex"],
      ["put", "/api/v1/budgets/{id}", "/api/v1/budgets/b", { scope: { tenant: "gone" }, measure: "cost", limit: 1 }],
      ["get", "/api/v1/budgets", "/api/v1/budgets?tenant=globex"],
      ["put", "/api/v1/identity-providers/{id}", "/api/v1/identity-providers/i", { issuer: "i", audiences: ["a"] }],
      ["get", "/api/v1/identity-providers", "/api/v1/identity-providers"],
      ["get", "/api/v1/revisions", "/api/v1/revisions?limit=1"],
      ["get", "/api/v1/revisions/{revision}", "/api/v1/revisions/2"],
      ["post", "/api/v1/revisions/{revision}/rollback", "/api/v1/revisions/1/rollback?dryRun=true"],
      ["get", "/api/v1/envoys", "/api/v1/envoys"],
      ["get", "/api/v1/usage", "/api/v1/usage?from=2026-06-01&to=2026-07-01&groupBy=model&measures=durationMsP50"],
      ["get", "/api/v1/usage", "/api/v1/usage?step=week"],
      ["get", "/api/v1/usage/events", "/api/v1/usage/events?from=2026-06-01&to=2026-07-01"],
      ["post", "/api/v1/usage/events", "/api/v1/usage/events", { events: [event("b"), {}] }],
      ["post", "/api/v1/usage/events", "/api/v1/usage/events", { events: {} }],
      ["post", "/api/v1/usage/corrections", "/api/v1/usage/corrections", { corrects: "a", reason: "r", costNanos: 1 }],
      ["post", "/api/v1/usage/corrections", "/api/v1/usage/corrections", { corrects: "gone", reason: "r" }],
      ["get", "/api/v1/invoices/{month}", "/api/v1/invoices/2026-06"],
      ["get", "/readyz", "/readyz"],
      ["get", "/api/v1/providers/{id}", "/api/v1/providers/gone"],
      ["put", "/api/v1/providers/{id}", "/api/v1/providers/p", { colour: "red" }],
    ];
    const definitions = forZod(document.components.schemas);
    for (const [method, template, path, body] of calls) {
      const answer = await harness.send(method.toUpperCase(), path, body);
      const described = document.paths[template][method].responses[String(answer.status)];
      expect(described, `${method} ${path} ${answer.status}`).toBeDefined();
      const schema = forZod(described.content["application/json"].schema);
      const check = z.fromJSONSchema({ ...schema, $defs: definitions });
      expect(check.safeParse(answer.body).error, `${method} ${path} ${answer.status}`).toBeUndefined();
    }
  });

  it("holds examples that the API takes", async () => {
    const { schemas } = document.components;
    const [provider] = schemas.ProviderInput.examples;
    expect((await harness.put("/api/v1/providers/example?dryRun=true", provider)).status).toBe(200);
    for (const [path, schema] of [
      ["tenants/acme", "TenantInput"],
      ["departments/research", "DepartmentInput"],
      ["applications/search", "ApplicationInput"],
      ["consumers/example", "ConsumerInput"],
      ["budgets/example", "BudgetInput"],
    ] as const) {
      expect((await harness.put(`/api/v1/${path}`, schemas[schema].examples[0])).status, path).toBe(201);
    }
    const [correction] = schemas.UsageCorrection.examples;
    await harness.usage.append([event(correction.corrects)]);
    expect((await harness.post("/api/v1/usage/corrections", correction)).status).toBe(201);
    const [key] = schemas.ApiKeyInput.examples;
    const { id } = (await harness.post("/api/v1/consumers/example/keys", key)).body;
    const [rotation] = schemas.ApiKeyRotationInput.examples;
    expect((await harness.post(`/api/v1/consumers/example/keys/${id}/rotate`, rotation)).status).toBe(201);
  });
});
