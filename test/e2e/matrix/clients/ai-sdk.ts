// Vercel's AI SDK over its OpenAI and Anthropic providers.

import type { OpenAIProvider } from "@ai-sdk/openai";
import type { JSONObject } from "@ai-sdk/provider";
import {
  APICallError,
  embedMany,
  generateText,
  type LanguageModel,
  type LanguageModelUsage,
  type ModelMessage,
  Output,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { all } from "../../harness.ts";
import { type Client, piecesOf, RESULT, TOOL, weather } from "./client.ts";

/** It writes to the console what it thinks of models that it does not know. */
(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;

const usageOf = ({ inputTokens, outputTokens }: LanguageModelUsage) => ({ inputTokens, outputTokens });
const user = (content: string): ModelMessage => ({ role: "user", content });

interface Options extends Pick<Client, "name" | "api" | "refersToStored" | "schemaByTool"> {
  readonly modelOf: (model: string) => LanguageModel;
  /** False: OpenAI's provider sends everything again instead of referring to it. */
  readonly store?: boolean;
  readonly vectorsBy?: OpenAIProvider;
  /** What makes its provider ask for thoughts. */
  readonly thinks?: Record<string, JSONObject>;
}

export function aiSdk({ modelOf, store, vectorsBy, thinks, ...client }: Options): Client {
  const common: { maxRetries: number; providerOptions: Record<string, JSONObject> } = {
    maxRetries: 0,
    providerOptions: store === undefined ? {} : { openai: { store } },
  };

  /** A stream's errors come aside. */
  async function streamed(request: Parameters<typeof streamText>[0]) {
    let failure: unknown;
    const result = streamText({
      ...request,
      onError: ({ error }) => {
        failure ??= error;
      },
    });
    const pieces = await all(result.textStream);
    if (failure !== undefined) throw failure;
    const [step] = await result.steps;
    return { ...piecesOf(pieces), ...usageOf(await result.usage), thought: step?.reasoningText ?? "" };
  }

  async function toolLoop(model: string, prompt: string, settings: typeof common, inStream: boolean) {
    let input: unknown;
    const get_weather = tool({
      description: TOOL.description,
      inputSchema: weather,
      execute: async (given) => {
        input = given;
        return RESULT;
      },
    });
    const request = { model: modelOf(model), prompt, tools: { get_weather }, stopWhen: stepCountIs(2), ...settings };
    if (!inStream) {
      const { text, steps } = await generateText(request);
      return { input, text, thought: steps[0]?.reasoningText ?? "" };
    }
    const { text, thought } = await streamed(request);
    return { input, text, thought };
  }

  return {
    ...client,
    refused: APICallError,
    rateLimited: APICallError,
    async plain(model, prompt) {
      const { text, usage } = await generateText({ model: modelOf(model), prompt, ...common });
      return { text, ...usageOf(usage) };
    },
    async stream(model, prompt) {
      const { thought: _, ...answer } = await streamed({ model: modelOf(model), prompt, ...common });
      return answer;
    },
    async conversation(model, first, second) {
      const { response } = await generateText({ model: modelOf(model), messages: [user(first)], ...common });
      const messages = [user(first), ...response.messages, user(second)];
      return (await generateText({ model: modelOf(model), messages, ...common })).text;
    },
    async picture(model, text, data) {
      const content = [
        { type: "text" as const, text },
        { type: "file" as const, mediaType: "image/png", data },
      ];
      const messages: ModelMessage[] = [{ role: "user", content }];
      return (await generateText({ model: modelOf(model), messages, ...common })).text;
    },
    tools: (model, prompt, inStream) => toolLoop(model, prompt, common, inStream),
    ...(thinks && {
      thinking(model: string, prompt: string, inStream: boolean) {
        const openai = { ...thinks.openai, ...common.providerOptions.openai };
        return toolLoop(model, prompt, { ...common, providerOptions: { ...thinks, openai } }, inStream);
      },
    }),
    async structured(model, prompt) {
      const output = Output.object({ schema: weather });
      return (await generateText({ model: modelOf(model), prompt, output, ...common })).output;
    },
    ...(vectorsBy && {
      async embed(model: string, values: string[]) {
        return (await embedMany({ model: vectorsBy.embeddingModel(model), values, maxRetries: 0 })).embeddings;
      },
    }),
  };
}
