// AWS Signature Version 4 as AWS checks it: the signature is computed again from the request that came. Throws Refusal in
// the words of AWS's services. It knows the one access key that it is given.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Refusal } from "./rules.mjs";

const ALGORITHM = "AWS4-HMAC-SHA256";
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, ?SignedHeaders=([a-z0-9;_-]+), ?Signature=([0-9a-f]{64})$/;
const TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const SKEW_MINUTES_MAX = 5;
const MISMATCH =
  "The request signature we calculated does not match the signature you provided. " +
  "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

const refuse = (code, message, status = 403) => {
  throw new Refusal(status, message, { code });
};

/** UriEncode of AWS's documentation: every byte but the unreserved characters of RFC 3986, hexadecimal in upper case. */
function uriEncode(text) {
  let encoded = "";
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** The path as it was sent, encoded once more: all services but Amazon S3 do so. */
const canonicalPath = (path) => path.split("/").map(uriEncode).join("/");

function canonicalQuery(query) {
  const pairs = query === "" ? [] : query.split("&").map((pair) => pair.split(/=(.*)/s));
  const encoded = pairs.map(([name, value = ""]) => [name, value].map((text) => uriEncode(decodeURIComponent(text))));
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  encoded.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return encoded.map((pair) => pair.join("=")).join("&");
}

/**
 * Step 1. `request` has method, path and query as they were sent, headers by lower-case names, and the body's bytes.
 * `names` are the signed headers, in the order of the request.
 */
export function canonicalRequest({ method, path, query, headers, body }, names) {
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  return [method, canonicalPath(path), canonicalQuery(query), lines.join(""), names.join(";"), sha256(body)].join("\n");
}

/** Steps 2 to 4. `scope`: day, region and service. */
export function signatureOf(canonical, time, scope, secretAccessKey) {
  const parts = [...scope, "aws4_request"];
  const key = parts.reduce(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, [ALGORITHM, time, parts.join("/"), sha256(canonical)].join("\n")).toString("hex");
}

const stamp = (ms) => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");

function checkTime(time, day, now) {
  const [, ...parts] = TIME.exec(time ?? "") ?? refuse("IncompleteSignatureException", "Date must be in ISO-8601");
  const [year, month, date, hour, minute, second] = parts.map(Number);
  const sent = Date.UTC(year, month - 1, date, hour, minute, second);
  const skew = SKEW_MINUTES_MAX * 60_000;
  const limit = (sign) =>
    `${stamp(now + sign * skew)} (${stamp(now)} ${sign < 0 ? "-" : "+"} ${SKEW_MINUTES_MAX} min.)`;
  if (sent < now - skew) {
    refuse("InvalidSignatureException", `Signature expired: ${time} is now earlier than ${limit(-1)}`);
  }
  if (sent > now + skew) {
    refuse("InvalidSignatureException", `Signature not yet current: ${time} is still later than ${limit(1)}`);
  }
  if (time.slice(0, 8) === day) return;
  const words = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}'`;
  refuse("InvalidSignatureException", words);
}

function checkScope({ region, service }, known) {
  if (region !== known.region) {
    refuse("InvalidSignatureException", `Credential should be scoped to a valid region, not '${region}'. `);
  }
  if (service !== known.service) {
    refuse("InvalidSignatureException", `Credential should be scoped to correct service: '${known.service}'. `);
  }
}

function checkSignedHeaders(headers, names) {
  if (names.join() !== [...names].sort().join()) refuse("IncompleteSignatureException", "SignedHeaders must be sorted");
  for (const name of Object.keys(headers)) {
    if ((name === "host" || name.startsWith("x-amz-")) && !names.includes(name)) {
      refuse("InvalidSignatureException", `'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
}

/**
 * `known` is `{ accessKeyId, secretAccessKey, sessionToken?, region, service? }`, `now` in ms.
 * @throws {Refusal} with the name of AWS's exception as its code.
 */
export function checkSignature(request, known, now = Date.now()) {
  const { headers, body } = request;
  const authorization = headers.authorization;
  if (authorization === undefined) refuse("MissingAuthenticationTokenException", "Missing Authentication Token");
  const [, keyId, day, region, service, signed, signature] =
    AUTHORIZATION.exec(authorization) ?? refuse("IncompleteSignatureException", "Authorization header is malformed");
  const names = signed.split(";");
  checkSignedHeaders(headers, names);
  const time = headers["x-amz-date"];
  checkTime(time, day, now);
  checkScope({ region, service }, { service: "bedrock", ...known });
  if (keyId !== known.accessKeyId || headers["x-amz-security-token"] !== known.sessionToken) {
    refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  const digest = headers["x-amz-content-sha256"];
  if (digest !== undefined && digest !== sha256(body)) {
    refuse("InvalidSignatureException", "The value of x-amz-content-sha256 is not the digest of the body.");
  }
  const expected = signatureOf(canonicalRequest(request, names), time, [day, region, service], known.secretAccessKey);
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) refuse("InvalidSignatureException", MISMATCH);
}
