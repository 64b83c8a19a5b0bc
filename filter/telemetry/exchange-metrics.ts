// Counters and histograms of exchanges by model, target and tenant, for Prometheus. Tags stand in a stat's name and are taken out
// of it again by Envoy's stats_config (control-plane/envoy-bootstrap.ts). Nothing here comes from a client: a model is counted
// by its model route. The number of series is bounded: what comes beyond is counted under the tags `other`.
//
//   sluice.tokens_total;model=gpt-4o;target=azure-eu;tenant=acme;type=input  ─▶  sluice_tokens_total{model="gpt-4o",…}

import { ByteWriter } from "../bytes/byte-writer";
import { fnv1a32 } from "../bytes/compare";
import { LateCounter, LateHistogram } from "./late-metrics";

const SERIES_MAX: i32 = 1024;
/** A power of two, at least twice as many. */
const SLOTS: u32 = 2048;
const TAGS_BYTES_MAX: i32 = 1024;
const CLASSES: i32 = 6;

/** What is counted of one model at one target for one tenant. */
export class Series {
  /** By class of the status: none, 1xx, … 5xx. */
  private readonly exchanges: StaticArray<LateCounter> = new StaticArray<LateCounter>(CLASSES);
  private readonly input: LateCounter = new LateCounter("sluice.tokens_total");
  private readonly output: LateCounter = new LateCounter("sluice.tokens_total");
  private readonly cost: LateCounter = new LateCounter("sluice.cost_nanos_total");
  private readonly attempts: LateCounter = new LateCounter("sluice.abandoned_attempts_total");
  private readonly inputUsage: LateHistogram = new LateHistogram("gen_ai.client.token.usage");
  private readonly outputUsage: LateHistogram = new LateHistogram("gen_ai.client.token.usage");
  private readonly duration: LateHistogram = new LateHistogram("gen_ai.server.request.duration_ms");
  private readonly firstToken: LateHistogram = new LateHistogram("gen_ai.server.time_to_first_token_ms");
  private readonly perToken: LateHistogram = new LateHistogram("gen_ai.server.time_per_output_token_us");

  constructor(readonly tags: ByteWriter) {
    for (let i = 0; i < CLASSES; i++) unchecked((this.exchanges[i] = new LateCounter("sluice.exchanges_total")));
  }

  addTokens(input: i64, output: i64, costNanos: i64): void {
    this.input.add(input);
    this.output.add(output);
    this.cost.add(costNanos);
    if (input > 0) this.inputUsage.record(input, this.tags, ";type=input");
    if (output > 0) this.outputUsage.record(output, this.tags, ";type=output");
  }

  addAttempt(): void {
    this.attempts.add(1);
  }

  /** Times in ms; `firstTokenMs` is negative where there was no stream. */
  addExchange(status: i32, durationMs: i64, firstTokenMs: i64, outputTokens: i64): void {
    unchecked(this.exchanges[min(status / 100, CLASSES - 1)]).add(1);
    this.duration.record(durationMs, this.tags);
    if (firstTokenMs < 0) return;
    this.firstToken.record(firstTokenMs, this.tags);
    if (outputTokens > 1) this.perToken.record(((durationMs - firstTokenMs) * 1000) / (outputTokens - 1), this.tags);
  }

  flush(): void {
    this.input.flush(this.tags, ";type=input");
    this.output.flush(this.tags, ";type=output");
    this.cost.flush(this.tags, "");
    this.attempts.flush(this.tags, "");
    for (let i = 0; i < CLASSES; i++) unchecked(this.exchanges[i]).flush(this.tags, classTag(i));
  }
}

function classTag(index: i32): string {
  switch (index) {
    case 0:
      return ";status=none";
    case 1:
      return ";status=1xx";
    case 2:
      return ";status=2xx";
    case 3:
      return ";status=3xx";
    case 4:
      return ";status=4xx";
    default:
      return ";status=5xx";
  }
}

const series: Series[] = [];
/** Index of a series + 1; 0 = free. */
const slots = new StaticArray<i32>(<i32>SLOTS);
const wanted = new ByteWriter(TAGS_BYTES_MAX);
let other: Series | null = null;

/** Pointers and lengths of the three names; a length of 0 = there is none. */
export function seriesOf(
  model: usize,
  modelLength: i32,
  target: usize,
  targetLength: i32,
  tenant: usize,
  tenantLength: i32,
): Series {
  wanted.reset();
  writeTag(";model=", model, modelLength);
  writeTag(";target=", target, targetLength);
  writeTag(";tenant=", tenant, tenantLength);
  if (wanted.overflow) return otherSeries();
  let slot = fnv1a32(wanted.pointer, wanted.length) & (SLOTS - 1);
  for (; unchecked(slots[slot]) != 0; slot = (slot + 1) & (SLOTS - 1)) {
    const found = unchecked(series[slots[slot] - 1]);
    const tags = found.tags;
    if (tags.length == wanted.length && memory.compare(tags.pointer, wanted.pointer, tags.length) == 0) return found;
  }
  if (series.length == SERIES_MAX) return otherSeries();
  const made = addSeries();
  unchecked((slots[slot] = series.length));
  return made;
}

/** Call from the tick. */
export function flushSeries(): void {
  for (let i = 0; i < series.length; i++) unchecked(series[i]).flush();
  const rest = other;
  if (rest != null) rest.flush();
}

/** Of the tags in `wanted`. */
function addSeries(): Series {
  const made = new Series(copyOfWanted());
  series.push(made);
  return made;
}

function otherSeries(): Series {
  let found = other;
  if (found != null) return found;
  wanted.reset().writeAscii(";model=other;target=other;tenant=other");
  found = new Series(copyOfWanted());
  other = found;
  return found;
}

function copyOfWanted(): ByteWriter {
  const tags = new ByteWriter(TAGS_BYTES_MAX);
  tags.writeBytes(wanted.pointer, wanted.length);
  return tags;
}

/** A tag without a value would be no tag for Prometheus. */
function writeTag(tag: string, value: usize, length: i32): void {
  wanted.writeAscii(tag);
  if (length > 0) wanted.writeBytes(value, length);
  else wanted.writeAscii("none");
}
