// `npm run catalog:update`: writes control-plane/catalog/models.json from the installed price package and our own
// models-extra.json, which wins field by field. It fetches nothing: newer prices come with a newer package.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findProvider } from "@pydantic/genai-prices";

const root = fileURLToPath(new URL("..", import.meta.url));
export const MODELS_FILE = `${root}control-plane/catalog/models.json`;
const EXTRA_FILE = `${root}control-plane/catalog/models-extra.json`;

/** Google offers others' models through Vertex AI alone. */
const CLAUDE = /^claude/;

/** Our provider → the package's; in an array with what belongs to it of the package's models. */
const PROVIDERS = {
  openai: "openai",
  "azure-openai": "azure",
  anthropic: "anthropic",
  "aws-bedrock": "aws",
  gemini: ["google", (id) => !CLAUDE.test(id)],
  "vertex-ai-anthropic": ["google", (id) => CLAUDE.test(id)],
  mistral: "mistral",
  groq: "groq",
  together: "together",
  fireworks: "fireworks",
  cerebras: "cerebras",
  cohere: "cohere",
  xai: "x-ai",
  deepseek: "deepseek",
  perplexity: "perplexity",
  openrouter: "openrouter",
  novita: "novita",
  "cloudflare-workers-ai": "cloudflare",
  "moonshot-intl": "moonshotai",
  zhipu: "zhipuai",
  zai: "zai",
  "minimax-intl": "minimax",
};

const TOKEN_PRICES = {
  input_mtok: "input",
  output_mtok: "output",
  output_reasoning_mtok: "reasoning",
  cache_read_mtok: "cacheRead",
  cache_write_mtok: "cacheWrite",
  cache_write_1h_mtok: "cacheWrite1h",
  input_audio_mtok: "inputAudio",
  output_audio_mtok: "outputAudio",
  cache_audio_read_mtok: "cacheReadAudio",
  input_image_mtok: "inputImage",
  output_image_mtok: "outputImage",
  cache_image_read_mtok: "cacheReadImage",
  input_video_mtok: "inputVideo",
  output_video_mtok: "outputVideo",
};
const UNIT_PRICES = {
  audio_hours: "audioHour",
  input_audio_hours: "audioHour",
  requests_kcount: "thousandRequests",
  web_searches_kcount: "thousandWebSearches",
  input_document_kpages: "thousandPages",
};

/** Names of models that do something else than chat. */
const NOT_CHAT =
  /embed|whisper|transcri|tts|speech|moderation|guard|rerank|dall-e|image|imagen|veo|sora|voyage|bge|ocr|davinci|babbage|\bada\b|curie|realtime|instruct-embed|stable-diffusion|flux|voxtral-mini-.*transcribe|computer-use/i;

/** The package gives what is free no price at all, like what it does not know. */
const FREE = /:free$/;
/** The package has these names in capitals, the provider's API in small letters. */
const LOWER_CASE = new Set(["zhipu"]);

const micros = (price) => Math.round(price * 1e6);
const isEmpty = (object) => Object.keys(object).length === 0;

/** The prices of one period, with the steps of those that rise with the input. */
function pricesOf(period) {
  const prices = {};
  const unitPrices = {};
  const steps = new Map();
  for (const [key, price] of Object.entries(period)) {
    const name = TOKEN_PRICES[key];
    if (UNIT_PRICES[key] !== undefined && typeof price === "number") unitPrices[UNIT_PRICES[key]] = micros(price);
    if (name === undefined) continue;
    if (typeof price === "number") {
      prices[name] = micros(price);
      continue;
    }
    prices[name] = micros(price.base);
    for (const tier of price.tiers) {
      steps.set(tier.start, { ...steps.get(tier.start), [name]: micros(tier.price) });
    }
  }
  let above = prices;
  const tiers = [...steps]
    .sort(([left], [right]) => left - right)
    .map(([start, step]) => {
      above = { ...above, ...step };
      return { inputTokensAbove: start, prices: above };
    });
  return { prices, unitPrices, tiers };
}

