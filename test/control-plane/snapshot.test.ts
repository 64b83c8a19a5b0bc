// The compiler and its checks: what the filter reads, how clusters are named, and what is refused before it is stored.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CONFIG_HEADER_BYTES,
  CONFIG_MAGIC,
  Dialect,
  MODEL_ROUTE_BYTES,
  Quirk,
  ROUTE_NAME_BYTES,
  RouteFlag,
  TARGET_HEADER_BYTES,
} from "../../control-plane/contract.js";
import { StartError } from "../../control-plane/errors.js";
import type { CompileInput, CompileSettings, ResourceSet } from "../../control-plane/ports.js";
import type { Provider } from "../../control-plane/resources/provider.js";
import { check } from "../../control-plane/snapshot/check.js";
import { FilterCheck } from "../../control-plane/snapshot/filter-check.js";
import { compile, providerSecrets } from "../../control-plane/snapshot/snapshot.js";
import { toAny } from "../../control-plane/xds/registry.js";
import { FILTER_WASM, resourceSet } from "./delivery-harness.js";

const SETTINGS: CompileSettings = {
  gateway: { host: "127.0.0.1", port: 10_000 },
  callout: { kind: "unix", path: "/run/sluice/callout.sock" },
  calloutTls: undefined,
  requestBodyBytesMax: 1_000_000,
  usageLogFile: undefined,
  calloutTimeoutMs: 250,
};
const CREATED = 1_767_225_600;
const input = (resources: ResourceSet, revision = 7n): CompileInput => ({
  revision,
  resources,
  routesCreated: new Map(resources.modelRoutes.map(({ id }) => [id, CREATED])),
  settings: SETTINGS,
});

let filter: FilterCheck;
beforeAll(async () => {
  filter = await FilterCheck.load(FILTER_WASM);
});

/** A reader of ARCHITECTURE.md §2.4 that shares nothing with the writer. */
class ConfigReader {
  constructor(private readonly bytes: Buffer) {}
  u32 = (offset: number) => this.bytes.readUInt32LE(offset);
  text(offset: number): string {
    return this.bytes.toString("utf8", offset + 2, offset + 2 + this.bytes.readUInt16LE(offset));
  }
  route(name: string) {
    const mask = this.u32(28) - 1;
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.u32(this.u32(32) + slot * 4);
      if (entry === 0) return undefined;
      const row = this.u32(56) + (entry - 1) * ROUTE_NAME_BYTES;
      if (this.text(this.u32(row)) !== name) continue;
      const at = this.u32(24) + this.u32(row + 4) * MODEL_ROUTE_BYTES;
      const targets = Array.from({ length: this.u32(at + 12) }, (_, i) =>
        this.target(this.u32(this.u32(at + 16) + i * 4)),
      );
      return {
        flags: this.u32(at + 4),
        perTryTimeoutMs: this.u32(at + 8),
        created: this.u32(at + 20),
        targets,
      };
    }
  }
  private target(at: number) {
    const fields: string[] = [];
    let offset = at + TARGET_HEADER_BYTES;
    while (offset < at + this.bytes.readUInt16LE(at)) {
      fields.push(this.text(offset));
      offset += 2 + this.bytes.readUInt16LE(offset);
    }
    const [cluster, id, authority, basePath, model, query] = fields;
    return {
      dialect: this.bytes[at + 2],
      defaultMaxTokens: this.u32(at + 4),
      cluster,
      id,
      authority,
      basePath,
      model,
      quirks: this.u32(at + 8),
      query,
    };
  }
}

const TWO = () =>
  resourceSet({
    providers: [
      { id: "open", baseUrl: "https://api.example.com/v1/", allowPrivateAddress: false },
      { id: "claude", dialect: "anthropic", baseUrl: "http://127.0.0.1:9000" },
    ],
    targets: [
      { id: "mini", provider: "open", model: 'quoted "model" \u00e9' },
      { id: "haiku", provider: "claude", model: "haiku", defaultMaxTokens: 4096 },
    ],
    modelRoutes: {
      "team/fast:1": { targets: [{ target: "mini" }, { target: "haiku" }], perTryTimeoutMs: 1234 },
      模型: ["haiku"],
    },
  });

