// What the catalogue says of one provider: where its API is, how it authenticates, which dialect it speaks and what its
// own documentation says differs from that dialect. Data is in providers.json; nothing here is an opinion on quality.
import { z } from "zod";
import type { Quirk as QuirkBit } from "../contract.js";
import { isPrivateHost } from "../resources/address.js";
import { idSchema } from "../resources/common.js";
import { authSchema, dialectSchema } from "../resources/dialect.js";

/** Named deviations from a dialect, each as the provider documents it. Their one list: no file may invent another. */
export const QUIRKS = {
  max_tokens_only: "Documents max_tokens, not max_completion_tokens.",
  seed_as_random_seed: "Calls seed random_seed.",
  single_choice: "Takes n = 1 only.",
  no_logprobs: "Does not take logprobs and top_logprobs.",
  no_logit_bias: "Does not take logit_bias.",
  no_message_name: "Does not take a name in a message.",
  no_tool_choice: "Does not take tool_choice.",
  no_developer_role: "Has no developer role; system stands in for it.",
  no_json_schema: "response_format knows text and json_object only.",
  no_penalties_when_reasoning: "Reasoning models refuse presence_penalty and frequency_penalty.",
  no_stop_when_reasoning: "Reasoning models refuse stop.",
  sampling_ignored_when_reasoning: "Reasoning ignores temperature, top_p and the penalties.",
  reasoning_in_content: "Returns reasoning within content, in <think> tags.",
  responses: "Serves the OpenAI responses API itself.",
  no_stream_options: "Refuses stream_options; tells the usage of streams unasked, if at all.",
  thinking_budget: "Takes a thinking budget where Claude now takes output_config.effort.",
} as const satisfies Record<Lowercase<keyof typeof QuirkBit>, string>;
export type Quirk = keyof typeof QUIRKS;

export const REGIONS = ["global", "china", "self-hosted"] as const;

const PLACEHOLDER = /\{([a-z][a-zA-Z0-9]*)\}/g;

/** The names in braces of a base URL, each once. */
export function placeholdersOf(baseUrl: string): readonly string[] {
  return [...new Set([...baseUrl.matchAll(PLACEHOLDER)].map(([, name = ""]) => name))];
}

export function fillPlaceholders(baseUrl: string, values: Readonly<Record<string, string>>): string {
  return baseUrl.replace(PLACEHOLDER, (whole, name: string) => values[name] ?? whole);
}

/** Letters, digits, dots, dashes and underscores: no value may move the URL to another host's path, port or user. */
export const parameterValueSchema = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/, {
  error: "must be 1 to 128 letters, digits, '.', '_' and '-', beginning and ending with a letter or digit",
});

const parameterSchema = z.strictObject({
  description: z.string().min(1),
  default: parameterValueSchema.optional(),
});

interface Addressed {
  readonly region: string;
  readonly baseUrl: string;
  readonly parameters: Readonly<Record<string, { readonly default?: string | undefined }>>;
}

function defectOfAddress(entry: Addressed): string | undefined {
  const samples = placeholdersOf(entry.baseUrl).map((name) => [name, entry.parameters[name]?.default ?? "sample"]);
  const url = fillPlaceholders(entry.baseUrl, Object.fromEntries(samples));
  if (!URL.canParse(url)) return "must be a URL once its placeholders are filled";
  if (entry.region === "self-hosted") return undefined;
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:") return "must be https:// unless the provider is self-hosted";
  return isPrivateHost(hostname) ? "leads to a private network and the provider is not self-hosted" : undefined;
}

export const providerEntrySchema = z
  .strictObject({
    id: idSchema,
    names: z.strictObject({ en: z.string().min(1), zh: z.string().min(1) }),
    region: z.enum(REGIONS),
    baseUrl: z.string().describe("Where the API begins; {names} in braces are parameters."),
    parameters: z.record(z.string(), parameterSchema).default({}).describe("The placeholders of baseUrl."),
    auth: authSchema,
    dialect: dialectSchema,
    apiVersion: z.string().min(1).optional().describe("Usual api-version of the query."),
    quirks: z.array(z.enum(Object.keys(QUIRKS) as Quirk[])).describe("Documented deviations from the dialect."),
    modelsOf: z.array(idSchema).default([]).describe("Entries whose models it has under the same names."),
    source: z.url({ protocol: /^https$/ }).describe("The provider's documentation."),
    notes: z.string().optional(),
  })
  .superRefine((entry, context) => {
    const defect = defectOfAddress(entry);
    if (defect !== undefined) context.addIssue({ code: "custom", path: ["baseUrl"], message: defect });
    const used = placeholdersOf(entry.baseUrl).toSorted().join();
    const declared = Object.keys(entry.parameters).toSorted().join();
    if (used !== declared) {
      context.addIssue({
        code: "custom",
        path: ["parameters"],
        message: `must be the placeholders of baseUrl: ${used}`,
      });
    }
  })
  .meta({ id: "CatalogProvider" });
export type ProviderEntry = z.output<typeof providerEntrySchema>;

export const providerCatalogSchema = z.array(providerEntrySchema).superRefine((entries, context) => {
  const ids = entries.map(({ id }) => id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  for (const id of twice) context.addIssue({ code: "custom", message: `two providers have the id '${id}'` });
});
