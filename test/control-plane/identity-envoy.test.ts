// Which callers a real Envoy proves by tokens, and that nobody else can say who they are: the filters of the snapshot in a
// plain Envoy that shows what they leave in filter state, and the same by xDS beside a running filter.
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FILTER_STATE_JWT_ISSUER, FILTER_STATE_JWT_SUBJECT } from "../../control-plane/contract.js";
import type { TrustedIssuer } from "../../control-plane/ports.js";
import { identityExtensions } from "../../control-plane/snapshot/identity.js";
import { findEnvoy } from "../../envoy/setup.mjs";
import { Delivery, Envoy, eventually, oneRoutePerProvider } from "./delivery-harness.js";

const CORP = "https://login.example.com";
const PARTNER = "https://partner.example.com/realms/eu";
const NOBODY = "[] []";

const shown = (issuer: string, subject: string) => `[${issuer}] [${subject}]`;
const keyPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const [corpKeys, partnerKeys] = [keyPair(), keyPair()];
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: "jwk" }), kid, alg: "RS256" });
const encode = (value: object | string) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Claims as an object, or as text where an object cannot say it. */
function token(claims: object | string, key = corpKeys.privateKey, kid = "corp"): string {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const payload = typeof claims === "string" ? claims : { iss: CORP, aud: "sluice", exp, ...claims };
  const signed = `${encode({ alg: "RS256", kid, typ: "JWT" })}.${encode(payload)}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")}`;
}

const ISSUERS: readonly TrustedIssuer[] = [
  {
    id: "corp",
    issuer: CORP,
    audiences: ["sluice", "both"],
    subjectClaim: "sub",
    clockSkewSeconds: 0,
    keys: { keys: [jwk(corpKeys.publicKey, "corp")] },
  },
  {
    id: "partner",
    issuer: PARTNER,
    audiences: ["sluice"],
    subjectClaim: "client.name",
    clockSkewSeconds: 0,
    keys: { keys: [jwk(partnerKeys.publicKey, "partner")] },
  },
];

/** An Envoy of nothing but these filters; its replies say what filter state holds then. */
class PlainEnvoy {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-identity-"));
  private process: ChildProcess | undefined;
  port = 0;

