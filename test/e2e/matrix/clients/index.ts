// All clients of the matrix, for a gateway at `url`.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { aiSdk } from "./ai-sdk.ts";
import { anthropicMessages } from "./anthropic.ts";
import { type Client, THINKING_TOKENS } from "./client.ts";
import { googleGenAi } from "./google.ts";
import { langchain } from "./langchain.ts";
import { openaiChat, openaiResponses } from "./openai.ts";

export function clientsOf(url: string, apiKey: string): Client[] {
  const baseURL = `${url}/v1`;
  const openai = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const byOpenAi = createOpenAI({ baseURL, apiKey });
  const byAnthropic = createAnthropic({ baseURL, apiKey });
  // It judges by the model's name.
  const reasoning = { forceReasoning: true, reasoningEffort: "low", reasoningSummary: "auto" };
  return [
    openaiChat(openai),
    openaiResponses(openai),
    anthropicMessages(new Anthropic({ baseURL: url, apiKey, maxRetries: 0 })),
    googleGenAi(new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } })),
    aiSdk({
      name: "`ai` with `@ai-sdk/openai`, chat",
      api: "chat",
      modelOf: (model) => byOpenAi.chat(model),
      vectorsBy: byOpenAi,
    }),
    aiSdk({
      name: "`ai` with `@ai-sdk/openai`",
      api: "responses",
      modelOf: byOpenAi,
      refersToStored: true,
      thinks: { openai: reasoning },
    }),
    aiSdk({
      name: "`ai` with `@ai-sdk/openai`, `store: false`",
      api: "responses",
      modelOf: byOpenAi,
      store: false,
      thinks: { openai: reasoning },
    }),
    aiSdk({
      name: "`ai` with `@ai-sdk/anthropic`",
      api: "messages",
      modelOf: byAnthropic,
      schemaByTool: true,
      thinks: { anthropic: { thinking: { type: "enabled", budgetTokens: THINKING_TOKENS } } },
    }),
    langchain(baseURL, apiKey),
  ];
}
