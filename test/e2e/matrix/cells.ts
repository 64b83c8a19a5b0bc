// The cells of the matrix: what each client gets from each upstream, feature by feature. Tests assert every cell, and the
// table of docs/api.md is made from them.

import type { Client } from "./clients/client.ts";
import { clientsOf } from "./clients/index.ts";
import { UPSTREAMS, type Upstream } from "./upstreams.ts";

export type Feature = "plain" | "stream" | "conversation" | "picture" | "tools" | "thinking" | "structured" | "embed";
/** Columns of the documentation's table. */
const COLUMNS: readonly (readonly [Feature, string])[] = [
  ["plain", "answers, streams"],
  ["conversation", "conversations"],
  ["picture", "pictures"],
  ["tools", "tools"],
  ["structured", "structured output"],
  ["embed", "embeddings"],
];

export interface Cell {
  /** Place of the client in the list of all, because a client needs a gateway and cells are there before it. */
  readonly index: number;
  readonly name: string;
  readonly upstream: Upstream;
  /** How the refusal reads; absent, it works. */
  readonly refusal?: string;
}

/** Only for what they are and can. */
const CLIENTS: readonly Client[] = clientsOf("http://127.0.0.1:1", "unused");

/** Why this upstream cannot serve this, in the words that the client reads. */
function refusalOf(client: Client, upstream: Upstream, feature: Feature): string | undefined {
  if (upstream.textOnly && feature === "picture") return "image_url";
  if (upstream.textOnly && feature === "tools") return "tools";
  if (upstream.textOnly && feature === "structured") return client.schemaByTool ? "tools" : "response_format";
  if (client.refersToStored && !upstream.keepsResponses) {
    if (feature === "conversation" || (feature === "tools" && upstream.saysBeforeCalls)) return "store: false";
  }
  if (feature !== "embed") return undefined;
  if (client.api === "gemini") {
    // Vertex AI has Gemini's API without its batches, and says so itself.
    if (upstream.id === "gemini") return undefined;
    return upstream.dialect === "gemini" ? "not supported for batchEmbedContents" : "operation";
  }
  return upstream.embeddingModel === undefined ? "operation" : undefined;
}

/** Thoughts come from whoever thinks; OpenAI's own only in its Responses API. */
function showsThoughts({ api, refersToStored }: Client, upstream: Upstream): boolean {
  if (refersToStored && upstream.saysBeforeCalls) return false;
  return upstream.thinks === true && (api === "responses" || !upstream.keepsResponses);
}

/** All cells of a feature, but of clients that do not have it. */
export function cellsOf(feature: Feature): Cell[] {
  return UPSTREAMS.flatMap((upstream) =>
    CLIENTS.flatMap((client, index) => {
      if (feature === "thinking" && !showsThoughts(client, upstream)) return [];
      if (client[feature] === undefined) return [];
      const refusal = refusalOf(client, upstream, feature);
      return [{ index, name: client.name, upstream, ...(refusal === undefined ? {} : { refusal }) }];
    }),
  );
}

const platforms = UPSTREAMS.filter(({ textOnly }) => textOnly);
const titles = (upstreams: readonly Upstream[]) => upstreams.map(({ title }) => title).join(", ");

/** Where something works, in the fewest words. */
function summary(cells: readonly Cell[]): string {
  const at = cells.filter(({ refusal }) => refusal === undefined).map(({ upstream }) => upstream);
  if (at.length === cells.length) return cells.length === 0 ? "–" : "all";
  const missing = UPSTREAMS.filter((upstream) => !at.includes(upstream));
  if (!platforms.every((platform) => missing.includes(platform)) || at.length <= missing.length) return titles(at);
  const others = missing.filter(({ textOnly }) => !textOnly);
  return ["all but agent platforms", ...others.map(({ title }) => title)].join(", ");
}

/** The table of docs/api.md. */
export function clientTable(): string {
  const row = (values: readonly string[]) => `| ${values.join(" | ")} |`;
  const rows = CLIENTS.map((client, index) => {
    const of = (feature: Feature) => cellsOf(feature).filter((cell) => cell.index === index);
    return row([client.name, ...COLUMNS.map(([feature]) => summary(of(feature)))]);
  });
  const head = ["client", ...COLUMNS.map(([, title]) => title)];
  const providers = `Providers: ${titles(UPSTREAMS.filter(({ textOnly }) => !textOnly))}; agent platforms: ${titles(platforms)}.`;
  return [providers, "", row(head), row(head.map(() => "---")), ...rows].join("\n");
}
