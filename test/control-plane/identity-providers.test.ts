// Identity providers over HTTP, their keys behind real URLs, and the consumers that their tokens stand for.
import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Mutex } from "../../control-plane/configuration/mutex.js";
import { LeaseStatus } from "../../control-plane/contract.js";
import { IdentityProviders } from "../../control-plane/identity/identity-providers.js";
import { createLogger } from "../../control-plane/logger.js";
import type { TrustedIssuer } from "../../control-plane/ports.js";
import { openEmbeddedStore } from "../../control-plane/store/embedded/embedded-store.js";
import { Harness } from "./operator-harness.js";

const jwk = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: "jwk" }), ...more });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const KEYS = { keys: [jwk(rsa.publicKey, { kid: "one" })] };
const DOCUMENT = { issuer: "https://login.example.com", audiences: ["sluice"], keys: KEYS };
const PATH = "/api/v1/identity-providers/corp";

let harness: Harness;
let issuer: Server;
let answer: { status: number; body: string };
const keysUrl = (host = "127.0.0.1") => `http://${host}:${(issuer.address() as AddressInfo).port}/jwks`;

beforeEach(async () => {
  harness = new Harness();
  await harness.start();
  answer = { status: 200, body: JSON.stringify(KEYS) };
  issuer = createServer((_request, response) => response.writeHead(answer.status).end(answer.body));
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", () => resolve()));
});
afterEach(async () => {
  issuer.close();
  issuer.closeAllConnections();
  await harness.remove();
});

const trusted = () => harness.publisher.trusted;
const fetched = (fields: object = {}) => {
  const { keys: _, ...document } = DOCUMENT;
  return { ...document, keysUrl: keysUrl(), allowPrivateAddress: true, ...fields };
};

describe("an identity provider", () => {
  it("is trusted from when it is stored, after a restart, and until it is deleted", async () => {
    const { status, body } = await harness.put(PATH, DOCUMENT);
    expect(status).toBe(201);
    const { issuer: name, audiences } = DOCUMENT;
    const expected = [{ id: "corp", issuer: name, audiences, subjectClaim: "sub", clockSkewSeconds: 30, keys: KEYS }];
    expect(body.resource).toEqual({ ...expected[0], allowPrivateAddress: false });
    expect(trusted()).toEqual(expected);
    expect((await harness.get("/api/v1/identity-providers")).body.items).toEqual([body.resource]);
    await harness.put(`${PATH}?dryRun=true`, { ...DOCUMENT, audiences: ["other"] });
    await harness.post("/api/v1/revisions/1/rollback");
    await harness.stop();
    await harness.start();
    expect(trusted()).toEqual(expected);
    expect((await harness.delete(PATH)).status).toBe(200);
    expect(trusted()).toEqual([]);
  });

  it("with a URL is trusted with the keys that are there, and those that prove nothing are left out", async () => {
    const encryption = jwk(rsa.publicKey, { use: "enc" });
    answer.body = JSON.stringify({ keys: [...KEYS.keys, encryption, { kty: "oct", k: "c2VjcmV0" }], more: 1 });
    expect((await harness.put(PATH, fetched())).status).toBe(201);
    expect(trusted().map(({ keys }) => keys)).toEqual([KEYS]);
    await harness.stop();
    answer.status = 500;
    await harness.start();
    expect(trusted().map(({ keys }) => keys)).toEqual([KEYS]);
  });

  it.each([
    [{ status: 503, body: "" }, "answered with status 503"],
    [{ status: 200, body: "<html>" }, "answered with something that is no JSON Web Key Set"],
    [{ status: 200, body: '{"keys":[]}' }, "answered without any public RSA, EC or OKP key"],
    [{ status: 200, body: `"${"x".repeat(300_000)}"` }, "answered with more than 262144 bytes"],
  ])("whose URL answers %j is 422", async (reply, message) => {
    answer = reply;
    const { status, body } = await harness.put(PATH, fetched());
    expect([status, body.error.problems]).toMatchObject([422, [{ id: "corp", path: "/keysUrl", message }]]);
    expect((await harness.get(PATH)).status).toBe(404);
    expect(trusted()).toEqual([]);
  });

  it("whose URL leads to nobody, or by its name to a private address, is 422", async () => {
    for (const [keysUrlGiven, allowPrivateAddress, message] of [
      ["http://127.0.0.1:1/jwks", true, /could not be reached \(ECONNREFUSED\)/],
      [keysUrl("localhost").replace("http:", "https:"), false, /private network/],
      ["https://127.0.0.1/jwks", false, /private network/],
      ["http://login.example.com/jwks", false, /must be https/],
      ["ftp://login.example.com/jwks", true, /must begin with/],
      ["https://user:secret@login.example.com/jwks", false, /must not hold a user name/],
    ] as const) {
      const { status, body } = await harness.put(PATH, fetched({ keysUrl: keysUrlGiven, allowPrivateAddress }));
      expect([status, body.error.problems[0].path]).toEqual([422, "/keysUrl"]);
      expect(body.error.problems[0].message).toMatch(message);
    }
  });

  it.each([
    [{ keys: undefined }, "/keysUrl"],
    [{ keysUrl: "https://login.example.com/jwks" }, "/keys"],
    [{ audiences: [] }, "/audiences"],
    [{ issuer: "https://a\nb" }, "/issuer"],
    [{ subjectClaim: "https://a/b" }, "/subjectClaim"],
    [{ subjectClaim: "a..b" }, "/subjectClaim"],
    [{ keys: { keys: [jwk(rsa.privateKey)] } }, "/keys/keys/0"],
    [{ keys: { keys: [jwk(ec.publicKey), { kty: "oct", k: "c2VjcmV0" }] } }, "/keys/keys/1"],
    [{ keys: { keys: [{ kty: "RSA", n: "?", e: "AQAB" }] } }, "/keys/keys/0"],
    [{ keys: { keys: [jwk(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)] } }, "/keys/keys/0"],
  ])("with %j is 422 at %s, and its keys are not repeated", async (fields, path) => {
    const { status, body } = await harness.put(PATH, { ...DOCUMENT, ...fields });
    expect([status, body.error.problems.map((problem: { path: string }) => problem.path)]).toEqual([422, [path]]);
    expect(JSON.stringify(body)).not.toContain("c2VjcmV0");
    expect(JSON.stringify(body)).not.toContain(rsa.privateKey.export({ format: "jwk" }).d);
  });

  it("has an issuer of its own", async () => {
    await harness.put(PATH, DOCUMENT);
    const { status, body } = await harness.put("/api/v1/identity-providers/other", DOCUMENT);
    expect([status, body.error.problems]).toMatchObject([422, [{ path: "/issuer", code: "issuer_taken" }]]);
    expect((await harness.put(PATH, { ...DOCUMENT, audiences: ["new"] })).status).toBe(200);
  });
});

