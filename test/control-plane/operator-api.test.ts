// The operator API over HTTP, on the real store, with the delivery side recorded.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Harness, OPENAI, putChain } from "./operator-harness.js";

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.remove());

describe("a change", () => {
  it("is stored as the next revision and published with its credential", async () => {
    const { status, headers, body } = await harness.put("/api/v1/providers/openai", OPENAI);
    expect(status).toBe(201);
    expect(body).toMatchObject({ revision: 2, changed: true, dryRun: false });
    expect(body.resource).toEqual({
      id: "openai",
      dialect: "openai",
      baseUrl: "https://api.openai.com/v1",
      allowPrivateAddress: false,
      connectTimeoutMs: 5000,
      quirks: [],
      credential: { set: true, updatedAt: expect.any(String) },
    });
    const last = harness.publisher.published.at(-1)!;
    expect(last.input.revision).toBe(2n);
    expect(last.input.resources.providers.map(({ id }) => id)).toEqual(["openai"]);
    expect([...last.secrets]).toEqual([["openai", OPENAI.apiKey]]);
    const got = await harness.get("/api/v1/providers/openai");
    expect(got.body).toEqual(body.resource);
    expect(got.headers.get("etag")).toBe(headers.get("etag"));
  });

  it("that changes nothing makes no revision", async () => {
    await harness.put("/api/v1/providers/openai", OPENAI);
    const { status, body } = await harness.put("/api/v1/providers/openai", OPENAI);
    expect(status).toBe(200);
    expect(body).toMatchObject({ revision: 2, changed: false });
    expect(harness.publisher.published).toHaveLength(2);
  });

  it("of a credential alone makes a revision; one without a credential keeps it", async () => {
    await harness.put("/api/v1/providers/openai", OPENAI);
    const { apiKey: _, ...withoutKey } = OPENAI;
    const renewed = await harness.put("/api/v1/providers/openai", { ...OPENAI, apiKey: "provider-secret-two" });
    expect(renewed.body).toMatchObject({ revision: 3, changed: true });
    const kept = await harness.put("/api/v1/providers/openai", { ...withoutKey, displayName: "OpenAI" });
    expect(kept.body.resource.credential.set).toBe(true);
    expect(harness.publisher.published.at(-1)!.secrets.get("openai")).toBe("provider-secret-two");
  });

  it("in a dry run is checked and says what it would be, and leaves no trace", async () => {
    const { status, body } = await harness.put("/api/v1/providers/openai?dryRun=true", OPENAI);
    expect(status).toBe(200);
    expect(body).toMatchObject({ revision: 2, changed: true, dryRun: true, resource: { id: "openai" } });
    expect(harness.publisher.checked.at(-1)!.resources.providers).toHaveLength(1);
    expect(harness.publisher.published).toHaveLength(1);
    expect((await harness.get("/api/v1/providers/openai")).status).toBe(404);
    expect((await harness.get("/api/v1/revisions")).body.live).toBe(1);
  });

  it("that the publisher's check refuses is 422, not stored and not published", async () => {
    const problem = {
      kind: "provider",
      id: "openai",
      path: "/baseUrl",
      code: "x",
      message: "no",
      mend: "Do.",
    } as const;
    harness.publisher.problems = [problem];
    const { status, body } = await harness.put("/api/v1/providers/openai", OPENAI);
    expect(status).toBe(422);
    expect(body.error).toMatchObject({ code: "invalid_configuration", problems: [problem] });
    expect(harness.publisher.published).toHaveLength(1);
    expect((await harness.get("/api/v1/providers")).body.items).toEqual([]);
  });

  it("among many at once is never lost", async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `p${String(i).padStart(2, "0")}`);
    const answers = await Promise.all(ids.map((id) => harness.put(`/api/v1/providers/${id}`, OPENAI)));
    expect(new Set(answers.map(({ body }) => body.revision)).size).toBe(30);
    expect((await harness.get("/api/v1/providers")).body.items.map((item: { id: string }) => item.id)).toEqual(ids);
    const revisions = harness.publisher.published.map(({ input }) => input.revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => Number(a - b)));
  });
});

