// A provider that bills: it answers OpenAI's chat and Anthropic's Messages, whole or streamed, draws its token counts by
// itself and remembers what it has told, so that a test can hold the gateway's account against it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { TOKENS } from "./texts.ts";

export interface Bill {
  input: number;
  output: number;
  cachedInput: number;
  reasoning: number;
}

export const NOTHING: Bill = { input: 0, output: 0, cachedInput: 0, reasoning: 0 };

export function addBills(a: Bill, b: Bill): Bill {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cachedInput: a.cachedInput + b.cachedInput,
    reasoning: a.reasoning + b.reasoning,
  };
}

interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { include_usage?: boolean };
}

const MESSAGES_BEGIN = `event: message_start
data: ${JSON.stringify({
  type: "message_start",
  message: { id: "m", type: "message", role: "assistant", model: "m", content: [], stop_reason: null },
})}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

`;

const random = (below: number) => Math.floor(Math.random() * below);

function drawBill(): Bill {
  const input = 1 + random(5_000);
  const output = 1 + random(2_000);
  return { input, output, cachedInput: random(input), reasoning: random(output) };
}

const openaiUsage = ({ input, output, cachedInput, reasoning }: Bill) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cachedInput },
  completion_tokens_details: { reasoning_tokens: reasoning },
});

/** Anthropic counts cached tokens beside the input. */
const anthropicUsage = ({ input, output, cachedInput }: Bill) => ({
  input_tokens: input - cachedInput,
  cache_read_input_tokens: cachedInput,
  output_tokens: output,
});

export class MeteredProvider {
  /** What complete answers have said. */
  told: Bill = NOTHING;
  requests = 0;
  /** Tokens of the last stream without end. */
  generated = 0;
  /** From here on a stream without end says nothing more, and stays open. */
  generatedMax = Number.POSITIVE_INFINITY;
  /** Status of the next answers, first in first out; 200 when there is none. */
  readonly statuses: number[] = [];
  /** Of a whole answer, at most; longer ones than are held pass through the filter in pieces. */
  wordsMax = 20_000;
  /** What every answer uses; it draws lots without it. */
  fixed: Bill | undefined;
  /** Streams without end that have ended, because the other side hung up. */
  hungUp = 0;
  /** The last request's body. */
  last: Record<string, unknown> = {};
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response).catch(() => undefined));
    // An idle connection that is closed under a request costs an attempt whose input is estimated: nobody was told of it.
    this.server.keepAliveTimeout = 0;
  }

  static async start(): Promise<MeteredProvider> {
    const provider = new MeteredProvider();
    await new Promise<void>((resolve) => provider.server.listen(0, "127.0.0.1", resolve));
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
    this.last = asked as unknown as Record<string, unknown>;
    this.requests++;
    const status = this.statuses.shift() ?? 200;
    if (status !== 200) {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ type: "error", error: { type: "api_error", message: "not now" } }));
      return;
    }
    const bill = this.fixed ?? drawBill();
    const isChat = request.url?.startsWith("/v1/chat") === true;
    const language = /^endless-(english|chinese)$/.exec(asked.model)?.[1] as keyof typeof TOKENS | undefined;
    if (language !== undefined) return this.streamWithoutEnd(response, TOKENS[language], isChat);
    if (asked.stream !== true) this.whole(response, asked.model, bill, isChat);
    else if (isChat) this.streamChat(response, asked, bill);
    else this.streamMessages(response, asked.model, bill);
  }

  private tell(bill: Bill): void {
    this.told = addBills(this.told, bill);
  }

  private whole(response: ServerResponse, model: string, bill: Bill, isChat: boolean): void {
    const message = { role: "assistant", content: "word ".repeat(random(this.wordsMax)) };
    const body = isChat
      ? {
          id: "c",
          object: "chat.completion",
          created: 1,
          model: `${model}-2026`,
          choices: [{ index: 0, message, finish_reason: "stop" }],
          usage: openaiUsage(bill),
        }
      : {
          id: "m",
          type: "message",
          role: "assistant",
          model: `${model}-2026`,
          content: [{ type: "text", text: message.content }],
          stop_reason: "end_turn",
          usage: anthropicUsage(bill),
        };
    this.tell(isChat ? bill : { ...bill, reasoning: 0 });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  private streamChat(response: ServerResponse, asked: Asked, bill: Bill): void {
    const head = { id: "c", object: "chat.completion.chunk", created: 1, model: `${asked.model}-2026` };
    const wantsUsage = asked.stream_options?.include_usage === true;
    const chunk = (choices: unknown[], usage: unknown = null) =>
      `data: ${JSON.stringify({ ...head, choices, ...(wantsUsage ? { usage } : {}) })}\n\n`;
    const choice = (delta: unknown, finish_reason: string | null = null) => [{ index: 0, delta, finish_reason }];
    const events = [
      chunk(choice({ role: "assistant", content: "" })),
      ...Array.from({ length: 1 + random(30) }, () => chunk(choice({ content: "word " }))),
      chunk(choice({}, "stop")),
      ...(wantsUsage ? [chunk([], openaiUsage(bill))] : []),
      "data: [DONE]\n\n",
    ];
    if (wantsUsage) this.tell(bill);
    this.send(response, events.join(""));
  }

  private streamMessages(response: ServerResponse, model: string, bill: Bill): void {
    const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
    const message = { id: "m", type: "message", role: "assistant", model: `${model}-2026`, content: [] };
    const usage = { ...anthropicUsage(bill), output_tokens: 1 };
    const events = [
      event("message_start", { message: { ...message, stop_reason: null, usage } }),
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      ...Array.from({ length: 1 + random(30) }, () =>
        event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "word " } }),
      ),
      event("content_block_stop", { index: 0 }),
      event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: bill.output } }),
      event("message_stop", {}),
    ];
    this.tell({ ...bill, reasoning: 0 });
    this.send(response, events.join(""));
  }

  /** In pieces that are cut anywhere. */
  private send(response: ServerResponse, text: string): void {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let at = 0; at < text.length; ) {
      const length = 1 + random(700);
      response.write(text.slice(at, at + length));
      at += length;
    }
    response.end();
  }

  /** A chunk of chat is a token, an event of Messages some of them, as the providers do it. */
  private async streamWithoutEnd(response: ServerResponse, tokens: readonly string[], isChat: boolean): Promise<void> {
    response.writeHead(200, { "content-type": "text/event-stream" });
    this.generated = 0;
    if (!isChat) response.write(MESSAGES_BEGIN);
    const step = isChat ? 1 : 7;
    for (let at = 0; !response.destroyed; at = (at + step) % (tokens.length - step)) {
      if (this.generated >= this.generatedMax) {
        await pause(20);
        continue;
      }
      const text = tokens.slice(at, at + step).join("");
      const choices = [{ index: 0, delta: { content: text }, finish_reason: null }];
      const event = isChat
        ? `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, choices })}`
        : `event: content_block_delta\ndata: ${JSON.stringify({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })}`;
      response.write(`${event}\n\n`);
      this.generated += step;
      await pause(2);
    }
    this.hungUp++;
  }
}