/** The package lists periods from the oldest to the newest; times of day come after the prices that they replace. */
function periodsOf(prices, asOf) {
  if (!Array.isArray(prices)) return { base: prices, timesOfDay: [] };
  const begun = prices.filter(({ constraint }) => constraint?.type !== "start_date" || constraint.start_date <= asOf);
  const timed = begun.filter(({ constraint }) => constraint?.type === "time_of_date");
  const untimed = begun.filter(({ constraint }) => constraint?.type !== "time_of_date");
  return { base: (untimed.at(-1) ?? prices[0]).prices, timesOfDay: timed };
}

/** The package does not say what a model reads: only what has a price of its own is known. */
function modalitiesOf(prices) {
  const kinds = ["Audio", "Image", "Video"];
  const of = (side) => kinds.filter((kind) => `${side}${kind}` in prices).map((kind) => kind.toLowerCase());
  const [input, output] = [of("input"), of("output")];
  return input.length + output.length === 0 ? undefined : { input: ["text", ...input], output: ["text", ...output] };
}

function withoutEmpty(entry) {
  const kept = Object.entries(entry).filter(
    ([, value]) => value !== undefined && !(value instanceof Object && isEmpty(value)),
  );
  return Object.fromEntries(kept);
}

function entryOf(provider, model, asOf) {
  const { base, timesOfDay } = periodsOf(model.prices, asOf);
  const { prices: priced, unitPrices, tiers } = pricesOf(base);
  const prices = FREE.test(model.id) ? { input: 0, output: 0, ...priced } : priced;
  const chat = "input" in prices && "output" in prices && !NOT_CHAT.test(model.id);
  return withoutEmpty({
    provider,
    id: LOWER_CASE.has(provider) ? model.id.toLowerCase() : model.id,
    name: model.name,
    chat,
    deprecated: model.deprecated === true ? true : undefined,
    contextTokens: model.context_window,
    modalities: chat ? modalitiesOf(prices) : undefined,
    currency: isEmpty(prices) && isEmpty(unitPrices) ? undefined : "USD",
    prices,
    tiers,
    timesOfDay: timesOfDay.map(({ constraint, prices: period }) => ({
      from: constraint.start_time,
      to: constraint.end_time,
      prices: pricesOf(period).prices,
    })),
    unitPrices,
  });
}

function fromPackage(asOf) {
  return Object.entries(PROVIDERS).flatMap(([provider, source]) => {
    const [providerId, belongs = () => true] = [source].flat();
    const found = findProvider({ providerId });
    if (found === undefined) throw new Error(`The price package no longer knows '${providerId}': mend PROVIDERS.`);
    return found.models.filter(({ id }) => belongs(id)).map((model) => entryOf(provider, model, asOf));
  });
}

const keyOf = ({ provider, id }) => `${provider} ${id}`;
const inOrder = (left, right) => (keyOf(left) < keyOf(right) ? -1 : 1);

/** The whole file's content for a day, `YYYY-MM-DD`. */
export function modelCatalog(asOf) {
  const merged = new Map(fromPackage(asOf).map((entry) => [keyOf(entry), entry]));
  for (const extra of JSON.parse(readFileSync(EXTRA_FILE, "utf8"))) {
    merged.set(keyOf(extra), { ...merged.get(keyOf(extra)), ...extra });
  }
  return { generatedBy: "npm run catalog:update", asOf, models: [...merged.values()].sort(inOrder) };
}

/** One model a line, so that a refresh shows as the models that changed. */
export function printed({ models, ...head }) {
  const lines = models.map((model) => `    ${JSON.stringify(model)}`);
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "models": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const catalog = modelCatalog(new Date().toISOString().slice(0, 10));
  writeFileSync(MODELS_FILE, printed(catalog));
  const chat = catalog.models.filter((model) => model.chat).length;
  console.log(`${catalog.models.length} models, ${chat} of them for chat, as of ${catalog.asOf}.`);
}
