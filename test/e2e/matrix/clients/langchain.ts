// LangChain's OpenAI package: chat and embeddings.

import { type AIMessageChunk, HumanMessage, ToolMessage, type UsageMetadata } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import OpenAI from "openai";
import { all } from "../../harness.ts";
import { type Client, dataUrl, piecesOf, RESULT, TOOL, weather } from "./client.ts";

const usageOf = (usage: UsageMetadata | undefined) => ({
  inputTokens: usage?.input_tokens,
  outputTokens: usage?.output_tokens,
});

export function langchain(baseURL: string, apiKey: string): Client {
  const common = { apiKey, maxRetries: 0, configuration: { baseURL } };
  const chat = (model: string) => new ChatOpenAI({ model, ...common });
  const get_weather = tool(async () => RESULT, { ...TOOL, schema: weather });
  return {
    name: "`@langchain/openai`",
    api: "chat",
    refused: OpenAI.BadRequestError,
    rateLimited: OpenAI.RateLimitError,
    async plain(model, question) {
      const { text, usage_metadata: usage } = await chat(model).invoke(question);
      return { text, ...usageOf(usage) };
    },
    async stream(model, question) {
      const chunks = await all(await chat(model).stream(question));
      const usage = chunks.find(({ usage_metadata }) => usage_metadata)?.usage_metadata;
      return { ...piecesOf(chunks.map(({ text }) => text)), ...usageOf(usage) };
    },
    async conversation(model, first, second) {
      const said = await chat(model).invoke(first);
      return (await chat(model).invoke([new HumanMessage(first), said, new HumanMessage(second)])).text;
    },
    async picture(model, text, data) {
      const content = [
        { type: "text", text },
        { type: "image_url", image_url: { url: dataUrl(data) } },
      ];
      return (await chat(model).invoke([new HumanMessage({ content })])).text;
    },
    async tools(model, question, streamed) {
      const bound = chat(model).bindTools([get_weather]);
      const asked = new HumanMessage(question);
      const pieces = streamed ? await all(await bound.stream([asked])) : [await bound.invoke([asked])];
      const first = pieces.reduce<AIMessageChunk>(
        (whole, piece) => whole.concat(piece),
        pieces.shift() as AIMessageChunk,
      );
      const call = first.tool_calls?.[0];
      if (call === undefined) throw new Error(`no tool call: ${JSON.stringify(first)}`);
      const result = new ToolMessage({ tool_call_id: call.id ?? "", content: RESULT });
      return { input: call.args, text: (await bound.invoke([asked, first, result])).text };
    },
    async structured(model, question) {
      return await chat(model).withStructuredOutput(weather, { method: "jsonSchema" }).invoke(question);
    },
    async embed(model, texts) {
      return await new OpenAIEmbeddings({ model, ...common }).embedDocuments(texts);
    },
  };
}
