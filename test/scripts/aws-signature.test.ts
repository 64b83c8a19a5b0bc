// The demo provider's check of AWS signatures, against AWS's own published example and against what AWS's SDK for Python
// (botocore 1.44.5, SigV4Auth, 2026-11-23T11:30:00Z) makes of requests to Bedrock.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  canonicalRequest,
  checkSignature,
  type SignedRequest,
  signatureOf,
} from "../../examples/demo-providers/aws-signature.mjs";

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html: IAM's ListUsers. */
test("AWS's published example", () => {
  const request = {
    method: "GET",
    path: "/",
    query: "Action=ListUsers&Version=2010-05-08",
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      host: "iam.amazonaws.com",
      "x-amz-date": "20150830T123600Z",
    },
    body: Buffer.alloc(0),
  };
  const canonical = canonicalRequest(request, ["content-type", "host", "x-amz-date"]);
  expect(createHash("sha256").update(canonical).digest("hex")).toBe(
    "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59",
  );
  const scope = ["20150830", "us-east-1", "iam"];
  const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  expect(signatureOf(canonical, "20150830T123600Z", scope, secret)).toBe(
    "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
});

const key = {
  accessKeyId: "AKIDEXAMPLE1234567A",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
};
const now = Date.UTC(2026, 10, 23, 11, 30);
const authorization = (names: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/20261123/us-east-1/bedrock/aws4_request, ` +
  `SignedHeaders=${names}, Signature=${signature}`;

const converse: SignedRequest = {
  method: "POST",
  path: "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse",
  query: "",
  headers: {
    "content-type": "application/json",
    host: "bedrock-runtime.us-east-1.amazonaws.com",
    "x-amz-date": "20261123T113000Z",
    authorization: authorization(
      "content-type;host;x-amz-date",
      "0ef483e2377e18b88b9a3dec8871ba3dc968be3a1f39af3e916fa87c6d2ed4c0",
    ),
  },
  body: Buffer.from('{"messages":[]}'),
};

const temporary = { ...key, sessionToken: "TOKEN/+=" };
const stream: SignedRequest = {
  method: "POST",
  path: "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2Fus.anthropic.claude-sonnet-4-20250514-v1%3A0/invoke-with-response-stream",
  query: "",
  headers: {
    ...converse.headers,
    "x-amz-security-token": "TOKEN/+=",
    authorization: authorization(
      "content-type;host;x-amz-date;x-amz-security-token",
      "6f222f833efccd4844ad68a21be33a03d50be039d30282bbca3e077dac51a66a",
    ),
  },
  body: Buffer.from('{"你":"好"}'),
};

test("requests as AWS's SDK signs them: ids with colons, ARNs with slashes, temporary credentials", () => {
  checkSignature(converse, key, now);
  checkSignature(stream, temporary, now);
});

describe("AWS refuses", () => {
  const headers = (changes: Record<string, string | undefined>) => {
    const kept = Object.entries({ ...converse.headers, ...changes }).filter(([, value]) => value !== undefined);
    return { ...converse, headers: Object.fromEntries(kept) };
  };
  const signed = converse.headers.authorization ?? "";
  test.each<[string, SignedRequest, object, string, string]>([
    ["no signature", headers({ authorization: undefined }), {}, "MissingAuthenticationTokenException", "Missing"],
    ["a bearer token", headers({ authorization: "Bearer x" }), {}, "IncompleteSignatureException", "malformed"],
    ["another body", { ...converse, body: Buffer.from("{}") }, {}, "InvalidSignatureException", "does not match"],
    [
      "a path that was decoded on the way",
      { ...converse, path: converse.path.replace("%3A", ":") },
      {},
      "InvalidSignatureException",
      "does not match",
    ],
    ["a changed signed header", headers({ host: "example.com" }), {}, "InvalidSignatureException", "does not match"],
    ["an AWS header that is not signed", headers({ "x-amz-x": "1" }), {}, "InvalidSignatureException", "SignedHeader"],
    ["another secret", converse, { secretAccessKey: "another" }, "InvalidSignatureException", "does not match"],
    ["an unknown key", converse, { accessKeyId: "ANOTHER" }, "UnrecognizedClientException", "token"],
    ["a missing session token", converse, { sessionToken: "t" }, "UnrecognizedClientException", "token"],
    ["another region", converse, { region: "eu-west-1" }, "InvalidSignatureException", "valid region"],
    ["another service", converse, { service: "s3" }, "InvalidSignatureException", "correct service"],
    [
      "another day than the date's",
      headers({ authorization: signed.replace("/20261123/", "/20261122/") }),
      {},
      "InvalidSignatureException",
      "Date in Credential scope",
    ],
    [
      "another digest than the body's",
      headers({
        "x-amz-content-sha256": "0".repeat(64),
        authorization: signed.replace(";host;", ";host;x-amz-content-sha256;"),
      }),
      {},
      "InvalidSignatureException",
      "digest",
    ],
  ])("%s", (_what, request, change, code, message) => {
    const call = () => checkSignature(request, { ...key, ...change }, now);
    expect(call).toThrow(expect.objectContaining({ status: 403, detail: { code } }));
    expect(call).toThrow(message);
  });

  test("a date that is more than five minutes off", () => {
    const minute = 60_000;
    checkSignature(converse, key, now + 5 * minute);
    checkSignature(converse, key, now - 5 * minute);
    expect(() => checkSignature(converse, key, now + 6 * minute)).toThrow("Signature expired");
    expect(() => checkSignature(converse, key, now - 6 * minute)).toThrow("Signature not yet current");
  });
});
