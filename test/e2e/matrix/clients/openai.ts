// OpenAI's own SDK: chat completions and embeddings, and responses.

import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { all } from "../../harness.ts";
import { type Client, dataUrl, parameters, piecesOf, RESULT, TOOL, weather } from "./client.ts";

const chatUsage = (usage: OpenAI.CompletionUsage | null | undefined) => ({
  inputTokens: usage?.prompt_tokens,
  outputTokens: usage?.completion_tokens,
});
const responseUsage = ({ usage }: OpenAI.Responses.Response) => ({
  inputTokens: usage?.input_tokens,
  outputTokens: usage?.output_tokens,
});
const user = (content: string) => ({ role: "user" as const, content });
const errors = { refused: OpenAI.BadRequestError, rateLimited: OpenAI.RateLimitError };

export function openaiChat(client: OpenAI): Client {
  const tools = [{ type: "function" as const, function: { ...TOOL, parameters, strict: true } }];
  return {
    name: "`openai`, chat",
    api: "chat",
    ...errors,
    async plain(model, question) {
      const answer = await client.chat.completions.create({ model, messages: [user(question)] });
      return { text: answer.choices[0]?.message.content ?? "", ...chatUsage(answer.usage) };
    },
    async stream(model, question) {
      const messages = [user(question)];
      const runner = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
      const said = piecesOf((await all(runner)).map((chunk) => chunk.choices[0]?.delta.content));
      if ((await runner.finalContent()) !== said.text) throw new Error("the final content differs from its deltas");
      return { ...said, ...chatUsage(await runner.totalUsage()) };
    },
    async conversation(model, first, second) {
      const { choices } = await client.chat.completions.create({ model, messages: [user(first)] });
      const said = choices[0]?.message;
      if (said === undefined) throw new Error("no message");
      const answer = await client.chat.completions.create({ model, messages: [user(first), said, user(second)] });
      return answer.choices[0]?.message.content ?? "";
    },
    async picture(model, text, data) {
      const picture = { type: "image_url" as const, image_url: { url: dataUrl(data) } };
      const content = [{ type: "text" as const, text }, picture];
      const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content }] });
      return answer.choices[0]?.message.content ?? "";
    },
    async tools(model, question, streamed) {
      const messages = [user(question)];
      const request = { model, messages, tools };
      const first = streamed
        ? await client.chat.completions.stream(request).finalChatCompletion()
        : await client.chat.completions.create(request);
      const message = first.choices[0]?.message;
      const call = message?.tool_calls?.[0];
      if (!message || call?.type !== "function") throw new Error(`no tool call: ${JSON.stringify(first)}`);
      const result = { role: "tool" as const, tool_call_id: call.id, content: RESULT };
      const second = await client.chat.completions.create({ model, messages: [...messages, message, result], tools });
      return { input: JSON.parse(call.function.arguments), text: second.choices[0]?.message.content ?? "" };
    },
    async structured(model, question) {
      const answer = await client.chat.completions.parse({
        model,
        messages: [user(question)],
        response_format: zodResponseFormat(weather, "weather"),
      });
      return answer.choices[0]?.message.parsed;
    },
    async embed(model, input) {
      const { data } = await client.embeddings.create({ model, input });
      return data.map(({ embedding }) => embedding);
    },
  };
}

type Item = OpenAI.Responses.ResponseInputItem;
type Settings = Pick<OpenAI.Responses.ResponseCreateParamsNonStreaming, "reasoning"> & {
  model: string;
  tools: OpenAI.Responses.Tool[];
};

export function openaiResponses(client: OpenAI): Client {
  const tools = [{ type: "function" as const, ...TOOL, parameters, strict: true }];

  async function toolLoop(settings: Settings, question: string, streamed: boolean) {
    const input: Item[] = [user(question)];
    const request = { ...settings, input };
    const { output }: OpenAI.Responses.Response = streamed
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request);
    const call = output.find((item) => item.type === "function_call");
    if (call === undefined) throw new Error(`no tool call: ${JSON.stringify(output)}`);
    const result: Item = { type: "function_call_output", call_id: call.call_id, output: RESULT };
    const second = await client.responses.create({
      ...settings,
      input: [...input, ...(output as Item[]), result],
    });
    const thoughts = output.flatMap((item) => (item.type === "reasoning" ? item.summary : []));
    return {
      input: JSON.parse(call.arguments) as unknown,
      text: second.output_text,
      thought: thoughts.map(({ text }) => text).join(""),
    };
  }

  return {
    name: "`openai`, responses",
    api: "responses",
    ...errors,
    async plain(model, input) {
      const response = await client.responses.create({ model, input });
      return { text: response.output_text, ...responseUsage(response) };
    },
    async stream(model, input) {
      const stream = client.responses.stream({ model, input });
      const events = await all(stream);
      const said = piecesOf(events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")));
      const final = await stream.finalResponse();
      if (final.output_text !== said.text) throw new Error("the final response differs from its deltas");
      return { ...said, ...responseUsage(final) };
    },
    async conversation(model, first, second) {
      const { output } = await client.responses.create({ model, input: [user(first)] });
      const input = [user(first), ...(output as Item[]), user(second)];
      return (await client.responses.create({ model, input })).output_text;
    },
    async picture(model, text, data) {
      const picture = { type: "input_image" as const, image_url: dataUrl(data), detail: "auto" as const };
      const content = [{ type: "input_text" as const, text }, picture];
      return (await client.responses.create({ model, input: [{ role: "user", content }] })).output_text;
    },
    tools: (model, question, streamed) => toolLoop({ model, tools }, question, streamed),
    thinking: (model, question, streamed) =>
      toolLoop({ model, tools, reasoning: { effort: "low", summary: "auto" } }, question, streamed),
    async structured(model, input) {
      const text = { format: zodTextFormat(weather, "weather") };
      return (await client.responses.parse({ model, input, text })).output_parsed;
    },
  };
}
