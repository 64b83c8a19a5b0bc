// Metrics with tags, made in Envoy when they first count: nobody knows before which there will be.

import { ByteWriter } from "../bytes/byte-writer";
import { Literal, Metric, MetricKind } from "../sdk";

/** Of a name with its tags. */
const NAME_BYTES_MAX: i32 = 2048;

const name = new ByteWriter(NAME_BYTES_MAX);

/** A counter that is made when it first counts, and that costs a host call at a tick and not at an exchange. */
export class LateCounter {
  private pending: i64 = 0;
  private metric: Metric | null = null;

  constructor(private readonly base: string) {}

  add(by: i64): void {
    this.pending += by;
  }

  /** `tail`: a tag of its own. */
  flush(tags: ByteWriter, tail: string): void {
    if (this.pending == 0) return;
    if (this.metric == null) this.metric = makeMetric(MetricKind.COUNTER, this.base, tags, tail);
    this.metric!.increment(this.pending);
    this.pending = 0;
  }
}

export class LateHistogram {
  private metric: Metric | null = null;

  constructor(private readonly base: string) {}

  record(value: i64, tags: ByteWriter, tail: string = ""): void {
    if (this.metric == null) this.metric = makeMetric(MetricKind.HISTOGRAM, this.base, tags, tail);
    this.metric!.record(max<i64>(value, 0));
  }
}

/** Every worker writes it, so what one wrote last need not be what stands there: only a zero is not said twice. */
export class LateGauge {
  private wasZero: bool = true;
  private metric: Metric | null = null;

  constructor(private readonly base: string) {}

  record(value: i64, tags: ByteWriter, tail: string): void {
    if (this.wasZero && value == 0) return;
    if (this.metric == null) this.metric = makeMetric(MetricKind.GAUGE, this.base, tags, tail);
    this.metric!.record(value);
    this.wasZero = value == 0;
  }
}

/** The name lives for ever, as the metric does. */
function makeMetric(kind: MetricKind, base: string, tags: ByteWriter, tail: string): Metric {
  name.reset().writeAscii(base);
  name.writeBytes(tags.pointer, tags.length);
  name.writeAscii(tail);
  const bytes = heap.alloc(name.length);
  memory.copy(bytes, name.pointer, name.length);
  const metric = new Metric(kind, new Literal(bytes, name.length));
  metric.define();
  return metric;
}