describe("the filter's configuration", () => {
  test("holds what the resources say", async () => {
    const { filterConfig, clusters } = compile(input(TWO()));
    const reader = new ConfigReader(filterConfig);
    expect(reader.u32(0)).toBe(CONFIG_MAGIC);
    expect(filterConfig.readBigUInt64LE(8)).toBe(7n);
    expect(reader.u32(16)).toBe(filterConfig.length);
    expect([reader.u32(20), reader.u32(36), reader.u32(40)]).toEqual([2, 1_000_000, 250]);
    expect(reader.text(reader.u32(48))).toBe("sluice_callout");
    const names = clusters.map(({ name }) => String(name));
    const cluster = (id: string) => names.find((name) => name.startsWith(`${id}~`));
    const haiku = {
      dialect: Dialect.ANTHROPIC,
      defaultMaxTokens: 4096,
      cluster: cluster("claude"),
      id: "haiku",
      authority: "127.0.0.1:9000",
      basePath: "",
      model: "haiku",
    };
    expect(reader.route("team/fast:1")).toMatchObject({
      perTryTimeoutMs: 1234,
      created: CREATED,
      targets: [
        {
          dialect: Dialect.OPENAI,
          defaultMaxTokens: 0,
          cluster: cluster("open"),
          id: "mini",
          authority: "api.example.com",
          basePath: "/v1",
          model: 'quoted \\"model\\" \u00e9',
        },
        haiku,
      ],
    });
    expect(reader.route("模型")).toMatchObject({ targets: [haiku] });
    expect(reader.route("team/fast")).toBeUndefined();
    expect(await filter.problem(filterConfig)).toBeUndefined();
  });

  test("says what a provider's dialect, quirks and version are, and how strict a route is", async () => {
    const resources = resourceSet({
      providers: [
        {
          id: "az",
          dialect: "azure",
          baseUrl: "https://a.example.com/openai",
          apiVersion: "2024-10-21",
          quirks: ["max_tokens_only", "responses"],
        },
        { id: "claude", dialect: "anthropic-vertex", baseUrl: "https://b.example.com/v1" },
      ],
      targets: [
        { id: "deployed", provider: "az", model: "my deployment" },
        { id: "claude", provider: "claude", model: "claude" },
      ],
      modelRoutes: {
        strict: { targets: [{ target: "deployed" }], perTryTimeoutMs: 1000, onUnsupported: "refuse" },
        open: { targets: [{ target: "claude" }], perTryTimeoutMs: 1000, unknownOperations: "pass" },
        plain: ["claude"],
      },
    });
    const { filterConfig } = compile(input(resources));
    const reader = new ConfigReader(filterConfig);
    expect(reader.route("strict")).toMatchObject({
      flags: RouteFlag.STRICT,
      targets: [
        {
          dialect: Dialect.AZURE,
          basePath: "/openai",
          quirks: Quirk.MAX_TOKENS_ONLY | Quirk.RESPONSES,
          query: "api-version=2024-10-21",
        },
      ],
    });
    expect(reader.route("open")).toMatchObject({ flags: RouteFlag.PASS_UNKNOWN });
    expect(reader.route("plain")).toMatchObject({
      flags: 0,
      targets: [{ dialect: Dialect.ANTHROPIC_VERTEX, quirks: 0, query: "" }],
    });
    expect(await filter.problem(filterConfig)).toBeUndefined();
  });

  test.each([0, 1, 2, 3, 1000])("finds each of %i model routes", async (count) => {
    const names = Array.from({ length: count }, (_, i) => `model-${i}`);
    const resources = {
      ...TWO(),
      modelRoutes: resourceSet({ modelRoutes: Object.fromEntries(names.map((name) => [name, ["haiku"]])) }).modelRoutes,
    };
    const { filterConfig } = compile(input(resources));
    const reader = new ConfigReader(filterConfig);
    for (const name of names) expect(reader.route(name)?.targets[0]?.id).toBe("haiku");
    expect(reader.route("model--1")).toBeUndefined();
    expect(await filter.problem(filterConfig)).toBeUndefined();
    // Targets are shared: a route costs its row, its slots, its name and one offset.
    expect(filterConfig.length).toBeLessThan(CONFIG_HEADER_BYTES + 512 + count * 165);
  });
});

