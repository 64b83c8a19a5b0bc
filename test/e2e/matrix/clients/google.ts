// Google's own SDK: generateContent and embedContent.

import {
  ApiError,
  type Content,
  type GenerateContentConfig,
  type GenerateContentParameters,
  type GenerateContentResponse,
  type GoogleGenAI,
} from "@google/genai";
import { all } from "../../harness.ts";
import { type Client, parameters, piecesOf, RESULT, THINKING_TOKENS, TOOL } from "./client.ts";

const user = (text: string): Content => ({ role: "user", parts: [{ text }] });
const usageOf = (reply: GenerateContentResponse | undefined) => ({
  inputTokens: reply?.usageMetadata?.promptTokenCount,
  outputTokens: reply?.usageMetadata?.candidatesTokenCount,
});

export function googleGenAi(client: GoogleGenAI): Client {
  const tools = [{ functionDeclarations: [{ ...TOOL, parametersJsonSchema: parameters }] }];

  /** The model's turn, as it is to be sent back. */
  async function turnOf(request: GenerateContentParameters, streamed: boolean): Promise<Content> {
    const replies = streamed
      ? await all(await client.models.generateContentStream(request))
      : [await client.models.generateContent(request)];
    const parts = replies.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
    // A stream ends with an empty text, which Gemini does not take back; Google's own chats leave it out as well.
    return { role: "model", parts: parts.filter(({ text }) => text !== "") };
  }

  async function toolLoop(model: string, question: string, config: GenerateContentConfig, streamed: boolean) {
    const said = await turnOf({ model, contents: [user(question)], config }, streamed);
    const call = said.parts?.find(({ functionCall }) => functionCall)?.functionCall;
    if (call === undefined) throw new Error(`no call: ${JSON.stringify(said)}`);
    const functionResponse = { id: call.id ?? "", name: call.name ?? "", response: { output: RESULT } };
    const contents = [user(question), said, { role: "user", parts: [{ functionResponse }] }];
    const second = await client.models.generateContent({ model, contents, config });
    const thoughts = said.parts?.filter(({ thought }) => thought) ?? [];
    return { input: call.args, text: second.text ?? "", thought: thoughts.map(({ text }) => text).join("") };
  }

  return {
    name: "`@google/genai`",
    api: "gemini",
    refused: ApiError,
    rateLimited: ApiError,
    async plain(model, contents) {
      const reply = await client.models.generateContent({ model, contents });
      return { text: reply.text ?? "", ...usageOf(reply) };
    },
    async stream(model, contents) {
      const chunks = await all(await client.models.generateContentStream({ model, contents }));
      return { ...piecesOf(chunks.map(({ text }) => text)), ...usageOf(chunks.at(-1)) };
    },
    async conversation(model, first, second) {
      const said = await turnOf({ model, contents: [user(first)] }, false);
      const contents = [user(first), said, user(second)];
      return (await client.models.generateContent({ model, contents })).text ?? "";
    },
    async picture(model, text, data) {
      const parts = [{ inlineData: { mimeType: "image/png", data } }, { text }];
      return (await client.models.generateContent({ model, contents: [{ role: "user", parts }] })).text ?? "";
    },
    tools: (model, question, streamed) => toolLoop(model, question, { tools }, streamed),
    thinking(model, question, streamed) {
      const thinkingConfig = { includeThoughts: true, thinkingBudget: THINKING_TOKENS };
      return toolLoop(model, question, { tools, thinkingConfig }, streamed);
    },
    async structured(model, contents) {
      const format = { responseMimeType: "application/json", responseJsonSchema: parameters };
      return JSON.parse((await client.models.generateContent({ model, contents, config: format })).text ?? "");
    },
    async embed(model, contents) {
      const { embeddings = [] } = await client.models.embedContent({ model, contents });
      return embeddings.map(({ values = [] }) => values);
    },
  };
}