  async start(trusted: readonly TrustedIssuer[]): Promise<this> {
    const filters = identityExtensions(trusted).map(({ name, typed_config }) => ({ name, typed_config }));
    const router = { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" };
    const proof = [FILTER_STATE_JWT_ISSUER, FILTER_STATE_JWT_SUBJECT].map((key) => `[%FILTER_STATE(${key}:PLAIN)%]`);
    const manager = {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      stat_prefix: "test",
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            response_headers_to_add: [{ header: { key: "x-proven", value: proof.join(" ") } }],
            routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }],
          },
        ],
      },
      http_filters: [...filters, { name: "router", typed_config: router }],
    };
    const listener = {
      name: "test",
      address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
      filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
    };
    const bootstrap = {
      admin: { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } },
      static_resources: { listeners: [listener] },
    };
    const file = join(this.folder, "envoy.json");
    writeFileSync(file, JSON.stringify(bootstrap));
    const parameters = ["-c", file, "--admin-address-path", join(this.folder, "admin"), "--concurrency", "1"];
    this.process = spawn(await findEnvoy(), [...parameters, "--use-dynamic-base-id", "-l", "error"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.port = await eventually("a listener", async () => {
      const listeners = JSON.parse(await this.admin("/listeners?format=json")) as {
        listener_statuses: { local_address: { socket_address: { port_value: number } } }[];
      };
      return listeners.listener_statuses[0]?.local_address.socket_address.port_value;
    });
    return this;
  }

  async admin(path: string): Promise<string> {
    const address = readFileSync(join(this.folder, "admin"), "utf8").trim();
    return (await fetch(`http://${address}${path}`)).text();
  }

  async proven(headers: Record<string, string>, path = "/v1/chat/completions", method = "POST"): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method, headers });
    expect(response.status).toBe(200);
    return response.headers.get("x-proven") ?? "";
  }

  provenBy(bearer: string): Promise<string> {
    return this.proven({ authorization: `Bearer ${bearer}` });
  }

  /** A request as bytes, for what no client library sends. */
  raw(lines: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      let reply = "";
      const socket = connect(this.port, "127.0.0.1", () =>
        socket.write([...lines, "host: a", "connection: close", "", ""].join("\r\n")),
      );
      socket.on("data", (data) => {
        reply += data.toString();
        if (!reply.includes("\r\n\r\n")) return;
        socket.destroy();
        resolve(/x-proven: (.*)\r/.exec(reply)?.[1] ?? reply);
      });
    });
  }

  async stop(): Promise<void> {
    const { process } = this;
    if (process !== undefined && process.exitCode === null) {
      const ended = new Promise((resolve) => process.once("exit", resolve));
      process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("a plain Envoy with the two filters", () => {
  let envoy: PlainEnvoy;
  beforeAll(async () => {
    envoy = await new PlainEnvoy().start(ISSUERS);
  });
  afterAll(() => envoy.stop());

  test("says who holds a good token, whichever issuer it is of", async () => {
    const search = token({ sub: "svc-search" });
    for (let time = 0; time < 3; time++) expect(await envoy.provenBy(search)).toBe(shown(CORP, "svc-search"));
    expect(await envoy.provenBy(token({ sub: "svc", aud: ["other", "both"] }))).toBe(shown(CORP, "svc"));
    expect(
      await envoy.provenBy(token({ iss: PARTNER, client: { name: "shop" } }, partnerKeys.privateKey, "partner")),
    ).toBe(shown(PARTNER, "shop"));
  });

  test("says so of nobody whose token is bad", async () => {
    const [header, payload, signature] = token({ sub: "svc" }).split(".");
    const forged = encode({ iss: CORP, aud: "sluice", exp: 9_999_999_999, sub: "admin" });
    const symmetric = `${encode({ alg: "HS256", kid: "corp" })}.${forged}`;
    const mac = createHmac("sha256", String(jwk(corpKeys.publicKey, "corp").n))
      .update(symmetric)
      .digest("base64url");
    const bad: Record<string, string> = {
      expired: token({ sub: "svc", exp: 1 }),
      "without an end": token({ sub: "svc", exp: undefined }),
      "not yet valid": token({ sub: "svc", nbf: 9_999_999_999 }),
      "for another audience": token({ sub: "svc", aud: "other" }),
      "for no audience": token({ sub: "svc", aud: undefined }),
      "of an unknown issuer": token({ sub: "svc", iss: "https://elsewhere.example.com" }),
      "signed by another key": token({ sub: "svc" }, partnerKeys.privateKey),
      "signed by another issuer": token({ sub: "svc" }, partnerKeys.privateKey, "partner"),
      "with another payload": `${header}.${forged}.${signature}`,
      "without a signature": `${header}.${payload}.`,
      "of algorithm none": `${encode({ alg: "none" })}.${forged}.`,
      "signed with the public key as a secret": `${symmetric}.${mac}`,
      "whose subject is a number": token({ sub: 7 }),
      "with two subjects": token(`{"iss":"${CORP}","aud":"sluice","exp":9999999999,"sub":"a","sub":"b"}`),
      "that is an API key": `sk-slc-${"a".repeat(38)}`,
      "that is empty": "",
    };
    for (const [what, bearer] of Object.entries(bad)) expect(await envoy.provenBy(bearer), what).toBe(NOBODY);
  });

  test("has the issuer alone of a token without the subject's claim", async () => {
    expect(await envoy.provenBy(token({ azp: "svc" }))).toBe(shown(CORP, ""));
  });

  test("takes no client's word for it", async () => {
    const good = token({ sub: "svc" });
    const names = [FILTER_STATE_JWT_SUBJECT, FILTER_STATE_JWT_ISSUER, "x-jwt-payload", "x-sluice-subject"];
    expect(await envoy.proven(Object.fromEntries(names.map((name) => [name, "admin"])))).toBe(NOBODY);
    expect(await envoy.proven({}, `/v1/chat/completions?access_token=${good}`)).toBe(NOBODY);
    expect(await envoy.proven({ cookie: `access_token=${good}` })).toBe(NOBODY);
    const preflight = { origin: "https://a.example", "access-control-request-method": "POST" };
    expect(await envoy.proven(preflight, "/v1/models", "OPTIONS")).toBe(NOBODY);
  });

  test("takes none of two tokens", async () => {
    const [one, two] = [token({ sub: "one" }), token({ sub: "two" })];
    const both = (first: string, second: string) =>
      envoy.raw(["GET / HTTP/1.1", `authorization: Bearer ${first}`, `authorization: Bearer ${second}`]);
    expect(await both(one, two)).toBe(NOBODY);
    expect(await both(one, "sk-slc-x")).toBe(NOBODY);
    expect(await both("sk-slc-x", one)).toBe(NOBODY);
  });
});

test("an Envoy that runs gets and loses them without a new listener, and API keys work throughout", async () => {
  const upstream = createServer((_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", () => resolve()));
  const resources = oneRoutePerProvider([
    { id: "one", baseUrl: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1` },
  ]);
  const delivery = await Delivery.start(resources);
  const envoy = await Envoy.start(delivery);
  const judges = async () => {
    const dump = await envoy.admin("/config_dump?resource=ecds_filters");
    return { corp: dump.includes(CORP), partner: dump.includes(PARTNER) };
  };
  try {
    expect(await judges()).toEqual({ corp: false, partner: false });
    for (const trusted of [ISSUERS, ISSUERS.slice(0, 1), []]) {
      delivery.xdsPublisher.trust(trusted);
      const expected = { corp: trusted.length > 0, partner: trusted.length > 1 };
      await eventually(`trust in ${trusted.length}`, async () =>
        JSON.stringify(await judges()) === JSON.stringify(expected) ? true : undefined,
      );
      expect((await envoy.ask("one")).status).toBe(200);
    }
    await delivery.publish(resources);
    await delivery.live();
    expect(await envoy.stat("listener_manager.listener_modified")).toBe(0);
    expect(delivery.xdsPublisher.status()[0]?.revisions.map(({ state }) => state)).not.toContain("rejected");
  } finally {
    await envoy.stop();
    await delivery.stop();
    upstream.close();
    upstream.closeAllConnections();
  }
});