describe("the released decoder", () => {
  test.each([
    ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 1), /^header\.totalLength: /],
    ["empty", () => Buffer.alloc(0), /^header: /],
    ["other magic", (bytes: Buffer) => Buffer.concat([Buffer.from("XXXX"), bytes.subarray(4)]), /^header\.magic: /],
  ])("refuses %s bytes and says why", async (_name, spoil, reason) => {
    expect(await filter.problem(spoil(compile(input(TWO())).filterConfig))).toMatch(reason);
  });

  test("its reason is placed in the document", async () => {
    const set = TWO();
    const modelRoutes = set.modelRoutes.map((route, index) => (index === 1 ? { ...route, targets: [] } : route));
    expect(await check(input({ ...set, modelRoutes }), filter)).toEqual([
      {
        kind: "model-route",
        id: "模型",
        path: "/targets",
        code: "refused_by_filter",
        message: expect.stringContaining("none, or too many"),
        mend: expect.any(String),
      },
    ]);
  });

  test("a file that is no filter stops the start", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-filter-"));
    const file = join(folder, "other.wasm");
    writeFileSync(file, Buffer.from("0061736d01000000", "hex"));
    await expect(FilterCheck.load(file)).rejects.toThrow(StartError);
    await expect(FilterCheck.load(join(folder, "none.wasm"))).rejects.toThrow(/npm run build:filter/);
    rmSync(folder, { recursive: true });
  });
});

describe("a provider's credential", () => {
  const cluster = (fields: Partial<Provider>) => {
    const provider = { id: "p", baseUrl: "https://api.example.com/v1", ...fields };
    const [, made] = compile(input(resourceSet({ providers: [provider] }))).clusters;
    return JSON.stringify(made);
  };
  const secret = (fields: Partial<Provider>) => {
    const providers = [{ id: "p", baseUrl: "https://api.example.com/v1", ...fields }];
    return JSON.stringify(providerSecrets(input(resourceSet({ providers })), new Map([["p", "k"]])));
  };
  const HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
  const version = { apiVersion: "2024-10-21" };

  test.each([
    [{ dialect: "openai" }, "authorization", "Bearer k"],
    [{ dialect: "azure", ...version }, "api-key", "k"],
    [{ dialect: "azure", ...version, auth: "bearer" }, "authorization", "Bearer k"],
    [{ dialect: "anthropic" }, "x-api-key", "k"],
    [{ dialect: "gemini" }, "x-goog-api-key", "k"],
    [{ dialect: "gemini", auth: "bearer" }, "authorization", "Bearer k"],
    [{ dialect: "anthropic-bedrock" }, "authorization", "Bearer k"],
    [{ dialect: "openai", auth: "none" }, undefined, ""],
  ] as const)("%j: in %s as %j, every other header taken off", (fields, header, value) => {
    const made = cluster(fields);
    for (const other of HEADERS) expect(made.includes(`{"remove":"${other}"}`)).toBe(other !== header);
    expect(made.includes("%SECRET(")).toBe(header !== undefined);
    // Envoy never asks for a secret that no cluster names, and a rollout would wait for it.
    if (header === undefined) return expect(secret(fields)).toBe("[]");
    expect(made).toContain(`{"key":"${header}","value":"%SECRET(provider/p)%"}`);
    expect(secret(fields)).toContain(`"inline_string":"${value}"`);
  });
});

describe("a provider's cluster", () => {
  const nameOf = (provider: object) => {
    const [document] = TWO().providers.filter(({ id }) => id === "open");
    const set = { ...TWO(), providers: [{ ...document, ...provider } as ResourceSet["providers"][number]] };
    return String(compile(input(set)).clusters[1]?.name);
  };

  test("has a name that changes with what the cluster is, and with nothing else", () => {
    expect(nameOf({})).toMatch(/^open~[0-9a-f]{8}$/);
    expect(nameOf({ displayName: "Other" })).toBe(nameOf({}));
    const others = [
      { baseUrl: "https://api.example.org/v1" },
      { connectTimeoutMs: 77 },
      { dialect: "anthropic" },
      { tls: { caCertificates: "PEM" } },
    ];
    expect(new Set([{}, ...others].map(nameOf)).size).toBe(5);
    expect(nameOf({ baseUrl: "https://api.example.com/v2" })).toBe(nameOf({}));
  });

  test("the same input compiles to the same bytes", () => {
    const bytes = () =>
      compile(input(TWO())).clusters.map((cluster) => Buffer.from(toAny(cluster).value).toString("hex"));
    expect(bytes()).toEqual(bytes());
  });

  test("everything that can be written as a document is accepted by the check", async () => {
    expect(await check(input(TWO()), filter)).toEqual([]);
    expect(await check(input(resourceSet({})), filter)).toEqual([]);
  });
});
