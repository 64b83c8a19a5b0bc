// What the publisher delivers, as a real Envoy takes it: requests are answered, changes go live without a failed request,
// credentials stay invisible, and Envoy's own replies have the shape of the client's protocol.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CALLOUT_TOKEN, Delivery, Envoy, oneRoutePerProvider, resourceSet, XDS_TOKEN } from "./delivery-harness.js";

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A provider that answers with its own name and remembers what it was asked. */
class Provider {
  readonly seen: Seen[] = [];
  status = 200;
  private readonly server: Server;

  constructor(readonly name: string) {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        this.seen.push({ url: request.url ?? "", headers: request.headers, body });
        response.writeHead(this.status, { "content-type": "application/json", server: "provider", "x-internal": "1" });
        response.end(JSON.stringify({ provider: this.name }));
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", () => resolve()));
    return this;
  }

  url(host = "127.0.0.1"): string {
    return `http://${host}:${(this.server.address() as { port: number }).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Accepts and never answers. */
async function listenSilently(): Promise<TcpServer> {
  const server = createTcpServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return server;
}

/** Answers with something that is no HTTP. */
async function listenGarbled(): Promise<TcpServer> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end("no such thing as HTTP\r\n\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return server;
}

const tcpUrl = (server: TcpServer) => `http://127.0.0.1:${(server.address() as { port: number }).port}`;

let one: Provider;
let two: Provider;
let silent: TcpServer;
let garbled: TcpServer;
let delivery: Delivery;
let envoy: Envoy;
const base = () =>
  resourceSet({
    providers: [
      { id: "one", baseUrl: `${one.url()}/v1` },
      { id: "named", baseUrl: `${two.url("localhost")}/some/base` },
      { id: "claude", dialect: "anthropic", baseUrl: `${one.url()}/claude/v1` },
      { id: "open", baseUrl: `${one.url()}/open` },
      { id: "refusing", baseUrl: "http://127.0.0.1:1/v1" },
      { id: "refusing-claude", dialect: "anthropic", baseUrl: "http://127.0.0.1:1/elsewhere" },
      { id: "nameless", baseUrl: "http://no-such-host.invalid/v1" },
      { id: "silent", baseUrl: tcpUrl(silent) },
      { id: "garbled", baseUrl: tcpUrl(garbled) },
    ],
    targets: ["one", "named", "claude", "open", "refusing", "refusing-claude", "nameless", "silent", "garbled"].map(
      (id) => ({
        id,
        provider: id,
        model: `model-of-${id}`,
      }),
    ),
    modelRoutes: {
      one: ["one"],
      named: ["named"],
      claude: ["claude"],
      open: ["open"],
      refusing: ["refusing"],
      "refusing-claude": ["refusing-claude"],
      nameless: ["nameless"],
      garbled: ["garbled"],
      silent: { targets: [{ target: "silent" }], perTryTimeoutMs: 100 },
      "refusing-then-one": ["refusing", "one"],
      "nameless-then-named": ["nameless", "named"],
      "silent-then-one": { targets: [{ target: "silent" }, { target: "one" }], perTryTimeoutMs: 100 },
      "garbled-then-one": ["garbled", "one"],
    },
  });
const secrets = () => new Map([...delivery.secretsOf(base())].filter(([id]) => id !== "open"));

beforeAll(async () => {
  one = await new Provider("one").listen();
  two = await new Provider("two").listen();
  silent = await listenSilently();
  garbled = await listenGarbled();
  delivery = await Delivery.start(base());
  await delivery.publish(base(), secrets());
  envoy = await Envoy.start(delivery);
});

afterAll(async () => {
  await envoy?.stop();
  await delivery?.stop();
  for (const provider of [one, two]) provider?.close();
  silent?.close();
  garbled?.close();
});

const messages = (headers = {}) => ({
  path: "/v1/messages",
  headers: { "x-api-key": delivery.key, authorization: "", ...headers },
});

describe("a request", () => {
  test("reaches a provider at an address, with its credential and nothing of the client's", async () => {
    const response = await envoy.ask("one", { headers: { cookie: "a=b", "x-envoy-max-retries": "9" } });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ provider: "one" });
    const seen = one.seen.at(-1);
    expect(seen?.url).toBe("/v1/chat/completions");
    expect(JSON.parse(seen?.body ?? "").model).toBe("model-of-one");
    expect(seen?.headers.authorization).toBe("Bearer credential-of-one");
    expect(seen?.headers.host).toBe(new URL(one.url()).host);
    const names = Object.keys(seen?.headers ?? {});
    expect(names.filter((name) => /^x-(envoy|forwarded|sluice)|cookie|accept-encoding/.test(name))).toEqual([]);
  });

  test("reaches a provider at a name, under its base path", async () => {
    expect(await (await envoy.ask("named")).json()).toEqual({ provider: "two" });
    expect(two.seen.at(-1)?.url).toBe("/some/base/chat/completions");
  });

  test("carries the credential as the provider's dialect wants it", async () => {
    expect((await envoy.ask("claude", messages())).status).toBe(200);
    const seen = one.seen.at(-1);
    expect(seen?.url).toBe("/claude/v1/messages");
    expect(seen?.headers["x-api-key"]).toBe("credential-of-claude");
    expect(seen?.headers.authorization).toBeUndefined();
  });

  test("carries no credential to a provider that has none", async () => {
    expect((await envoy.ask("open")).status).toBe(200);
    const { authorization, "x-api-key": key } = one.seen.at(-1)?.headers ?? {};
    expect([authorization, key]).toEqual([undefined, undefined]);
  });

  test("is answered without a word of Envoy's or the provider's own", async () => {
    const response = await envoy.ask("one");
    const names = [...response.headers.keys()];
    expect(names.filter((name) => /^(server|via|x-envoy.*|x-internal)$/.test(name))).toEqual([]);
  });
});

