// The rules of the resource schemas, one defect a line.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { danglingReferences, referencesTo } from "../../control-plane/configuration/references.js";
import { OPERATIONS } from "../../control-plane/resources/access.js";
import type { PrincipalKind } from "../../control-plane/resources/common.js";
import { AUTH_STYLES, authStyle, DIALECTS } from "../../control-plane/resources/dialect.js";
import { modelRouteSchema } from "../../control-plane/resources/model-route.js";
import { PRINCIPAL_NOUNS } from "../../control-plane/resources/principal.js";
import { jsonPointer } from "../../control-plane/resources/problems.js";
import { providerInputSchema, providerSchema } from "../../control-plane/resources/provider.js";
import { targetSchema } from "../../control-plane/resources/target.js";

const provider = { id: "p", dialect: "openai", baseUrl: "https://api.example.com/v1" };

describe("a provider's base URL", () => {
  it.each([
    ["https://API.Example.com/v1/", "https://api.example.com/v1"],
    ["https://api.example.com", "https://api.example.com"],
    ["https://api.example.com:443/a//", "https://api.example.com/a"],
    ["https://b\u00fccher.example/v1", "https://xn--bcher-kva.example/v1"],
  ])("%s is kept as %s", (baseUrl, kept) => {
    expect(providerSchema.parse({ ...provider, baseUrl }).baseUrl).toBe(kept);
  });

  it.each([
    "api.example.com",
    "ftp://api.example.com",
    "http://api.example.com",
    "https://user:secret@api.example.com",
    "https://api.example.com/v1?x=1",
    "https://api.example.com/v1#x",
    "https://api.example.com:0/v1",
    "https://localhost/v1",
    "https://api.localhost/v1",
    "https://127.0.0.1/v1",
    "https://2130706433/v1",
    "https://0x7f.1/v1",
    "https://10.1.2.3/v1",
    "https://169.254.169.254/latest",
    "https://[::1]/v1",
    "https://[::ffff:127.0.0.1]/v1",
    "https://[::ffff:a9fe:a9fe]/v1",
    "https://[64:ff9b::7f00:1]/v1",
    "https://[2002:7f00:1::]/v1",
    "https://100.100.100.200/v1",
    "https://[fd00::1]/v1",
  ])("%s is refused", (baseUrl) => {
    const { error } = providerSchema.safeParse({ ...provider, baseUrl });
    expect(error?.issues.map((issue) => issue.path)).toContainEqual(["baseUrl"]);
  });

  it.each(["http://127.0.0.1:9000", "https://10.1.2.3/v1", "http://localhost:11434/v1"])(
    "%s is taken with allowPrivateAddress",
    (baseUrl) =>
      expect(providerSchema.safeParse({ ...provider, baseUrl, allowPrivateAddress: true }).success).toBe(true),
  );
});

describe("a provider", () => {
  it("has no credential in its document", () => {
    expect(providerSchema.safeParse({ ...provider, apiKey: "k" }).success).toBe(false);
    expect(providerInputSchema.safeParse({ ...provider, apiKey: "k" }).success).toBe(true);
  });
  it.each(["", "a b", "a\nb", "caf\u00e9", "x".repeat(8193)])("has no credential %j", (apiKey) => {
    expect(providerInputSchema.safeParse({ ...provider, apiKey }).success).toBe(false);
  });
  it("takes certificates only as certificates", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    for (const caCertificates of ["", "text", pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]) {
      expect(providerSchema.safeParse({ ...provider, tls: { caCertificates } }).success).toBe(false);
    }
  });
});

describe("a provider's dialect", () => {
  const parse = (fields: object) => providerInputSchema.safeParse({ baseUrl: provider.baseUrl, ...fields });
  const azure = { dialect: "azure", apiVersion: "2024-10-21" };

  it.each(Object.entries(DIALECTS))("%s sends its credential in its own header", (dialect, { auth }) => {
    const made = parse({ ...(dialect === "azure" ? azure : { dialect }) }).data;
    expect(made).toMatchObject({ dialect, quirks: [], auth: undefined });
    expect(authStyle(made!)).toEqual(AUTH_STYLES[auth]);
  });

  it("can be told to send it in another", () => {
    expect(authStyle(parse({ ...azure, auth: "bearer" }).data!)).toEqual(AUTH_STYLES.bearer);
    expect(authStyle(parse({ ...azure, auth: "none" }).data!)).toBeUndefined();
  });

  it("is fitted by quirks in one order, each once", () => {
    const quirks = ["single_choice", "max_tokens_only", "single_choice"];
    expect(parse({ dialect: "openai", quirks }).data?.quirks).toEqual(["max_tokens_only", "single_choice"]);
  });

  it.each([
    ["azure without its version", { dialect: "azure" }, "apiVersion"],
    ["a version that would be more than one", { ...azure, apiVersion: "2024-10-21&x=y" }, "apiVersion"],
    ["a version of what has none", { dialect: "anthropic", apiVersion: "2023-06-01" }, "apiVersion"],
    ["a key that would never be sent", { dialect: "openai", auth: "none", apiKey: "k" }, "apiKey"],
    ["a quirk that nobody knows", { dialect: "openai", quirks: ["odd"] }, "quirks"],
    ["a dialect that nobody speaks", { dialect: "smtp" }, "dialect"],
  ])("%s is refused", (_what, fields, path) => {
    expect(parse(fields).error?.issues.map((issue) => issue.path[0])).toEqual([path]);
  });

  it("of a catalogue entry brings the entry's header and quirks, which may be overridden", () => {
    const base = { catalog: "mistral" };
    expect(providerInputSchema.parse(base).quirks).toEqual([
      "max_tokens_only",
      "no_stream_options",
      "seed_as_random_seed",
    ]);
    expect(providerInputSchema.parse({ ...base, quirks: [] }).quirks).toEqual([]);
    expect(providerInputSchema.parse({ ...base, dialect: "anthropic" }).quirks).toEqual([]);
    const local = { catalog: "ollama", parameters: { host: "10.0.0.1" }, allowPrivateAddress: true };
    expect(providerInputSchema.parse(local).auth).toBe("none");
    // Ollama behind a proxy that asks for a key.
    expect(providerInputSchema.parse({ ...local, apiKey: "k" }).auth).toBeUndefined();
  });
});

