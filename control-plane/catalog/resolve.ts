// From a provider document that names a catalogue entry to what the entry stands for. Pure but
// for reading the catalogue. It says which parameter is missing or wrong.

import { type Auth, DIALECTS, type DialectName } from "../resources/dialect.js";
import { catalogProviders, findProviderEntry } from "./catalog.js";
import { fillPlaceholders, type ProviderEntry, parameterValueSchema, type Quirk } from "./provider-entry.js";

export interface CatalogDefect {
  /** Within the provider document. */
  readonly path: readonly string[];
  readonly message: string;
  readonly mend: string;
}

/** What an entry stands for; nothing of it where there is none. */
export interface Resolved {
  readonly dialect?: DialectName;
  readonly baseUrl?: string;
  readonly apiVersion?: string | undefined;
  /** Absent where it is the dialect's own. */
  readonly auth?: Auth | undefined;
  readonly quirks?: readonly Quirk[];
  readonly defects: readonly CatalogDefect[];
}

interface Given {
  readonly parameters: Readonly<Record<string, string>> | undefined;
  /** An own base URL, which makes the entry's parameters needless. */
  readonly baseUrl: string | undefined;
}

const NAMES_SHOWN = 5;
/** Letters that a mistyped id is likely to have right. */
const PREFIX = 2;
const ALL = "GET /api/v1/catalog/providers lists all entries.";

/** Entries whose ids share a beginning with `id`, for whoever mistyped one. */
function similar(id: string): string {
  const near = catalogProviders().filter((entry) => entry.id.startsWith(id.slice(0, PREFIX)));
  const names = near.slice(0, NAMES_SHOWN).map((entry) => `'${entry.id}'`);
  return names.length === 0 ? ALL : `Did you mean ${names.join(", ")}? ${ALL}`;
}

function parameterDefects(entry: ProviderEntry, values: Readonly<Record<string, string>>): CatalogDefect[] {
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(entry.parameters, name));
  const known = Object.keys(entry.parameters);
  return [
    ...unknown.map((name) => ({
      path: ["parameters", name],
      message: `is no parameter of the catalogue entry '${entry.id}'`,
      mend: known.length === 0 ? "Leave parameters out." : `Its parameters are: ${known.join(", ")}.`,
    })),
    ...Object.entries(entry.parameters).flatMap(([name, { description, default: usual }]) => {
      const value = Object.hasOwn(values, name) ? values[name] : usual;
      const mend = `Set parameters.${name}: ${description}`;
      if (value === undefined) return [{ path: ["parameters", name], message: "is required by the entry", mend }];
      const parsed = parameterValueSchema.safeParse(value);
      const message = parsed.error?.issues[0]?.message;
      return message === undefined ? [] : [{ path: ["parameters", name], message, mend }];
    }),
  ];
}

function withoutEntry({ parameters }: Given): Resolved {
  if (parameters === undefined) return { defects: [] };
  const mend = "Name the catalogue entry in 'catalog', or leave parameters out.";
  return { defects: [{ path: ["parameters"], message: "have no meaning without a catalogue entry", mend }] };
}

export function resolveEntry(id: string | undefined, given: Given): Resolved {
  if (id === undefined) return withoutEntry(given);
  const entry = findProviderEntry(id);
  if (entry === undefined) {
    return { defects: [{ path: ["catalog"], message: `there is no catalogue entry '${id}'`, mend: similar(id) }] };
  }
  const { dialect, apiVersion, quirks } = entry;
  const auth = entry.auth === DIALECTS[dialect].auth ? undefined : entry.auth;
  const facts = { dialect, apiVersion, auth, quirks, defects: [] };
  if (given.baseUrl !== undefined) return facts;
  const values = given.parameters ?? {};
  const defects = parameterDefects(entry, values);
  if (defects.length > 0) return { defects };
  const usual = Object.entries(entry.parameters).map(([name, parameter]) => [name, parameter.default ?? ""]);
  return {
    ...facts,
    baseUrl: fillPlaceholders(entry.baseUrl, { ...Object.fromEntries(usual), ...values }),
  };
}
