// The bill record: what the filter needs to account for a target. It stands right behind the target's record and goes into no
// plan (ARCHITECTURE.md §2.2).
import type { TokenPrices } from "../catalog/model-entry.js";
import { BILL_HEADER_BYTES, PRICE_LIST_BYTES } from "../contract.js";
import type { EffectiveModel } from "../resources/target.js";
import { string16 } from "../string16.js";

/** Seconds of the UTC day. */
function secondOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.slice(0, -1).split(":").map(Number);
  return (hours * 60 + minutes) * 60 + seconds;
}

interface PriceList {
  readonly prices: TokenPrices;
  readonly inputTokensAbove?: number;
  readonly from?: number;
  readonly to?: number;
}

/** The last that applies counts; a list of a tier or of a time of day says what differs from the usual prices. */
function priceLists({ prices, tiers = [], timesOfDay = [] }: EffectiveModel): PriceList[] {
  if (prices === undefined && tiers.length === 0 && timesOfDay.length === 0) return [];
  return [
    { prices: prices ?? {} },
    ...timesOfDay.map(({ from, to, prices: own }) => ({
      prices: { ...prices, ...own },
      from: secondOf(from),
      to: secondOf(to),
    })),
    ...tiers
      .toSorted((a, b) => a.inputTokensAbove - b.inputTokensAbove)
      .map(({ inputTokensAbove, prices: own }) => ({ prices: { ...prices, ...own }, inputTokensAbove })),
  ];
}

/** Billionths of the currency's unit for one request, whatever its size. */
function requestPrice({ unitPrices }: EffectiveModel): number {
  return unitPrices?.thousandRequests ?? 0;
}

function priceListRecord(list: PriceList, perRequest: number): Buffer {
  const { input = 0, output = 0, cacheRead, cacheWrite, inputAudio, outputAudio, reasoning } = list.prices;
  const record = Buffer.alloc(PRICE_LIST_BYTES);
  record.writeUInt32LE(list.inputTokensAbove ?? 0, 0);
  record.writeUInt32LE(list.from ?? 0, 4);
  record.writeUInt32LE(list.to ?? 0, 8);
  const usual = [input, output, cacheRead ?? input, cacheWrite ?? input, inputAudio ?? input, outputAudio ?? output];
  for (const [index, price] of [...usual, reasoning ?? output, perRequest].entries()) {
    record.writeBigUInt64LE(BigInt(price), 16 + index * 8);
  }
  return record;
}

/** `provider`: id of the target's provider. */
export function billRecord(provider: string, effective: EffectiveModel): Buffer {
  const perRequest = requestPrice(effective);
  const lists = priceLists(effective);
  if (lists.length === 0 && perRequest > 0) lists.push({ prices: {} });
  const parts = [
    string16(provider),
    string16(lists.length > 0 ? (effective.currency ?? "USD") : ""),
    ...lists.map((list) => priceListRecord(list, perRequest)),
  ];
  const header = Buffer.alloc(BILL_HEADER_BYTES);
  header.writeUInt16LE(BILL_HEADER_BYTES + parts.reduce((sum, { length }) => sum + length, 0), 0);
  header.writeUInt8(lists.length, 2);
  return Buffer.concat([header, ...parts]);
}
