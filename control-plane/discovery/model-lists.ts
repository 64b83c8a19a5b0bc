// How each dialect lists its models: which address to ask, and what a page of the answer says. It asks nobody itself.
// Sources: the "list models" page of each provider's API reference.
import type { DialectName } from "../resources/dialect.js";
import type { Provider } from "../resources/provider.js";

export interface ListedModel {
  readonly id: string;
  readonly name?: string | undefined;
  readonly contextTokens?: number | undefined;
}

export interface Page {
  readonly models: readonly ListedModel[];
  /** To be sent for the next page; undefined at the end. */
  readonly next: string | undefined;
}

export interface ModelList {
  /** `after`: what the page before gave as `next`. */
  readonly url: (base: URL, provider: Provider, after: string | undefined) => URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined when the body is no list of models. */
  readonly read: (body: unknown) => Page | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const PAGE_ITEMS = "1000";

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const count = (value: unknown) => (Number.isInteger(value) && (value as number) > 0 ? (value as number) : undefined);

/** Reads the list under `field`, or the body itself where the provider sends a bare one. */
function listIn(body: unknown, field: string): readonly Json[] | undefined {
  const list = Array.isArray(body) ? body : isObject(body) ? body[field] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : undefined;
}

function page(
  list: readonly Json[] | undefined,
  read: (item: Json) => Omit<ListedModel, "id"> & { id: string | undefined },
  next?: unknown,
): Page | undefined {
  const models = list?.map(read).filter((model): model is ListedModel => model.id !== undefined);
  return models && { models, next: text(next) };
}

function below(base: URL, path: string, query: Readonly<Record<string, string | undefined>> = {}): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}${path}`;
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** Fields beyond OpenAI's own are those of OpenRouter, Together, Groq, Mistral and vLLM. */
const openai: ModelList = {
  url: (base, { apiVersion }) => below(base, "/models", { "api-version": apiVersion }),
  read: (body) =>
    page(listIn(body, "data"), (item) => ({
      id: text(item.id),
      name: text(item.name) ?? text(item.display_name),
      contextTokens:
        count(item.context_length) ??
        count(item.context_window) ??
        count(item.max_context_length) ??
        count(item.max_model_len),
    })),
};

const anthropic: ModelList = {
  url: (base, _provider, after) => below(base, "/models", { limit: PAGE_ITEMS, after_id: after }),
  headers: { "anthropic-version": "2023-06-01" },
  read: (body) =>
    page(
      listIn(body, "data"),
      (item) => ({ id: text(item.id), name: text(item.display_name) }),
      isObject(body) && body.has_more === true ? body.last_id : undefined,
    ),
};

/** AI Studio names models `models/x`, Vertex `publishers/google/models/x`; requests take the last part. */
const lastPart = (name: unknown) => text(text(name)?.split("/").at(-1));

/** Vertex lists models of a publisher, not of a project. */
function googleUrl(base: URL, _provider: Provider, after: string | undefined): URL {
  const query = { pageSize: PAGE_ITEMS, pageToken: after };
  const publisher = /\/projects\/.*\/publishers\/([a-z]+)$/.exec(base.pathname)?.[1];
  if (publisher === undefined) return below(base, "/models", query);
  return below(new URL(base.origin), `/v1beta1/publishers/${publisher}/models`, query);
}

const google: ModelList = {
  url: googleUrl,
  read: (body) =>
    page(
      listIn(body, "models") ?? listIn(body, "publisherModels"),
      (item) => ({
        id: lastPart(item.name),
        name: text(item.displayName),
        contextTokens: count(item.inputTokenLimit),
      }),
      isObject(body) ? body.nextPageToken : undefined,
    ),
};

/** Chat is version 2 of the API, the list of models still version 1. */
const cohere: ModelList = {
  url: (base, _provider, after) => {
    const root = new URL(base);
    root.pathname = root.pathname.replace(/\/v2$/, "");
    return below(root, "/v1/models", { page_size: PAGE_ITEMS, page_token: after });
  },
  read: (body) =>
    page(
      listIn(body, "models"),
      (item) => ({ id: text(item.name), contextTokens: count(item.context_length) }),
      isObject(body) ? body.next_page_token : undefined,
    ),
};

/** Models are listed by the control endpoint beside the one that runs them. */
function bedrock(query: Readonly<Record<string, string>>): ModelList {
  return {
    url: (base) => {
      const control = new URL(base.origin);
      control.hostname = control.hostname.replace(/^bedrock-runtime(-fips)?\./, "bedrock$1.");
      return below(control, "/foundation-models", query);
    },
    read: (body) =>
      page(listIn(body, "modelSummaries"), (item) => ({ id: text(item.modelId), name: text(item.modelName) })),
  };
}

/** None for platforms whose applications answer as one model each. */
export const MODEL_LISTS: Readonly<Record<DialectName, ModelList | undefined>> = {
  openai,
  azure: openai,
  anthropic,
  gemini: google,
  "anthropic-vertex": google,
  cohere,
  bedrock: bedrock({}),
  "anthropic-bedrock": bedrock({ byProvider: "Anthropic" }),
  dify: undefined,
  coze: undefined,
  bailian: undefined,
};
