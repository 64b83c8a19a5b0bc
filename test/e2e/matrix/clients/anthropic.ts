// Anthropic's own SDK: messages.

import Anthropic from "@anthropic-ai/sdk";
import { type Client, MAX_TOKENS, parameters, piecesOf, RESULT, TOOL } from "./client.ts";

const user = (content: string) => ({ role: "user" as const, content });
const textOf = (message: Anthropic.Message) =>
  message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
const answerOf = (message: Anthropic.Message) => ({
  text: textOf(message),
  inputTokens: message.usage.input_tokens,
  outputTokens: message.usage.output_tokens,
});

export function anthropicMessages(client: Anthropic): Client {
  const tools = [{ ...TOOL, input_schema: parameters }];
  const ask = (model: string, messages: Anthropic.MessageParam[]) =>
    client.messages.create({ model, max_tokens: MAX_TOKENS, messages });
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
    async tools(model, question, streamed) {
      const messages = [user(question)];
      const request = { model, max_tokens: MAX_TOKENS, messages, tools };
      const first = streamed
        ? await client.messages.stream(request).finalMessage()
        : await client.messages.create(request);
      const call = first.content.find((block) => block.type === "tool_use");
      if (call === undefined) throw new Error(`no tool call: ${JSON.stringify(first)}`);
      const result = { type: "tool_result" as const, tool_use_id: call.id, content: RESULT };
      const second = await client.messages.create({
        ...request,
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
