// Provider documents of AWS: what they may say, which credential fits them, what Envoy and the control plane make of them.
// Secrets here are AWS's published examples.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { signedHeaders } from "../../control-plane/discovery/aws-signature.js";
import type { CompileInput } from "../../control-plane/ports.js";
import { regionOf } from "../../control-plane/resources/aws.js";
import { type Provider, providerInputSchema } from "../../control-plane/resources/provider.js";
import { compile, providerSecrets, signingExtensions } from "../../control-plane/snapshot/snapshot.js";
import { fromAny, toAny } from "../../control-plane/xds/registry.js";
import { resourceSet } from "./delivery-harness.js";
import { Harness } from "./operator-harness.js";

const runtime = "https://bedrock-runtime.us-east-1.amazonaws.com";
const secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const token = "AQoDYXdzEJr1K/session+token/EXAMPLE==";
const apiKey = `AKIAIOSFODNN7EXAMPLE:${secretKey}`;
const bedrock = { dialect: "bedrock", baseUrl: runtime };

describe("the region", () => {
  test.each([
    [runtime, "us-east-1"],
    ["https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
    ["https://bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"],
    ["https://vpce-0a1b-2c3d.bedrock-runtime.eu-west-3.vpce.amazonaws.com", "eu-west-3"],
    ["https://bedrock-runtime.us-west-2.api.aws", "us-west-2"],
    ["https://bedrock.example.com", undefined],
    ["https://bedrock-runtime.us-east-1.amazonaws.com.example.com", undefined],
  ])("of %s is %s", (baseUrl, region) => expect(regionOf(baseUrl)).toBe(region));

  test("is taken from the base URL, the catalogue's too, or from the document", () => {
    const parse = (fields: object) => providerInputSchema.parse(fields).aws;
    expect(parse({ ...bedrock, aws: {} })).toEqual({ region: "us-east-1", service: "bedrock" });
    const entry = { catalog: "aws-bedrock-anthropic", parameters: { region: "eu-west-1" }, aws: {} };
    expect(parse(entry)).toEqual({ region: "eu-west-1", service: "bedrock" });
    const own = { ...bedrock, baseUrl: "https://llm.example.com", aws: { region: "eu-west-1", service: "other" } };
    expect(parse(own)).toEqual({ region: "eu-west-1", service: "other" });
    expect(parse(bedrock)).toBeUndefined();
  });
});

test.each([
  ["nowhere", { ...bedrock, baseUrl: "https://llm.example.com", aws: {} }, ["aws", "region"], "required"],
  ["a place that is none", { ...bedrock, aws: { region: "home" } }, ["aws", "region"], "us-east-1"],
  ["another than the base URL's", { ...bedrock, aws: { region: "eu-west-1" } }, ["aws", "region"], "us-east-1"],
  ["a dialect that takes no signature", { ...bedrock, dialect: "openai", aws: {} }, ["aws"], "dialect openai"],
  ["a header for the key too", { ...bedrock, aws: {}, auth: "bearer" }, ["auth"], "aws"],
  ["a field that is none", { ...bedrock, aws: { profile: "x" } }, ["aws"], "profile"],
])("a document that says %s is refused", (_what, fields, path, message) => {
  const { error } = providerInputSchema.safeParse(fields);
  expect(error?.issues.map((issue) => issue.path)).toEqual([path]);
  expect(error?.issues[0]?.message).toContain(message);
});

describe("the credential", () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
  });
  afterEach(() => harness.remove());
  const put = (fields: object) => harness.put("/api/v1/providers/p", { ...bedrock, ...fields });
  const signed = { aws: {} };

  test("is an access key, with or without a session token, and is never shown", async () => {
    for (const key of [apiKey, `${apiKey}:${token}`]) {
      const { body } = await put({ ...signed, apiKey: key });
      expect(body.resource).toMatchObject({
        aws: { region: "us-east-1", service: "bedrock" },
        credential: { set: true },
      });
      expect(harness.publisher.published.at(-1)?.secrets.get("p")).toBe(key);
      expect(JSON.stringify([body, (await harness.get("/api/v1/configuration")).body])).not.toContain(secretKey);
    }
  });

  test.each([
    "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl",
    "AKIAIOSFODNN7EXAMPLE",
    "AKIAIOSFODNN7EXAMPLE:",
    "AKIA:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    `${apiKey}:`,
    `${apiKey}:a:b`,
    `${apiKey.replace(":", "/")}`,
  ])("is not %s", async (key) => {
    const { status, body } = await put({ ...signed, apiKey: key });
    expect(status).toBe(422);
    expect(body.error.problems).toMatchObject([{ kind: "provider", id: "p", path: "/apiKey" }]);
    expect(body.error.problems[0].message).toContain("ACCESS_KEY_ID:SECRET_ACCESS_KEY");
    expect(JSON.stringify(body)).not.toContain(key);
    expect(JSON.stringify(body)).not.toContain(secretKey);
  });

  test("that was stored for another way is not taken over", async () => {
    expect((await put({ apiKey: "bedrock-api-key" })).status).toBe(201);
    expect((await put(signed)).status).toBe(422);
    expect((await put({ ...signed, apiKey })).status).toBe(200);
    const refused = await put({});
    expect(refused.status).toBe(422);
    expect(refused.body.error.problems[0]).toMatchObject({
      path: "/apiKey",
      message: expect.stringContaining("never sent"),
    });
    const back = await harness.post("/api/v1/revisions/2/rollback");
    expect(back.body.error.problems).toMatchObject([{ path: "/apiKey" }]);
    expect((await put({ apiKey: "bedrock-api-key" })).status).toBe(200);
  });
});

