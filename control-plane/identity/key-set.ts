// Fetches the public keys of an issuer. The address that its name resolves to is judged before it is connected to.
import { z } from "zod";
import { fetchFromProvider, PrivateAddressError, ReplyTooLargeError } from "../discovery/provider-fetch.js";
import { type IdentityProvider, isPublicKey, KEYS_MAX, type KeySet } from "../resources/identity-provider.js";

const TIMEOUT_MS = 5_000;
const BYTES_MAX = 256 * 1024;

/** Loose: issuers may add what they like. */
const replySchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** Why there are no keys, in words for an operator. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
}

export type FetchKeySet = (
  provider: Pick<IdentityProvider, "allowPrivateAddress" | "tls">,
  url: string,
) => Promise<KeySet>;

export const fetchKeySet: FetchKeySet = async ({ allowPrivateAddress, tls }, url) => {
  const { status, body } = await fetchFromProvider({
    url: new URL(url),
    headers: {},
    allowPrivateAddress,
    caCertificates: tls?.caCertificates,
    bytesMax: BYTES_MAX,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    throw new KeySetError(reasonOf(error));
  });
  if (status !== 200) throw new KeySetError(`answered with status ${status}`);
  return keysIn(body.toString("utf8"));
};

function reasonOf(error: Error): string {
  if (error instanceof PrivateAddressError) return "leads to a private address, which needs allowPrivateAddress: true";
  if (error instanceof ReplyTooLargeError) return `answered with more than ${BYTES_MAX} bytes`;
  if (error.name === "TimeoutError") return `did not answer within ${TIMEOUT_MS} ms`;
  return `could not be reached (${(error as NodeJS.ErrnoException).code ?? error.message})`;
}

/** Those that can prove a signature; issuers list keys for encryption beside them. */
function keysIn(text: string): KeySet {
  const keys = parsed(text)
    .filter((key) => isPublicKey(key) && key.use !== "enc")
    .slice(0, KEYS_MAX);
  if (keys.length === 0) throw new KeySetError("answered without any public RSA, EC or OKP key");
  return { keys };
}

function parsed(text: string): z.output<typeof replySchema>["keys"] {
  try {
    return replySchema.parse(JSON.parse(text)).keys;
  } catch {
    throw new KeySetError("answered with something that is no JSON Web Key Set");
  }
}
