// What the filter asks while it serves: leases of API keys, changes to them, and grants of budgets; and what it reports: usage. Own port, own token; nothing of the
// operator API is reachable here. Plain node:http: this is the only path whose latency a client's first request feels.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { GRANTS_BYTES_MAX } from "../grants/records.js";
import { requireTlsBeyondLoopback } from "../listen-address.js";
import type { CalloutApi, CalloutApiOptions, MutualTlsFiles } from "../ports.js";
import { removeStaleSocket } from "../unix-socket.js";
import { bearerCheck } from "../xds/bearer.js";
import { changesRecord, leaseRecord } from "./records.js";

const LEASE_PATH = /^\/v1\/leases\/([0-9a-f]{64})$/;
const CHANGES_PATH = "/v1/changes";
const USAGE_PATH = "/v1/usage";
const GRANTS_PATH = "/v1/grants";
/** Twice what a worker collects. */
const USAGE_BYTES_MAX = 1024 * 1024;
const NUMBER = /^\d{1,20}$/;
const WORKER = /^[0-9a-f]{16}$/;
const NODE_ID_CHARACTERS_MAX = 256;
const U64_MAX = 2n ** 64n - 1n;
/** Envoy keeps its connections; a shorter time would close one just as a callout is sent on it. */
const KEEP_ALIVE_MS = 300_000;

/** A number of the query, or undefined when it is none that 64 bits hold. */
function number(text: string | null): bigint | undefined {
  if (text === null || !NUMBER.test(text)) return undefined;
  const value = BigInt(text);
  return value <= U64_MAX ? value : undefined;
}

function reply(response: ServerResponse, status: number, body: Buffer | string): void {
  const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/octet-stream";
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Undefined when it is longer than `bytesMax`. Rejects when the connection breaks. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= bytesMax) chunks.push(chunk);
  }
  return length <= bytesMax ? Buffer.concat(chunks) : undefined;
}

class Callouts {
  private readonly authorised: (header: string | undefined) => boolean;

  constructor(private readonly options: CalloutApiOptions) {
    this.authorised = bearerCheck(options.token);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.authorised(request.headers.authorization)) {
      request.resume();
      reply(response, 401, "the callout token is missing or wrong\n");
      return;
    }
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    if (path === USAGE_PATH && request.method === "POST") return this.usage(request, response);
    if (path === GRANTS_PATH && request.method === "POST") return this.grants(request, response);
    request.resume();
    const lease = LEASE_PATH.exec(path);
    if (request.method !== "GET") reply(response, 405, "GET, or POST of /v1/usage and /v1/grants\n");
    else if (lease?.[1] !== undefined) await this.lease(lease[1], response);
    else if (path === CHANGES_PATH) await this.changes(new URLSearchParams(query), response);
    else reply(response, 404, "there is /v1/leases/{sha256}, /v1/changes, /v1/grants and /v1/usage\n");
  }

  private async lease(digest: string, response: ServerResponse): Promise<void> {
    const answer = await this.options.leases.lookup(digest);
    reply(response, 200, leaseRecord(answer, this.options.timing, Date.now()));
  }

  /** 200 means that all of it is kept, or is nothing that could be. */
  private async usage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const lines = await readBody(request, USAGE_BYTES_MAX);
    if (lines === undefined) {
      reply(response, 413, `at most ${USAGE_BYTES_MAX} bytes\n`);
      return;
    }
    await this.options.onUsage(lines);
    reply(response, 200, "");
  }

  private async grants(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, GRANTS_BYTES_MAX);
    const answer = body && (await this.options.onGrants(body));
    if (answer === undefined) reply(response, 400, "no request for grants: see ARCHITECTURE.md, section 2.5\n");
    else reply(response, 200, answer);
  }

  private async changes(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const since = number(query.get("since"));
    const revision = number(query.get("revision"));
    const capacities = number(query.get("capacities"));
    const worker = query.get("worker") ?? "";
    const nodeId = query.get("node") ?? "";
    const named = nodeId !== "" && nodeId.length <= NODE_ID_CHARACTERS_MAX;
    const counted = since !== undefined && revision !== undefined && capacities !== undefined;
    if (!counted || !WORKER.test(worker) || !named) {
      reply(response, 400, "want since=NUMBER&node=ID&worker=16 HEX&revision=NUMBER&capacities=NUMBER\n");
      return;
    }
    this.options.onReport({ nodeId, worker, revision });
    const changes = await this.options.leases.changesSince(since);
    reply(response, 200, changesRecord(changes, this.options.capacities.sharesOf(nodeId, capacities)));
  }
}

function createHttpServer(tls: MutualTlsFiles | undefined, listener: RequestListener): Server {
  if (tls === undefined) return createServer(listener);
  const options = {
    cert: readFileSync(tls.certificateFile),
    key: readFileSync(tls.keyFile),
    ca: readFileSync(tls.clientCaFile),
    requestCert: true,
    rejectUnauthorized: true,
  };
  return createTlsServer(options, listener);
}

/** Throws StartError when it would be open to a network without TLS. */
export function createCalloutApi(options: CalloutApiOptions): CalloutApi {
  requireTlsBeyondLoopback("callout API", options.address, options.tls);
  const callouts = new Callouts(options);
  const server = createHttpServer(options.tls, (request, response) => {
    callouts.handle(request, response).catch((error: unknown) => {
      options.log.error("callout failed", { reason: error instanceof Error ? error.message : String(error) });
      if (!response.headersSent) reply(response, 500, "see the control plane's log\n");
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return {
    listen: async () => {
      const { address } = options;
      await removeStaleSocket(address);
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(
          address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port },
          () => {
            server.off("error", reject);
            resolve();
          },
        );
      });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
