// One request to a provider or a webhook, for the control plane itself. The address that the name resolves to is judged, and that very
// address is connected to; redirects are not followed; time and bytes are bounded.
import { type LookupAddress, lookup as resolveName } from "node:dns";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { type RequestOptions, request as requestSecure } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPrivateAddress } from "../resources/address.js";
import { systemAuthorities } from "../system-authorities.js";

export interface ProviderRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowPrivateAddress: boolean;
  /** Trusted instead of the system's authorities, PEM. */
  readonly caCertificates: string | undefined;
  readonly bytesMax: number;
  readonly signal: AbortSignal;
  /** Sent by POST; without it the request is a GET. */
  readonly body?: string;
}

export interface ProviderReply {
  readonly status: number;
  readonly body: Buffer;
}

/** The name leads inside, and the document does not allow it. Nothing was connected to. */
export class PrivateAddressError extends Error {
  constructor(readonly host: string) {
    super(`${host} leads to this machine or a private network`);
  }
}

/** The reply was larger than the caller reads. */
export class ReplyTooLargeError extends Error {}

/** Resolves like the system, but answers with an error as soon as any of the addresses is private. */
function checkedLookup(allowPrivateAddress: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) return callback(error ?? new Error("no address"), "", 4);
      if (!allowPrivateAddress && addresses.some(({ address }) => isPrivateAddress(address))) {
        return callback(new PrivateAddressError(hostname), "", 4);
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** A literal address is not looked up. */
function checkLiteral({ url, allowPrivateAddress }: ProviderRequest): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowPrivateAddress && isIP(host) !== 0 && isPrivateAddress(host)) throw new PrivateAddressError(host);
}

async function readBody(message: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) throw new ReplyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Rejects with what the network says, with the signal's reason, PrivateAddressError or ReplyTooLargeError. */
export async function fetchFromProvider(request: ProviderRequest): Promise<ProviderReply> {
  checkLiteral(request);
  const { url, headers, signal, bytesMax } = request;
  const secure = url.protocol === "https:";
  const options: RequestOptions = {
    method: request.body === undefined ? "GET" : "POST",
    // No pool: a connection that was judged for one provider is not reused for another.
    agent: false,
    headers: { accept: "application/json", "accept-encoding": "identity", "user-agent": "sluice", ...headers },
    lookup: checkedLookup(request.allowPrivateAddress),
    signal,
    ...(secure ? { ca: request.caCertificates ?? systemAuthorities() } : {}),
  };
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = secure ? requestSecure(url, options, resolve) : requestPlain(url, options, resolve);
    sent.once("error", reject).end(request.body);
  });
  try {
    return { status: message.statusCode ?? 0, body: await readBody(message, bytesMax) };
  } finally {
    message.destroy();
  }
}
