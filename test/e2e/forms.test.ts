// Multipart forms (speech to text, edits of images): they pass while they arrive once the model is known, from the form, the
// path or a header, and the provider gets every byte but the model's name. The fake keeps what it got.
import { createHash, randomBytes } from "node:crypto";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, Gateway } from "./harness.ts";

const MEBIBYTE = 1024 * 1024;
const SOUND = randomBytes(3 * MEBIBYTE);

interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly fields: Map<string, Buffer>;
  readonly bytes: number;
  /** When the first byte of the body came, and whether the client had sent all by then. */
  readonly early: boolean;
}

let provider: Server;
let gateway: Gateway;
let openai: OpenAI;
const seen: Seen[] = [];
let status = 200;
let clientDone = false;

/** An independent reader of forms: the platform's. */
async function fieldsOf(body: Buffer, type: string): Promise<Map<string, Buffer>> {
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const fields = new Map<string, Buffer>();
  for (const [name, value] of form) {
    fields.set(name, typeof value === "string" ? Buffer.from(value) : Buffer.from(await value.arrayBuffer()));
  }
  return fields;
}

beforeAll(async () => {
  provider = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let early = false;
    request.once("data", () => {
      early = !clientDone;
    });
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const body = Buffer.concat(chunks);
      const fields = await fieldsOf(body, request.headers["content-type"] ?? "").catch(() => new Map());
      seen.push({ path: request.url ?? "", headers: request.headers, fields, bytes: body.length, early });
      response.writeHead(status, { "content-type": "application/json" });
      const error = { error: { message: "busy", type: "server_error", param: null, code: null } };
      const image = { created: 1, data: [{ b64_json: "AAAA" }] };
      const answer = request.url?.includes("images") ? image : { text: "你好" };
      response.end(JSON.stringify(status === 200 ? answer : error));
      status = 200;
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", () => resolve()));
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  gateway = await Gateway.start({
    providers: [
      { id: "one", dialect: "openai", baseUrl, apiKey: "credential-one", allowPrivateAddress: true },
      { id: "two", dialect: "openai", baseUrl, apiKey: "credential-two", allowPrivateAddress: true },
      { id: "claude", dialect: "anthropic", baseUrl, apiKey: "credential", allowPrivateAddress: true },
    ],
    targets: [
      { id: "one", provider: "one", model: "whisper-of-the-provider" },
      { id: "two", provider: "two", model: "w2" },
      { id: "same", provider: "one", model: "whisper" },
      { id: "claude", provider: "claude", model: "claude" },
    ],
    modelRoutes: [
      {
        id: "transcribe",
        targets: [{ target: "claude" }, { target: "one" }, { target: "two" }],
        // Every fault is played many times: nobody is to be left for it.
        failover: { outlierDetection: "off" },
      },
      { id: "听写", targets: [{ target: "one" }] },
      { id: "whisper", targets: [{ target: "same" }] },
      { id: "claude", targets: [{ target: "claude" }] },
    ],
    consumers: [{ id: "team", models: ["*"] }],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
});

afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  provider.close();
});

const sound = () => toFile(SOUND, "speech.mp3", { type: "audio/mpeg" });
const last = () => seen.at(-1) ?? expect.fail("the provider was not asked");
const expectSound = (model: string) => {
  expect(last().fields.get("file")?.equals(SOUND)).toBe(true);
  expect(last().fields.get("model")?.toString()).toBe(model);
};

function form(parts: [name: string, value: string | Buffer][], boundary = "----a-boundary"): Buffer {
  const written = parts.map(([name, value]) => {
    const file = typeof value === "string" ? "" : '; filename="a.mp3"';
    return Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from("\r\n"),
    ]);
  });
  return Buffer.concat([...written, Buffer.from(`--${boundary}--\r\n`)]);
}

