// Items of responses that a provider keeps: SDKs send references to them instead of what was said. A reference is good for
// the consumer that was given it, at the target that holds it.
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, type ModelMessage, streamText } from "ai";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type DemoProvider, startOpenAiProvider } from "../../examples/demo-providers/index.mjs";
import { Gateway } from "./harness.ts";

const SEALED = /^msg_slc_[\w-]+$/;

let first: DemoProvider;
let second: DemoProvider;
let plain: DemoProvider;
let gateway: Gateway;
let strangersKey: string;

beforeAll(async () => {
  const apiKey = "openai-credential";
  first = await startOpenAiProvider({ apiKey, strictFields: true });
  second = await startOpenAiProvider({ apiKey, strictFields: true });
  plain = await startOpenAiProvider({ apiKey, strictFields: true });
  const provider = (id: string, { url: baseUrl }: DemoProvider, quirks: string[]) => {
    return { id, dialect: "openai" as const, baseUrl, apiKey, allowPrivateAddress: true, quirks };
  };
  gateway = await Gateway.start({
    providers: [
      provider("first", first, ["responses"]),
      provider("second", second, ["responses"]),
      provider("plain", plain, []),
    ],
    targets: ["first", "second", "plain"].map((id) => ({ id, provider: id, model: "gpt-demo" })),
    modelRoutes: [
      { id: "kept", targets: [{ target: "first" }, { target: "second" }, { target: "plain" }] },
      { id: "second-alone", targets: [{ target: "second" }] },
      { id: "not-kept", targets: [{ target: "plain" }] },
    ],
    consumers: [
      { id: "team", models: ["*"] },
      { id: "others", models: ["*"] },
    ],
  });
  strangersKey = await gateway.addKey("others");
});
afterEach(() => Promise.all([first, second, plain].map((provider) => provider.clearFault())));
afterAll(async () => {
  expect(await gateway.traps()).toEqual([]);
  await gateway.stop();
  await Promise.all([first, second, plain].map((provider) => provider.close()));
});

const client = (apiKey = gateway.key) => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
const begin = (model = "kept") => client().responses.create({ model, input: "Remember 42." });
const referring = (id: string) => [
  { type: "item_reference" as const, id },
  { role: "user" as const, content: "And then?" },
];
const sent = (provider: DemoProvider) => {
  const request = provider.requests.at(-1) ?? expect.fail("it was not asked");
  return (request.json as { input: Record<string, unknown>[] }).input;
};
const failureOf = (asked: Promise<unknown>) =>
  asked.then(
    () => expect.fail("it was answered"),
    (error: unknown) => error as InstanceType<typeof OpenAI.APIError>,
  );

describe("Vercel's AI SDK as it comes", () => {
  const model = () => createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key })("kept");
  const turns = async (answer: (messages: ModelMessage[]) => Promise<ModelMessage[]>) => {
    const messages: ModelMessage[] = [{ role: "user", content: "Remember 42." }];
    messages.push(...(await answer(messages)), { role: "user", content: "And then?" });
    return answer(messages);
  };

  test("refers to what was said before", async () => {
    const said = await turns(async (messages) => (await generateText({ model: model(), messages })).response.messages);
    expect(JSON.stringify(said)).toContain("And then?");
    expect(sent(first)).toContainEqual({ type: "item_reference", id: expect.stringMatching(/^msg_0/) });
  });

  test("refers to what was streamed before", async () => {
    const said = await turns(async (messages) => {
      const answer = streamText({ model: model(), messages });
      await answer.consumeStream();
      return (await answer.response).messages;
    });
    expect(JSON.stringify(said)).toContain("And then?");
    expect(sent(first)).toContainEqual({ type: "item_reference", id: expect.stringMatching(/^msg_0/) });
  });
});

test("every event names an item by one sealed id", async () => {
  const ids = new Set<string>();
  let lastOutput: { id?: string }[] = [];
  for await (const event of await client().responses.create({ model: "kept", input: "Hello", stream: true })) {
    if ("item_id" in event) ids.add(event.item_id);
    if ("item" in event && event.item.id) ids.add(event.item.id);
    if (event.type === "response.completed") lastOutput = event.response.output;
  }
  expect([...ids]).toEqual([expect.stringMatching(SEALED)]);
  expect(lastOutput).toMatchObject([{ id: [...ids][0] }]);
});

test("a reference goes to the target that holds the item, though another comes first", async () => {
  await first.setFault({ kind: "status", status: 500, times: 1 });
  const { output } = await begin();
  const before = first.requestCount;
  await client().responses.create({ model: "kept", input: referring(output[0]?.id ?? "") });
  expect(sent(second)[0]).toEqual({ type: "item_reference", id: expect.stringMatching(/^msg_0/) });
  expect(first.requestCount).toBe(before);
});

test("and to no other when that one fails", async () => {
  const { output } = await begin();
  await first.setFault({ kind: "status", status: 500, times: 1 });
  const before = second.requestCount;
  const error = await failureOf(client().responses.create({ model: "kept", input: referring(output[0]?.id ?? "") }));
  expect([error.status, second.requestCount]).toEqual([500, before]);
});

test("a reference is not found for anybody else, at another target, changed, or as the provider's own", async () => {
  const { output } = await begin();
  const id = output[0]?.id ?? "";
  const own = Buffer.from(id.slice("msg_slc_".length), "base64url").subarray(8, -16).toString();
  expect(own).toMatch(/^msg_0/);
  const before = first.requestCount + second.requestCount;
  const attempts: [OpenAI, string, string][] = [
    [client(strangersKey), "kept", id],
    [client(), "second-alone", id],
    [client(), "kept", `${id}A`],
    [client(), "kept", id.replace("msg_", "rs_")],
    [client(), "kept", own],
    [client(), "second-alone", own],
  ];
  for (const [who, model, asked] of attempts) {
    const error = await failureOf(who.responses.create({ model, input: referring(asked) }));
    expect([asked, error.status, error.code]).toEqual([asked, 404, "previous_response_not_found"]);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
  }
  expect(first.requestCount + second.requestCount).toBe(before);
});

test("whole items go anywhere", async () => {
  const { output } = await begin();
  const input = [...output, { role: "user" as const, content: "And then?" }] as OpenAI.Responses.ResponseInput;
  for (const model of ["kept", "second-alone", "not-kept"]) {
    expect((await client().responses.create({ model, input })).output_text).toContain("And then?");
  }
  for (const provider of [first, second, plain]) expect(provider.requests.at(-1)?.body).not.toContain("_slc_");
});

test("more sealed ids than a conversation has are refused", async () => {
  const { output } = await begin();
  const input = Array.from({ length: 4097 }, () => output[0]) as OpenAI.Responses.ResponseInput;
  const error = await failureOf(client().responses.create({ model: "kept", input }));
  expect([error.status, error.code]).toEqual([400, "unsupported_content"]);
  expect(error.message).toContain("previous_response_id");
});

test("where nothing is kept a reference says what to do instead", async () => {
  const { output } = await begin("not-kept");
  const error = await failureOf(
    client().responses.create({ model: "not-kept", input: referring(output[0]?.id ?? "") }),
  );
  expect([error.status, error.code]).toEqual([400, "unsupported_content"]);
  expect(error.message).toContain("send the item itself");
});