it("keys are renewed while it runs, and kept while they cannot be had", async () => {
  const store = openEmbeddedStore(`${harness.directory}/own.db`);
  const log: string[] = [];
  let told: readonly TrustedIssuer[] = [];
  const publisher = {
    trust: (issuers: readonly TrustedIssuer[]) => {
      told = issuers;
    },
  };
  const parts = { store, mutex: new Mutex(), publisher, log: createLogger((line) => log.push(line)) };
  const providers = await IdentityProviders.open(parts);
  const document = { id: "corp", subjectClaim: "sub", clockSkewSeconds: 0, ...fetched(), allowPrivateAddress: true };
  await providers.put(document, false, () => {});
  expect(told.map(({ keys }) => keys)).toEqual([KEYS]);
  const renewed = { keys: [jwk(ec.publicKey, { kid: "two" })] };
  answer.body = JSON.stringify(renewed);
  await providers.refresh();
  expect(told.map(({ keys }) => keys)).toEqual([renewed]);
  answer.status = 502;
  await providers.refresh();
  expect(told.map(({ keys }) => keys)).toEqual([renewed]);
  expect(log.at(-1)).toContain("answered with status 502");
  providers.close();
  await store.close();
});

describe("a consumer's identity", () => {
  const identity = { issuer: DOCUMENT.issuer, subject: "svc-search" };
  const leaseOf = ({ issuer: name, subject }: typeof identity) =>
    harness.leases.lookup(createHash("sha256").update(`jwt:${name}\n${subject}`).digest("hex"));

  it("has the consumer's lease, follows it, and is told among the changes", async () => {
    await harness.put("/api/v1/tenants/acme", { models: ["gpt-*"], priority: "batch" });
    await harness.put("/api/v1/consumers/search", { tenant: "acme", identities: [identity] });
    const { key } = (await harness.post("/api/v1/consumers/search/keys")).body;
    const byKey = await harness.leases.lookup(createHash("sha256").update(key).digest("hex"));
    expect(await leaseOf(identity)).toEqual({ ...byKey, keyId: "" });
    expect((await leaseOf({ ...identity, issuer: "https://other.example.com" })).status).toBe(LeaseStatus.UNKNOWN_KEY);

    const { sequence } = await harness.leases.changesSince(0n);
    await harness.put("/api/v1/tenants/acme", { disabled: true });
    expect((await leaseOf(identity)).status).toBe(LeaseStatus.DISABLED);
    expect((await harness.leases.changesSince(sequence)).digests).toHaveLength(2);
    await harness.put("/api/v1/consumers/search", { tenant: "acme" });
    expect((await leaseOf(identity)).status).toBe(LeaseStatus.UNKNOWN_KEY);
  });

  it("is one consumer's, named once", async () => {
    await harness.put("/api/v1/consumers/search", { identities: [identity] });
    const other = { ...identity, subject: "other" };
    const taken = await harness.put("/api/v1/consumers/billing", { identities: [other, identity] });
    expect([taken.status, taken.body.error.problems]).toMatchObject([
      422,
      [{ kind: "consumer", id: "billing", path: "/identities/1", code: "identity_taken" }],
    ]);
    expect((await harness.put("/api/v1/consumers/search", { identities: [other, identity] })).status).toBe(200);
    const twice = await harness.put("/api/v1/consumers/search", { identities: [other, other] });
    expect([twice.status, twice.body.error.problems[0].path]).toEqual([422, "/identities"]);
    const tenant = await harness.put("/api/v1/tenants/acme", { identities: [identity] });
    expect([tenant.status, tenant.body.error.problems[0].path]).toEqual([422, "/identities"]);
  });
});
