// Every metric of the filter, once. The hot path adds to plain variables; the root context's tick hands the sums to
// Envoy, so counting costs no host call. Envoy shows them as `sluice_…` under /stats/prometheus.

import { Metric, MetricKind, memoryBytes, utf8 } from "../sdk";
import { flushSeries } from "./exchange-metrics";

class Sum {
  private pending: i64 = 0;
  private readonly metric: Metric;

  constructor(metric: Metric) {
    this.metric = metric;
  }

  add(by: i64): void {
    this.pending += by;
  }

  get isPending(): bool {
    return this.pending != 0;
  }

  define(): void {
    this.metric.define();
  }

  flush(): void {
    if (this.pending == 0) return;
    this.metric.increment(this.pending);
    this.pending = 0;
  }
}

function counter(name: string): Sum {
  return new Sum(new Metric(MetricKind.COUNTER, utf8(name)));
}

/** Requests that reached the filter. */
export const requestsTotal = counter("sluice.requests_total");
/** Requests that the filter answered with an error of its own. */
export const refusedTotal = counter("sluice.refused_total");
/** Attempts that were given up for the plan's next target, by the filter's decision. */
export const failoversTotal = counter("sluice.failovers_total");
/** Replies that ended, or broke, before they were complete. */
export const streamsCutTotal = counter("sluice.streams_cut_total");
/** Fields of clients' requests that a provider did not get (docs/translation.md). */
export const droppedFields = counter("sluice.dropped_fields");
/** Requests of operations that the filter does not know, passed because their model route says so. */
export const passedTotal = counter("sluice.passed_operations_total");
/** Callouts for leases; with warm leases this stands still. */
export const leaseCalloutsTotal = counter("sluice.lease_callouts_total");
/** Callouts that brought no usable answer. */
export const calloutFailuresTotal = counter("sluice.callout_failures_total");
/** Usage events that were made. */
export const usageEventsTotal = counter("sluice.usage_events_total");
/** Usage events that only Envoy's access log has: the control plane was away for too long, or memory was short. */
export const usageEventsDroppedTotal = counter("sluice.usage_events_dropped_total");
/** Batches of usage events that were sent, again or for the first time. */
export const usageCalloutsTotal = counter("sluice.usage_callouts_total");
/** Requests that a spent budget, or a ledger that could not be asked, has refused. */
export const quotaRefusedTotal = counter("sluice.quota_refused_total");
/** Requests beyond a budget in shadow mode. */
export const quotaShadowedTotal = counter("sluice.quota_shadowed_total");
/** Reservations under `onLedgerLost: allow`, without a grant. */
export const quotaUnledgeredTotal = counter("sluice.quota_unledgered_total");
/** Requests that a budget has made wait for a grant. */
export const quotaWaitsTotal = counter("sluice.quota_waits_total");
/** Streams that were ended because a budget was spent. */
export const quotaCutTotal = counter("sluice.quota_streams_cut_total");
/** Callouts for grants that a request waited for, or that were made before one would have to. */
export const grantCalloutsTotal = counter("sluice.grant_callouts_total");
/** Callouts for grants on the tick: reports and renewals. */
export const grantReportsTotal = counter("sluice.grant_reports_total");
/** Entries of them that brought no answer of the ledger. */
export const grantsLostTotal = counter("sluice.grants_lost_total");
/** Requests that were not limited because their worker had not been told of capacities yet, or had no place to count them. */
export const capacityUnlimitedTotal = counter("sluice.capacity_unlimited_total");
/** Linear memory of one worker's VM, in bytes (each worker writes its own, the last one stays). */
const vmMemoryBytes = new Metric(MetricKind.GAUGE, utf8("sluice.vm_memory_bytes"));

let serves: bool = false;

/** Call when the VM has started. */
export function defineMetrics(): void {
  requestsTotal.define();
  refusedTotal.define();
  failoversTotal.define();
  streamsCutTotal.define();
  droppedFields.define();
  passedTotal.define();
  leaseCalloutsTotal.define();
  calloutFailuresTotal.define();
  usageEventsTotal.define();
  usageEventsDroppedTotal.define();
  usageCalloutsTotal.define();
  quotaRefusedTotal.define();
  quotaShadowedTotal.define();
  quotaUnledgeredTotal.define();
  quotaWaitsTotal.define();
  quotaCutTotal.define();
  grantCalloutsTotal.define();
  grantReportsTotal.define();
  grantsLostTotal.define();
  capacityUnlimitedTotal.define();
  vmMemoryBytes.define();
}

/** Call from the tick. Envoy's main thread runs a VM that serves nobody: its memory would hide the workers'. */
export function flushMetrics(): void {
  if (requestsTotal.isPending) serves = true;
  requestsTotal.flush();
  refusedTotal.flush();
  failoversTotal.flush();
  streamsCutTotal.flush();
  droppedFields.flush();
  passedTotal.flush();
  leaseCalloutsTotal.flush();
  calloutFailuresTotal.flush();
  usageEventsTotal.flush();
  usageEventsDroppedTotal.flush();
  usageCalloutsTotal.flush();
  quotaRefusedTotal.flush();
  quotaShadowedTotal.flush();
  quotaUnledgeredTotal.flush();
  quotaWaitsTotal.flush();
  quotaCutTotal.flush();
  grantCalloutsTotal.flush();
  grantReportsTotal.flush();
  grantsLostTotal.flush();
  capacityUnlimitedTotal.flush();
  flushSeries();
  if (serves) vmMemoryBytes.record(memoryBytes());
}