describe("a bad document", () => {
  const cases: [string, string, unknown, { path: string; code: string }][] = [
    ["an unknown field", "providers/p", { ...OPENAI, colour: "red" }, { path: "/colour", code: "unknown_field" }],
    ["a missing field", "targets/t", { model: "m" }, { path: "/provider", code: "missing_field" }],
    ["a wrong type", "targets/t", { provider: 7, model: "m" }, { path: "/provider", code: "invalid_type" }],
    [
      "plain http",
      "providers/p",
      { ...OPENAI, baseUrl: "http://a.example" },
      { path: "/baseUrl", code: "invalid_value" },
    ],
    [
      "a metadata service",
      "providers/p",
      { ...OPENAI, baseUrl: "https://169.254.169.254/" },
      { path: "/baseUrl", code: "invalid_value" },
    ],
    ["an id that is no id", "providers/UPPER", OPENAI, { path: "/id", code: "invalid_format" }],
    ["another id than the path's", "providers/p", { ...OPENAI, id: "q" }, { path: "/id", code: "id_mismatch" }],
    [
      "a target that is not there",
      "model-routes/m",
      { targets: [{ target: "gone" }] },
      { path: "/targets/0/target", code: "unknown_reference" },
    ],
    [
      "a provider that is not there",
      "targets/t",
      { provider: "gone", model: "m" },
      { path: "/provider", code: "unknown_reference" },
    ],
    ["a list instead of an object", "targets/t", [], { path: "", code: "invalid_type" }],
  ];
  it.each(cases)("with %s is 422 with path and mend, and changes nothing", async (_name, path, document, problem) => {
    const { status, body } = await harness.put(`/api/v1/${path}`, document);
    expect(status).toBe(422);
    const [first] = body.error.problems;
    expect(first).toMatchObject(problem);
    expect(first.mend.length).toBeGreaterThan(0);
    expect(first.message.length).toBeGreaterThan(0);
    const [segment, id] = path.split("/");
    expect(first).toMatchObject({ kind: segment!.slice(0, -1), id });
    expect(harness.publisher.published).toHaveLength(1);
    expect((await harness.get("/api/v1/revisions")).body.live).toBe(1);
  });

  it("does not come back with its credential in the error", async () => {
    const { status, body } = await harness.put("/api/v1/providers/p", { ...OPENAI, apiKey: "with spaces in it" });
    expect(status).toBe(422);
    expect(JSON.stringify(body)).not.toContain("with spaces");
  });
});

describe("ids in paths", () => {
  it("are percent-decoded, slashes too", async () => {
    await putChain(harness);
    const { status } = await harness.put("/api/v1/model-routes/team%2Ffast:2026", { targets: [{ target: "mini" }] });
    expect(status).toBe(201);
    expect((await harness.get("/api/v1/model-routes/team%2Ffast:2026")).body.id).toBe("team/fast:2026");
    expect((await harness.delete("/api/v1/model-routes/team%2Ffast:2026")).status).toBe(200);
  });

  it("that are malformed are 400", async () => {
    expect((await harness.get("/api/v1/model-routes/%E0%A4%A")).body.error.code).toBe("malformed_path");
  });
});

describe("delete", () => {
  it("is refused while something refers to it, and says what", async () => {
    await putChain(harness);
    const { status, body } = await harness.delete("/api/v1/targets/mini");
    expect(status).toBe(409);
    expect(body.error.code).toBe("still_referenced");
    expect(body.error.problems).toMatchObject([{ kind: "model-route", id: "fast", path: "/targets/0/target" }]);
    expect((await harness.delete("/api/v1/model-routes/fast")).body).toEqual({
      revision: 5,
      changed: true,
      dryRun: false,
    });
    expect((await harness.delete("/api/v1/targets/mini?dryRun=true")).body).toMatchObject({
      revision: 6,
      dryRun: true,
    });
    expect((await harness.delete("/api/v1/targets/mini")).status).toBe(200);
    expect((await harness.delete("/api/v1/targets/mini")).status).toBe(404);
  });

  it("erases the credential: a provider of the same name does not get it back", async () => {
    await harness.put("/api/v1/providers/openai", OPENAI);
    await harness.delete("/api/v1/providers/openai");
    const { apiKey: _, ...withoutKey } = OPENAI;
    const { body } = await harness.put("/api/v1/providers/openai", withoutKey);
    expect(body.resource.credential).toEqual({ set: false });
    expect(harness.publisher.published.at(-1)!.secrets.size).toBe(0);
  });
});