describe("a cluster that signs", () => {
  const aws = { region: "us-east-1", service: "bedrock" };
  const input = (fields: Partial<Provider> = {}): CompileInput => ({
    revision: 1n,
    resources: resourceSet({
      providers: [{ id: "p", ...bedrock, aws, allowPrivateAddress: false, ...fields } as Provider],
    }),
    routesCreated: new Map(),
    settings: {
      gateway: { host: "127.0.0.1", port: 10_000 },
      callout: { kind: "unix", path: "/run/sluice/callout.sock" },
      calloutTls: undefined,
      requestBodyBytesMax: 1_000_000,
      usageLogFile: undefined,
      calloutTimeoutMs: 250,
    },
  });
  const clusterOf = (fields?: Partial<Provider>) => JSON.stringify(compile(input(fields)).clusters[1]);
  const nameOf = (fields?: Partial<Provider>) => String(compile(input(fields)).clusters[1]?.name);

  test("does so last, on what is left when every credential header is taken off", () => {
    const cluster = clusterOf();
    const order = ["sluice-target", "upstream_rbac", "header_mutation", `"signing/${nameOf()}"`, "upstream_codec"];
    const places = order.map((word) => cluster.indexOf(word));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThan(0);
    for (const header of ["authorization", "x-api-key", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"]) {
      expect(cluster).toContain(`{"remove":"${header}"}`);
    }
    expect(providerSecrets(input(), new Map([["p", apiKey]]))).toEqual([]);
  });

  test("is named by region and service, not by its key, and others have no such filter", () => {
    const baseUrl = "https://llm.example.com";
    const others = [{}, { service: "other" }, { region: "us-east-2" }].map((other) => ({ ...aws, ...other }));
    expect(new Set(others.map((other) => nameOf({ baseUrl, aws: other }))).size).toBe(3);
    expect(nameOf({ aws: undefined })).not.toBe(nameOf());
    expect(clusterOf({ aws: undefined })).not.toContain("signing/");
    expect(signingExtensions(input({ aws: undefined }), new Map([["p", apiKey]]))).toEqual([]);
  });

  test("gets the key by ECDS, and without one does nothing rather than look for one on its machine", () => {
    const made = (key?: string) => {
      const [extension] = signingExtensions(input(), new Map(key === undefined ? [] : [["p", key]]));
      if (extension === undefined) throw new Error("no extension");
      return fromAny(toAny(extension));
    };
    const type = (name: string) => `type.googleapis.com/envoy.extensions.filters.http.${name}`;
    const name = `signing/${nameOf()}`;
    expect(made(`${apiKey}:${token}`)).toMatchObject({
      name,
      typedConfig: {
        "@type": type("aws_request_signing.v3.AwsRequestSigning"),
        serviceName: "bedrock",
        region: "us-east-1",
        credentialProvider: {
          inlineCredential: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: secretKey, sessionToken: token },
        },
      },
    });
    expect(made()).toMatchObject({ name, typedConfig: { "@type": type("header_mutation.v3.HeaderMutation") } });
  });
});

/** What AWS's SDK for Python (botocore 1.44.5, SigV4Auth) makes of the same request. */
test("the control plane's own signature is that of AWS's SDK", () => {
  const url = new URL("https://bedrock.us-east-1.amazonaws.com/foundation-models?byProvider=Anthropic");
  const key = {
    accessKeyId: "AKIDEXAMPLE1234567A",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    sessionToken: undefined,
  };
  const at = new Date("2026-11-23T11:30:00.123Z");
  expect(signedHeaders(url, { region: "us-east-1", service: "bedrock" }, key, at)).toEqual({
    "x-amz-date": "20261123T113000Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE1234567A/20261123/us-east-1/bedrock/aws4_request, " +
      "SignedHeaders=host;x-amz-date, Signature=eb15f413399467e2c8c3b0a0f13c048f7667a9a2328e1986ca880d4ede0eb693",
  });
});