describe("what Envoy finds out by itself leads to the next target", () => {
  test.each(["refusing-then-one", "nameless-then-named", "silent-then-one", "garbled-then-one"])(
    "%s",
    async (model) => {
      const response = await envoy.ask(model);
      expect([response.status, await response.json()]).toEqual([
        200,
        { provider: model.endsWith("named") ? "two" : "one" },
      ]);
    },
  );
});

describe("Envoy's own reply has the shape of the client's protocol", () => {
  test.each([
    ["refusing", 503, "upstream_unreachable", "server_error"],
    ["nameless", 503, "upstream_unreachable", "server_error"],
    ["silent", 504, "upstream_timeout", "server_error"],
    ["garbled", 502, "upstream_invalid_reply", "server_error"],
  ])("%s: %i %s", async (model, status, code, type) => {
    const response = await envoy.ask(model);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-sluice-error")).toBe(code);
    const body = await response.json();
    expect(body).toEqual({ error: { message: expect.stringMatching(/\.$/), type, param: null, code } });
  });

  test("also for an Anthropic client, whatever path the provider has", async () => {
    const response = await envoy.ask("refusing-claude", messages());
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "api_error", message: expect.stringMatching(/\.$/), code: "upstream_unreachable" },
    });
  });

  test("also for what is no HTTP", async () => {
    const socket = connect(await envoy.port(), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nbroken header\r\n\r\n");
    let answer = "";
    for await (const chunk of socket) answer += chunk.toString();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("x-sluice-error: bad_request");
    expect(JSON.parse(answer.slice(answer.indexOf("{")))).toMatchObject({
      error: { code: "bad_request", param: null },
    });
  });

  test("but a reply of the filter stays as it is", async () => {
    const response = await envoy.ask("one", { text: "x".repeat(70_000) });
    expect([response.status, response.headers.get("x-sluice-error")]).toEqual([413, "body_too_large"]);
    const unknown = await envoy.ask("no-such-model", messages());
    expect([unknown.status, unknown.headers.get("x-sluice-error")]).toEqual([404, "model_not_found"]);
  });
});

describe("a provider that is busy", () => {
  test("is asked each time, since statuses make Envoy eject nothing, and its requests go to the next target", async () => {
    const broken = await new Provider("broken").listen();
    broken.status = 503;
    const set = resourceSet({
      providers: [
        { id: "broken", baseUrl: broken.url() },
        { id: "one", baseUrl: `${one.url()}/v1` },
      ],
      targets: ["broken", "one"].map((id) => ({ id, provider: id, model: id })),
      modelRoutes: {
        both: { targets: [{ target: "broken" }, { target: "one" }], failover: { outlierDetection: "off" } },
      },
    });
    await delivery.publish(set);
    await delivery.live();
    for (let i = 0; i < 10; i++) expect((await envoy.ask("both")).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: 40 }, () => envoy.ask("both")));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(broken.seen.length).toBe(50);
    broken.close();
  });
});

describe("credentials", () => {
  test("are not in what Envoy's admin shows, nor in a log of the control plane", async () => {
    const dump = await envoy.admin("/config_dump?include_eds");
    expect(dump).toContain("provider/one");
    const said = `${dump}${JSON.stringify(delivery.log)}${envoy.log}`;
    for (const secret of ["credential-of-", CALLOUT_TOKEN, delivery.key]) expect(said).not.toContain(secret);
    const encoded = Buffer.from("Bearer credential-of-one").toString("base64");
    expect(said).not.toContain(encoded);
    expect(JSON.stringify(delivery.log)).not.toContain(XDS_TOKEN);
  });

  test("rotate without a new cluster", async () => {
    const set = oneRoutePerProvider([{ id: "one", baseUrl: `${one.url()}/v1` }]);
    await delivery.publish(set);
    await delivery.live();
    const clusters = await envoy.stat("cluster_manager.cluster_added");
    await delivery.publish(set, new Map([["one", "rotated"]]));
    await delivery.live();
    expect((await envoy.ask("one")).status).toBe(200);
    expect(one.seen.at(-1)?.headers.authorization).toBe("Bearer rotated");
    expect(await envoy.stat("cluster_manager.cluster_added")).toBe(clusters);
  });
});

describe("a change under load", () => {
  test("fails no request, and ends with the new provider alone", async () => {
    const to = (provider: Provider, id: string) => ({
      providers: [{ id, baseUrl: `${provider.url()}/v1` }],
      targets: [{ id: "target", provider: id, model: "m" }],
      modelRoutes: { model: ["target"] },
    });
    const sets = [
      resourceSet({ ...to(one, "first"), providers: [{ id: "first", baseUrl: `${one.url()}/v1` }] }),
      resourceSet(to(two, "second")),
    ];
    await delivery.publish(sets[0] ?? resourceSet({}));
    await delivery.live();
    let running = true;
    const statuses: number[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (running) {
        const response = await envoy.ask("model");
        await response.arrayBuffer();
        statuses.push(response.status);
      }
    });
    for (let i = 1; i <= 10; i++) {
      await delivery.publish(sets[i % 2] ?? resourceSet({}));
      await delivery.live();
    }
    running = false;
    await Promise.all(load);
    expect(statuses.length).toBeGreaterThan(10);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    const before = two.seen.length;
    await delivery.publish(sets[1] ?? resourceSet({}));
    await delivery.live();
    await envoy.ask("model");
    expect(two.seen.length).toBe(before + 1);
  });
});