describe("preconditions", () => {
  it("let a change through only on what its author saw", async () => {
    const { headers } = await harness.put("/api/v1/providers/openai", OPENAI);
    const seen = headers.get("etag")!;
    const changed = { ...OPENAI, displayName: "one" };
    expect((await harness.put("/api/v1/providers/openai", changed, { "if-match": seen })).status).toBe(200);
    const late = await harness.put("/api/v1/providers/openai", { ...OPENAI, displayName: "two" }, { "if-match": seen });
    expect(late.status).toBe(412);
    expect(late.body.error.code).toBe("precondition_failed");
    expect((await harness.delete("/api/v1/providers/openai", { "if-match": seen })).status).toBe(412);
    expect((await harness.put("/api/v1/providers/openai", OPENAI, { "if-none-match": "*" })).status).toBe(412);
    expect((await harness.put("/api/v1/providers/new", OPENAI, { "if-match": "*" })).status).toBe(412);
    expect((await harness.get("/api/v1/providers/openai")).body.displayName).toBe("one");
  });

  it("answer 304 to a reader who has it", async () => {
    const { headers } = await harness.put("/api/v1/consumers/c", {});
    const etag = headers.get("etag")!;
    // fetch's own cache mode sends no-cache with a condition, which asks for the whole answer.
    expect(
      (await harness.get("/api/v1/consumers/c", { "if-none-match": etag, "cache-control": "max-age=0" })).status,
    ).toBe(304);
  });
});

describe("the configuration as a whole", () => {
  const whole = {
    providers: [{ id: "openai", ...OPENAI }],
    targets: [{ id: "mini", provider: "openai", model: "gpt-4o-mini" }],
    modelRoutes: [
      { id: "zeta", targets: [{ target: "mini" }] },
      { id: "alpha", targets: [{ target: "mini" }] },
    ],
  };

  it("is one revision, sorted, and can be put back as it was got", async () => {
    const { body } = await harness.put("/api/v1/configuration", whole);
    expect(body).toEqual({ revision: 2, changed: true, dryRun: false });
    const got = await harness.get("/api/v1/configuration");
    expect(got.body.modelRoutes.map((route: { id: string }) => route.id)).toEqual(["alpha", "zeta"]);
    expect(JSON.stringify(got.body)).not.toContain(OPENAI.apiKey);
    const again = await harness.put("/api/v1/configuration", got.body, { "if-match": got.headers.get("etag")! });
    expect(again.body).toEqual({ revision: 2, changed: false, dryRun: false });
    expect(harness.publisher.published.at(-1)!.secrets.get("openai")).toBe(OPENAI.apiKey);
  });

  it("takes a thousand model routes", async () => {
    const modelRoutes = Array.from({ length: 1000 }, (_, i) => ({ id: `route-${i}`, targets: [{ target: "mini" }] }));
    expect((await harness.put("/api/v1/configuration", { ...whole, modelRoutes })).body.revision).toBe(2);
    const page = await harness.get("/api/v1/model-routes?limit=10&after=route-99");
    expect(page.body.items.map((route: { id: string }) => route.id)[0]).toBe("route-990");
    expect((await harness.get("/api/v1/model-routes")).body).toMatchObject({ items: { length: 1000 } });
  });

  it("is refused with every problem placed in its document", async () => {
    const { status, body } = await harness.put("/api/v1/configuration", {
      providers: [{ id: "openai", ...OPENAI, colour: "red" }, OPENAI],
      targets: [...whole.targets, ...whole.targets],
      routes: [],
    });
    expect(status).toBe(422);
    const found = body.error.problems.map((p: { kind?: string; id?: string; path: string; code: string }) =>
      [p.kind, p.id, p.path, p.code].join(" "),
    );
    expect(found.sort()).toEqual([
      "  /modelRoutes missing_field",
      "  /providers/1/id missing_field",
      "  /routes unknown_field",
      "provider openai /colour unknown_field",
      "target mini /id duplicate_id",
    ]);
    expect(harness.publisher.published).toHaveLength(1);
  });
});

describe("revisions", () => {
  it("are listed with their cause, read back, and rolled back to", async () => {
    await putChain(harness);
    await harness.put("/api/v1/targets/mini", { provider: "openai", model: "gpt-4o" });
    const list = await harness.get("/api/v1/revisions?limit=2");
    expect(list.body).toMatchObject({
      live: 5,
      items: [{ revision: 5, cause: "put target/mini" }, { revision: 4 }],
      next: 4,
    });
    expect((await harness.get("/api/v1/revisions?before=3")).body.items).toHaveLength(2);

    harness.publisher.envoys = [
      {
        nodeId: "n",
        connected: true,
        revisions: [{ revision: 4n, state: "rejected", detail: "why" }],
        workers: [],
        lastSeen: 0,
      },
    ];
    const old = await harness.get("/api/v1/revisions/4");
    expect(old.body).toMatchObject({
      live: false,
      targets: [{ model: "gpt-4o-mini" }],
      envoys: [{ nodeId: "n", state: "rejected", detail: "why" }],
    });

    expect((await harness.post("/api/v1/revisions/4/rollback?dryRun=true")).body).toMatchObject({
      revision: 6,
      dryRun: true,
    });
    const { body } = await harness.post("/api/v1/revisions/4/rollback");
    expect(body).toEqual({ revision: 6, changed: true, dryRun: false, providersWithoutCredential: [] });
    expect((await harness.get("/api/v1/targets/mini")).body.model).toBe("gpt-4o-mini");
    expect(harness.publisher.published.at(-1)!.input.revision).toBe(6n);
  });

  it("bring back no credential that was erased, and say so", async () => {
    await putChain(harness);
    await harness.put("/api/v1/configuration", { providers: [], targets: [], modelRoutes: [] });
    const { body } = await harness.post("/api/v1/revisions/4/rollback");
    expect(body).toMatchObject({ revision: 6, providersWithoutCredential: ["openai"] });
  });

  it.each(["99", "0", "x", "-1", "1e1", "99999999999999999999"])("%s is not there", async (number) => {
    expect((await harness.get(`/api/v1/revisions/${number}`)).body.error.code).toBe("revision_not_found");
    expect((await harness.post(`/api/v1/revisions/${number}/rollback`)).status).toBe(404);
  });
});