/** Sends the pieces one by one, a turn of the loop apart; resolves with status and body. */
function send(path: string, pieces: Buffer[], headers: Record<string, string> = {}) {
  clientDone = false;
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const url = new URL(path, gateway.url);
    const request = httpRequest(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${gateway.key}`,
        "content-type": "multipart/form-data; boundary=----a-boundary",
        ...headers,
      },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    const next = (index: number) => {
      const piece = pieces[index];
      if (piece === undefined) {
        clientDone = true;
        request.end();
        return;
      }
      request.write(piece, () => setTimeout(next, 5, index + 1));
    };
    next(0);
  });
}

const errorOf = ({ status, text }: { status: number; text: string }) => [status, JSON.parse(text).error.code];

describe("OpenAI's SDK", () => {
  test.each(["model first", "file first"])("transcribes, %s", async (order) => {
    const file = await sound();
    const model = "transcribe";
    const body = order === "model first" ? { model, language: "zh", file } : { file, language: "zh", model };
    expect((await openai.audio.transcriptions.create(body)).text).toBe("你好");
    expectSound("whisper-of-the-provider");
    expect(last().fields.get("language")?.toString()).toBe("zh");
    expect(last().headers.authorization).toBe("Bearer credential-one");
    expect(last().path).toBe("/v1/audio/transcriptions");
  });

  test("translates, edits images and varies them", async () => {
    expect((await openai.audio.translations.create({ model: "transcribe", file: await sound() })).text).toBe("你好");
    const image = await toFile(SOUND, "cat.png", { type: "image/png" });
    await openai.images.edit({ model: "transcribe", image, prompt: "a hat" });
    expect([last().path, last().fields.get("prompt")?.toString()]).toEqual(["/v1/images/edits", "a hat"]);
    await openai.images.createVariation({ model: "transcribe", image });
    expect([last().path, last().fields.get("model")?.toString()]).toEqual([
      "/v1/images/variations",
      "whisper-of-the-provider",
    ]);
  });

  test("names the model in its base URL", async () => {
    const named = new OpenAI({
      baseURL: `${gateway.url}/v1/models/${encodeURIComponent("听写")}`,
      apiKey: gateway.key,
      maxRetries: 0,
    });
    await named.audio.transcriptions.create({ file: await sound(), model: "whatever" });
    expectSound("whisper-of-the-provider");
    expect(last().path).toBe("/v1/audio/transcriptions");
  });

  test("names the model in a header", async () => {
    const headers = { "x-sluice-model": encodeURIComponent("听写") };
    await openai.audio.transcriptions.create({ file: await sound(), model: "whatever" }, { headers });
    expectSound("whisper-of-the-provider");
    expect(last().headers).not.toHaveProperty("x-sluice-model");
  });
});

test("a provider that is busy is left for the next one, with its own name for the model", async () => {
  status = 429;
  const answer = await openai.audio.transcriptions.create({ model: "transcribe", file: await sound() });
  expect(answer.text).toBe("你好");
  expectSound("w2");
  expect(last().headers.authorization).toBe("Bearer credential-two");
});

test("a form whose model keeps its name passes byte for byte", async () => {
  const body = form([
    ["model", "whisper"],
    ["file", SOUND],
  ]);
  const before = seen.length;
  expect((await send("/v1/audio/transcriptions", [body])).status).toBe(200);
  expect(seen.length).toBe(before + 1);
  expect(last().bytes).toBe(body.length);
  expectSound("whisper");
});

test("cut anywhere, a form arrives whole", async () => {
  // Nearly a delimiter; the platform's reader takes a boundary for one wherever it stands, so that stays out.
  const small = Buffer.from("\r\n--\r\n------a-boundar\r\n----\r\r\n------a-\r\n");
  for (const parts of [
    [["model", "transcribe"] as [string, string], ["file", small] as [string, Buffer]],
    [["file", small] as [string, Buffer], ["model", "transcribe"] as [string, string]],
  ]) {
    const body = form(parts);
    for (let at = 1; at < body.length; at += 3) {
      const answer = await send("/v1/audio/transcriptions", [body.subarray(0, at), body.subarray(at)]);
      expect([at, answer.status]).toEqual([at, 200]);
      expect(last().fields.get("file")?.equals(small)).toBe(true);
      expect(last().fields.get("model")?.toString()).toBe("whisper-of-the-provider");
    }
  }
});

test("a second model behind the file is refused, wherever the first is named", async () => {
  const twice = form([
    ["model", "whisper"],
    ["file", Buffer.from("a sound")],
    ["model", "gpt-of-another-price"],
  ]);
  const before = seen.length;
  const pieces = [twice.subarray(0, 120), twice.subarray(120)];
  expect(errorOf(await send("/v1/audio/transcriptions", pieces))).toEqual([400, "invalid_form"]);
  const named = { "x-sluice-model": "whisper" };
  expect(errorOf(await send("/v1/audio/transcriptions", [twice], named))).toEqual([400, "invalid_form"]);
  expect(seen.length).toBe(before);
});

test("with a key that the filter does not know yet, nothing is lost or sent twice", async () => {
  const body = form([
    ["model", "transcribe"],
    ["file", SOUND],
  ]);
  for (const [path, headers] of [
    ["/v1/audio/transcriptions", {}],
    ["/v1/audio/transcriptions", { "x-sluice-model": "transcribe" }],
    ["/v1/models/transcribe/audio/transcriptions", {}],
  ] as const) {
    for (const pieces of [[body], [body.subarray(0, 300), body.subarray(300)]]) {
      const { key } = await gateway.operator<{ key: string }>("POST", "/consumers/team/keys", {});
      const answer = await send(path, pieces, { ...headers, authorization: `Bearer ${key}` });
      expect(answer.status).toBe(200);
      expectSound("whisper-of-the-provider");
      expect(last().bytes).toBe(body.length + "whisper-of-the-provider".length - "transcribe".length);
    }
  }
});

test("a form without a model gets the one that was named elsewhere", async () => {
  const small = Buffer.from("a sound");
  const body = form([["file", small]]);
  for (let at = body.length - 30; at <= body.length; at++) {
    const pieces = [body.subarray(0, at), body.subarray(at)];
    const answer = await send("/v1/audio/transcriptions", pieces, { "x-sluice-model": "transcribe" });
    expect([at, answer.status]).toEqual([at, 200]);
    expect(last().fields.get("file")?.equals(small)).toBe(true);
    expect(last().fields.get("model")?.toString()).toBe("whisper-of-the-provider");
  }
});

describe("a file larger than any body that is held", () => {
  const PIECE = randomBytes(MEBIBYTE);
  const PIECES = 40;
  const head = form([
    ["model", "transcribe"],
    ["file", Buffer.alloc(0)],
  ]).subarray(0, -"\r\n------a-boundary--\r\n".length);
  const nameless = form([["file", Buffer.alloc(0)]]).subarray(0, -"\r\n------a-boundary--\r\n".length);
  const tail = Buffer.from("\r\n------a-boundary--\r\n");
  const hash = (data: Buffer) => createHash("sha256").update(data).digest("hex");
  const whole = Buffer.concat(Array.from({ length: PIECES }, () => PIECE));
  const memory = async () => (await gateway.stat("wasmcustom.sluice.vm_memory_bytes")) || undefined;

  test.each([
    ["model in front", "/v1/audio/transcriptions", head],
    ["model in the path", "/v1/models/transcribe/audio/transcriptions", nameless],
  ])("passes while it arrives: %s", async (_how, path, start) => {
    await eventually("a figure of memory", memory);
    const before = (await memory()) ?? 0;
    const pieces = [start, ...Array.from({ length: PIECES }, () => PIECE), tail];
    expect((await send(path, pieces)).status).toBe(200);
    expect(last().early).toBe(true);
    expect(hash(last().fields.get("file") ?? Buffer.alloc(0))).toBe(hash(whole));
    expect(last().fields.get("model")?.toString()).toBe("whisper-of-the-provider");
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // the filter writes the figure once a second
    expect(((await memory()) ?? Number.NaN) - before).toBeLessThan(8 * MEBIBYTE);
  });

  test("is refused where nothing in front of it names the model, with what to do", async () => {
    const pieces = [nameless, ...Array.from({ length: PIECES }, () => PIECE), tail];
    const answer = await send("/v1/audio/transcriptions", pieces);
    expect(errorOf(answer)).toEqual([413, "form_without_model"]);
    expect(answer.text).toContain("x-sluice-model");
  });
});

test.each([
  ["no form", Buffer.from("{}"), { "content-type": "application/json" }, [400, "invalid_form"]],
  ["no boundary", form([["model", "transcribe"]]), { "content-type": "multipart/form-data" }, [400, "invalid_form"]],
  ["no model", form([["file", Buffer.from("x")]]), {}, [400, "missing_model"]],
  ["no form at all inside", Buffer.from("hello"), {}, [400, "missing_model"]],
  ["an unknown model", form([["model", "nope"]]), {}, [404, "model_not_found"]],
  ["no body", Buffer.alloc(0), { "content-length": "0" }, [400, "missing_model"]],
  ["a model that does no such thing", form([["model", "claude"]]), {}, [400, "operation_not_supported"]],
  ["headers without end", Buffer.from(`------a-boundary\r\n${"x".repeat(9000)}`), {}, [400, "invalid_form"]],
  ["what stands behind a delimiter", Buffer.from("------a-boundaryx\r\n\r\n"), {}, [400, "invalid_form"]],
])("%s is refused", async (_what, body, headers, expected) => {
  const before = seen.length;
  expect(errorOf(await send("/v1/audio/transcriptions", [body], headers))).toEqual(expected);
  expect(seen.length).toBe(before);
});

test("without a key nothing of the form is taken", async () => {
  const answer = await send("/v1/audio/transcriptions", [form([["model", "transcribe"]])], { authorization: "" });
  expect(errorOf(answer)).toEqual([401, "missing_api_key"]);
});
