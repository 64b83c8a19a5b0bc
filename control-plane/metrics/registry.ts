// Counters, gauges and histograms in Prometheus' text format (0.0.4). Labels take values from fixed sets only: whoever adds
// a metric answers for the number of its series.

export type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  lines(): string[];
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

/** `{a="b"}`, or nothing. */
function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

export class Counter implements Metric {
  readonly type = "counter";
  readonly #values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
    /** Series that are there from the start: a rate needs a zero to begin with. */
    initial: readonly Labels[] = [],
  ) {
    for (const labels of initial) this.add(0, labels);
  }

  add(amount: number, labels: Labels = {}): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  lines(): string[] {
    return [...this.#values].map(([labels, value]) => `${this.name}${labels} ${value}`);
  }
}

/** A number that is asked for when it is read. */
export class Gauge implements Metric {
  readonly type = "gauge";

  constructor(
    readonly name: string,
    readonly help: string,
    private readonly read: () => number,
  ) {}

  lines(): string[] {
    return [`${this.name} ${this.read()}`];
  }
}

interface Series {
  readonly labels: Labels;
  /** How many values fell between a bound and the one before; the last is beyond all bounds. */
  readonly counts: number[];
  sum: number;
}

export class Histogram implements Metric {
  readonly type = "histogram";
  readonly #series = new Map<string, Series>();

  constructor(
    readonly name: string,
    readonly help: string,
    private readonly bounds: readonly number[],
  ) {}

  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    const series = this.#series.get(key) ?? { labels, counts: Array(this.bounds.length + 1).fill(0), sum: 0 };
    this.#series.set(key, series);
    const found = this.bounds.findIndex((bound) => value <= bound);
    const slot = found === -1 ? this.bounds.length : found;
    series.counts[slot] = (series.counts[slot] ?? 0) + 1;
    series.sum += value;
  }

  lines(): string[] {
    return [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0;
      const buckets = counts.map((own, index) => {
        count += own;
        const le = index < this.bounds.length ? String(this.bounds[index]) : "+Inf";
        return `${this.name}_bucket${labelText({ ...labels, le })} ${count}`;
      });
      const text = labelText(labels);
      return [...buckets, `${this.name}_sum${text} ${sum}`, `${this.name}_count${text} ${count}`];
    });
  }
}

export class Registry {
  readonly #metrics: Metric[] = [];

  add<Added extends Metric>(metric: Added): Added {
    this.#metrics.push(metric);
    return metric;
  }

  text(): string {
    const lines = this.#metrics.flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...metric.lines(),
    ]);
    return `${lines.join("\n")}\n`;
  }
}