describe("names", () => {
  it.each(["", "A", "-a", "a/b", "a b", "x".repeat(64), "\u00e9"])("%j is no id", (id) => {
    expect(targetSchema.safeParse({ id, provider: "p", model: "m" }).success).toBe(false);
  });
  it.each(["gpt-4o", "team/fast:2026", "\u6a21\u578b", "caf\u00e9", "4"])("%j is a model's name", (id) => {
    expect(modelRouteSchema.safeParse({ id, targets: [{ target: "t" }] }).success).toBe(true);
  });
  it.each(["", ".", "..", "/a", "a b", 'a"b', "a\\b", "cafe\u0301", "\u6a21".repeat(86), "a\u0000"])(
    "%j is no model's name",
    (id) => expect(modelRouteSchema.safeParse({ id, targets: [{ target: "t" }] }).success).toBe(false),
  );
  it.each(["*", "gpt-*", "team/a"])("%j is a pattern", (pattern) => {
    expect(PRINCIPAL_NOUNS.consumer.schema.safeParse({ id: "c", models: [pattern] }).success).toBe(true);
  });
  it.each(["", "**", "a*b", "*a", "a b"])("%j is no pattern", (pattern) => {
    expect(PRINCIPAL_NOUNS.consumer.schema.safeParse({ id: "c", models: [pattern] }).success).toBe(false);
  });
});

describe("a principal", () => {
  const problemsOf = (kind: PrincipalKind, document: object) =>
    (PRINCIPAL_NOUNS[kind].inputSchema.safeParse(document).error?.issues ?? []).map(({ path }) => jsonPointer(path));

  it("names one parent of any wider kind", () => {
    expect(problemsOf("consumer", {})).toEqual([]);
    expect(problemsOf("consumer", { tenant: "acme" })).toEqual([]);
    expect(problemsOf("application", { tenant: "acme" })).toEqual([]);
    expect(problemsOf("consumer", { application: "search", tenant: "acme", department: "x" })).toEqual([
      "/department",
      "/tenant",
    ]);
    for (const [kind, parent] of [
      ["tenant", "tenant"],
      ["tenant", "department"],
      ["department", "application"],
      ["application", "application"],
      ["consumer", "consumer"],
    ] as const) {
      expect(PRINCIPAL_NOUNS[kind].inputSchema.safeParse({ [parent]: "x" }).success, `${parent} of a ${kind}`).toBe(
        false,
      );
    }
  });

  it.each([
    [{ operations: [] }, "/operations"],
    [{ operations: ["chat", "Chat"] }, "/operations/1"],
    [{ operations: ["models_list"] }, "/operations/0"],
    [{ priority: "Urgent!" }, "/priority"],
    [{ models: [] }, "/models"],
    // One below each other, the patterns of all levels have to fit into one lease.
    [{ models: Array.from({ length: 12 }, (_, i) => `${i}${"x".repeat(248)}`) }, "/models"],
  ])("%j is refused at %s", (document, path) => {
    expect(problemsOf("department", document)).toEqual([path]);
  });
});

it("every operation that can be allowed is documented", () => {
  const page = readFileSync(new URL("../../docs/tenancy.md", import.meta.url), "utf8");
  const documented = /^Operations: ([\s\S]+?), and `passed`/m
    .exec(page)![1]!
    .match(/`(\w+)`/g)!
    .join();
  const named = OPERATIONS.filter((name) => name !== "passed");
  expect(documented.split(",").sort()).toEqual(named.map((name) => `\`${name}\``).sort());
});

describe("a target and a model route", () => {
  it.each(["", "a\nb", "\ud800", "x".repeat(257)])("model %j is refused", (model) => {
    expect(targetSchema.safeParse({ id: "t", provider: "p", model }).success).toBe(false);
  });
  it.each([0, 17])("%s targets are refused", (count) => {
    const targets = Array.from({ length: count }, () => ({ target: "t" }));
    expect(modelRouteSchema.safeParse({ id: "m", targets }).success).toBe(false);
  });
});

describe("references", () => {
  const set = {
    providers: [providerSchema.parse(provider)],
    targets: [targetSchema.parse({ id: "t", provider: "p", model: "m" })],
    modelRoutes: [modelRouteSchema.parse({ id: "r", targets: [{ target: "t" }, { target: "gone" }] })],
  };
  it("are found where they dangle, and where they hold something", () => {
    expect(danglingReferences(set)).toMatchObject([{ kind: "model-route", id: "r", path: "/targets/1/target" }]);
    expect(danglingReferences({ ...set, providers: [] })).toMatchObject([
      { kind: "target", path: "/provider" },
      { id: "r" },
    ]);
    expect(referencesTo(set, "provider", "p")).toMatchObject([{ kind: "target", id: "t", path: "/provider" }]);
    // A provider and a target may have the same id.
    expect(referencesTo(set, "provider", "t")).toEqual([]);
  });
});

it("a JSON pointer escapes what RFC 6901 escapes", () => {
  expect(jsonPointer([])).toBe("");
  expect(jsonPointer(["a/b", 0, "~"])).toBe("/a~1b/0/~0");
});
