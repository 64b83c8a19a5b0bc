// The clients that people have, each asked for the same five things: a whole answer, a streamed one, a tool call with its
// round trip, an answer that fits a schema, and what it does with an error. Nothing here knows which provider answers.

import { type AnthropicProvider, createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI, type OpenAIProvider } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, type LanguageModel, Output, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { all } from "../harness.ts";

export interface Streamed {
  readonly text: string;
  /** Pieces of text that came one by one. */
  readonly pieces: number;
}

export interface ToolRoundTrip {
  /** Arguments of the call, parsed. */
  readonly input: unknown;
  /** The answer after the tool's result. */
  readonly text: string;
}

export interface Client {
  readonly name: string;
  plain(model: string, question: string): Promise<string>;
  stream(model: string, question: string): Promise<Streamed>;
  tools(model: string, question: string): Promise<ToolRoundTrip>;
  structured(model: string, question: string): Promise<unknown>;
}

const MAX_TOKENS = 512;
/** What every tool call and every structured answer must fit. */
const weather = z.object({ city: z.string(), days: z.number().int() });
const parameters = {
  type: "object" as const,
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
  additionalProperties: false,
};
const TOOL = { name: "get_weather", description: "Weather of a city." };
const RESULT = "sunny";

function joined(pieces: readonly (string | null | undefined)[]): Streamed {
  const texts = pieces.filter((piece): piece is string => typeof piece === "string" && piece !== "");
  return { text: texts.join(""), pieces: texts.length };
}

