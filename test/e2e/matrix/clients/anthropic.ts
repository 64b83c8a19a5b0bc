// Anthropic's own SDK: messages.

import Anthropic from "@anthropic-ai/sdk";
import { type Client, MAX_TOKENS, parameters, piecesOf, RESULT, THINKING_TOKENS, TOOL } from "./client.ts";

const user = (content: string) => ({ role: "user" as const, content });
const textOf = (message: Anthropic.Message) =>
  message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
const answerOf = (message: Anthropic.Message) => ({
  text: textOf(message),
  inputTokens: message.usage.input_tokens,
  outputTokens: message.usage.output_tokens,
});
type Settings = Omit<Anthropic.MessageCreateParamsNonStreaming, "messages">;

export function anthropicMessages(client: Anthropic): Client {
  const tools = [{ ...TOOL, input_schema: parameters }];
  const ask = (model: string, messages: Anthropic.MessageParam[]) =>
    client.messages.create({ model, max_tokens: MAX_TOKENS, messages });

  async function toolLoop(settings: Settings, question: string, streamed: boolean) {
    const messages: Anthropic.MessageParam[] = [user(question)];
    const request = { ...settings, messages };
    const { content }: Anthropic.Message = streamed
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request);
    const call = content.find((block) => block.type === "tool_use");
    if (call === undefined) throw new Error(`no tool call: ${JSON.stringify(content)}`);
    const result = { type: "tool_result" as const, tool_use_id: call.id, content: RESULT };
    const second = await client.messages.create({
      ...settings,
      messages: [...messages, { role: "assistant", content }, { role: "user", content: [result] }],
    });
    const thought = content.map((block) => (block.type === "thinking" ? block.thinking : "")).join("");
    return { input: call.input, text: textOf(second), thought };
  }

  return {
    name: "`@anthropic-ai/sdk`",
    api: "messages",
    refused: Anthropic.BadRequestError,
    rateLimited: Anthropic.RateLimitError,
    async plain(model, question) {
      return answerOf(await ask(model, [user(question)]));
    },
    async stream(model, question) {
      const pieces: string[] = [];
      const stream = client.messages.stream({ model, max_tokens: MAX_TOKENS, messages: [user(question)] });
      stream.on("text", (text) => pieces.push(text));
      const final = answerOf(await stream.finalMessage());
      if (final.text !== pieces.join("")) throw new Error("the final message differs from its deltas");
      return { ...final, ...piecesOf(pieces) };
    },
    async conversation(model, first, second) {
      const { role, content } = await ask(model, [user(first)]);
      return textOf(await ask(model, [user(first), { role, content }, user(second)]));
    },
    async picture(model, text, data) {
      const source = { type: "base64" as const, media_type: "image/png" as const, data };
      const content = [
        { type: "image" as const, source },
        { type: "text" as const, text },
      ];
      return textOf(await ask(model, [{ role: "user", content }]));
    },
    tools: (model, question, streamed) => toolLoop({ model, max_tokens: MAX_TOKENS, tools }, question, streamed),
    thinking(model, question, streamed) {
      const thinking = { type: "enabled" as const, budget_tokens: THINKING_TOKENS };
      return toolLoop({ model, max_tokens: THINKING_TOKENS + MAX_TOKENS, tools, thinking }, question, streamed);
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
