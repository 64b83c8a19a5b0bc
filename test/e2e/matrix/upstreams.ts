// The providers of the matrix: a fake for each dialect and each way to be addressed in it, what its provider document says
// beyond the address, and what such a provider can do at all.

import {
  type DemoProvider,
  startAnthropicProvider,
  startAzureProvider,
  startBailianProvider,
  startBedrockClaudeProvider,
  startBedrockProvider,
  startCohereProvider,
  startCozeProvider,
  startDifyProvider,
  startGeminiProvider,
  startOpenAiProvider,
  startVertexClaudeProvider,
  startVertexProvider,
} from "../../../examples/demo-providers/index.mjs";
import type { ProviderDocument } from "../harness.ts";

export interface Upstream {
  readonly id: string;
  /** In the documentation's table. */
  readonly title: string;
  readonly dialect: ProviderDocument["dialect"];
  readonly start: (options: { apiKey: string; strictFields: boolean }) => Promise<DemoProvider>;
  /** Made up, in the form of the provider's own. */
  readonly apiKey: string;
  /** The model that its fake knows. */
  readonly model: string;
  /** How the fake calls itself in its answers; absent, by its model. */
  readonly says?: string;
  /** Behind the fake's base URL. */
  readonly basePath?: string;
  /** Further members of the provider document. */
  readonly document?: Partial<ProviderDocument>;
  /** A model for vectors, where it has one. */
  readonly embeddingModel?: string;
  /** Serves the Responses API itself and keeps what it answered. */
  readonly keepsResponses?: boolean;
  /** Its fake shows what it thinks, when it is asked to. */
  readonly thinks?: boolean;
  /** It says what it is about to do, and then calls its tools. */
  readonly saysBeforeCalls?: boolean;
  /** Agent platforms answer in text only. */
  readonly textOnly?: boolean;
}

const azure = {
  start: startAzureProvider,
  apiKey: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
  model: "gpt-deployment",
  embeddingModel: "embedding-deployment",
};

export const UPSTREAMS: readonly Upstream[] = [
  {
    id: "openai",
    title: "OpenAI",
    dialect: "openai",
    start: startOpenAiProvider,
    apiKey: "sk-proj-demo0123456789abcdef",
    model: "gpt-demo",
    document: { quirks: ["responses"] },
    embeddingModel: "embedding-demo",
    keepsResponses: true,
    thinks: true,
  },
  {
    id: "compatible",
    title: "OpenAI-compatible",
    dialect: "openai",
    start: startOpenAiProvider,
    apiKey: "gsk_demo0123456789abcdef",
    model: "gpt-demo",
    embeddingModel: "embedding-demo",
  },
  {
    ...azure,
    id: "azure",
    title: "Azure OpenAI (v1)",
    dialect: "openai",
    basePath: "/v1",
    document: { auth: "api-key", quirks: ["responses"] },
    keepsResponses: true,
    thinks: true,
  },
  {
    ...azure,
    id: "azure-dated",
    title: "Azure OpenAI (deployments)",
    dialect: "azure",
    document: { apiVersion: "2024-10-21" },
  },
  {
    ...azure,
    id: "azure-preview",
    title: "Azure OpenAI (preview)",
    dialect: "azure",
    document: { apiVersion: "2025-04-01-preview", quirks: ["responses"] },
    keepsResponses: true,
    thinks: true,
  },
  {
    id: "anthropic",
    title: "Anthropic",
    dialect: "anthropic",
    start: startAnthropicProvider,
    apiKey: "sk-ant-api03-demo0123456789abcdef",
    model: "claude-demo",
    thinks: true,
  },
  {
    id: "gemini",
    title: "Google Gemini",
    dialect: "gemini",
    start: startGeminiProvider,
    apiKey: "AIzaDemo0123456789abcdef",
    model: "gemini-demo",
    embeddingModel: "gemini-embedding-demo",
    thinks: true,
  },
  {
    id: "vertex",
    title: "Vertex AI",
    dialect: "gemini",
    start: startVertexProvider,
    apiKey: "ya29.demo0123456789abcdef",
    model: "gemini-demo",
    document: { auth: "bearer" },
    thinks: true,
    embeddingModel: "gemini-embedding-demo",
  },
  {
    id: "bedrock",
    title: "AWS Bedrock",
    dialect: "bedrock",
    start: startBedrockProvider,
    apiKey: "ABSKdemo0123456789abcdef",
    model: "anthropic.claude-demo-v1:0",
    thinks: true,
  },
  {
    id: "claude-bedrock",
    title: "Claude on AWS Bedrock",
    dialect: "anthropic-bedrock",
    start: startBedrockClaudeProvider,
    apiKey: "ABSKdemo0123456789fedcba",
    model: "us.anthropic.claude-demo-v1:0",
    thinks: true,
  },
  {
    id: "claude-vertex",
    title: "Claude on Vertex AI",
    dialect: "anthropic-vertex",
    start: startVertexClaudeProvider,
    apiKey: "ya29.demo0123456789fedcba",
    model: "claude-demo@20260101",
    thinks: true,
  },
  {
    id: "cohere",
    title: "Cohere",
    dialect: "cohere",
    start: startCohereProvider,
    apiKey: "demo0123456789abcdefdemo0123456789abcdef",
    model: "command-demo",
    embeddingModel: "embed-demo",
    saysBeforeCalls: true,
    thinks: true,
  },
  {
    id: "dify",
    title: "Dify",
    dialect: "dify",
    start: startDifyProvider,
    apiKey: "app-demo0123456789abcdef",
    model: "dify-demo",
    textOnly: true,
  },
  {
    id: "coze",
    title: "Coze",
    dialect: "coze",
    start: startCozeProvider,
    apiKey: "pat_demo0123456789abcdef",
    model: "7379462189365198898",
    says: "coze-demo",
    textOnly: true,
  },
  {
    id: "bailian",
    title: "Bailian",
    dialect: "bailian",
    start: startBailianProvider,
    apiKey: "sk-demo0123456789abcdef",
    model: "app-demo",
    says: "bailian-demo",
    textOnly: true,
  },
];
