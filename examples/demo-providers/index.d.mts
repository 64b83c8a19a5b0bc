// Types of index.mjs.
import type { IncomingHttpHeaders } from "node:http";
import type { AwsKey } from "./aws-signature.mjs";

/** `times`: how many requests it hits; without it, until it is switched off. Kinds are described in README.md. */
export type Fault = { times?: number } & (
  | { kind: "none" }
  | { kind: "status"; status: number; message?: string; code?: string; retryAfterSeconds?: number }
  | { kind: "hang" }
  | { kind: "refuse"; forMs?: number }
  | { kind: "reset"; afterHeaders?: boolean }
  | { kind: "sse-error"; message?: string }
  | { kind: "body"; status?: number; contentType?: string; text?: string }
  | { kind: "cut"; afterEvents?: number; withinEvent?: boolean; reset?: boolean }
  | { kind: "slow"; firstEventDelayMs?: number; eventDelayMs?: number }
  | { kind: "chop"; chunkBytes?: number }
  | { kind: "invalid-json" }
  | { kind: "gzip"; status?: number }
);

export interface ProviderOptions {
  /** 0 or absent = any free one. */
  port?: number;
  /** Absent = 127.0.0.1. */
  host?: string;
  /** The only credential that is accepted; absent = any that is in the right header. */
  apiKey?: string;
  /** Bedrock only: the access key that requests must be signed with, instead of carrying a credential. */
  aws?: AwsKey;
  /** Where the credential has to be, if not where the dialect's API documents it first; elsewhere it is forbidden. */
  credentialHeader?: "authorization" | "x-api-key" | "api-key" | "x-goog-api-key";
  /** Models (Azure: deployments) that it knows; another one is a 404. */
  models?: readonly string[];
  /** Refuse fields that the API's reference does not list (absent: OpenAI no, Anthropic yes). */
  strictFields?: boolean;
  /** OpenAI only: deviations to show, by the names of docs/catalog.md; what a flag says is refused, is. */
  quirks?: readonly string[];
  /** Anthropic only: refuse neighbouring turns of one role. */
  requireAlternation?: boolean;
  /** Pause between the events of a stream. */
  eventDelayMs?: number;
  /** PEM; makes it an https server. */
  tls?: { key: string; cert: string };
}

export interface RecordedRequest {
  method: string;
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  /** Names of headers that a gateway must not let through; `?key=` if a credential was in the query. */
  forbiddenHeaders: string[];
  body: string;
  bodyBytes: number;
  /** The parsed body; undefined if it was no JSON. */
  json: unknown;
  fault: Fault["kind"];
  /** Status of the answer; undefined if none was given. */
  status?: number;
  /** Why the request was refused, in the provider's words. */
  refusal?: string;
  /** The connection went before the whole answer was written. */
  aborted: boolean;
  ended: boolean;
}

export interface DemoProvider {
  readonly port: number;
  /** Base URL as a provider document wants it, for example with `/v1`. */
  readonly url: string;
  readonly fault: Fault;
  /** The last 1,000. */
  readonly requests: RecordedRequest[];
  /** All since the start. */
  readonly requestCount: number;
  setFault(fault: Fault): Promise<void>;
  clearFault(): Promise<void>;
  close(): Promise<void>;
}

export function startOpenAiProvider(options?: ProviderOptions): Promise<DemoProvider>;
export function startAnthropicProvider(options?: ProviderOptions): Promise<DemoProvider>;
export function startAzureProvider(options?: ProviderOptions): Promise<DemoProvider>;
export function startCohereProvider(options?: ProviderOptions): Promise<DemoProvider>;
export function startGeminiProvider(options?: ProviderOptions): Promise<DemoProvider>;
/** Gemini under Vertex AI's path, with a bearer token. */
export function startVertexProvider(options?: ProviderOptions): Promise<DemoProvider>;
export function startBedrockProvider(options?: ProviderOptions): Promise<DemoProvider>;
/** Claude by Bedrock's InvokeModel. */
export function startBedrockClaudeProvider(options?: ProviderOptions): Promise<DemoProvider>;
/** Claude under Vertex AI's path, with a bearer token. */
export function startVertexClaudeProvider(options?: ProviderOptions): Promise<DemoProvider>;
/** An application of Dify's; its credential says which. */
export function startDifyProvider(options?: ProviderOptions): Promise<DemoProvider>;
/** Coze's bots; `models` are their ids. */
export function startCozeProvider(options?: ProviderOptions): Promise<DemoProvider>;
/** Bailian's applications; `models` are their ids. */
export function startBailianProvider(options?: ProviderOptions): Promise<DemoProvider>;
