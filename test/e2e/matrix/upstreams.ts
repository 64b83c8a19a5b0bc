// The providers of the matrix: one fake for each dialect, with what its provider document says beyond the address, and
// what such a provider can do at all.

import {
  type DemoProvider,
  startAnthropicProvider,
  startAzureProvider,
  startBailianProvider,
  startCohereProvider,
  startCozeProvider,
  startDifyProvider,
  startGeminiProvider,
  startOpenAiProvider,
} from "../../../examples/demo-providers/index.mjs";
import type { ProviderDocument } from "../harness.ts";

export interface Upstream {
  readonly dialect: ProviderDocument["dialect"];
  readonly start: (options: { apiKey: string }) => Promise<DemoProvider>;
  /** The model that its fake knows. */
  readonly model: string;
  /** Further members of the provider document. */
  readonly document?: Partial<ProviderDocument>;
  /** Agent platforms answer in text only. */
  readonly textOnly?: boolean;
}

export const UPSTREAMS: readonly Upstream[] = [
  { dialect: "openai", start: startOpenAiProvider, model: "gpt-demo" },
  { dialect: "azure", start: startAzureProvider, model: "gpt-deployment", document: { apiVersion: "2024-10-21" } },
  { dialect: "anthropic", start: startAnthropicProvider, model: "claude-demo" },
  { dialect: "gemini", start: startGeminiProvider, model: "gemini-demo" },
  { dialect: "cohere", start: startCohereProvider, model: "command-demo" },
  { dialect: "dify", start: startDifyProvider, model: "dify-demo", textOnly: true },
  { dialect: "coze", start: startCozeProvider, model: "7379462189365198898", textOnly: true },
  { dialect: "bailian", start: startBailianProvider, model: "app-demo", textOnly: true },
];
