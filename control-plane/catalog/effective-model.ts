// What counts for the model of a target: the operator's own fields over what the catalogue says. Pure but for reading the
// catalogue. Prices in two currencies are never mixed.
import type { Provider } from "../resources/provider.js";
import type { EffectiveModel, Target } from "../resources/target.js";
import { findModel } from "./find-model.js";
import type { ModelEntry } from "./model-entry.js";

const USUAL_CURRENCY = "USD";

type Priced = Pick<EffectiveModel, "currency" | "prices" | "tiers" | "timesOfDay" | "unitPrices">;

function pricedBy(entry: ModelEntry | undefined, currency: Target["currency"]): Priced {
  if (entry === undefined || (currency !== undefined && currency !== entry.currency)) return {};
  const { prices, tiers, timesOfDay, unitPrices } = entry;
  return { currency: entry.currency, prices, tiers, timesOfDay, unitPrices };
}

function pricesOf(target: Target, entry: ModelEntry | undefined): Priced {
  const usual = pricedBy(entry, target.currency);
  if (target.prices === undefined && target.unitPrices === undefined) return usual;
  return {
    ...usual,
    currency: target.currency ?? usual.currency ?? USUAL_CURRENCY,
    prices: target.prices === undefined ? usual.prices : { ...usual.prices, ...target.prices },
    unitPrices: target.unitPrices === undefined ? usual.unitPrices : { ...usual.unitPrices, ...target.unitPrices },
    // A price of the operator's holds at any size and time.
    ...(target.prices === undefined ? {} : { tiers: undefined, timesOfDay: undefined }),
  };
}

/** `provider` is absent only while a target is being taken off together with it. */
export function effectiveModel(target: Target, provider: Provider | undefined): EffectiveModel {
  const entry = provider === undefined ? undefined : findModel(provider, target.model);
  return {
    contextTokens: target.contextTokens ?? entry?.contextTokens,
    modalities: target.modalities ?? entry?.modalities,
    ...pricesOf(target, entry),
  };
}
