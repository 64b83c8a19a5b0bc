// `node examples/demo-providers/main.mjs`: both demo providers until Ctrl-C.
import { startAnthropicProvider, startOpenAiProvider } from "./index.mjs";

const eventDelayMs = 30;
const openAi = await startOpenAiProvider({ port: Number(process.env.DEMO_OPENAI_PORT ?? 0), eventDelayMs });
const anthropic = await startAnthropicProvider({ port: Number(process.env.DEMO_ANTHROPIC_PORT ?? 0), eventDelayMs });

console.log(`OpenAI dialect:    ${openAi.url}   (any bearer credential)`);
console.log(`Anthropic dialect: ${anthropic.url}   (any x-api-key)`);
console.log(`Faults, for example:
  curl -X PUT http://127.0.0.1:${openAi.port}/__fault -d '{"kind":"status","status":429}'
  curl -X PUT http://127.0.0.1:${openAi.port}/__fault -d '{"kind":"none"}'`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void Promise.all([openAi.close(), anthropic.close()]));
}
