// Asks a provider which models it offers, and adds what the catalogue knows of them. It stores nothing, and what it says
// of a provider's failure never holds the credential.
import { findModel } from "../catalog/find-model.js";
import type { ModelEntry } from "../catalog/model-entry.js";
import { OperatorError } from "../errors.js";
import { parseAwsCredential } from "../resources/aws.js";
import { authStyle } from "../resources/dialect.js";
import type { Provider } from "../resources/provider.js";
import { signedHeaders } from "./aws-signature.js";
import { type ListedModel, MODEL_LISTS, type ModelList, type Page } from "./model-lists.js";
import { fetchFromProvider, PrivateAddressError, type ProviderReply, ReplyTooLargeError } from "./provider-fetch.js";
import { withoutSecret } from "./redact.js";

export interface DiscoveryLimits {
  /** For all pages together. */
  readonly timeoutMs: number;
  readonly bytesMax: number;
  readonly modelsMax: number;
  readonly pagesMax: number;
}

export const DISCOVERY_LIMITS: DiscoveryLimits = {
  timeoutMs: 10_000,
  bytesMax: 8 * 1024 * 1024, // OpenRouter's list has about 1 MiB
  modelsMax: 5_000,
  pagesMax: 20,
};

export interface DiscoveredModel extends ListedModel {
  /** What the catalogue says of it; absent for a model that it does not know. */
  readonly catalog?: ModelEntry | undefined;
}

export interface Discovery {
  readonly models: readonly DiscoveredModel[];
  /** There was more than the limits allow to read. */
  readonly truncated: boolean;
}

const MESSAGE_CHARACTERS = 300;
const MESSAGE_DEPTH = 4;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]+/g;

function listOf(provider: Provider): ModelList {
  const list = MODEL_LISTS[provider.dialect];
  if (list !== undefined) return list;
  throw new OperatorError("discovery_not_supported", {
    message: `Providers of the dialect ${provider.dialect} have no list of models: an application answers as one.`,
  });
}

function headersFor(provider: Provider, list: ModelList, url: URL, secret: string | undefined): Record<string, string> {
  const key = provider.aws && secret !== undefined ? parseAwsCredential(secret) : undefined;
  if (provider.aws !== undefined && key !== undefined) {
    return { ...list.headers, ...signedHeaders(url, provider.aws, key, new Date()) };
  }
  const style = authStyle(provider);
  const credential = style === undefined || secret === undefined ? {} : { [style.header]: `${style.prefix}${secret}` };
  return { ...list.headers, ...credential };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The provider's own words, wherever its kind of error keeps them. */
function messageIn(body: unknown, depth = MESSAGE_DEPTH): string | undefined {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null || depth === 0) return undefined;
  if (Array.isArray(body)) return messageIn(body[0], depth - 1);
  const { error, message, detail, Message } = body as Record<string, unknown>;
  for (const place of [message, error, detail, Message]) {
    const found = messageIn(place, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function refused({ status, body }: ProviderReply, secret: string | undefined): OperatorError {
  const said = messageIn(parseJson(body))?.replaceAll(CONTROL_CHARACTERS, " ").trim();
  const words =
    said === undefined || said === "" ? "" : `: ${withoutSecret(said, secret).slice(0, MESSAGE_CHARACTERS)}`;
  const credential = status === 401 || status === 403;
  return new OperatorError("provider_refused", {
    message: `The provider answered ${status} when it was asked for its models${words}`,
    ...(credential ? { mend: "Give the provider document a valid apiKey, or another 'auth' or 'aws'." } : {}),
  });
}

function unreadable(what: string): OperatorError {
  return new OperatorError("provider_refused", {
    message: `The provider's answer is no list of models: ${what}.`,
    mend: "Look whether baseUrl and dialect are the provider's, its version included.",
  });
}

/** What the network says has addresses and codes, and no header. */
function unreached(error: unknown, provider: Provider, timeoutMs: number): OperatorError {
  if (error instanceof OperatorError) return error;
  if (error instanceof PrivateAddressError) {
    return new OperatorError("private_address", { message: `${error.message}; nothing was connected to.` });
  }
  if (error instanceof ReplyTooLargeError) return unreadable("it is too large");
  const { code } = error as NodeJS.ErrnoException;
  const why = code === "ABORT_ERR" ? `no answer within ${timeoutMs / 1000} s` : (code ?? "the connection failed");
  return new OperatorError("provider_unreachable", { message: `${new URL(provider.baseUrl).host}: ${why}.` });
}

function readPage(list: ModelList, reply: ProviderReply, secret: string | undefined): Page {
  if (reply.status >= 300 && reply.status < 400)
    throw unreadable(`status ${reply.status}, a redirect, is not followed`);
  if (reply.status !== 200) throw refused(reply, secret);
  const body = parseJson(reply.body);
  if (body === undefined) throw unreadable("it is not JSON");
  const page = list.read(body);
  if (page === undefined) throw unreadable("it has other fields");
  return page;
}

async function readAll(provider: Provider, secret: string | undefined, limits: DiscoveryLimits) {
  const list = listOf(provider);
  const signal = AbortSignal.timeout(limits.timeoutMs);
  const base = new URL(provider.baseUrl);
  const models = new Map<string, ListedModel>();
  let bytesMax = limits.bytesMax;
  let after: string | undefined;
  for (let pages = 0; pages < limits.pagesMax && models.size <= limits.modelsMax; pages++) {
    const url = list.url(base, provider, after);
    const reply = await fetchFromProvider({
      url,
      headers: headersFor(provider, list, url, secret),
      allowPrivateAddress: provider.allowPrivateAddress,
      caCertificates: provider.tls?.caCertificates,
      bytesMax,
      signal,
    });
    bytesMax -= reply.body.length;
    const page = readPage(list, reply, secret);
    for (const model of page.models) if (!models.has(model.id)) models.set(model.id, model);
    after = page.next;
    if (after === undefined) break;
  }
  return { models: [...models.values()], truncated: after !== undefined || models.size > limits.modelsMax };
}

/** A name that holds the credential is no name. */
const holdsSecret = ({ id }: ListedModel, secret: string | undefined) => withoutSecret(id, secret) !== id;

function completed(model: ListedModel, provider: Provider, secret: string | undefined): DiscoveredModel {
  const catalog = findModel(provider, model.id);
  return {
    id: model.id,
    name: model.name === undefined ? catalog?.name : withoutSecret(model.name, secret),
    contextTokens: model.contextTokens ?? catalog?.contextTokens,
    catalog,
  };
}

/** Rejects with OperatorError: discovery_not_supported, private_address, provider_unreachable or provider_refused. */
export async function discover(
  provider: Provider,
  secret: string | undefined,
  limits: DiscoveryLimits = DISCOVERY_LIMITS,
): Promise<Discovery> {
  const { models, truncated } = await readAll(provider, secret, limits).catch((error: unknown) => {
    throw unreached(error, provider, limits.timeoutMs);
  });
  const kept = models.filter((model) => !holdsSecret(model, secret)).slice(0, limits.modelsMax);
  return { models: kept.map((model) => completed(model, provider, secret)), truncated };
}
