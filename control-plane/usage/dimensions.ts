// What usage can be grouped and filtered by. Every value comes from the configuration or from an enumeration, never from
// a client, so that the number of their combinations is bounded by what operators have set up.
import type { UsageEvent } from "./event.js";

export const DIMENSIONS = [
  "tenant",
  "department",
  "application",
  "consumer",
  "model",
  "route",
  "target",
  "provider",
  "operation",
  "statusClass",
  "estimated",
  "currency",
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** A dimension that an event lacks is the empty text. */
export type DimensionValues = Readonly<Record<Dimension, string>>;

function statusClass(status: number): string {
  return status === 0 ? "none" : `${Math.floor(status / 100)}xx`;
}

export function dimensionsOf(event: UsageEvent): DimensionValues {
  return {
    tenant: event.tenant ?? "",
    department: event.department ?? "",
    application: event.application ?? "",
    consumer: event.consumer,
    // Without a route the name is whatever a client made up: it stays in the event and out of the roll-ups.
    model: event.route === "" ? "" : event.model,
    route: event.route,
    target: event.target ?? "",
    provider: event.provider ?? "",
    operation: event.operation,
    statusClass: statusClass(event.status),
    estimated: String(event.estimated),
    currency: event.currency,
  };
}