describe("a restart", () => {
  it("publishes the stored revision and its credentials before it listens", async () => {
    await putChain(harness);
    await harness.stop();
    await harness.start();
    expect(harness.publisher.published).toHaveLength(1);
    const [{ input, secrets }] = harness.publisher.published as [(typeof harness.publisher.published)[0]];
    expect(input.revision).toBe(4n);
    expect(input.resources.modelRoutes).toMatchObject([{ id: "fast", perTryTimeoutMs: 120_000 }]);
    expect(secrets.get("openai")).toBe(OPENAI.apiKey);
    expect(harness.publisher.listening).toBe(true);
  });

  it("under another master key is refused by the names of the variables; with both keys it re-seals", async () => {
    await putChain(harness);
    await harness.stop();
    const newKey = Buffer.alloc(32, 7);
    await expect(harness.start({ masterKeys: [newKey] })).rejects.toThrow(/SLUICE_MASTER_KEY/);
    await harness.start({ masterKeys: [newKey, harness.masterKey] });
    await harness.stop();
    await harness.start({ masterKeys: [newKey] });
    expect(harness.publisher.published[0]!.secrets.get("openai")).toBe(OPENAI.apiKey);
  });

  it("keeps the tokens that were made", async () => {
    const first = harness.tokens;
    expect(first.xds).toMatch(/^[\w-]{43}$/);
    expect(new Set(Object.values(first)).size).toBe(3);
    await harness.stop();
    await harness.start();
    expect(harness.tokens).toEqual(first);
  });

  it("is refused while another control plane has the data directory", async () => {
    const other = new Harness();
    await expect(other.start({ dataDirectory: harness.settings().dataDirectory })).rejects.toThrow(/SLUICE_DATA_DIR/);
    await other.remove();
  });

  it("names port and variable when the port is taken", async () => {
    const url = (await harness.get("/healthz")).status;
    expect(url).toBe(200);
    const other = new Harness();
    const { createServer } = await import("node:net");
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await expect(other.start({ api: { host: "127.0.0.1", port } })).rejects.toThrow(
      new RegExp(`SLUICE_API_PORT.*port ${port} on 127\\.0\\.0\\.1 is taken`),
    );
    expect(other.publisher.listening).toBe(false);
    server.close();
    await other.remove();
  });
});

describe("secrets", () => {
  it("are in no file of the data directory, no log line and no answer", async () => {
    await putChain(harness);
    await harness.put("/api/v1/consumers/search", {});
    const created = await harness.post("/api/v1/consumers/search/keys", { name: "one" });
    const { key } = created.body;
    const answers = await Promise.all(
      [
        "providers",
        "providers/openai",
        "configuration",
        "revisions/4",
        "consumers/search/keys",
        "envoys",
        "openapi.json",
      ].map((path) => harness.get(`/api/v1/${path}`)),
    );
    const said = JSON.stringify(answers.map(({ body }) => body)) + harness.log.join("");
    const data = harness.settings().dataDirectory;
    const files = readdirSync(data).map((name) => join(data, name));
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const secret of [OPENAI.apiKey, key]) {
      expect(said).not.toContain(secret);
      for (const file of files) expect(readFileSync(file).includes(secret), file).toBe(false);
    }
    for (const token of Object.values(harness.tokens)) expect(said).not.toContain(token);
    for (const file of files) expect(statSync(file).mode & 0o077, file).toBe(0);
    expect(statSync(data).mode & 0o077).toBe(0);
  });
});
