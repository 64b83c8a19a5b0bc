// Has a stream tell what it used although its client did not ask: what is put into a request of OpenAI's shape for that. The
// chunk that comes of it is taken out of the stream again (usage-strip.ts).
//
//   {"model":"m","stream":true}   ─▶   {"stream_options":{"include_usage":true},"model":"m","stream":true}

import { Quirk, UsageAsk } from "../contract";
import { Literal, utf8 } from "../sdk";
import { Plan } from "./plan";

const MEMBER = utf8('"stream_options":{"include_usage":true},');
const OPTION = utf8('"include_usage":true,');
const FIRST_OPTION = utf8('"include_usage":true');
const VALUE = utf8("true");
const OBJECT = utf8('{"include_usage":true}');

/** Whether the request of this attempt, which nobody translates, is to be changed. */
export function asksForUsage(plan: Plan): bool {
  return plan.usageAsk != UsageAsk.NONE && (plan.quirks & Quirk.NO_STREAM_OPTIONS) == 0;
}

/** What takes the place of the bytes that the plan names. */
export function usageAskText(plan: Plan): Literal {
  switch (plan.usageAsk) {
    case UsageAsk.OPTION:
      return OPTION;
    case UsageAsk.FIRST_OPTION:
      return FIRST_OPTION;
    case UsageAsk.VALUE:
      return VALUE;
    case UsageAsk.OBJECT:
      return OBJECT;
    default:
      return MEMBER;
  }
}

/** By how much the request grows. */
export function usageAskGrowth(plan: Plan): i32 {
  return asksForUsage(plan) ? usageAskText(plan).length - (plan.usageAskEnd - plan.usageAskStart) : 0;
}
