// Signature Version 4 for the control plane's own GETs. Requests of clients are signed by Envoy; nothing here sees them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac } from "node:crypto";
import type { Aws, AwsCredential } from "../resources/aws.js";

const ALGORITHM = "AWS4-HMAC-SHA256";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** RFC 3986: what JavaScript leaves as it is beyond the unreserved characters is encoded too. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonicalQuery(url: URL): string {
  const pairs = [...url.searchParams].map(([name, value]) => [encode(name), encode(value)] as const);
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return pairs
    .sort(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue))
    .map((pair) => pair.join("="))
    .join("&");
}

/** The headers that make a GET of `url`, without a body, one of this credential's. `at`: the time of the request. */
export function signedHeaders(url: URL, aws: Aws, credential: AwsCredential, at: Date): Record<string, string> {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const { accessKeyId, secretAccessKey, sessionToken } = credential;
  const headers: Record<string, string> = {
    "x-amz-date": time,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
  };
  const signed = Object.entries({ host: url.host, ...headers });
  const names = signed.map(([name]) => name).join(";");
  // All services but S3 sign the path as it is sent, encoded once more.
  const path = url.pathname.split("/").map(encode).join("/");
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join("");
  const canonical = ["GET", path, canonicalQuery(url), lines, names, sha256("")].join("\n");
  const scope = [day, aws.region, aws.service, "aws4_request"];
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, [ALGORITHM, time, scope.join("/"), sha256(canonical)].join("\n")).toString("hex");
  const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope.join("/")}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}
