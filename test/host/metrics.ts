// Metrics of one VM. A name that is defined twice is one metric with two numbers, as in Envoy.

const COUNTER = 0;
const HISTOGRAM = 2;

export interface Metric {
  kind: number;
  value: bigint;
  /** What was recorded, for histograms. */
  samples: bigint[];
}

export class Metrics {
  private readonly byName = new Map<string, Metric>();
  private readonly byId: Metric[] = [];

  define(kind: number, name: string): number | undefined {
    if (kind < COUNTER || kind > HISTOGRAM) return undefined;
    const metric = this.byName.get(name) ?? { kind, value: 0n, samples: [] };
    this.byName.set(name, metric);
    return this.byId.push(metric) - 1;
  }

  /** A counter goes up only; a histogram has no value to change. */
  increment(id: number, by: bigint): boolean {
    const metric = this.byId[id];
    if (metric === undefined || metric.kind === HISTOGRAM || (metric.kind === COUNTER && by < 0n)) return false;
    metric.value += by;
    return true;
  }

  record(id: number, value: bigint): boolean {
    const metric = this.byId[id];
    if (metric === undefined) return false;
    if (metric.kind === HISTOGRAM) metric.samples.push(value);
    else metric.value = metric.kind === COUNTER ? metric.value + value : value;
    return true;
  }

  read(id: number): bigint | undefined {
    const metric = this.byId[id];
    return metric === undefined || metric.kind === HISTOGRAM ? undefined : metric.value;
  }

  get(name: string): Metric | undefined {
    return this.byName.get(name);
  }

  value(name: string): number {
    return Number(this.byName.get(name)?.value ?? 0n);
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }
}