function openaiChat(client: OpenAI): Client {
  const user = (content: string) => ({ role: "user" as const, content });
  const tools = [{ type: "function" as const, function: { ...TOOL, parameters, strict: true } }];
  return {
    name: "openai: chat",
    async plain(model, question) {
      const answer = await client.chat.completions.create({ model, messages: [user(question)] });
      return answer.choices[0]?.message.content ?? "";
    },
    async stream(model, question) {
      const runner = client.chat.completions.stream({ model, messages: [user(question)] });
      return joined((await all(runner)).map((chunk) => chunk.choices[0]?.delta.content));
    },
    async tools(model, question) {
      const messages = [user(question)];
      const first = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion();
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
  };
}

function openaiResponses(client: OpenAI): Client {
  const tools = [{ type: "function" as const, ...TOOL, parameters, strict: true }];
  return {
    name: "openai: responses",
    async plain(model, input) {
      return (await client.responses.create({ model, input, store: false })).output_text;
    },
    async stream(model, input) {
      const stream = client.responses.stream({ model, input, store: false });
      const pieces = (await all(stream)).map((event) =>
        event.type === "response.output_text.delta" ? event.delta : undefined,
      );
      const final = await stream.finalResponse();
      if (final.output_text !== joined(pieces).text) throw new Error("the final response differs from its deltas");
      return joined(pieces);
    },
    async tools(model, question) {
      const input = [{ role: "user" as const, content: question }];
      const first = await client.responses.create({ model, input, tools, store: false });
      const call = first.output.find((item) => item.type === "function_call");
      if (call === undefined) throw new Error(`no tool call: ${JSON.stringify(first)}`);
      const result = { type: "function_call_output" as const, call_id: call.call_id, output: RESULT };
      const second = await client.responses.create({
        model,
        input: [...input, ...(first.output as OpenAI.Responses.ResponseInputItem[]), result],
        tools,
        store: false,
      });
      return { input: JSON.parse(call.arguments), text: second.output_text };
    },
    async structured(model, input) {
      const text = { format: zodTextFormat(weather, "weather") };
      return (await client.responses.parse({ model, input, text, store: false })).output_parsed;
    },
  };
}

function anthropicMessages(client: Anthropic): Client {
  const tools = [{ ...TOOL, input_schema: parameters }];
  const user = (content: string) => ({ role: "user" as const, content });
  const textOf = (message: Anthropic.Message) =>
    message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
  return {
    name: "anthropic: messages",
    async plain(model, question) {
      return textOf(await client.messages.create({ model, max_tokens: MAX_TOKENS, messages: [user(question)] }));
    },
    async stream(model, question) {
      const pieces: string[] = [];
      const stream = client.messages.stream({ model, max_tokens: MAX_TOKENS, messages: [user(question)] });
      stream.on("text", (text) => pieces.push(text));
      if (textOf(await stream.finalMessage()) !== pieces.join("")) throw new Error("the final message differs");
      return joined(pieces);
    },
    async tools(model, question) {
      const messages = [user(question)];
      const first = await client.messages.stream({ model, max_tokens: MAX_TOKENS, messages, tools }).finalMessage();
      const call = first.content.find((block) => block.type === "tool_use");
      if (call === undefined) throw new Error(`no tool call: ${JSON.stringify(first)}`);
      const result = { type: "tool_result" as const, tool_use_id: call.id, content: RESULT };
      const second = await client.messages.create({
        model,
        max_tokens: MAX_TOKENS,
        tools,
        messages: [...messages, { role: "assistant", content: first.content }, { role: "user", content: [result] }],
      });
      return { input: call.input, text: textOf(second) };
    },
    async structured(model, question) {
      const answer = await client.messages.create({
        model,
        max_tokens: MAX_TOKENS,
        messages: [user(question)],
        output_config: { format: { type: "json_schema", schema: parameters } },
      });
      return JSON.parse(textOf(answer));
    },
  };
}

function googleGenAi(client: GoogleGenAI): Client {
  const functionDeclarations = [{ ...TOOL, parametersJsonSchema: parameters }];
  return {
    name: "@google/genai",
    async plain(model, contents) {
      return (await client.models.generateContent({ model, contents })).text ?? "";
    },
    async stream(model, contents) {
      const chunks = await all(await client.models.generateContentStream({ model, contents }));
      return joined(chunks.map(({ text }) => text));
    },
    async tools(model, question) {
      const user = { role: "user", parts: [{ text: question }] };
      const config = { tools: [{ functionDeclarations }] };
      const first = await client.models.generateContent({ model, contents: [user], config });
      const call = first.functionCalls?.[0];
      const content = first.candidates?.[0]?.content;
      if (call === undefined || content === undefined) throw new Error(`no call: ${JSON.stringify(first)}`);
      const functionResponse = { id: call.id ?? "", name: call.name ?? "", response: { output: RESULT } };
      const contents = [user, content, { role: "user", parts: [{ functionResponse }] }];
      const second = await client.models.generateContent({ model, contents, config });
      return { input: call.args, text: second.text ?? "" };
    },
    async structured(model, contents) {
      const config = { responseMimeType: "application/json", responseJsonSchema: parameters };
      return JSON.parse((await client.models.generateContent({ model, contents, config })).text ?? "");
    },
  };
}

/**
 * The Vercel AI SDK over one of its providers. By default its Responses provider refers to what OpenAI has stored; only the
 * provider that has stored it understands that.
 */
function aiSdk(name: string, modelOf: (model: string) => LanguageModel): Client {
  const providerOptions = { openai: { store: false } };
  return {
    name,
    async plain(model, prompt) {
      return (await generateText({ model: modelOf(model), prompt, providerOptions, maxRetries: 0 })).text;
    },
    async stream(model, prompt) {
      let failure: unknown;
      const result = streamText({
        model: modelOf(model),
        prompt,
        providerOptions,
        maxRetries: 0,
        onError: ({ error }) => {
          failure = error;
        },
      });
      const pieces = await all(result.textStream);
      if (failure !== undefined) throw failure;
      return joined(pieces);
    },
    async tools(model, prompt) {
      let input: unknown;
      const get_weather = tool({
        description: TOOL.description,
        inputSchema: weather,
        execute: async (given) => {
          input = given;
          return RESULT;
        },
      });
      const stopWhen = stepCountIs(2);
      const { text } = await generateText({
        model: modelOf(model),
        prompt,
        tools: { get_weather },
        stopWhen,
        providerOptions,
        maxRetries: 0,
      });
      return { input, text };
    },
    async structured(model, prompt) {
      const output = Output.object({ schema: weather });
      return (await generateText({ model: modelOf(model), prompt, output, providerOptions, maxRetries: 0 })).output;
    },
  };
}

function langchain(baseURL: string, apiKey: string): Client {
  const chat = (model: string) => new ChatOpenAI({ model, apiKey, maxRetries: 0, configuration: { baseURL } });
  const get_weather = langchainTool(async () => RESULT, { ...TOOL, schema: weather });
  return {
    name: "@langchain/openai",
    async plain(model, question) {
      return (await chat(model).invoke(question)).text;
    },
    async stream(model, question) {
      return joined((await all(await chat(model).stream(question))).map(({ text }) => text));
    },
    async tools(model, question) {
      const bound = chat(model).bindTools([get_weather]);
      const asked = new HumanMessage(question);
      const first = await bound.invoke([asked]);
      const call = first.tool_calls?.[0];
      if (call === undefined) throw new Error(`no tool call: ${JSON.stringify(first)}`);
      const result = new ToolMessage({ tool_call_id: call.id ?? "", content: RESULT });
      return { input: call.args, text: (await bound.invoke([asked, first, result])).text };
    },
    async structured(model, question) {
      return await chat(model).withStructuredOutput(weather, { method: "jsonSchema" }).invoke(question);
    },
  };
}

/** All of them, for a gateway at `url`. */
export function clientsOf(url: string, apiKey: string): Client[] {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  const viaOpenAi: OpenAIProvider = createOpenAI({ baseURL: `${url}/v1`, apiKey });
  const viaAnthropic: AnthropicProvider = createAnthropic({ baseURL: `${url}/v1`, apiKey });
  return [
    openaiChat(openai),
    openaiResponses(openai),
    anthropicMessages(new Anthropic({ baseURL: url, apiKey, maxRetries: 0 })),
    googleGenAi(new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, apiVersion: "v1beta" } })),
    aiSdk("ai: @ai-sdk/openai, chat", (model) => viaOpenAi.chat(model)),
    aiSdk("ai: @ai-sdk/openai, responses", (model) => viaOpenAi.responses(model)),
    aiSdk("ai: @ai-sdk/anthropic", (model) => viaAnthropic(model)),
    langchain(`${url}/v1`, apiKey),
  ];
}
