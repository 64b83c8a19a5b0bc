// Who may connect, and what becomes of an Envoy and of the control plane when one of them goes away and comes back.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer, request } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { StartError } from "../../control-plane/errors.js";
import type { ListenAddress, MutualTlsFiles, ResourceSet } from "../../control-plane/ports.js";
import { Delivery, Envoy, eventually, oneRoutePerProvider, resourceSet } from "./delivery-harness.js";

const provider = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
});
let set: ResourceSet;
let delivery: Delivery | undefined;
let envoy: Envoy | undefined;

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", () => resolve()));
  set = oneRoutePerProvider([
    { id: "one", baseUrl: `http://127.0.0.1:${(provider.address() as { port: number }).port}` },
  ]);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await envoy?.stop();
  await delivery?.stop();
  envoy = undefined;
  delivery = undefined;
});

afterAll(() => {
  provider.close();
  provider.closeAllConnections();
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const loopback = async (): Promise<ListenAddress> => ({ kind: "tcp", host: "127.0.0.1", port: await freePort() });

/** gRPC's status texts are percent-encoded in Envoy's log. */
const logged = (some: Envoy) => some.log.replaceAll("%20", " ");

test("an Envoy with a wrong token gets nothing", async () => {
  delivery = await Delivery.start(set);
  const refused = await Envoy.spawn(delivery, delivery.bootstrap("not-the-token"));
  envoy = refused;
  await eventually("refusal", () =>
    logged(refused).includes("does not carry the xDS bearer token") ? true : undefined,
  );
  expect(delivery.xdsPublisher.status()).toEqual([]);
  expect(delivery.xdsPublisher.ready()).toBe(false);
});

test("state-of-the-world xDS is refused with what to set", async () => {
  delivery = await Delivery.start(set);
  const refused = await Envoy.spawn(delivery, delivery.bootstrap().replace("DELTA_GRPC", "GRPC"));
  envoy = refused;
  await eventually("refusal", () => (logged(refused).includes("set api_type: DELTA_GRPC") ? true : undefined));
});

test("a restarted control plane pushes nothing, and serves the next revision", async () => {
  delivery = await Delivery.start(set);
  envoy = await Envoy.start(delivery);
  const counters = ["listener_manager.lds.update_success", "cluster_manager.cds.update_success"];
  const counted = async () => Promise.all(counters.map((name) => envoy?.stat(name)));
  const before = await counted();
  expect((await envoy.ask("one")).status).toBe(200); // takes the lease
  await delivery.shut();
  expect((await envoy.ask("one")).status).toBe(200);
  await delivery.open(set);
  await delivery.live();
  expect(await counted()).toEqual(before);
  expect((await envoy.ask("one")).status).toBe(200);
  await delivery.publish(set);
  await delivery.live();
  const response = await envoy.ask("one");
  expect([response.status, response.headers.get("x-sluice-revision")]).toEqual([200, "2"]);
});

test("a restarted control plane that has dropped a provider takes it from Envoy", async () => {
  delivery = await Delivery.start(set);
  envoy = await Envoy.start(delivery);
  await delivery.shut();
  await delivery.open(resourceSet({}));
  await delivery.publish(resourceSet({}));
  await delivery.live();
  expect((await envoy.ask("one")).status).toBe(404);
});

test("an Envoy that starts again gets everything back", async () => {
  delivery = await Delivery.start(set);
  envoy = await Envoy.start(delivery);
  await envoy.stop();
  const running = delivery;
  await eventually("disconnect", () => (running.xdsPublisher.ready() ? undefined : true));
  envoy = await Envoy.spawn(delivery);
  await eventually("ready", () => (running.xdsPublisher.ready() ? true : undefined));
  expect((await envoy.ask("one")).status).toBe(200);
});

test("an Envoy that came first waits for the control plane", async () => {
  delivery = await Delivery.start(set);
  await delivery.shut();
  envoy = await Envoy.spawn(delivery);
  const running = envoy;
  await eventually("admin", async () =>
    (await running.admin("/ready")).startsWith("PRE_INITIALIZING") ? true : undefined,
  );
  await delivery.open(set);
  await delivery.live();
  expect((await envoy.ask("one")).status).toBe(200);
});

test("what Envoy refuses is shown with its reason, and what ran keeps running", async () => {
  delivery = await Delivery.start(set);
  envoy = await Envoy.start(delivery);
  // Nothing that `check` lets through is refused by this Envoy, so the compiler's settings are spoilt behind its back.
  const broken = { ...delivery.input(set), revision: 2n };
  const settings = { ...broken.settings, callout: { kind: "tcp", host: "127.0.0.1", port: 70_000 } as const };
  delivery.xdsPublisher.publish({ ...broken, settings }, delivery.secretsOf(set));
  const running = delivery;
  const rejected = await eventually("rejection", () => {
    const [newest] = running.xdsPublisher.status()[0]?.revisions ?? [];
    return newest?.state === "rejected" ? newest : undefined;
  });
  expect(rejected.revision).toBe(2n);
  expect(rejected.detail).toMatch(/PortValue/i);
  expect((await envoy.ask("one")).headers.get("x-sluice-revision")).toBe("1");
});

test("over loopback TCP; a taken port is the system's error", async () => {
  const [xds, callout] = [await loopback(), await loopback()];
  delivery = await Delivery.start(set, { xds, settings: { callout } });
  envoy = await Envoy.start(delivery);
  expect((await envoy.ask("one")).status).toBe(200);
  await expect(Delivery.start(set, { xds })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a socket that a killed process left behind is replaced, one that is served is not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-stale-"));
  const path = join(folder, "xds.sock");
  const listener = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", listener, path]);
  expect(existsSync(path)).toBe(true);
  delivery = await Delivery.start(set, { folder, xds: { kind: "unix", path } });
  envoy = await Envoy.start(delivery);
  await expect(Delivery.start(set, { xds: { kind: "unix", path } })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a body of the largest size is sent again to the next target", async () => {
  const MIB = 1024 * 1024;
  const sizes: number[] = [];
  const counting = createServer((request, response) => {
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
    });
    request.on("end", () => {
      sizes.push(size);
      response.writeHead(sizes.length === 1 ? 503 : 200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => counting.listen(0, "127.0.0.1", () => resolve()));
  const baseUrl = `http://127.0.0.1:${(counting.address() as { port: number }).port}`;
  const resources = resourceSet({
    providers: ["first", "second"].map((id) => ({ id, baseUrl })),
    targets: ["first", "second"].map((id) => ({ id, provider: id, model: id })),
    modelRoutes: { model: ["first", "second"] },
  });
  delivery = await Delivery.start(resources, { settings: { requestBodyBytesMax: 16 * MIB } });
  envoy = await Envoy.start(delivery);
  const text = "x".repeat(16 * MIB - 1024);
  expect((await envoy.ask("model", { text })).status).toBe(200);
  expect(sizes.every((size) => size > text.length)).toBe(true);
  expect(sizes.length).toBe(2);
  expect((await envoy.ask("model", { text: `${text}${"x".repeat(1024)}` })).status).toBe(413);
  counting.close();
  counting.closeAllConnections();
});

function openssl(...parameters: string[]): void {
  execFileSync("openssl", parameters, { stdio: "ignore" });
}

/** One authority and one certificate of it for both sides. */
function makeCertificates(folder: string): MutualTlsFiles {
  const file = (name: string) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-subj", "/CN=ca", "-days", "2");
  openssl("req", ...key, "-keyout", file("key.pem"), "-out", file("request.pem"), "-subj", "/CN=localhost");
  writeFileSync(file("san.cnf"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
  const signed = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile", file("san.cnf")];
  openssl("x509", "-req", "-in", file("request.pem"), ...signed, "-out", file("certificate.pem"), "-days", "2");
  return { certificateFile: file("certificate.pem"), keyFile: file("key.pem"), clientCaFile: file("ca.pem") };
}

test("beyond loopback only with mutual TLS", async () => {
  const open: ListenAddress = { kind: "tcp", host: "0.0.0.0", port: await freePort() };
  await expect(Delivery.start(set, { xds: open })).rejects.toThrow(StartError);
  await expect(Delivery.start(set, { settings: { callout: open } })).rejects.toThrow(StartError);
});

test("mutual TLS on both control ports, and TLS to providers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
  const tls = makeCertificates(folder);
  const pem = (file: string) => readFileSync(file, "utf8");
  const secure = createTlsServer({ cert: pem(tls.certificateFile), key: pem(tls.keyFile) }, (request, response) => {
    request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  });
  // All of 127/8, so that the certificate can be had under an address that it does not name.
  await new Promise<void>((resolve) => secure.listen(0, "0.0.0.0", () => resolve()));
  const { port } = secure.address() as { port: number };
  const trusted = { tls: { caCertificates: pem(tls.clientCaFile) } };
  const resources = oneRoutePerProvider([
    { id: "by-name", baseUrl: `https://localhost:${port}`, ...trusted },
    { id: "by-address", baseUrl: `https://127.0.0.1:${port}`, ...trusted },
    { id: "misnamed", baseUrl: `https://127.0.0.2:${port}`, ...trusted },
    { id: "by-system", baseUrl: `https://localhost:${port}` },
  ]);
  const [xds, callout] = [await loopback(), await loopback()];
  delivery = await Delivery.start(resources, { folder, tls, xds, settings: { callout } });
  envoy = await Envoy.start(delivery);
  const statuses = async () => {
    const answers = await Promise.all(resources.providers.map(({ id }) => envoy?.ask(id)));
    return Object.fromEntries(answers.map((answer, index) => [resources.providers[index]?.id, answer?.status]));
  };
  expect(await statuses()).toEqual({ "by-name": 200, "by-address": 200, misnamed: 503, "by-system": 503 });

  await delivery.shut();
  vi.stubEnv("SSL_CERT_FILE", tls.clientCaFile);
  await delivery.open(resources);
  await delivery.publish(resources);
  await delivery.live();
  expect(await statuses()).toEqual({ "by-name": 200, "by-address": 200, misnamed: 503, "by-system": 200 });

  const { port: calloutPort } = callout as { port: number };
  const asking = { ca: pem(tls.clientCaFile), host: "localhost", port: calloutPort, path: "/v1/changes" };
  const uncertified = new Promise((resolve, reject) => request(asking, resolve).once("error", reject).end());
  await expect(uncertified).rejects.toThrow();
  secure.close();
  secure.closeAllConnections();
});
