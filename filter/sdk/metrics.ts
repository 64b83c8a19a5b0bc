// Metrics in Envoy's stats. Names are for ever: keep their number bounded.

import { proxy_define_metric, proxy_get_metric, proxy_increment_metric, proxy_record_metric } from "./env";
import { OUT_POINTER } from "./host";
import { Literal } from "./literal";
import { MetricKind, Status } from "./types";

const UNDEFINED: u32 = u32.MAX_VALUE;

export class Metric {
  private id: u32 = UNDEFINED;

  constructor(
    readonly kind: MetricKind,
    readonly name: Literal,
  ) {}

  /** Call once the VM has started; before that, and after a refusal by the host, the metric does nothing. */
  define(): void {
    if (this.id != UNDEFINED) return;
    if (proxy_define_metric(this.kind, this.name.pointer, this.name.length, OUT_POINTER) == Status.OK) {
      this.id = load<u32>(OUT_POINTER);
    }
  }

  increment(by: i64): void {
    if (this.id != UNDEFINED) proxy_increment_metric(this.id, by);
  }

  record(value: u64): void {
    if (this.id != UNDEFINED) proxy_record_metric(this.id, value);
  }

  value(): u64 {
    if (this.id == UNDEFINED || proxy_get_metric(this.id, OUT_POINTER) != Status.OK) return 0;
    return load<u64>(OUT_POINTER);
  }
}
