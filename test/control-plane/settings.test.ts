// Settings from the environment: the defaults, and every refusal by the variable's name, with no secret in it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SETTING_NAMES } from "../../control-plane/environment.js";
import { formatAddress, isLocal, parseListenAddress } from "../../control-plane/listen-address.js";
import { readSettings } from "../../control-plane/settings.js";

const directory = mkdtempSync(join(tmpdir(), "sluice-"));
afterAll(() => rmSync(directory, { recursive: true }));

const KEY = Buffer.alloc(32, 5).toString("base64");
const base = { SLUICE_MASTER_KEY: KEY };

function write(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

describe("settings", () => {
  it("have defaults that need nothing but a master key", () => {
    expect(readSettings({ ...base, SLUICE_API_PORT: "" })).toEqual({
      gateway: { host: "127.0.0.1", port: 10000 },
      api: { host: "127.0.0.1", port: 8080 },
      xds: { kind: "tcp", host: "127.0.0.1", port: 18000 },
      callout: { kind: "tcp", host: "127.0.0.1", port: 18001 },
      tls: undefined,
      calloutTimeoutMs: 200,
      envoyAdminPort: 9901,
      dataDirectory: resolve("data"),
      masterKeys: [Buffer.alloc(32, 5)],
      operatorToken: undefined,
      xdsToken: undefined,
      calloutToken: undefined,
      requestBodyBytesMax: 8 * 1024 * 1024,
      priorityClasses: ["critical", "standard", "batch"],
      filterWasmFile: resolve(import.meta.dirname, "../../build/sluice.wasm"),
      redis: undefined,
      usage: { mongodbUri: undefined, retentionDays: { events: 90, minutes: 30, hours: 400 } },
    });
  });

  it("take a unix socket, a key file and other ports", () => {
    const settings = readSettings({
      SLUICE_MASTER_KEY_FILE: write("master.key", `${KEY}\n`),
      SLUICE_XDS_ADDRESS: "unix:/run/sluice/xds.sock",
      SLUICE_CALLOUT_PORT: "4000",
      SLUICE_API_PORT: "0",
      SLUICE_DATA_DIR: join(directory, "data"),
      SLUICE_OPERATOR_TOKEN: "a-token-of-sixteen-or-more",
    });
    expect(settings).toMatchObject({
      xds: { kind: "unix", path: "/run/sluice/xds.sock" },
      callout: { kind: "tcp", host: "127.0.0.1", port: 4000 },
      api: { port: 0 },
      operatorToken: "a-token-of-sixteen-or-more",
    });
  });

  mkdirSync(join(directory, "inside"));
  const inside = write("inside/master.key", KEY);
  symlinkSync(join(directory, "inside"), join(directory, "link"));
  const pem = write("file.pem", "-");
  const refusals: [string, NodeJS.ProcessEnv, RegExp][] = [
    ["no master key", {}, /^SLUICE_MASTER_KEY_FILE is not set.*openssl rand/],
    ["two master keys", { ...base, SLUICE_MASTER_KEY_FILE: inside }, /^SLUICE_MASTER_KEY is set beside/],
    ["a short master key", { SLUICE_MASTER_KEY: "c2hvcnQ=" }, /^SLUICE_MASTER_KEY does not hold 32 bytes/],
    [
      "a key file that is not there",
      { SLUICE_MASTER_KEY_FILE: `${inside}.gone` },
      /^SLUICE_MASTER_KEY_FILE cannot be read \(ENOENT\)/,
    ],
    [
      "a key file in the data directory",
      { SLUICE_MASTER_KEY_FILE: inside, SLUICE_DATA_DIR: directory },
      /lies inside SLUICE_DATA_DIR/,
    ],
    [
      "one that is there by a link",
      { SLUICE_MASTER_KEY_FILE: inside, SLUICE_DATA_DIR: join(directory, "link") },
      /lies inside SLUICE_DATA_DIR/,
    ],
    [
      "a port that is none",
      { ...base, SLUICE_GATEWAY_PORT: "http" },
      /^SLUICE_GATEWAY_PORT must be a port from 1 to 65535/,
    ],
    ["a port beyond all", { ...base, SLUICE_XDS_PORT: "65536" }, /^SLUICE_XDS_PORT must be a port/],
    ["one port for two", { ...base, SLUICE_API_PORT: "18000" }, /^SLUICE_XDS_PORT is 18000, as is SLUICE_API_PORT/],
    ["a short token", { ...base, SLUICE_OPERATOR_TOKEN: "short" }, /^SLUICE_OPERATOR_TOKEN must be 16 to 512/],
    ["a token with a space", { ...base, SLUICE_XDS_TOKEN: "sixteen or more letters" }, /^SLUICE_XDS_TOKEN must be/],
    [
      "a demo key with a wrong checksum",
      { ...base, SLUICE_DEMO_KEY: `sk-slc-${"0".repeat(38)}` },
      /^SLUICE_DEMO_KEY must be a Sluice API key/,
    ],
    [
      "a relative socket",
      { ...base, SLUICE_XDS_ADDRESS: "unix:xds.sock" },
      /^SLUICE_XDS_ADDRESS must be unix:\/absolute/,
    ],
    ["no port in an address", { ...base, SLUICE_CALLOUT_ADDRESS: "127.0.0.1" }, /^SLUICE_CALLOUT_ADDRESS must be/],
    ["every address at once", { ...base, SLUICE_XDS_ADDRESS: "0.0.0.0:18000" }, /^SLUICE_XDS_ADDRESS must be/],
    [
      "a body limit beyond reason",
      { ...base, SLUICE_REQUEST_BODY_BYTES_MAX: "99999999999" },
      /^SLUICE_REQUEST_BODY_BYTES_MAX must be/,
    ],
    [
      "a MongoDB that is none",
      { ...base, SLUICE_MONGODB_URI: "postgres://me:secret@h/db" },
      /^SLUICE_MONGODB_URI must begin with mongodb:\/\/ or mongodb\+srv:\/\/\.$/,
    ],
    ["no days", { ...base, SLUICE_USAGE_EVENTS_DAYS: "0" }, /^SLUICE_USAGE_EVENTS_DAYS must be a number of days/],
    [
      "xDS beyond loopback without TLS",
      { ...base, SLUICE_XDS_ADDRESS: "10.0.0.1:18000" },
      /^SLUICE_XDS_ADDRESS is beyond loopback.*SLUICE_TLS_CERT_FILE, SLUICE_TLS_KEY_FILE, SLUICE_TLS_CLIENT_CA_FILE/,
    ],
    [
      "callouts beyond loopback with half of TLS",
      { ...base, SLUICE_CALLOUT_ADDRESS: "sluice.internal:18001", SLUICE_TLS_CERT_FILE: pem },
      /^SLUICE_CALLOUT_ADDRESS is beyond loopback.*Set SLUICE_TLS_KEY_FILE, SLUICE_TLS_CLIENT_CA_FILE/,
    ],
    [
      "half of TLS",
      { ...base, SLUICE_TLS_CERT_FILE: pem, SLUICE_TLS_KEY_FILE: pem },
      /^SLUICE_TLS_CLIENT_CA_FILE is not set/,
    ],
    ["a Redis that is none", { ...base, SLUICE_REDIS_URL: "http://cache:6379" }, /^SLUICE_REDIS_URL must be redis:/],
    ["a Redis without a scheme", { ...base, SLUICE_REDIS_URL: "cache:6379" }, /^SLUICE_REDIS_URL must be redis:/],
    [
      "several Redis that are no cluster",
      { ...base, SLUICE_REDIS_URL: "redis://a:1,redis://b:2" },
      /^SLUICE_REDIS_URL names several servers/,
    ],
    ["a cluster of nothing", { ...base, SLUICE_REDIS_CLUSTER: "true" }, /^SLUICE_REDIS_CLUSTER is set, but/],
    [
      "a cluster by another word",
      { ...base, SLUICE_REDIS_URL: "redis://a:1", SLUICE_REDIS_CLUSTER: "yes" },
      /^SLUICE_REDIS_CLUSTER must be true or false/,
    ],
    [
      "TLS files that are not there",
      { ...base, SLUICE_TLS_CERT_FILE: pem, SLUICE_TLS_KEY_FILE: `${pem}.gone`, SLUICE_TLS_CLIENT_CA_FILE: pem },
      /^SLUICE_TLS_KEY_FILE cannot be read \(ENOENT\)/,
    ],
  ];
  it.each(refusals)("refuse %s", (_name, environment, message) => {
    expect(() => readSettings(environment)).toThrow(message);
  });

  it("go beyond loopback with mutual TLS", () => {
    const tls = { SLUICE_TLS_CERT_FILE: pem, SLUICE_TLS_KEY_FILE: pem, SLUICE_TLS_CLIENT_CA_FILE: pem };
    const { xds, tls: files } = readSettings({ ...base, ...tls, SLUICE_XDS_ADDRESS: "10.0.0.1:18000" });
    expect(xds).toEqual({ kind: "tcp", host: "10.0.0.1", port: 18000 });
    expect(files).toEqual({ certificateFile: pem, keyFile: pem, clientCaFile: pem });
  });

  it("take one Redis or a cluster", () => {
    const redis = (SLUICE_REDIS_URL: string, more: NodeJS.ProcessEnv = {}) =>
      readSettings({ ...base, SLUICE_REDIS_URL, ...more }).redis;
    expect(redis("rediss://user:secret@cache:6379/2")).toEqual({
      urls: ["rediss://user:secret@cache:6379/2"],
      cluster: false,
    });
    expect(redis("redis://a:1, redis://b:2", { SLUICE_REDIS_CLUSTER: "true" })).toEqual({
      urls: ["redis://a:1", "redis://b:2"],
      cluster: true,
    });
    expect(() => redis("redis://user:hunter2@cache:port")).toThrow(/^(?!.*hunter2).*SLUICE_REDIS_URL/s);
  });

  it("name every defect at once and repeat no secret", () => {
    const secrets = { SLUICE_MASTER_KEY: "not-a-master-key", SLUICE_OPERATOR_TOKEN: "hunter2" };
    let said = "";
    try {
      readSettings({ ...secrets, SLUICE_API_PORT: "x" });
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said.split("\n")).toHaveLength(2);
    expect(said).toMatch(/SLUICE_API_PORT.*SLUICE_OPERATOR_TOKEN/s);
    expect(() => readSettings({ SLUICE_MASTER_KEY: "not-a-master-key" })).toThrow(/^(?!.*not-a-master)/s);
    expect(said).not.toContain("hunter2");
  });
});

it("docs/settings.md has a row for each variable, and for no other", () => {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs/settings.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(SLUICE_\w+)`/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual([...SETTING_NAMES].sort());
});

describe("listen addresses", () => {
  it.each(["127.0.0.1:1", "[::1]:65535", "localhost:80", "unix:/a/b.sock", "host-1.example:18000"])(
    "%s is read and written",
    (text) => {
      expect(formatAddress(parseListenAddress(text)!)).toBe(text);
    },
  );
  it.each([
    "",
    "1234",
    ":80",
    "host:0",
    "host:65536",
    "::1:80",
    "[host]:80",
    "unix:",
    `unix:/${"x".repeat(107)}`,
    "a b:1",
  ])("'%s' is none", (text) => expect(parseListenAddress(text)).toBeUndefined());
  it.each([
    ["127.9.9.9:1", true],
    ["[::1]:1", true],
    ["localhost:1", true],
    ["unix:/x", true],
    ["10.0.0.1:1", false],
    ["[fe80::1]:1", false],
    ["localhost.example:1", false],
  ] as const)("%s is local: %s", (text, local) => expect(isLocal(parseListenAddress(text)!)).toBe(local));
});
