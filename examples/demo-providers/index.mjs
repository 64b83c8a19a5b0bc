// Demo providers: strict imitations of LLM APIs for tests and demonstrations. No model answers here, and no request
// leaves this machine.
import { anthropicDialect } from "./anthropic.mjs";
import { azureDialect } from "./azure.mjs";
import { bailianDialect } from "./bailian.mjs";
import { bedrockDialect } from "./bedrock.mjs";
import { cohereDialect } from "./cohere.mjs";
import { cozeDialect } from "./coze.mjs";
import { difyDialect } from "./dify.mjs";
import { geminiDialect, vertexDialect } from "./gemini.mjs";
import { bedrockClaudeDialect, vertexClaudeDialect } from "./hosted-claude.mjs";
import { openAiDialect } from "./openai.mjs";
import { startProvider } from "./server.mjs";

export const startOpenAiProvider = (options = {}) => startProvider(openAiDialect, options);
export const startAnthropicProvider = (options = {}) => startProvider(anthropicDialect, options);
export const startAzureProvider = (options = {}) => startProvider(azureDialect, options);
export const startCohereProvider = (options = {}) => startProvider(cohereDialect, options);
export const startGeminiProvider = (options = {}) => startProvider(geminiDialect, options);
export const startVertexProvider = (options = {}) => startProvider(vertexDialect, options);
export const startBedrockProvider = (options = {}) => startProvider(bedrockDialect, options);
export const startBedrockClaudeProvider = (options = {}) => startProvider(bedrockClaudeDialect, options);
export const startVertexClaudeProvider = (options = {}) => startProvider(vertexClaudeDialect, options);
export const startDifyProvider = (options = {}) => startProvider(difyDialect, options);
export const startCozeProvider = (options = {}) => startProvider(cozeDialect, options);
export const startBailianProvider = (options = {}) => startProvider(bailianDialect, options);
