// What every client of the matrix is asked for, and the words that it is asked with. Nothing here, nor in the clients, knows
// which provider answers.

import { z } from "zod";

export interface Answer {
  readonly text: string;
  /** As the client shows them; undefined where it shows none. */
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

export interface Streamed extends Answer {
  /** Pieces of text that came one by one. */
  readonly pieces: number;
}

export interface ToolRoundTrip {
  /** Arguments of the call, parsed. */
  readonly input: unknown;
  /** The answer after the tool's result. */
  readonly text: string;
}

/** What a client's own error looks like, whatever it wraps. */
export interface ErrorClass {
  new (...parameters: never[]): Error;
}

export interface Thinking extends ToolRoundTrip {
  /** What it thought before it called the tool. */
  readonly thought: string;
}

export interface Client {
  readonly name: string;
  readonly api: "chat" | "responses" | "messages" | "gemini";
  /** What it raises for a request that is refused (400), and at a rate limit (429). */
  readonly refused: ErrorClass;
  readonly rateLimited: ErrorClass;
  /** It may refer to what the provider has stored instead of sending it again. */
  readonly refersToStored?: boolean;
  /** It makes a tool of the schema that an answer has to fit. */
  readonly schemaByTool?: boolean;
  plain(model: string, question: string): Promise<Answer>;
  stream(model: string, question: string): Promise<Streamed>;
  /** Asks, and asks again with what was said before. */
  conversation(model: string, first: string, second: string): Promise<string>;
  /** Asks about a picture, PNG in base64. */
  picture(model: string, question: string, data: string): Promise<string>;
  tools(model: string, question: string, streamed: boolean): Promise<ToolRoundTrip>;
  /** The same with a model that thinks, and whose thoughts go back with the tool's result. */
  thinking?(model: string, question: string, streamed: boolean): Promise<Thinking>;
  structured(model: string, question: string): Promise<unknown>;
  embed?(model: string, texts: string[]): Promise<number[][]>;
}

export const MAX_TOKENS = 512;
export const THINKING_TOKENS = 1024;
/** What every tool call and every structured answer must fit. */
export const weather = z.object({ city: z.string(), days: z.number().int() });
export const parameters = {
  type: "object" as const,
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
  additionalProperties: false,
};
export const TOOL = { name: "get_weather", description: "Weather of a city." };
export const RESULT = "sunny, 23 °C";

/** The pieces that say something. */
export function piecesOf(texts: readonly (string | null | undefined)[]): { text: string; pieces: number } {
  const pieces = texts.filter((piece): piece is string => typeof piece === "string" && piece !== "");
  return { text: pieces.join(""), pieces: pieces.length };
}

export const dataUrl = (data: string) => `data:image/png;base64,${data}`;

/** Status of an error, by the names that the SDKs have for it. */
export function statusOf(error: unknown): number | undefined {
  const { status, statusCode } = error as { status?: number; statusCode?: number };
  return status ?? statusCode;
}

/** When to ask again, of errors that keep the reply's headers. */
export function retryAfterOf(error: unknown): string | null | undefined {
  const { headers, responseHeaders } = error as { headers?: Headers; responseHeaders?: Record<string, string> };
  return headers?.get("retry-after") ?? responseHeaders?.["retry-after"];
}
