// The delta ADS service over gRPC: transport, credentials and decoding. What to send is the sessions' matter.
// State-of-the-world xDS is refused: it would push every resource at every change.
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import type { ListenAddress, MutualTlsFiles } from "../ports.js";
import { removeStaleSocket } from "../unix-socket.js";
import { bearerCheck } from "./bearer.js";
import type { DeltaRequest, DeltaResponse } from "./delta-stream.js";
import { envoyMessage } from "./registry.js";

// Its lines on stderr are not ours to parse, and what they say is rejected or emitted here too.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

const SERVICE = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
/** Envoy's requests hold names and versions: 100 bytes each, so this is room for 100,000 resources. */
const REQUEST_BYTES_MAX = 16 * 1024 * 1024;

/** A decoded request, and the node that sent it (only the first of a stream carries it). */
export interface AdsRequest extends DeltaRequest {
  node?: { id: string } | undefined;
}

export interface AdsPeer {
  receive(request: AdsRequest): void;
  close(): void;
}

export interface AdsServerOptions {
  readonly address: ListenAddress;
  readonly tls: MutualTlsFiles | undefined;
  readonly token: string;
  readonly open: (send: (response: DeltaResponse) => void, abort: (reason: string) => void) => AdsPeer;
}

export class AdsServer {
  private readonly server = new grpc.Server({
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc.max_receive_message_length": REQUEST_BYTES_MAX,
    "grpc.max_send_message_length": -1,
  });
  private readonly authorised: (header: string | undefined) => boolean;

  constructor(private readonly options: AdsServerOptions) {
    this.authorised = bearerCheck(options.token);
    this.server.addService(
      {
        DeltaAggregatedResources: method("DeltaAggregatedResources", decodeRequest, encodeResponse),
        StreamAggregatedResources: method("StreamAggregatedResources", identity, identity),
      },
      {
        DeltaAggregatedResources: (call: grpc.ServerDuplexStream<AdsRequest, DeltaResponse>) => this.delta(call),
        StreamAggregatedResources: (call: grpc.ServerDuplexStream<Buffer, Buffer>) =>
          refuse(call, grpc.status.UNIMPLEMENTED, "state-of-the-world xDS is not served: set api_type: DELTA_GRPC"),
      },
    );
  }

  /** Resolves with the port (0 for a unix socket); rejects with the system's error. */
  async listen(): Promise<number> {
    const { address, tls } = this.options;
    await removeStaleSocket(address);
    return new Promise((resolve, reject) => {
      this.server.bindAsync(target(address), credentials(tls), (error, port) => {
        if (error === null) resolve(port);
        else reject(withSystemCode(error));
      });
    });
  }

  close(): void {
    this.server.forceShutdown();
  }

  private delta(call: grpc.ServerDuplexStream<AdsRequest, DeltaResponse>): void {
    if (!this.authorised(call.metadata.get("authorization")[0]?.toString())) {
      refuse(call, grpc.status.UNAUTHENTICATED, "authorization does not carry the xDS bearer token");
      return;
    }
    const peer = this.options.open(
      (response) => call.write(response),
      (reason) => refuse(call, grpc.status.INVALID_ARGUMENT, reason),
    );
    call.on("data", (request: AdsRequest) => peer.receive(request));
    call.on("end", () => call.end());
    for (const event of ["cancelled", "close", "error"]) call.on(event, () => peer.close());
  }
}

/** grpc-js keeps the system's code only in its text: "…: [listen EADDRINUSE: …]". */
function withSystemCode(error: Error): Error {
  const code = /\blisten (E[A-Z]+)\b/.exec(error.message)?.[1];
  return code === undefined ? error : Object.assign(error, { code });
}

function refuse<Q, S>(call: grpc.ServerDuplexStream<Q, S>, code: grpc.status, details: string): void {
  call.emit("error", { code, details });
}

function method<Q, S>(
  name: string,
  requestDeserialize: (bytes: Buffer) => Q,
  responseSerialize: (response: S) => Buffer,
): grpc.MethodDefinition<Q, S> {
  return {
    path: `${SERVICE}/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: serverOnly,
    requestDeserialize,
    responseSerialize,
    responseDeserialize: serverOnly,
  };
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

/** Half of a gRPC method definition is for clients, and there is none here. */
function serverOnly(): never {
  throw new Error("this definition serves only");
}

function decodeRequest(bytes: Buffer): AdsRequest {
  const schema = envoyMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest");
  // The field names of the message are those of AdsRequest; there is no generated type to say so.
  return fromBinary(schema, bytes) as Message as Message & AdsRequest;
}

function encodeResponse(response: DeltaResponse): Buffer {
  const schema = envoyMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse");
  const resourceSchema = envoyMessage("envoy.service.discovery.v3.Resource");
  const resources = response.resources.map(({ name, version, body }) =>
    create(resourceSchema, { name, version, resource: body } as Record<string, unknown>),
  );
  return Buffer.from(toBinary(schema, create(schema, { ...response, resources } as Record<string, unknown>)));
}

function target(address: ListenAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

function credentials(tls: MutualTlsFiles | undefined): grpc.ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure();
  const pair = { private_key: readFileSync(tls.keyFile), cert_chain: readFileSync(tls.certificateFile) };
  return grpc.ServerCredentials.createSsl(readFileSync(tls.clientCaFile), [pair], true);
}
